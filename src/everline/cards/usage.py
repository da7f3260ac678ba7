"""When the data of a term runs out, told from how it was used so far, with how unsure that is.

The network's readings are taken as a steady use with noise: a mean and a variance a day. From
them come the likely instant and a span in which it lies eight times out of ten, which is wide while
little is known. Nothing here decides anything: service ends when the network says so. The readings
are written by record_usage (cards.sql).
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from everline import database
from everline.cards.status import Card, Term

READINGS_MAX: Final = 400
TERMS_MAX: Final = 24
KNOWN_AFTER: Final = timedelta(hours=6)
"""How long a term must have been used before anything is said of its end."""

TENTHS_OF_A_DEVIATION: Final = 13
"""1.28 standard deviations to either side hold eight of ten outcomes of a normal distribution."""

PRIOR_READINGS: Final = 1
"""How many readings the belief weighs that a day's use varies by as much as it is."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of a term was used at an instant."""

    as_of: datetime
    used_bytes: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """When data will be used up: most likely, and the span of eight outcomes out of ten.

    `a_day_bytes` is what was used in a day so far.
    """

    likely_at: datetime
    earliest_at: datetime
    latest_at: datetime
    a_day_bytes: int


def readings(term_id: UUID) -> list[Reading]:
    """List the readings of a term, the oldest first."""
    return database.rows(
        Reading,
        "select r.as_of, r.used_bytes from cards_reading r where r.entitlement_id = %s"
        " order by r.day limit %s",
        [term_id, READINGS_MAX],
    )


def terms(card: Card, since: datetime) -> list[Term]:
    """List the terms of a card that end after an instant, the oldest first."""
    return database.rows(
        Term,
        "select e.id, e.plan_version_id, p.code as plan_code, p.names as plan_names, e.state,"
        " e.starts_at, e.ends_at, e.allowance_bytes + e.carried_bytes as allowance_bytes,"
        " e.fair_use_bytes, e.used_bytes, e.used_as_of, e.devices_max from cards_entitlement e"
        " join catalogue_planversion v on v.id = e.plan_version_id"
        " join catalogue_plan p on p.id = v.plan_id"
        " where e.card_id = %s and e.ends_at > %s and e.state <> 'cancelled'"
        " order by e.starts_at limit %s",
        [card.id, since, TERMS_MAX],
    )


def forecast(term: Term, read: list[Reading]) -> Forecast | None:
    """Tell when a term's data runs out; None while too little is known, or when nothing can.

    A term without readings of its own is told from its one figure alone.
    """
    known = [*read] or [Reading(term.used_as_of or term.starts_at, term.used_bytes)]
    last = known[-1]
    spent = last.as_of - term.starts_at
    left = term.left_bytes
    if left is None or left == 0 or spent < KNOWN_AFTER or last.used_bytes <= 0:
        return None
    days = spent / _DAY
    a_day = last.used_bytes / days
    variance = _variance(term.starts_at, known, a_day)
    likely = left / a_day
    # What is left is used up after `likely` days, give or take the noise on the way, and give or
    # take how well the mean itself is known.
    noise = left * variance / a_day**3
    doubt = likely**2 * variance / (a_day**2 * days)
    span = math.sqrt(noise + doubt) * TENTHS_OF_A_DEVIATION / 10
    return Forecast(
        likely_at=last.as_of + likely * _DAY,
        earliest_at=last.as_of + max(likely - span, 0) * _DAY,
        latest_at=last.as_of + min(likely + span, 10 * likely) * _DAY,
        a_day_bytes=round(a_day),
    )


def _variance(began_at: datetime, read: list[Reading], a_day: float) -> float:
    """Tell how much a day's use varies around its mean, in bytes squared."""
    squares, before = PRIOR_READINGS * a_day**2, Reading(began_at, 0)
    counted = 0
    for each in read:
        passed = (each.as_of - before.as_of) / _DAY
        if passed > 0:
            off = each.used_bytes - before.used_bytes - a_day * passed
            squares += off**2 / passed
            counted += 1
        before = each
    return squares / (PRIOR_READINGS + max(counted - 1, 0))
