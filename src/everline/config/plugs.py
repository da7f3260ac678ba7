"""What is plugged into what: gateways, networks, senders, and what a worker does.

The composition root: nothing else names an adapter. The protocols stand with their nouns; the
worker itself is jobs/worker.py.
"""

import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psycopg
from django.conf import settings

from everline import (
    autorenewal,
    clock,
    database,
    endings,
    holders,
    ledger,
    notices,
    payments,
    renewals,
    topups,
)
from everline.channels.hotline import legs
from everline.config import shapes
from everline.config.secret_files import keep_secret
from everline.database.migrate import MONTHS_AHEAD
from everline.jobs import Kind, Now, Sweep
from everline.pages import look
from everline.payments import gateways
from everline.payments.gateways.paypal import PayPal
from everline.payments.gateways.paypal_wire import PLACES, Keys
from everline.payments.gateways.sandbox import Sandbox
from everline.payments.gateways.stripe import Stripe
from everline.payments.gateways.stripe_wire import Keys as StripeKeys
from everline.payments.gateways.terminal import Terminal
from everline.provisioning import install as install_networks
from everline.provisioning.simulated import Simulated
from everline.trust import limits, official, signatures
from everline.trust.signatures import SEED_LENGTH

HOUR: Final = 3600
OFFSET_SECONDS: Final = 1.0
"""How long a reading of the demo's clock is good for."""


PAYPAL: Final = (
    "EVERLINE_PAYPAL_ENVIRONMENT",
    "EVERLINE_PAYPAL_CLIENT_ID",
    "EVERLINE_PAYPAL_SECRET",
    "EVERLINE_PAYPAL_WEBHOOK_ID",
)
"""The variables that PayPal needs; with none of them nobody is offered it."""

STRIPE: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "EVERLINE_STRIPE_SECRET_KEY": re.compile(r"(sk|rk)_(live|test)_[A-Za-z0-9_]{8,240}"),
        "EVERLINE_STRIPE_WEBHOOK_SECRET": re.compile(r"whsec_[A-Za-z0-9+/=_-]{8,240}"),
    }
)
"""The variables that Stripe needs, and their form; with none of them nobody is offered it."""

_made: Final[list[Sandbox | Terminal | PayPal | Stripe | Simulated]] = []
"""The adapters of this process that keep connections open."""


def plug_in() -> None:
    """Install what this deployment uses; calling it again changes nothing."""
    shapes.make_ready()
    has_paypal, has_stripe = not paypal_lacks(), not stripe_lacks()
    if settings.SANDBOX_ADDRESS or has_paypal or has_stripe:
        _unplug()
        _plug_outside(with_paypal=has_paypal, with_stripe=has_stripe)
    signatures.install(signing_key)
    notices.install_key(push_key)
    look.install(look.read(Path(settings.BRAND_FILE)) if settings.BRAND_FILE else look.Look())
    official.install_receipts({"rnw": renewals.receipt, "top": topups.receipt})
    if settings.DEMO:
        notices.install(dict.fromkeys(("email", "sms", "push"), notices.Outbox()))
        clock.use_offset(MovedClock().offset)
    else:
        mail = {"email": notices.Smtp()} if settings.EMAIL_HOST else {}
        push = {"push": notices.WebPush(push_key)}
        notices.install({**notices.installed(), **push, **mail})


def _plug_outside(*, with_paypal: bool, with_stripe: bool) -> None:
    """Install the gateways and networks that the settings name; cards go to Stripe where it is."""
    adapters: dict[str, gateways.Gateway] = {}
    if with_stripe:
        own = StripeKeys(settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET)
        adapters["stripe"] = stripe = Stripe(own)
        _made.append(stripe)
    if settings.SANDBOX_ADDRESS:
        at_bank = (settings.SANDBOX_ADDRESS, settings.SANDBOX_SECRET, settings.MERCHANT)
        sandbox, terminal = Sandbox(*at_bank), Terminal(*at_bank)
        simulated = Simulated(settings.SANDBOX_ADDRESS)
        adapters |= {"sandbox": sandbox, "terminal": terminal}
        install_networks({"simulated": simulated})
        _made.extend((sandbox, terminal, simulated))
    if with_paypal:
        keys = Keys(settings.PAYPAL_CLIENT_ID, settings.PAYPAL_SECRET, settings.PAYPAL_WEBHOOK_ID)
        paypal = PayPal(PLACES[settings.PAYPAL_ENVIRONMENT], keys, settings.MERCHANT)
        adapters["paypal"] = paypal
        _made.append(paypal)
    gateways.install(adapters)


def paypal_lacks() -> tuple[str, ...]:
    """Name the variables that PayPal cannot do without and that are missing or wrong."""
    return tuple(
        name
        for name in PAYPAL
        if not getattr(settings, name.removeprefix("EVERLINE_"))
        or (name == PAYPAL[0] and settings.PAYPAL_ENVIRONMENT not in PLACES)
    )


def stripe_lacks() -> tuple[str, ...]:
    """Name the variables that Stripe cannot do without and that are missing or wrong."""
    return tuple(
        name
        for name, form in STRIPE.items()
        if form.fullmatch(getattr(settings, name.removeprefix("EVERLINE_"))) is None
    )


def _unplug() -> None:
    """Close what the adapters that we made keep open, since others take their place."""
    while _made:
        _made.pop().close()


