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
TOKEN_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Charge:
    """One attempt to take money; the same key and the same values always mean the same charge.

    `attempt_key` is derived from the renewal request and the attempt's number. Without a `token`
    the customer confirms on the gateway's page until `expires_at` and comes back to `return_url`,
    or to `cancel_url` after turning away. The gateway sends its callbacks to `notify_url`. No bank
    card number is ever here.

    One that `keeps` asks the gateway to keep the means for charges to come, with the customer's
    consent; a `token` is such a kept means, of the `customer` where the gateway names one. Nobody
    is there to confirm an `is_unattended` charge: a gateway that needs somebody says `Failed` with
    the reason `authentication_required`, and never `ActionNeeded`.
    """

    attempt_key: str
    amount: Money
    description: str
    token: str | None
    return_url: str
    notify_url: str
    expires_at: datetime
    locale: str
    cancel_url: str = ""
    customer: str = ""
    keeps: bool = False
    is_unattended: bool = False


@dataclass(frozen=True, slots=True)
class Setup:
    """A means of payment that is to be kept without paying now; fields as those of `Charge`."""

    setup_key: str
    currency: str
    customer: str
    return_url: str
    cancel_url: str
    notify_url: str
    expires_at: datetime
    locale: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A means of payment that the gateway keeps: its token, whose it is, and how it is shown."""

    token: str
    customer: str
    masked_means: str


@dataclass(frozen=True, slots=True)
class Known:
    """What we have on record of an attempt, for a gateway that our own key does not find.

    `reference` is what the gateway called it last, `amount` what is to be captured. Without
    `may_take` nobody wants the money any more, or something else pays: a gateway that moves money
    only when it is told to is not told any more, and its adapter says `Failed`.
    """

    reference: str | None = None
    amount: Money | None = None
    may_take: bool = True


NOTHING_KNOWN: Final = Known()


@dataclass(frozen=True, slots=True)
class Succeeded:
    """An explicit yes: the money was captured, or for a refund given back.

    `kept` is there when the charge was to keep its means and the gateway does.
    """

    reference: str
    captured: Money
    masked_means: str
    kept: Kept | None = None


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
SetupOutcome = Kept | Failed | Unknown | ActionNeeded | Pending

AUTHENTICATION_REQUIRED: Final = "authentication_required"
"""The reason of a gateway that wants the customer themselves: soft, and a person is told."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What a callback points at. It proves nothing: the charge is read again with `query`.

    `kept` is what of its body is kept, where the body tells of people more than we need to know;
    None keeps all of it. `dispute` is what the gateway calls a dispute that it points at.
    """

    event_id: str
    attempt_key: str
    kept: bytes | None = None
    dispute: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment that the customer's bank takes back, or asks about while it is an inquiry.

    `state` is to_answer, under_review, won, lost or closed; the merchant answers, at the gateway,
    until `answer_by`. `attempt_key` is empty where the payment was none of ours.
    """

    reference: str
    attempt_key: str
    amount: Money
    reason: str
    state: str
    is_inquiry: bool
    answer_by: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """The disputes that a gateway lists of a time, by what it calls them; not all when too many."""

    references: tuple[str, ...]
    is_all: bool


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a gateway can do, and at what pace it is asked; `currencies` None means all.

    `title` is the name by which customers know it, such as PayPal; empty for bank cards.
    `ask_again_seconds` are the waits between one question about an unknown attempt and the next;
    when they are used up, asking ends. After `supersede_after_seconds` another means may pay.
    Unattended charges are sent `concurrency_max` at once and `rate_max` a second; None is no limit.
    """

    name: str
    currencies: frozenset[str] | None
    supports_token: bool
    has_page: bool
    ask_again_seconds: tuple[int, ...] = (300, 3600, *(DAY_SECONDS,) * 5)
    supersede_after_seconds: int = 3600
    timeout_seconds: int = 15
    refund_window_days: int = 180
    title: str = ""
    concurrency_max: int = 16
    rate_max: int | None = None

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

    def query(self, attempt_key: str, at: datetime, known: Known = NOTHING_KNOWN) -> Outcome:
        """Ask what became of an attempt; `at` is the asker's clock.

        Where the customer's consent and the taking are two steps, this takes what was consented to.
        The caller compares what was captured with what was asked: see `checked`.
        """
        ...

    def refund(self, refund_key: str, attempt_reference: str, amount: Money) -> RefundOutcome:
        """Give back a part or all of a captured attempt; `refund_key` makes it happen once."""
        ...

    def query_refund(self, refund_key: str, attempt_reference: str = "") -> RefundOutcome:
        """Ask what became of a refund; sending an unknown one again with its key is safe."""
        ...

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Verify the signature over the raw body and say what it points at.

        Raises MisuseError when the signature is missing or wrong, or the body is not understood;
        FaultError when whoever can tell does not answer, so that the callback must come again.
        """
        ...


@runtime_checkable
class Stoppable(Protocol):
    """What a gateway can do besides that can be told that the customer has turned away."""

    def stop(self, attempt_key: str, known: Known = NOTHING_KNOWN) -> Outcome:
        """End an attempt that nobody has paid or consented to yet, or say how it stands.

        `Failed` only when no money moved and none will; whoever is too late hears so.
        """
        ...


@runtime_checkable
class Keeping(Protocol):
    """What a gateway can do besides that keeps means of payment without a charge."""

    def set_up(self, setup: Setup) -> SetupOutcome:
        """Begin to keep a means of payment; the customer gives it on the gateway's own page."""
        ...

    def query_setup(self, setup_key: str, reference: str) -> SetupOutcome:
        """Ask what became of it; `reference` is what the gateway called it."""
        ...

    def forget(self, token: str, customer: str) -> bool:
        """Keep a means of payment no longer; False when it must be asked again."""
        ...


@runtime_checkable
class Disputing(Protocol):
    """What a gateway can do besides that tells of disputes."""

    def read_dispute(self, reference: str) -> Dispute | Unknown:
        """Read how a dispute stands that a callback pointed at."""
        ...

    def disputes_since(self, since: datetime, until: datetime) -> Opened | Unknown:
        """List the disputes that were opened since an instant and before another one."""
        ...


@runtime_checkable
class Examinable(Protocol):
    """What a gateway can do besides that has keys of its own to be examined by the doctor."""

    def trouble(self) -> str:
        """Say in short why it cannot be used now; empty when it answers and knows our keys."""
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


def by_page(currency: str) -> list[Abilities]:
    """List the gateways whose pages take a currency, those for bank cards first."""
    able = [each.abilities for each in _installed.values()]
    found = [each for each in able if each.has_page and each.takes(currency)]
    return sorted(found, key=lambda each: bool(each.title))
