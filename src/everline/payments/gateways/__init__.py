"""Gateways: what Everline asks of a company that takes money, as five methods and a few values.

An adapter is stateless: it holds an address and a secret, and no table, page or rule of ours. What
is not an explicit yes or no is `Unknown`: a timeout, a 5xx, a broken body, an unknown word, another
amount. payments alone imports this folder. sandbox.py is the model for further adapters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from everline.errors import MisuseError
from everline.money import Money

DAY_SECONDS: Final = 86_400
REASON_LENGTH_MAX: Final = 60
REFERENCE_LENGTH_MAX: Final = 120
MEANS_LENGTH_MAX: Final = 60
URL_LENGTH_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Charge:
    """One attempt to take money; the same key and the same values always mean the same charge.

    `attempt_key` is derived from the renewal request and the attempt's number. Without a `token`
    the customer confirms on the gateway's page, comes back to `return_url`, and may do so until
    `expires_at`. The gateway sends its callbacks to `notify_url`. No bank card number is ever here.
    """

    attempt_key: str
    amount: Money
    description: str
    token: str | None
    return_url: str
    notify_url: str
    expires_at: datetime
    locale: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """An explicit yes: the money was captured, or for a refund given back."""

    reference: str
    captured: Money
    masked_means: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An explicit no: no money moved and none will. A hard one is not worth trying again."""

    reference: str | None
    reason: str
    hard: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """Neither yes nor no: money may have moved. `detail` is safe to log."""

    detail: str


@dataclass(frozen=True, slots=True)
class ActionNeeded:
    """The customer must go to `url`, the gateway's own page; until then no money moves."""

    reference: str
    url: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The gateway has the charge and does not know its end yet."""

    reference: str


Outcome = Succeeded | Failed | Unknown | ActionNeeded | Pending
RefundOutcome = Succeeded | Failed | Unknown


@dataclass(frozen=True, slots=True)
class Hint:
    """What a callback points at. It proves nothing: the charge is read again with `query`."""

    event_id: str
    attempt_key: str


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a gateway can do, and at what pace it is asked; `currencies` None means all.

    `ask_again_seconds` are the waits between one question about an unknown attempt and the next;
    when they are used up, asking ends. After `supersede_after_seconds` another means may pay.
    """

    name: str
    currencies: frozenset[str] | None
    supports_token: bool
    has_page: bool
    ask_again_seconds: tuple[int, ...] = (300, 3600, *(DAY_SECONDS,) * 5)
    supersede_after_seconds: int = 3600
    timeout_seconds: int = 15
    refund_window_days: int = 180

    def takes(self, currency: str) -> bool:
        """Tell whether the gateway takes this currency."""
        return self.currencies is None or currency in self.currencies


class Gateway(Protocol):
    """An adapter. None of its methods raises for what the gateway does, but for `read_callback`."""

    @property
    def abilities(self) -> Abilities:
        """What this gateway can do."""
        ...

    def charge(self, charge: Charge) -> Outcome:
        """Take the money, or give the outcome that this attempt already has."""
        ...

    def query(self, attempt_key: str, at: datetime) -> Outcome:
        """Ask what became of an attempt; `at` is the asker's clock.

        The caller compares what was captured with what was asked: see `checked`.
        """
        ...

    def refund(self, refund_key: str, attempt_reference: str, amount: Money) -> RefundOutcome:
        """Give back a part or all of a captured attempt; `refund_key` makes it happen once."""
        ...

    def query_refund(self, refund_key: str) -> RefundOutcome:
        """Ask what became of a refund; sending an unknown one again with its key is safe."""
        ...

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Verify the signature over the raw body and say what it points at.

        Raises MisuseError when the signature is missing or wrong, or the body is not understood.
        """
        ...


@runtime_checkable
class Stoppable(Protocol):
    """What a gateway can do besides whose device stands beside the customer, and can be told."""

    def stop(self, attempt_key: str) -> Outcome:
        """End an attempt for which no bank card was presented yet, or say how it stands.

        `Failed` only when no money moved and none will; whoever is too late hears so.
        """
        ...


def checked(outcome: Outcome, expected: Money) -> Outcome:
    """Turn a yes to another amount or currency than the one expected into `Unknown`."""
    if isinstance(outcome, Succeeded) and outcome.captured != expected:
        return Unknown(f"captured {outcome.captured.plain()} {outcome.captured.currency}")
    return outcome


def checked_refund(outcome: RefundOutcome, expected: Money) -> RefundOutcome:
    """Do the same for a refund."""
    if isinstance(outcome, Succeeded) and outcome.captured != expected:
        return Unknown(f"refunded {outcome.captured.plain()} {outcome.captured.currency}")
    return outcome


_installed: Final[dict[str, Gateway]] = {}


def install(gateways: Mapping[str, Gateway]) -> None:
    """Make these the gateways of this process; the composition root calls it once."""
    _installed.clear()
    _installed.update(gateways)


def gateway(name: str) -> Gateway:
    """Return the gateway of this name; raises MisuseError when it is not installed."""
    found = _installed.get(name)
    if found is None:
        raise MisuseError(
            "gateway_unknown",
            "This means of payment is not set up. Choose another one.",
            field_name="gateway",
            gateway=name,
        )
    return found


def installed() -> Mapping[str, Gateway]:
    """Return all gateways of this process by name, as doctor and the pages list them."""
    return dict(_installed)
