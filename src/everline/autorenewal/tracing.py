"""From an old message to the mandate that holds now: consents that replaced one another.

A message names the mandate of its time, or a renewal that one made. When somebody agreed anew, the
new mandate was given at the instant at which the old one ended, so the way leads on from one to the
next. A mandate that ended for good ends the way too: what is given later is somebody's new will.
"""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from everline import database

STEPS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Traced:
    """The last mandate of a way; `is_on` while it holds."""

    id: UUID
    card_id: UUID
    is_on: bool
    plan_id: UUID | None
    means_order: str
    contact: dict[str, str] | None = field(repr=False)


_TRACE: Final = (
    "with recursive way as ("
    " select m.id, m.card_id, m.ended_at, 1 as step from autorenewal_mandate m where m.id = %s"
    " union all select n.id, n.card_id, n.ended_at, w.step + 1 from autorenewal_mandate n"
    " join way w on n.card_id = w.card_id and n.given_at = w.ended_at and n.id <> w.id"
    " where w.step < %s"
    ") select w.id, w.card_id, w.ended_at is null as is_on, m.plan_id, m.means_order, m.contact"
    " from way w join autorenewal_mandate m on m.id = w.id order by w.step desc limit 1"
)


def trace(mandate_id: UUID) -> Traced | None:
    """Find what became of a mandate; None when there never was one."""
    return database.row(Traced, _TRACE, [mandate_id, STEPS_MAX])


def trace_renewal(renewal_id: UUID) -> Traced | None:
    """Find what became of the mandate by which a renewal was made; None when none made it."""
    found: UUID | None = database.value(
        "select m.id from renewals_renewal r join autorenewal_mandate m on m.card_id = r.card_id"
        " and m.given_at <= r.placed_at and (m.ended_at is null or m.ended_at > r.placed_at)"
        " where r.id = %s and r.channel = 'auto' order by m.given_at desc limit 1",
        [renewal_id],
    )
    return trace(found) if found else None
