"""How automatic renewal of a card stands, for every channel that shows or says it.

Nothing is written here; mandates.py does that. Who may see it is decided by the channels.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database
from everline.autorenewal.mandates import Wishes


@dataclass(frozen=True, slots=True)
class Standing:
    """A mandate that is in force. Amounts in minor units.

    `next_at` is when it is first tried, or tried again; None while no term is there to go on from.
    `rungs` are all tries that are to come: the later ones only if the earlier were in vain.
    `total` and the plan are those of a quote of now; None when nothing can be quoted. `reason` is
    the code of a refusal that stands against it now.

    `agreed_total` and the period are what was shown and agreed to, None for the price of each day;
    `consent_needed` says that the next charge would cost more, so nothing is charged before a new
    consent. Before `paused_until` nothing is charged; `is_skip` passes over one term.
    `parked_reason` is the code of the guard that keeps it from being charged.
    """

    plan_code: str | None
    plan_names: dict[str, str] | None
    given_at: datetime
    words_version: str
    next_at: datetime | None
    term_ends_at: datetime | None
    reason: str | None
    total: int | None
    currency: str
    balance: int
    rungs: list[datetime]
    paused_until: datetime | None
    is_skip: bool
    means_order: str
    agreed_total: int | None
    period_unit: str | None
    period_count: int | None
    consent_needed: bool
    parked_reason: str | None
    below_bytes: int | None
    day_max: int
    month_max: int
    month_total_max: int | None
    plan_id: UUID | None
    """The plan that the mandate names; None keeps the present one."""

    former_total: int | None
    """What the last renewal cost, where the next one costs something else."""

    former_plan: dict[str, str] | None
    """The names of the last plan, where another one comes in its place."""

    @property
    def missing(self) -> int:
        """How much the balance falls short of the amount; 0 when it suffices."""
        return max(0, (self.total or 0) - self.balance)

    @property
    def wishes(self) -> Wishes:
        """What the person has set, to change some of it."""
        return Wishes(
            self.means_order,
            self.below_bytes,
            self.day_max,
            self.month_max,
            self.month_total_max,
        )


def standing(card_id: UUID, at: datetime) -> Standing | None:
    """Tell how automatic renewal of a card stands; None when it is off. One read, no locks."""
    return database.row(Standing, "select * from auto_standing(%s, %s)", [card_id, at])
