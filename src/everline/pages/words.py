"""Facts in words: money, instants, data, periods, coverage, and what happens to what is left.

Everything is said in the language of the page that is being made. Where a renewal stands is
said in states.py, what a refusal is about in facts.py.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext as _, ngettext

from everline import clock
from everline.catalogue import Offer, Policy
from everline.money import Money
from everline.pages.frame import HTML_TAGS
from everline.renewals import Quote

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
UNITS: Final = (("TB", 12), ("GB", 9), ("MB", 6))
"""Units of data with their power of ten: 1 GB is 1,000,000,000 bytes."""

AMOUNTS_KEPT_MAX: Final = 4096
"""Prices are few, and Babel takes its time with each."""

GROUPS: Final = {"day": "days", "week": "days", "month": "months", "quarter": "quarters"}
"""Under which heading a plan stands by the unit of its period; anything else is a year."""


def money(amount: int, currency: str, policy: Policy) -> str:
    """Write minor units with as many decimals as the operator shows."""
    return _money(amount, currency, _tag(), policy.currency_digits.get(currency))


def tax(amount: int, currency: str, policy: Policy) -> str:
    """Write the tax that a total contains, rounded to the decimals that the operator shows.

    Nobody pays it by itself, and coins that do not exist would only puzzle; the books are exact.
    """
    digits = policy.currency_digits.get(currency)
    told = amount if digits is None else Money(amount, currency).rounded(digits).amount
    return money(told, currency, policy)


@lru_cache(maxsize=AMOUNTS_KEPT_MAX)
def _money(amount: int, currency: str, tag: str, digits: int | None) -> str:
    return Money(amount, currency).format(tag, digits)


def instant(at: datetime, zone: str) -> str:
    """Write an instant in a zone, with the zone."""
    return clock.format_instant(at, zone, _tag())


def day(shown: date) -> str:
    """Write a day without a time."""
    return format_date(shown, "long", _locale())


def name(names: Mapping[str, str]) -> str:
    """Choose the name in the page's language, the English one where there is none."""
    tag = _tag()
    return names.get(HTML_TAGS.get(tag, tag)) or names["en"]


def data(size: int) -> str:
    """Write bytes as "18.6 GB", in the largest unit that leaves a whole number before the point."""
    unit, power = next((each for each in UNITS if size >= 10 ** each[1]), UNITS[-1])
    number = format_decimal(Decimal(size).scaleb(-power), format="#,##0.##", locale=_locale())
    return f"{number}{NO_BREAK}{unit}"


def allowance(allowance_bytes: int | None, fair_use_bytes: int | None) -> str:
    """Say how much data there is; without a limit, from when on it is slower."""
    if allowance_bytes is not None:
        return data(allowance_bytes)
    if fair_use_bytes is not None:
        return _("Unlimited, fair use after %(data)s") % {"data": data(fair_use_bytes)}
    return _("Unlimited")


def period(unit: str, count: int) -> str:
    """Say how long a plan lasts; quarters are said in months."""
    if unit == "day":
        return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
    if unit == "week":
        return ngettext("%(count)d week", "%(count)d weeks", count) % {"count": count}
    if unit == "year":
        return ngettext("%(count)d year", "%(count)d years", count) % {"count": count}
    months = count * 3 if unit == "quarter" else count
    return ngettext("%(count)d month", "%(count)d months", months) % {"count": months}


def devices(most: int) -> str:
    """Say how many devices may share a plan."""
    return ngettext("%(count)d device", "%(count)d devices", most) % {"count": most}


def times(most: int) -> str:
    """Say how often something may be done."""
    return ngettext("%(count)d time", "%(count)d times", most) % {"count": most}


def days_left(count: int) -> str:
    """Say how many whole days are left."""
    return ngettext("%(count)d day left", "%(count)d days left", count) % {"count": count}


def place(offer: Offer) -> str:
    """Say where a plan works, in a few words."""
    if len(offer.countries) == 1:
        return country(offer.countries[0])
    where = name(offer.region_names) if offer.region_names else ""
    if not offer.countries:
        return where
    count = len(offer.countries)
    counted = ngettext("%(count)d country or region", "%(count)d countries and regions", count)
    return " · ".join(part for part in (where, counted % {"count": count}) if part)


def countries(codes: Sequence[str]) -> list[tuple[str, str]]:
    """Name countries and regions, in the order of their names, each with its code."""
    return sorted(((code, country(code)) for code in codes), key=lambda each: each[1])


def country(code: str) -> str:
    """Name a country or region by its ISO 3166 code."""
    return str(_locale().territories.get(code, code))


def channel(code: str) -> str:
    """Name a channel as people know it."""
    known = {
        "web": _("on this website"),
        "auto": _("by auto-renewal"),
        "hotline": _("on the hotline"),
        "store": _("in an authorised store"),
        "kiosk": _("at a self-service kiosk"),
        "partner": _("on a partner's platform"),
    }
    return known.get(code, _("by our staff"))


def fate(quote: Quote) -> str:
    """Say what happens to the present plan and to what is left of it."""
    assert quote.starts_at is not None
    return _(quote.fate) % {"starts_at": instant(quote.starts_at, quote.zone)}


def _tag() -> str:
    return get_language() or "en"


def _locale() -> Locale:
    return Locale.parse(_tag().replace("-", "_"))


def paid_online(masked: str | None) -> str:
    """Say what paid through a gateway: a bank card by its last digits, others by their own name."""
    told = masked or ""
    return told if told[:1].isalpha() else f"{_('Bank card')}{NO_BREAK}{told}".rstrip(NO_BREAK)
