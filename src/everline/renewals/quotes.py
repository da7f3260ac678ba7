"""Quotes: what a plan costs a card now and what it gives.

The one function that decides it stands in quote.sql; this is its typed face. What becomes of the
present plan and of what is left of it is worded here once, so that every channel says the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_noop as _

from everline import database
from everline.errors import Code, Refusal
from everline.money import Money


@dataclass(frozen=True, slots=True)
class Quote:
    """One card's quote, all amounts in minor units of `currency`, all instants UTC.

    `on_renewal` is queue, stack or replace: with `present_ends_at` and `leftover_bytes` it tells
    the fate of what is left. `refusal` says why it cannot be sold.
    """

    card_id: UUID
    account_id: UUID
    reason: str | None
    facts: dict[str, Any] | None
    zone: str
    means: list[str] | None
    plan_version_id: UUID | None
    on_renewal: str | None
    allowance_bytes: int | None
    fair_use_bytes: int | None
    devices_max: int | None
    promotion_id: UUID | None
    bonus_bytes: int
    currency: str
    price: int | None
    discount: int
    total: int | None
    tax: int
    starts_at: datetime | None
    ends_at: datetime | None
    first_day: date | None
    last_day: date | None
    present_ends_at: datetime | None
    leftover_bytes: int | None
    waits: bool | None
    """Whether it starts later than the instant of the quote."""

    @property
    def is_behind_others(self) -> bool:
        """Whether it starts after terms that have not begun yet, and not after the present one."""
        return bool(self.waits) and self.starts_at != self.present_ends_at

    @property
    def refusal(self) -> Refusal | None:
        """Why this cannot be sold, or None."""
        return Refusal(Code(self.reason), self.facts or {}) if self.reason else None

    @property
    def fate(self) -> str:
        """What happens to the present plan: English, the key of the catalogues.

        A channel translates it and then puts the term's start in for `starts_at`.
        """
        if self.is_behind_others:
            return _("Starts after the plans that are paid already, on %(starts_at)s.")
        if self.present_ends_at is None:
            if self.on_renewal == "queue":
                return _("No plan is running on this card, so the new one starts at once.")
            return _("No plan is running on this card. The new one starts now.")
        if self.on_renewal == "stack":
            return _("Added now: the data left is kept and adds to the new plan's.")
        if self.on_renewal == "replace":
            return _("Replaces the present plan now. What is left of it is lost.")
        return _(
            "Starts after the present plan, on %(starts_at)s. Until then the data left stays"
            " usable."
        )

    @property
    def total_money(self) -> Money:
        """What is to be paid, tax included."""
        assert self.total is not None
        return Money(self.total, self.currency)


_COLUMNS: Final = (
    "select q.card_id, q.account_id, q.reason, q.facts, q.zone, q.means, q.plan_version_id,"
    " q.on_renewal, q.allowance_bytes, q.fair_use_bytes, q.devices_max, q.promotion_id,"
    " q.bonus_bytes, q.currency, q.price, q.discount, q.total, q.tax, q.starts_at, q.ends_at,"
    " q.first_day, q.last_day, q.present_ends_at, q.leftover_bytes, q.starts_at > %s as waits"
)


def quote(
    cards: Sequence[UUID], plan_version: UUID, promotion: str | None, channel: str, at: datetime
) -> list[Quote]:
    """Quote one plan version for cards at an instant; reads only, one row a known card.

    A promotion's code that does not apply is the quote's refusal.
    """
    return database.rows(
        Quote,
        _COLUMNS + " from quote(%s, %s, %s, %s, %s) q",
        [at, list(cards), plan_version, promotion, channel, at],
    )


def quote_plans(
    card_id: UUID, plan_versions: Sequence[UUID], channel: str, at: datetime
) -> dict[UUID, Quote]:
    """Quote plan versions for one card, as a list of plans shows them, in one round trip.

    Reads only. By version; a version that is not known is missing.
    """
    quotes = database.rows(
        Quote,
        _COLUMNS + " from unnest(%s::uuid[]) as v (id)"
        " cross join lateral quote(array[%s::uuid], v.id, null, %s, %s) q",
        [at, list(plan_versions), card_id, channel, at],
    )
    return {each.plan_version_id: each for each in quotes if each.plan_version_id is not None}
