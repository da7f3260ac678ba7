"""What waits for a person: payments without an outcome, paid and not delivered, dead letters.

Reads alone, each bounded, the oldest first: what is left out is the least urgent. The screen and
its acts are queues.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database
from everline.ids import Iccid

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Unsure:
    """A payment (`kind` attempt) or refund of which nobody knows yet what became of it."""

    kind: str
    id: UUID
    card_id: UUID
    iccid: str
    amount: int
    currency: str
    gateway: str
    key: str
    state: str
    reason: str
    owner: str
    owner_by: datetime | None
    ask_at: datetime | None
    created_at: datetime

    @property
    def masked(self) -> str:
        """The card's number as it may be shown."""
        return Iccid(self.iccid).masked


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A renewal that is paid and not delivered; `said` is the network's last word."""

    id: UUID
    card_id: UUID
    iccid: str
    plan_names: dict[str, str]
    total: int
    currency: str
    paid_at: datetime
    deadline_at: datetime | None
    network: str | None
    order_state: str | None
    said: str | None
    job_id: UUID | None
    job_state: str | None
    tries: int | None
    last_error: str | None

    @property
    def masked(self) -> str:
        """The card's number as it may be shown."""
        return Iccid(self.iccid).masked


@dataclass(frozen=True, slots=True)
class Dead:
    """A job that used up its tries."""

    id: UUID
    kind: str
    subject_id: UUID
    tries: int
    last_error: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Disputed:
    """A payment that the customer's bank takes back or asks about; of nobody's card until read."""

    id: UUID
    card_id: UUID | None
    iccid: str | None
    amount: int | None
    currency: str
    gateway: str
    reference: str
    reason: str
    state: str
    is_inquiry: bool
    answer_by: datetime | None
    told_at: datetime

    @property
    def masked(self) -> str:
        """The card's number as it may be shown."""
        return Iccid(self.iccid).masked if self.iccid else ""


def unsure() -> list[Unsure]:
    """List payments and refunds that are unknown, superseded or parked; parked come first."""
    return database.rows(
        Unsure,
        "select w.kind, w.id, c.id as card_id, c.iccid, w.amount, p.currency, a.gateway, a.key,"
        " w.state, w.reason, w.owner, w.owner_by, w.ask_at, w.created_at from ("
        " select 'attempt' as kind, t.id, t.id as attempt_id, t.payment_id, y.amount, t.state,"
        "  t.reason, t.owner, t.owner_by, t.ask_at, t.created_at from payments_attempt t"
        "  join payments_payment y on y.id = t.payment_id"
        "  where (t.ask_at is not null and t.state in ('unknown', 'superseded'))"
        "  or t.state = 'parked'"
        " union all select 'refund', f.id, f.attempt_id, f.payment_id, f.amount, f.state,"
        "  f.reason, f.owner, f.owner_by, f.ask_at, f.created_at from payments_refund f"
        "  where (f.ask_at is not null and f.state = 'unknown') or f.state = 'parked'"
        ") w join payments_attempt a on a.id = w.attempt_id"
        " join payments_payment p on p.id = w.payment_id"
        " join cards_card c on c.account_id = p.account_id"
        " order by w.owner_by nulls last, w.created_at limit %s",
        [MOST],
    )


def undelivered() -> list[Undelivered]:
    """List renewals that are paid and not delivered, the next deadline first."""
    return database.rows(
        Undelivered,
        "select r.id, c.id as card_id, c.iccid, k.names as plan_names, r.total, r.currency,"
        " r.paid_at, r.deadline_at, o.network, o.state as order_state, o.reason as said,"
        " j.id as job_id, j.state as job_state, j.tries::integer as tries, j.last_error"
        " from renewals_renewal r join cards_card c on c.id = r.card_id"
        " join catalogue_planversion v on v.id = r.plan_version_id"
        " join catalogue_plan k on k.id = v.plan_id"
        " left join provisioning_order o on o.renewal_id = r.id and o.action = 'apply'"
        " left join jobs_job j on j.subject_id = r.id and j.kind = 'deliver'"
        " where r.deadline_at is not null and r.state = 'paid' order by r.deadline_at limit %s",
        [MOST],
    )


def disputed(at: datetime) -> list[Disputed]:
    """List the disputes that are open, and those of the last 30 days that are over."""
    return database.rows(
        Disputed,
        "select d.id, c.id as card_id, c.iccid, d.amount, d.currency, d.gateway, d.reference,"
        " d.reason, d.state, d.is_inquiry, d.answer_by, d.told_at from payments_dispute d"
        " left join cards_card c on c.account_id = d.account_id"
        " where d.state not in ('won', 'lost', 'closed') or d.read_at > %s - interval '30 days'"
        " order by (d.state in ('won', 'lost', 'closed')), d.answer_by nulls last, d.told_at"
        " limit %s",
        [at, MOST],
    )


def dead() -> list[Dead]:
    """List dead letters."""
    return database.rows(
        Dead,
        "select j.id, j.kind, j.subject_id, j.tries::integer as tries, j.last_error, j.created_at"
        " from jobs_job j where j.state = 'dead' order by j.id limit %s",
        [MOST],
    )
