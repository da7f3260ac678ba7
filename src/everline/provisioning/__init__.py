"""Provisioning: an entitlement on a network or at a supplier, by an adapter.

The adapters' protocol is network.py; renewals/deliver.py asks and writes what was answered. The
verbs' parts stand in provisioning.sql.
"""

from everline.provisioning.network import (
    Applied,
    Network,
    NetworkOrder,
    NotFound,
    Refused,
    Reversed,
    Unknown,
    install,
    installed,
    network,
)

__all__ = [
    "Applied",
    "Network",
    "NetworkOrder",
    "NotFound",
    "Refused",
    "Reversed",
    "Unknown",
    "install",
    "installed",
    "network",
]