def signing_key() -> str:
    """Read the operator's private key; one of our own is made in EVERLINE_HOME at the first use.

    A file that EVERLINE_SIGNING_KEY_FILE names must be there: all servers sign with the same key.
    """
    if settings.SIGNING_KEY_FILE:
        return Path(settings.SIGNING_KEY_FILE).read_text(encoding="ascii").strip()
    settings.HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    return keep_secret(settings.HOME / "signing.key", secrets.token_urlsafe(SEED_LENGTH))


def push_key() -> str:
    """Read the private key by which push services know the operator, made at its first use.

    A file that EVERLINE_PUSH_KEY_FILE names must be there: web servers and workers share it, and
    with another one all devices would have to be switched on anew.
    """
    if settings.PUSH_KEY_FILE:
        return Path(settings.PUSH_KEY_FILE).read_text(encoding="ascii").strip()
    return keep_secret(settings.HOME / "push.key", notices.new_key())


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "deliver": Kind(renewals.deliver, retry_seconds=2),
        "withdraw": Kind(renewals.withdraw, retry_seconds=5),
        "notify": Kind(autorenewal.tell, retry_seconds=15),
        "forget": Kind(lambda method_id, _now: payments.forget(method_id), retry_seconds=60),
        "data_used": Kind(endings.warn_data, retry_seconds=15),
        "prolong": Kind(autorenewal.prolong, retry_seconds=5),
    }
)
"""What a worker does with each kind of job, and how soon it tries again."""


def sweeps(*, one_at_a_time: bool = False) -> tuple[Sweep, ...]:
    """Give what a worker looks for by state, and how often. Each run is bounded.

    With `one_at_a_time` no two charges are under way at once: a simulation is the same every time.
    """
    charge_due = partial(_charge_due, most=1) if one_at_a_time else _charge_due
    return (
        Sweep("ask", 1, lambda now: renewals.ask_all(now, 1), repeats_max=100, lanes=2),
        Sweep("renew_due", 2, lambda now: autorenewal.sweep_due(now()), repeats_max=20),
        Sweep("charge_due", 1, charge_due, repeats_max=20),
        Sweep("grace", 10, lambda now: autorenewal.begin_grace(now()), repeats_max=20),
        Sweep("mark_low", 60, lambda now: autorenewal.mark_low(now())),
        Sweep("judge_hours", 5 * 60, lambda now: autorenewal.judge_hours(now())),
        Sweep("warn_short", 60, lambda now: autorenewal.warn_short(now()), repeats_max=20),
        Sweep("warn_ahead", 60, lambda now: autorenewal.warn_ahead(now()), repeats_max=20),
        Sweep("warn_ending", 60, lambda now: endings.warn_ending(now()), repeats_max=20),
        Sweep("warn_number_ends", 60, lambda now: endings.warn_number_ends(now()), repeats_max=20),
        Sweep("recycle_lapsed", 60, lambda now: endings.recycle_lapsed(now()), repeats_max=20),
        Sweep("put_back_esims", 60, lambda now: endings.put_back_esims(now()), repeats_max=20),
        Sweep("bind_installed", 30, renewals.bind_installed),
        Sweep("ask_setups", 10, renewals.ask_setups),
        Sweep("expire", 5, lambda now: renewals.expire_due(now, 500)),
        Sweep("callbacks", 30, lambda now: payments.replay_callbacks(now())),
        Sweep("disputes", 30, payments.read_disputes),
        Sweep("find_disputes", HOUR, payments.find_disputes),
        Sweep("roll_up", 10, lambda _now: ledger.roll_up()),
        Sweep("refill", 30, lambda now: ledger.refill(now())),
        Sweep("earn", HOUR, _earn_yesterday),
        Sweep("announce_offers", 60, lambda now: notices.announce_offers(now()), repeats_max=20),
        Sweep("forget_consents", HOUR, lambda now: notices.forget_consents(now()), repeats_max=20),
        Sweep("codes", 60, lambda now: holders.codes.forget(now()), repeats_max=20),
        Sweep("limits", HOUR, lambda now: limits.forget(now())),
        Sweep("legs", HOUR, lambda now: legs.forget(now())),
        Sweep("partitions", 6 * HOUR, _make_partitions),
    )


def _earn_yesterday(now: Now) -> int:
    """Earn revenue through the last day that is over in UTC; what was missed is earned with it."""
    at = now()
    day = at.astimezone(UTC).date() - timedelta(days=1)
    return int(database.value("select earn(%s, %s)", [day, at]))


def _charge_due(now: Now, **bounds: int) -> int:
    return autorenewal.charge_due(now, **bounds, notify_address=settings.PUBLIC_ADDRESS)


def _make_partitions(now: Now) -> int:
    return int(database.value("select make_partitions(%s, %s)", [now(), MONTHS_AHEAD]))


class MovedClock:
    """The demo's clock: the offset in the database's one row, read once a second at most."""

    def __init__(self) -> None:
        self._read_at = float("-inf")
        self._offset = timedelta(0)

    def offset(self) -> timedelta:
        """Tell how far the clock is moved; the last known while the database is away."""
        now = time.monotonic()
        if now - self._read_at >= OFFSET_SECONDS:
            self._read_at = now
            try:
                found = database.value("select clock_offset from database_deployment")
            except psycopg.Error:
                return self._offset
            self._offset = found or timedelta(0)
        return self._offset
