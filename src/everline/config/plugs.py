"""What is plugged into what: gateways, networks, and the jobs that a worker knows."""

from django.conf import settings

from everline.payments import gateways
from everline.payments.gateways.sandbox import Sandbox
from everline.provisioning import install as install_networks
from everline.provisioning.simulated import Simulated


def plug_in() -> None:
    """Install the gateways and networks of this deployment; calling it again changes nothing."""
    address, secret = settings.SANDBOX_ADDRESS, settings.SANDBOX_SECRET
    if address:
        gateways.install({"sandbox": Sandbox(address, secret, settings.MERCHANT)})
        install_networks({"simulated": Simulated(address)})
