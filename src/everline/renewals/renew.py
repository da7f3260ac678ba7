"""Renewing: one frozen order, one verb call.

Paying through a gateway goes on in pay.py, paying at another door in open.py.
The verbs and all their rules stand in renewals.sql, settlement.sql and delivery.sql.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.notices import NOBODY, Contact
from everline.payments import NOTHING_KEPT, KeptMeans, gateway

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Order:
    """What a channel asks for: this card, this plan, at the total and the end that were shown.

    The caller names a plan by its code; the version is the one that this means when it is sent.
    """

    account_id: UUID
    card_id: UUID
    plan_code: str
    plan_version_id: UUID
    promotion: str | None
    quoted_total: int
    quoted_end: datetime
    contact: Contact = NOBODY

    def hash(self, verb: str, payer: str) -> bytes:
        """Give the hash of what the caller asked; where the confirmation goes is part of it.

        What a code means may change between a request and its retry, and the retry must still be
        known as the same request: so the plan goes in by its code and not by its version, and the
        end as an instant, in whichever zone it was written.
        """
        return request_hash(
            verb,
            card=self.card_id,
            plan=self.plan_code,
            promotion=self.promotion,
            total=self.quoted_total,
            end=(self.quoted_end - _EPOCH) // _MICROSECOND,
            contact=self.contact.asked,
            payer=payer,
        )


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal as every channel shows it; amounts in minor units, instants UTC."""

    id: UUID
    account_id: UUID
    card_id: UUID
    iccid: str
    zone: str
    channel: str
    source: str
    request_id: str
    state: str
    reason: str
    plan_version_id: UUID
    plan_code: str
    plan_names: dict[str, str]
    means: str
    payer_id: UUID
    currency: str
    price: int
    discount: int
    total: int
    tax: int
    bonus_bytes: int
    allowance_bytes: int | None
    on_renewal: str
    starts_at: datetime
    ends_at: datetime
    placed_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    deadline_at: datetime | None
    attempt_id: UUID | None
    attempt_state: str | None
    attempt_reason: str | None
    attempt_is_hard: bool | None
    attempt_reference: str | None
    gateway: str | None
    masked_means: str | None
    page_url: str | None
    refund_state: str | None
    spoken_code: str | None = None
    has_contact: bool = False
    card_kind: str = "sim"


_BEYOND: Final = UUID(int=2**128 - 1)
"""Greater than every id: a plain bound, where "or is null" would keep a page from its index."""

VIEW = (
    "select r.id, r.account_id, r.card_id, c.iccid, c.zone, r.channel, r.source, r.request_id,"
    " r.state, r.reason, r.plan_version_id, p.code as plan_code, p.names as plan_names, r.means,"
    " r.payer_id, r.currency, r.price, r.discount, r.total, r.tax, r.bonus_bytes,"
    " v.allowance_bytes, r.on_renewal, r.starts_at, r.ends_at, r.placed_at, r.paid_at,"
    " r.delivered_at, r.deadline_at, a.id as attempt_id, a.state as attempt_state,"
    " a.reason as attempt_reason, a.is_hard as attempt_is_hard,"
    " a.reference as attempt_reference, a.gateway, a.masked_means, a.page_url,"
    " f.state as refund_state, r.spoken_code, r.contact is not null as has_contact,"
    " c.kind as card_kind"
    " from renewals_renewal r"
    " join cards_card c on c.id = r.card_id"
    " join catalogue_planversion v on v.id = r.plan_version_id"
    " join catalogue_plan p on p.id = v.plan_id"
    " left join lateral (select t.* from payments_payment y join payments_attempt t"
    "   on t.payment_id = y.id where y.purpose_id = r.id"
    "   order by t.state = 'succeeded' desc, t.number desc limit 1) a on true"
    " left join lateral (select x.state from payments_payment y join payments_refund x"
    "   on x.payment_id = y.id where y.purpose_id = r.id order by x.created_at desc limit 1) f"
    "   on true where "
)


