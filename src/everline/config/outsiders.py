"""What the doctor finds of those whom we depend on: gateways and networks.

It asks each that it can whether it is there and takes our keys. Nothing is charged, and no key is
told.
"""

import os
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from django.conf import settings

from everline import payments, provisioning
from everline.config.examining import Check
from everline.config.plugs import PAYPAL, STRIPE, paypal_lacks, stripe_lacks
from everline.config.ports import status_of
from everline.payments.gateways import Examinable
from everline.payments.gateways.stripe_wire import Keys

TIMEOUT_SECONDS: Final = 5


def outside() -> Iterator[Check]:
    """Check that gateways and networks are set up and answer."""
    for kind, installed in (
        ("gateway", payments.installed()),
        ("network", provisioning.installed()),
    ):
        if not installed:
            yield Check(
                kind,
                "fail",
                f"no {kind} is set up",
                "Set one up as docs/operating.md says, or run everline demo.",
            )
        for name, adapter in installed.items():
            trouble = adapter.trouble() if isinstance(adapter, Examinable) else None
            yield _answers(kind, name) if trouble is None else _examined(name, trouble)
    yield from _only_for_tests()
    for name, lacks, wanted in (
        ("paypal", paypal_lacks(), PAYPAL),
        ("stripe", stripe_lacks(), tuple(STRIPE)),
    ):
        if name not in payments.installed():
            yield _without(name, lacks, wanted)
    for name, waiting in payments.waiting_by_gateway().items():
        if name not in payments.installed():
            yield Check(
                f"gateway {name}",
                "fail",
                f"it is not set up, and {waiting} payments or refunds wait for its answer",
                "Set it up again, or write what it says: see docs/operating.md, Parked payments.",
            )


def _examined(name: str, trouble: str) -> Check:
    """Tell what a gateway with keys of its own says of itself."""
    way_out = "See whether it is reachable from here, and whether its keys are right."
    said = trouble or "it answers and takes our keys"
    return Check(f"gateway {name}", "fail" if trouble else "ok", said, way_out if trouble else "")


def _only_for_tests() -> Iterator[Check]:
    """Warn of keys with which no money moves, where people believe that they pay."""
    if "stripe" in payments.installed() and not settings.DEMO:
        if Keys(settings.STRIPE_SECRET_KEY, "").is_for_tests:
            yield Check(
                "keys of stripe",
                "warn",
                "they are Stripe's keys for tests: whoever pays is charged nothing",
                "Set the live keys before you sell anything.",
            )
        if os.environ.get("STRIPE_LOG"):
            yield Check(
                "log of stripe",
                "fail",
                "STRIPE_LOG makes Stripe's library print what people pay, and their names",
                "Unset STRIPE_LOG.",
            )


def _without(name: str, lacks: tuple[str, ...], wanted: tuple[str, ...]) -> Check:
    """Say that a gateway is not offered; some of its keys without the others are a mistake."""
    if not any(getattr(settings, each.removeprefix("EVERLINE_")) for each in wanted):
        return Check(f"gateway {name}", "ok", "not set up, so nobody is offered it")
    return Check(
        f"gateway {name}",
        "fail",
        f"wrong: {', '.join(lacks)}",
        f"Set all {len(wanted)} of them: {', '.join(wanted)}.",
    )


def _answers(kind: str, name: str) -> Check:
    """Ask the sandbox, which is both, for its health."""
    address = settings.SANDBOX_ADDRESS
    try:
        said = "" if status_of(f"{address}/health", TIMEOUT_SECONDS) == HTTPStatus.OK else "unwell"
    except OSError as error:
        said = type(error).__name__
    if said:
        return Check(
            f"{kind} {name}",
            "fail",
            f"{address} does not answer ({said})",
            "Start it, or correct EVERLINE_SANDBOX_ADDRESS; everline demo starts it by itself.",
        )
    return Check(f"{kind} {name}", "ok", f"{address} answers")
