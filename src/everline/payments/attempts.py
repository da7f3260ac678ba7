"""The outside calls of payments, each between two verbs and never inside one.

What a gateway said becomes a `Said`, with the time to ask again; renewals/pay.py writes it. A
caller that dies between the two is no loss: the attempt's `ask_at` brings the janitor.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.types.json import Jsonb

from everline import database
from everline.money import Money
from everline.payments.disputes import note_dispute
from everline.payments.gateways import (
    AUTHENTICATION_REQUIRED,
    Abilities,
    ActionNeeded,
    Charge,
    Failed,
    Hint,
    Kept,
    Known,
    Outcome,
    Pending,
    RefundOutcome,
    Stoppable,
    Succeeded,
    checked,
    checked_refund,
    gateway,
)

KEPT_HEADERS: Final = frozenset({"content-type", "user-agent"})
"""Headers of a callback that are kept; signatures and addresses of persons are not."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to take a payment's money; `purpose_id` is what it pays for.

    `token` is the charge's own or that of the kept method, `customer` what the gateway calls
    whoever the account's methods belong to. Neither is shown in its text.
    """

    id: UUID
    key: str
    number: int
    gateway: str
    token: str | None = field(repr=False)
    customer: str = field(repr=False)
    method_id: UUID | None
    keeps: bool
    is_unattended: bool
    state: str
    reference: str | None
    page_url: str | None
    asks: int
    amount: int
    currency: str
    purpose_id: UUID
    created_at: datetime

    @property
    def money(self) -> Money:
        """What is to be captured."""
        return Money(self.amount, self.currency)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back to where an attempt took it from."""

    id: UUID
    state: str
    asks: int
    amount: int
    currency: str
    gateway: str
    attempt_reference: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a gateway said, as the verbs take it; `next_ask_at` None ends the asking."""

    outcome: str
    reference: str | None = None
    page_url: str | None = None
    masked_means: str = ""
    reason: str = ""
    is_hard: bool | None = None
    kept: Kept | None = field(default=None, repr=False)
    next_ask_at: datetime | None = None

    @property
    def kept_json(self) -> Jsonb | None:
        """What the gateway keeps from now on, as the verbs take it."""
        return kept_json(self.kept)


@dataclass(frozen=True, slots=True)
class _Waiting:
    gateway: str
    waiting: int


ATTEMPT: Final = (
    "select a.id, a.key, a.number, a.gateway, coalesce(a.token, m.token) as token,"
    " coalesce(m.customer, (select k.customer from payments_method k"
    "  where k.account_id = a.account_id and k.gateway = a.gateway and k.ended_at is null"
    "  and a.keeps order by k.position limit 1), '') as customer,"
    " a.method_id, a.keeps, a.is_unattended, a.state, a.reference, a.page_url, a.asks,"
    " p.amount, p.currency, p.purpose_id, a.created_at"
)
OF_PAYMENT: Final = (
    " a join payments_payment p on p.id = a.payment_id"
    " left join payments_method m on m.id = a.method_id"
)
"""An attempt is read with the token of its method, which stands nowhere else."""


def find_attempt(attempt_id: UUID) -> Attempt | None:
    """Read one attempt."""
    return database.row(
        Attempt, ATTEMPT + " from payments_attempt" + OF_PAYMENT + " where a.id = %s", [attempt_id]
    )


def first_attempt(purpose_id: UUID) -> Attempt | None:
    """Read the latest attempt for a purpose."""
    return database.row(
        Attempt,
        ATTEMPT
        + " from payments_attempt"
        + OF_PAYMENT
        + " where p.purpose_id = %s order by a.number desc limit 1",
        [purpose_id],
    )


def mark_sent(attempt_id: UUID, at: datetime) -> Attempt | None:
    """Mark an attempt as sent; None when another caller has sent it. Locks the attempt."""
    return database.row(
        Attempt, ATTEMPT + " from send_attempt(%s, %s)" + OF_PAYMENT, [attempt_id, at]
    )


def claim_asks(at: datetime, most: int) -> list[Attempt]:
    """Take the attempts that are to be asked about now, for a minute."""
    return database.rows(Attempt, ATTEMPT + " from claim_asks(%s, %s, 60)" + OF_PAYMENT, [at, most])


OWNER_LENGTH_MAX: Final = 20


def own_parked(kind: str, parked_id: UUID, owner: str, at: datetime) -> bool:
    """Give a parked attempt or refund to a person for a day; False when it is not parked."""
    owner = owner[:OWNER_LENGTH_MAX]
    return bool(database.value("select own_parked(%s, %s, %s, %s)", [kind, parked_id, owner, at]))


def find_refund(refund_id: UUID) -> Refund | None:
    """Read one refund."""
    return database.row(
        Refund,
        "select f.id, f.state, f.asks, f.amount, p.currency, a.gateway,"
        " a.reference as attempt_reference from payments_refund f"
        " join payments_attempt a on a.id = f.attempt_id"
        " join payments_payment p on p.id = f.payment_id where f.id = %s",
        [refund_id],
    )


def claim_refunds(at: datetime, most: int) -> list[Refund]:
    """Take the refunds that are to be sent or asked about now, for a minute."""
    return database.rows(
        Refund,
        "select f.id, f.state, f.asks, f.amount, p.currency, a.gateway,"
        " a.reference as attempt_reference from claim_refunds(%s, %s, 60) f"
        " join payments_attempt a on a.id = f.attempt_id"
        " join payments_payment p on p.id = f.payment_id",
        [at, most],
    )


def charge(
    attempt: Attempt,
    *,
    description: str,
    return_url: str,
    notify_url: str,
    expires_at: datetime,
    locale: str,
    at: datetime,
    cancel_url: str = "",
) -> Said:
    """Ask the gateway for the money of an attempt that was just marked as sent."""
    adapter = gateway(attempt.gateway)
    with database.outside():
        outcome = adapter.charge(
            Charge(
                attempt_key=attempt.key,
                amount=attempt.money,
                description=description,
                token=attempt.token,
                return_url=return_url,
                notify_url=notify_url,
                expires_at=expires_at,
                locale=locale,
                cancel_url=cancel_url or return_url,
                customer=attempt.customer,
                keeps=attempt.keeps,
                is_unattended=attempt.is_unattended,
            )
        )
    return _said(checked(outcome, attempt.money), adapter.abilities, attempt.asks, at)


def ask(attempt: Attempt, at: datetime, *, may_take: bool) -> Said:
    """Ask the gateway what became of an attempt, which may take what was consented to meanwhile.

    One that was never sent is failed without asking: the call comes after the mark. Without
    `may_take` nothing is taken any more, only told.
    """
    if attempt.state == "created":
        return Said("failed", reason="not_sent", is_hard=False)
    adapter = gateway(attempt.gateway)
    with database.outside():
        outcome = adapter.query(attempt.key, at, _known(attempt, may_take=may_take))
    return _said(checked(outcome, attempt.money), adapter.abilities, attempt.asks, at)


def _known(attempt: Attempt, *, may_take: bool) -> Known:
    return Known(attempt.reference, attempt.money, may_take=may_take)


def stop(attempt: Attempt, at: datetime) -> Said | None:
    """Ask the gateway to end an attempt that nobody has begun to pay; None when it cannot."""
    adapter = gateway(attempt.gateway)
    if not isinstance(adapter, Stoppable):
        return None
    with database.outside():
        outcome = adapter.stop(attempt.key, _known(attempt, may_take=True))
    return _said(checked(outcome, attempt.money), adapter.abilities, attempt.asks, at)


def ask_refund(refund: Refund, at: datetime) -> Said:
    """Send a refund the first time, ask about it afterwards; its id makes it happen once."""
    adapter = gateway(refund.gateway)
    money = Money(refund.amount, refund.currency)
    reference = refund.attempt_reference or ""
    with database.outside():
        outcome: RefundOutcome
        if refund.asks > 1:
            outcome = adapter.query_refund(str(refund.id), reference)
        if refund.asks <= 1 or not isinstance(outcome, (Succeeded, Failed)):
            outcome = adapter.refund(str(refund.id), reference, money)
    return _said(checked_refund(outcome, money), adapter.abilities, refund.asks, at)


def keep_callback(
    gateway_name: str, headers: Mapping[str, str], body: bytes, at: datetime
) -> tuple[Hint, str]:
    """Verify and store a callback raw, and make its attempt's asking due now.

    Raises MisuseError on a bad signature, FaultError when it could not be told from a good one.
    Gives the hint and whether it was matched or parked.
    """
    adapter = gateway(gateway_name)
    with database.outside():
        hint = adapter.read_callback(headers, body)
    kept = {name.lower(): value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
    state = database.value(
        "select keep_callback(%s, %s, %s, %s, %s, %s)",
        [
            gateway_name,
            Jsonb(kept),
            body if hint.kept is None else hint.kept,
            hint.event_id,
            hint.attempt_key,
            at,
        ],
    )
    if hint.dispute:
        note_dispute(gateway_name, hint.dispute, at)
    return hint, str(state)


def waiting_by_gateway() -> dict[str, int]:
    """Count, for each gateway, the attempts and refunds that it is still to be asked about."""
    found = database.rows(
        _Waiting,
        "select w.gateway, count(*) as waiting from ("
        " select a.gateway from payments_attempt a where a.ask_at is not null"
        " union all select a.gateway from payments_refund f"
        " join payments_attempt a on a.id = f.attempt_id where f.ask_at is not null"
        ") w group by w.gateway order by w.gateway",
    )
    return {each.gateway: each.waiting for each in found}


def replay_callbacks(at: datetime) -> int:
    """Match callbacks that were parked with attempts that have appeared since."""
    return int(database.value("select replay_callbacks(%s)", [at]))


def kept_json(kept: Kept | None) -> Jsonb | None:
    """Give a kept means as the verbs take it."""
    return None if kept is None else Jsonb(asdict(kept))


def _said(outcome: Outcome, abilities: Abilities, asks: int, at: datetime) -> Said:
    """Word an outcome for the verbs, with the wait until the next question, if there is one."""
    match outcome:
        case Succeeded():
            return Said(
                "succeeded", outcome.reference, None, outcome.masked_means, kept=outcome.kept
            )
        case Failed():
            is_hard = outcome.hard and outcome.reason != AUTHENTICATION_REQUIRED
            return Said("failed", outcome.reference, None, "", outcome.reason, is_hard)
    waits = abilities.ask_again_seconds
    following = at + timedelta(seconds=waits[asks]) if asks < len(waits) else None
    match outcome:
        case ActionNeeded():
            return Said("action_needed", outcome.reference, outcome.url, next_ask_at=following)
        case Pending():
            return Said("pending", outcome.reference, next_ask_at=following)
    return Said("unknown", next_ask_at=following)
