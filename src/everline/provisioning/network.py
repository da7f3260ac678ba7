"""Networks: what Everline asks of whoever puts data on a card, as three methods and a few values.

A network may be an operator's charging system or a supplier of eSIM data. An adapter is stateless;
the order is written before it is sent, and its reference makes it happen once. What is not an
explicit yes or no is `Unknown`. simulated.py is the model for further adapters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from everline.errors import MisuseError

REASON_LENGTH_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class NetworkOrder:
    """One entitlement for one card; the same reference and values always mean the same order.

    Data may be used in `[starts_at, ends_at)`. `allowance_bytes` None is unlimited, with
    `fair_use_bytes` at full speed; `bonus_bytes` come on top. `replaces` ends what the card holds.
    """

    reference: str
    iccid: str
    starts_at: datetime
    ends_at: datetime
    allowance_bytes: int | None
    bonus_bytes: int = 0
    fair_use_bytes: int | None = None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """An explicit yes: the card has it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An explicit no: the card does not have it, and will not by this order."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reversed:
    """The card has it no longer, or never had it and never will by this order."""

    reference: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The network has no such order; sending it again with the same reference is safe."""

    reference: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Neither yes nor no: it may or may not be on the card. `detail` is safe to log."""

    detail: str


ApplyOutcome = Applied | Refused | Unknown
QueryOutcome = Applied | Refused | NotFound | Unknown
ReverseOutcome = Reversed | Refused | Unknown


class Network(Protocol):
    """An adapter. None of its methods raises for what the network does."""

    def apply(self, order: NetworkOrder) -> ApplyOutcome:
        """Put an entitlement on a card, or give the outcome that this order already has."""
        ...

    def query(self, reference: str) -> QueryOutcome:
        """Ask what became of an order; one that was taken back counts as refused."""
        ...

    def reverse(self, reference: str) -> ReverseOutcome:
        """Take an order back by the reference it was applied with."""
        ...

    def eid_of(self, iccid: str) -> str | None:
        """Tell the EID of the chip that holds an eSIM's profile; None while that is not known."""
        ...


_installed: Final[dict[str, Network]] = {}


def install(networks: Mapping[str, Network]) -> None:
    """Make these the networks of this process; the composition root calls it once."""
    _installed.clear()
    _installed.update(networks)


def network(name: str) -> Network:
    """Return the network of this name; raises MisuseError when it is not installed."""
    found = _installed.get(name)
    if found is None:
        raise MisuseError(
            "network_unknown",
            "This network is not set up. Name one that is.",
            field_name="network",
            network=name,
        )
    return found


def installed() -> Mapping[str, Network]:
    """Return all networks of this process by name, as doctor lists them."""
    return dict(_installed)
