"""How automatic renewal of a card stands, for every channel that shows or says it.

Nothing is written here; mandates.py does that. Who may see it is decided by the channels.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database


@dataclass(frozen=True, slots=True)
class Standing:
    """A mandate that is in force. Amounts in minor units.

    `next_at` is when it is first tried, or tried again; None while no term is there to go on from.
    `total` and the plan are those of a quote of now; None when nothing can be quoted. `reason` is
    the code of a refusal that stands against it now.
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

    @property
    def missing(self) -> int:
        """How much the balance falls short of the amount; 0 when it suffices."""
        return max(0, (self.total or 0) - self.balance)


def standing(card_id: UUID, at: datetime) -> Standing | None:
    """Tell how automatic renewal of a card stands; None when it is off. One read, no locks."""
    return database.row(Standing, "select * from auto_standing(%s, %s)", [card_id, at])
