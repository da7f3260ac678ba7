"""Sending a renewal from the command line: quoted, sent once, and asked again under the same id.

The id is the caller's. When it was sent before, it is sent with the very input of that time, so
that the verb compares all of it: the same wish is replayed, another one refused. Nothing is decided
here; renewals/renew.py is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from everline import cards, catalogue, clock, database, ids, renewals
from everline.database.requests import Answer, Caller
from everline.errors import Code, MisuseError

CHANNEL: Final = "office"
"""The channel of the operator's own people, this command line too; trust has its rules."""

SOURCE: Final = "cli"
GATEWAY: Final = "sandbox"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed, checked. Without a `token` the balance pays; `at` is None for now."""

    iccid: ids.Iccid
    plan: str
    token: str | None
    promotion: str | None
    request_id: str
    at: datetime | None


def find_card(iccid: ids.Iccid) -> cards.Card:
    """Find a card by its number; raises MisuseError when there is none."""
    found = cards.find(iccid)
    if found is None:
        raise MisuseError(
            "card_unknown",
            "This card number is not known here: check its digits, or load it with everline load.",
            field_name="ICCID",
        )
    return found


def send(wish: Wish) -> tuple[Answer, renewals.Renewal | None]:
    """Renew by a wish, or give again what its id was answered, with the renewal as it is now."""

    def now() -> datetime:
        return wish.at or clock.now()

    card = find_card(wish.iccid)
    caller = Caller(CHANNEL, SOURCE, wish.request_id)
    answer = _again(caller, card, wish, now())
    if answer is None:
        answer = _ask(caller, _quoted(card, wish, now()), wish, now())
        if answer.reason == Code.REQUEST_REUSED:
            # Another process sent this id while we quoted, perhaps with the same wish.
            answer = _again(caller, card, wish, now()) or answer
    if answer.id is not None and wish.token is not None:
        _charge(answer.id, now)
    return answer, renewals.find(answer.id) if answer.id else None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A request as it was answered; a success keeps the end that was quoted."""

    answer_id: UUID | None
    subject_id: UUID
    outcome: str
    reason: str | None
    facts: dict[str, Any] | None
    valid_until: datetime | None


def _again(caller: Caller, card: cards.Card, wish: Wish, at: datetime) -> Answer | None:
    """Give the answer that this id had before; None when it is new.

    Of a refusal no quoted end is kept to ask the verb with, so it is told for the same card.
    """
    stored = database.row(
        _Stored,
        "select r.answer_id, r.subject_id, r.outcome, r.reason, r.facts, r.valid_until"
        " from database_request r where r.channel = %s and r.source = %s and r.request_id = %s",
        [caller.channel, caller.source, caller.request_id],
    )
    if stored is None:
        return None
    before = renewals.find(stored.answer_id) if stored.answer_id else None
    if before is None or stored.valid_until is None:
        if stored.subject_id != card.id:
            return Answer(None, "refused", Code.REQUEST_REUSED, {}, None, replayed=False)
        return Answer(None, stored.outcome, stored.reason, stored.facts, None, replayed=True)
    order = _order(card, before.plan_version_id, wish, before.total, stored.valid_until)
    return _ask(caller, order, wish, at)


def _quoted(card: cards.Card, wish: Wish, at: datetime) -> renewals.Order:
    """Quote the wish and accept it. What a quote refuses is sent too, so the refusal is kept."""
    offer = catalogue.version_on_sale(wish.plan, card.currency, at)
    if offer is None:
        raise MisuseError(
            "plan_unknown",
            f"No plan {wish.plan} is on sale in {card.currency}: look at the plans on the page, or"
            " in plans.yaml.",
            field_name="PLAN",
        )
    (quote,) = renewals.quote([card.id], offer.plan_version_id, wish.promotion, CHANNEL, at)
    total = offer.price if quote.total is None else quote.total
    return _order(card, offer.plan_version_id, wish, total, quote.ends_at or at)


def _order(
    card: cards.Card, version: UUID, wish: Wish, total: int, ends_at: datetime
) -> renewals.Order:
    return renewals.Order(
        account_id=card.account_id,
        card_id=card.id,
        plan_code=wish.plan,
        plan_version_id=version,
        promotion=wish.promotion,
        quoted_total=total,
        quoted_end=ends_at,
    )


def _ask(caller: Caller, order: renewals.Order, wish: Wish, at: datetime) -> Answer:
    """Call the verb: at once from the balance, or placed for the gateway."""
    if wish.token is None:
        return renewals.renew(caller, order, order.account_id, at)
    return renewals.place(caller, order, GATEWAY, wish.token, at)


def _charge(renewal_id: UUID, now: Callable[[], datetime]) -> None:
    """Call the gateway if nobody has yet; else ask it what became of the charge."""
    receipt = ids.outside("rnw", renewal_id)
    sent = renewals.pay(
        renewal_id,
        return_url=f"{settings.PUBLIC_ADDRESS}/renewals/{receipt}",
        notify_address=settings.PUBLIC_ADDRESS,
        locale="en",
        now=now,
    )
    if sent is None:
        renewals.ask_renewal(renewal_id, now)
    renewal = renewals.find(renewal_id)
    if renewal and (renewal.state, renewal.attempt_state) == ("awaiting_payment", "failed"):
        # Nobody sits at a page to try again, so the card is not kept waiting for it.
        renewals.cancel(Caller(CHANNEL, SOURCE, f"declined:{receipt}"), renewal_id, now())