def renew(caller: Caller, order: Order, payer_id: UUID, at: datetime) -> Answer:
    """Renew a card at once, from its own balance or from `payer_id`'s deposit: one round trip.

    Refuses what `quote` refuses, and quote_changed, means_not_allowed, renewal_open,
    promotion_spent, balance_short, request_reused. Locks the card and the payer's account.
    """
    return _answer(
        "select * from renew(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        order.hash("renew", str(payer_id)),
        order.account_id,
        order.card_id,
        order.plan_version_id,
        order.promotion,
        order.quoted_total,
        order.quoted_end,
        payer_id,
        order.contact.as_json(),
        at,
    )


def place(
    caller: Caller,
    order: Order,
    gateway_name: str,
    token: str | None,
    at: datetime,
    *,
    kept: KeptMeans = NOTHING_KEPT,
) -> Answer:
    """Open a renewal that a gateway is to pay; then call `pay`. Refuses as `renew`, but money.

    `kept` names the kept method of this gateway that pays, else method_unknown; or asks that the
    means be kept.
    """
    abilities = gateway(gateway_name).abilities
    return _answer(
        "select * from place(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        order.hash("place", kept.hashed(gateway_name, token)),
        order.account_id,
        order.card_id,
        order.plan_version_id,
        order.promotion,
        order.quoted_total,
        order.quoted_end,
        gateway_name,
        token,
        kept.method_id,
        kept.words_version,
        abilities.supersede_after_seconds,
        order.contact.as_json(),
        at,
    )


def retry_payment(
    caller: Caller,
    renewal_id: UUID,
    gateway_name: str,
    token: str | None,
    at: datetime,
    *,
    kept: KeptMeans = NOTHING_KEPT,
) -> Answer:
    """Add another attempt to a renewal that waits for payment; then call `pay`.

    Refuses renewal_unknown, renewal_state, payment_unsure while money may still move;
    method_unknown for a kept method that is not the card's own.
    """
    return _answer(
        "select * from retry_payment(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash(
            "retry",
            renewal=renewal_id,
            gateway=gateway_name,
            token=token,
            **({} if kept == NOTHING_KEPT else {"kept": kept.hashed(gateway_name, token)}),
        ),
        renewal_id,
        gateway_name,
        token,
        kept.method_id,
        kept.words_version,
        gateway(gateway_name).abilities.supersede_after_seconds,
        at,
    )


def cancel(caller: Caller, renewal_id: UUID, at: datetime) -> Answer:
    """End a renewal that waits for payment. Refuses renewal_unknown, renewal_state.

    Money that still arrives afterwards goes back by itself.
    """
    return _answer(
        "select * from cancel(%s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash("cancel", renewal=renewal_id),
        renewal_id,
        at,
    )


def reverse(caller: Caller, renewal_id: UUID, reason: str, at: datetime) -> Answer:
    """Take a paid or delivered renewal back. Refuses renewal_unknown, renewal_state."""
    return _answer(
        "select * from reverse(%s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash("reverse", renewal=renewal_id, reason=reason),
        renewal_id,
        reason,
        at,
    )


def find(renewal_id: UUID) -> Renewal | None:
    """Read one renewal with its latest attempt and refund."""
    return database.row(Renewal, VIEW + "r.id = %s", [renewal_id])


def find_open(card_id: UUID) -> Renewal | None:
    """Read the one open renewal of a card, if there is one."""
    return database.row(
        Renewal,
        VIEW + "r.card_id = %s and r.state in ('placed', 'awaiting_payment', 'held')",
        [card_id],
    )


def of_card(card_id: UUID, most: int, before: UUID | None = None) -> list[Renewal]:
    """List a card's renewals, the newest first, at most `most`, older than `before`."""
    return database.rows(
        Renewal,
        VIEW + "r.card_id = %s and r.id < %s order by r.id desc limit %s",
        [card_id, before or _BEYOND, most],
    )


def of_payer(payer_id: UUID, most: int, before: UUID | None = None) -> list[Renewal]:
    """List what a payer's deposit paid for, the newest first, at most `most` before `before`."""
    return database.rows(
        Renewal,
        VIEW + "r.payer_id = %s and r.means = 'deposit' and r.id < %s order by r.id desc limit %s",
        [payer_id, before or _BEYOND, most],
    )


def _answer(query: database.Query, *parameters: Any) -> Answer:
    answer = database.row(Answer, query, parameters)
    assert answer is not None
    return answer
