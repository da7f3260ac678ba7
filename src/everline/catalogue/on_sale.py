"""The plans on sale as a process remembers them, until the catalogue or the time changes them.

Each page asks for the catalogue's revision anyway, in the one read that it makes. While that is the
same and no version begins or ends, the list is the same, so it is neither read nor worded again.
"""

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from everline import database
from everline.catalogue.offers import Offer, offers

REVISION: Final = (
    "(select concat_ws('.',"
    " (select sum(t.xmin::text::bigint) || '.' || count(*) from catalogue_policy t),"
    " (select sum(t.xmin::text::bigint) || '.' || count(*) from catalogue_region t),"
    " (select sum(t.xmin::text::bigint) || '.' || count(*) from catalogue_plan t),"
    " (select sum(t.xmin::text::bigint) || '.' || count(*) from catalogue_planversion t),"
    " (select sum(t.xmin::text::bigint) || '.' || count(*) from catalogue_price t),"
    " (select sum(t.id) || '.' || count(*) from catalogue_coverage t),"
    " (select sum(t.xmin::text::bigint) || '.' || count(*) from catalogue_promotion t),"
    " (select sum(t.xmin::text::bigint) || '.' || count(*) from catalogue_promotion_plans t)))"
)
"""An expression of SQL: which catalogue this is. Each row names the transaction that wrote it, so
another sum or count is another catalogue. A country of a version is added or taken out and never
changed, so there the sum is of ids: they are the most, and cheaper to add."""

_KEPT: Final[dict[str, tuple[str, "OnSale"]]] = {}
_numbers: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class OnSale:
    """What is sold in a currency; `number` is of this list alone.

    It was the same since the last version or plan began or ended, and is until the next one does.
    """

    number: int
    offers: list[Offer]
    covered: list[str]
    window: "Window"

    def holds(self, at: datetime) -> bool:
        """Tell whether this is what is sold at an instant."""
        since, until = self.window.since, self.window.until
        return (since is None or since <= at) and (until is None or at < until)


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when nothing begins or ends; None is ever."""

    since: datetime | None
    until: datetime | None


def on_sale(currency: str, revision: str | None, at: datetime) -> OnSale:
    """Give what is sold at `at`, from memory where the catalogue has not changed since it was read.

    Without a revision it is read anew and not kept.
    """
    kept = _KEPT.get(currency)
    if kept is not None and kept[0] == revision and kept[1].holds(at):
        return kept[1]
    sold = offers(currency, at)
    made = OnSale(
        number=next(_numbers),
        offers=sold,
        covered=sorted({code for offer in sold for code in offer.countries}),
        window=_window(at),
    )
    if revision is not None and sold:
        _KEPT[currency] = (revision, made)
    return made


def _window(at: datetime) -> Window:
    """Tell when the last version or plan began or ended, and when the next one does."""
    found = database.row(
        Window,
        "select max(t.at) filter (where t.at <= %s) as since,"
        " min(t.at) filter (where t.at > %s) as until from ("
        " select unnest(array[v.effective_from, v.effective_until]) as at"
        " from catalogue_planversion v"
        " union all select p.retired_at from catalogue_plan p) as t",
        [at, at],
    )
    assert found is not None
    return found
