"""Topping up: one frozen order, one verb call. Gateways are called by renewals/pay.py.

The verbs and all their rules stand in topups.sql and placing.sql. `renewals.pay`, `ask_renewal` and
the janitor take a top-up's id as they take a renewal's.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.notices import NOBODY, Contact
from everline.payments import NOTHING_KEPT, KeptMeans, gateway


@dataclass(frozen=True, slots=True)
class Order:
    """What a channel asks for: this card, this amount in minor units of its currency."""

    account_id: UUID
    card_id: UUID
    amount: int
    currency: str
    contact: Contact = NOBODY

    def hash(self, verb: str, payer: str) -> bytes:
        """Give the hash of what was asked; where the confirmation goes is part of it."""
        return request_hash(
            verb,
            card=self.card_id,
            amount=self.amount,
            currency=self.currency,
            contact=self.contact.asked,
            payer=payer,
        )


@dataclass(frozen=True, slots=True)
class TopUp:
    """A top-up as every channel shows it; the amount in minor units, instants UTC."""

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
    means: str
    payer_id: UUID
    amount: int
    currency: str
    placed_at: datetime
    paid_at: datetime | None
    deadline_at: datetime | None
    attempt_id: UUID | None
    attempt_state: str | None
    attempt_reason: str | None
    attempt_is_hard: bool | None
    gateway: str | None
    masked_means: str | None
    page_url: str | None
    refund_state: str | None
    attempt_reference: str | None = None
    contact: dict[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be topped up in one currency: the offered amounts, and what is taken at all."""

    amounts: list[int]
    least: int
    most: int


_VIEW = (
    "select o.id, o.account_id, o.card_id, c.iccid, c.zone, o.channel, o.source, o.request_id,"
    " o.state, o.reason, o.means, o.payer_id, o.amount, o.currency, o.placed_at, o.paid_at,"
    " o.deadline_at, a.id as attempt_id, a.state as attempt_state, a.reason as attempt_reason,"
    " a.is_hard as attempt_is_hard, a.gateway, a.masked_means, a.page_url,"
    " f.state as refund_state, a.reference as attempt_reference, o.contact"
    " from topups_topup o join cards_card c on c.id = o.card_id"
    " left join lateral (select t.* from payments_payment y join payments_attempt t"
    "   on t.payment_id = y.id where y.purpose_id = o.id"
    "   order by t.state = 'succeeded' desc, t.number desc limit 1) a on true"
    " left join lateral (select x.state from payments_payment y join payments_refund x"
    "   on x.payment_id = y.id where y.purpose_id = o.id order by x.created_at desc limit 1) f"
    "   on true where "
)
_OF_REQUEST = (
    "o.id = (select q.answer_id from database_request q where q.channel = %s"
    " and q.source = %s and q.request_id = %s and q.outcome in ('topped_up', 'placed'))"
)


def top_up(caller: Caller, order: Order, payer_id: UUID, at: datetime) -> Answer:
    """Put money onto a card's balance at once, from `payer_id`'s deposit: one round trip.

    Refuses card_unknown, the card's state, currency_differs, limit_exceeded, channel_closed,
    means_not_allowed, balance_short, request_reused. Locks the card, the deposit and the balance.
    """
    return _answer(
        "select * from top_up(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        order.hash("top_up", str(payer_id)),
        order.account_id,
        order.card_id,
        order.amount,
        order.currency,
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
    """Open a top-up that a gateway is to pay; then call `renewals.pay`.

    Takes the place of an open one of this card whose payment failed. Refuses as `top_up`, but
    money; payment_unsure while an open one's money may still move; method_unknown for a kept method
    that is not the card's own.
    """
    return _answer(
        "select * from place_top_up(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        order.hash("place_top_up", kept.hashed(gateway_name, token)),
        order.account_id,
        order.card_id,
        order.amount,
        order.currency,
        gateway_name,
        token,
        kept.method_id,
        kept.words_version,
        gateway(gateway_name).abilities.supersede_after_seconds,
        order.contact.as_json(),
        at,
    )


def cancel(caller: Caller, top_up_id: UUID, at: datetime) -> Answer:
    """End a top-up that waits for payment. Refuses topup_unknown, topup_state.

    Money that still arrives afterwards goes back by itself.
    """
    return _answer(
        "select * from cancel_top_up(%s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash("cancel_top_up", topup=top_up_id),
        top_up_id,
        at,
    )


def take_back(caller: Caller, top_up_id: UUID, reason: str, at: datetime) -> Answer:
    """Take a paid top-up back. Refuses topup_unknown, topup_state, topup_spent.

    Who may ask for it is the channel's to check.
    """
    return _answer(
        "select * from take_back_top_up(%s, %s, %s, %s, %s, %s, %s)",
        caller.channel,
        caller.source,
        caller.request_id,
        request_hash("take_back_top_up", topup=top_up_id, reason=reason),
        top_up_id,
        reason,
        at,
    )


def find(top_up_id: UUID) -> TopUp | None:
    """Read one top-up with its latest attempt and refund."""
    return database.row(TopUp, _VIEW + "o.id = %s", [top_up_id])


def find_by_request(channel: str, source: str, request_id: str) -> TopUp | None:
    """Find the top-up that a caller's own request opened or paid; None when it was refused."""
    return database.row(
        TopUp,
        _VIEW + _OF_REQUEST,
        [channel, source, request_id],
    )


def find_open(card_id: UUID) -> TopUp | None:
    """Read the one open top-up of a card, if there is one."""
    return database.row(TopUp, _VIEW + "o.card_id = %s and o.state = 'awaiting_payment'", [card_id])


def of_card(card_id: UUID, most: int, before: UUID | None = None) -> list[TopUp]:
    """List a card's top-ups, the newest first, at most `most`, older than `before`."""
    return database.rows(
        TopUp,
        _VIEW + "o.card_id = %s and (%s::uuid is null or o.id < %s) order by o.id desc limit %s",
        [card_id, before, before, most],
    )


def of_payer(payer_id: UUID, most: int, before: UUID | None = None) -> list[TopUp]:
    """List what a payer's deposit put onto cards, the newest first, at most `most`."""
    return database.rows(
        TopUp,
        _VIEW + "o.payer_id = %s and o.means = 'deposit' and (%s::uuid is null or o.id < %s)"
        " order by o.id desc limit %s",
        [payer_id, before, before, most],
    )


def offered(currency: str) -> Offered:
    """Tell which amounts the operator offers in a currency, and the least and most it takes.

    The defaults are those of `why_not_top_up` in topups.sql.
    """
    found = database.row(
        Offered,
        "select array(select jsonb_array_elements_text(coalesce("
        "   p.topup_amounts -> k.currency, '[]'::jsonb))::bigint) as amounts,"
        " coalesce((p.topup_limits -> k.currency ->> 0)::bigint, 1) as least,"
        " coalesce((p.topup_limits -> k.currency ->> 1)::bigint, 1000000000000) as most"
        " from (values (%s::text)) as k (currency)"
        " left join catalogue_policy p on p.id = 1",
        [currency],
    )
    assert found is not None
    return found


def _answer(query: database.Query, *parameters: Any) -> Answer:
    answer = database.row(Answer, query, parameters)
    assert answer is not None
    return answer
