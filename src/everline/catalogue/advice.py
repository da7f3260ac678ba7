"""Advice: which plan on sale suits a need, and the arithmetic behind it.

Pure: a need and a list of offers go in, at most one advice comes out, and nothing is read. A
holder's need comes from what their cards used (cards/pace.py), a stranger's from two answers:
where, and how much. It is worded by channels; a quote is asked of `renewals.quote` as ever.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from everline.catalogue.offers import Offer

MONTH_DAYS: Final = 30
DAYS: Final = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
"""How many days a period counts here; when a term really ends is told by its quote alone."""

TERM_DAYS_MAX: Final = 92
"""Nobody is advised to pay for longer than a quarter ahead."""

GIGABYTE: Final = 10**9


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody needs: bytes in 30 days, and where; no country is anywhere."""

    month_bytes: int
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Advice:
    """One plan with its arithmetic; money in minor units of the offer's currency.

    `term_bytes` is needed within `term_days`, `given_bytes` is given in it. What is given lasts
    `lasts_days` at this pace, which may be longer than the term. `month_price` is what 30 days cost
    when the plan is bought again as often as the need wants it, rounded up.
    """

    offer: Offer
    need: Need
    term_days: int
    term_bytes: int
    given_bytes: int
    lasts_days: int
    month_price: int

    @property
    def is_enough(self) -> bool:
        """Whether what is given lasts as long as the term."""
        return self.given_bytes >= self.term_bytes


def works_in(offer: Offer, countries: Iterable[str]) -> bool:
    """Tell whether a plan works in all of these."""
    return set(countries) <= set(offer.countries)


def roams(offer: Offer) -> bool:
    """Tell whether a plan works in more than one country or region."""
    return len(offer.countries) > 1


def days(offer: Offer) -> int:
    """Tell how many days a plan counts here."""
    return DAYS[offer.period_unit] * offer.period_count


def weigh(offer: Offer, need: Need) -> Advice:
    """Do the arithmetic of one plan for a need.

    An unlimited plan gives what it gives at full speed, which is its fair use.
    """
    term_days = days(offer)
    given = offer.allowance_bytes
    if given is None:
        given = offer.fair_use_bytes or 0
    lasts_days = given * MONTH_DAYS // max(need.month_bytes, 1)
    paid_days = max(min(term_days, lasts_days), 1)
    return Advice(
        offer=offer,
        need=need,
        term_days=term_days,
        term_bytes=-(-need.month_bytes * term_days // MONTH_DAYS),
        given_bytes=given,
        lasts_days=lasts_days,
        month_price=-(-offer.price * MONTH_DAYS // paid_days),
    )


def advise(offers: Sequence[Offer], need: Need) -> Advice | None:
    """Advise the plan that costs least in 30 days, of those that last for the whole of their term.

    None of them is longer than a quarter. Where none lasts, the one that comes cheapest although it
    is bought more often. Of equal ones the shorter, then the one that comes first. None when no
    plan works in all the countries.
    """
    weighed = [
        weigh(offer, need)
        for offer in offers
        if works_in(offer, need.countries) and days(offer) <= TERM_DAYS_MAX
    ]
    enough = [each for each in weighed if each.is_enough]
    return min(enough or weighed, key=lambda each: (each.month_price, each.term_days), default=None)
