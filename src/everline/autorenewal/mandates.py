"""Mandates: given with the words and the amount that were shown; changed, paused, ended.

How one stands is told by standing.py; the verbs stand in autorenewal.sql and pauses.sql. Each needs
a request id of its own, and a refusal is stored with it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from everline import database
from everline.database import Query
from everline.database.requests import Answer, Caller, request_hash
from everline.renewals import Contact

BALANCE_FIRST: Final = "balance_first"
METHODS_FIRST: Final = "methods_first"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person may set of a mandate: all of it, as it is to be afterwards.

    With `below_bytes` the card is renewed too when less data than that is left, at most `day_max`
    times a day and `month_max` times a month; `month_total_max`, in minor units of the card's
    currency, bounds all automatic charges of 30 days. None: not by data, and no bound.
    """

    means_order: str = BALANCE_FIRST
    below_bytes: int | None = None
    day_max: int = 1
    month_max: int = 10
    month_total_max: int | None = None


def give_mandate(
    caller: Caller,
    card_id: UUID,
    at: datetime,
    *,
    plan_id: UUID | None,
    words_version: str,
    contact: Contact,
    locale: str = "",
    quoted_total: int | None = None,
    means_order: str = BALANCE_FIRST,
) -> Answer:
    """Keep a consent to automatic charges and arm the card; no plan keeps the present one.

    `quoted_total`, in minor units, is the amount that the words showed: a higher one will need a
    new consent. Without it the price of each day is agreed to. A mandate in force is replaced; its
    bounds and its pause go on. Refuses card_unknown, card_state, quote_changed. Locks the card.
    """
    asked = {
        "card": card_id,
        "plan": plan_id,
        "words": words_version,
        "total": quoted_total,
        "means_order": means_order,
    }
    return _answer(
        "select * from give_mandate(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        *_caller(caller, request_hash("give_mandate", **asked)),
        *(card_id, plan_id, words_version, locale, quoted_total, means_order, contact.as_json()),
        at,
    )


def change_mandate(caller: Caller, card_id: UUID, at: datetime, wishes: Wishes) -> Answer:
    """Set the order of means and the bounds. Refuses card_unknown, mandate_unknown.

    Start from `Standing.wishes` to change one of them. Bounds are positive. Locks the card.
    """
    wanted = (
        wishes.means_order,
        wishes.below_bytes,
        wishes.day_max,
        wishes.month_max,
        wishes.month_total_max,
    )
    return _answer(
        "select * from change_mandate(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        *_caller(caller, request_hash("change_mandate", card=card_id, wanted=wanted)),
        *(card_id, *wanted, at),
    )


def pause_mandate(caller: Caller, card_id: UUID, until: datetime, at: datetime) -> Answer:
    """Charge nothing before `until`; the answer is valid until then.

    If no term runs when the pause is over, the card is charged at that instant. Refuses
    card_unknown, mandate_unknown, date_not_allowed (past, or over 366 days away). Locks the card.
    """
    return _answer(
        "select * from pause_mandate(%s, %s, %s, %s, %s, %s, %s)",
        *_caller(caller, request_hash("pause_mandate", card=card_id, until=until)),
        *(card_id, until, at),
    )


def skip_term(caller: Caller, card_id: UUID, at: datetime) -> Answer:
    """Pass over the term that the next charge would buy; the answer is valid until its end.

    Asked again while it is skipped, it is the same term. Renewing the card as far by hand ends the
    skip. Refuses card_unknown, mandate_unknown, nothing_to_skip. Locks the card.
    """
    return _answer(
        "select * from skip_term(%s, %s, %s, %s, %s, %s)",
        *_caller(caller, request_hash("skip_term", card=card_id)),
        *(card_id, at),
    )


def resume_mandate(caller: Caller, card_id: UUID, at: datetime) -> Answer:
    """End a pause or a skip; what would have been charged meanwhile is tried at once.

    Refuses card_unknown, mandate_unknown. Locks the card.
    """
    return _answer(
        "select * from resume_mandate(%s, %s, %s, %s, %s, %s)",
        *_caller(caller, request_hash("resume_mandate", card=card_id)),
        *(card_id, at),
    )


def end_mandate(caller: Caller, card_id: UUID, at: datetime) -> Answer:
    """End a consent in one step and disarm the card. Refuses card_unknown."""
    return _answer(
        "select * from end_mandate(%s, %s, %s, %s, %s, %s)",
        *_caller(caller, request_hash("end_mandate", card=card_id)),
        *(card_id, at),
    )


def _caller(caller: Caller, asked: bytes) -> tuple[Any, ...]:
    return caller.channel, caller.source, caller.request_id, asked


def _answer(query: Query, *parameters: Any) -> Answer:
    answer = database.row(Answer, query, parameters)
    assert answer is not None
    return answer
