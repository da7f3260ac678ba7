"""Facts for the ear: digits one by one, money and data by their names, days with their month.

pages/words.py writes the same facts for the eye; what "Rp", "GB" or "(Asia/Jakarta)" look like
nobody can say. Everything is said in the language of the moment.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_location
from babel.numbers import format_currency, format_decimal
from django.utils.translation import get_language, gettext as _

from everline import clock
from everline.catalogue import Policy
from everline.money import exponent
from everline.renewals import Quote

GROUP: Final = 4
ENDING: Final = 4


def digits(number: str, group: int = GROUP) -> str:
    """Say a number digit by digit, with a pause after each group: "4 8 2 7, 3 9 1 5"."""
    groups = (number[start : start + group] for start in range(0, len(number), group))
    return ", ".join(" ".join(each) for each in groups)


def ending(number: str) -> str:
    """Say the last four digits, by which people tell their cards apart."""
    return digits(number[-ENDING:])


def money(amount: int, currency: str, policy: Policy) -> str:
    """Say minor units with the currency's name; as many decimals as the operator shows."""
    full = exponent(currency)
    shown = min(policy.currency_digits.get(currency, full), full)
    if amount % 10 ** (full - shown):
        shown = full  # What is owed is said in full, whatever is usually shown.
    has_rest = bool(amount % 10**full)
    return format_currency(
        Decimal(amount).scaleb(-full),
        currency,
        format=f"#,##0.{'0' * shown}" if shown and has_rest else "#,##0",
        locale=_locale(),
        format_type="name",
        currency_digits=False,
    )


def instant(at: datetime, zone: str) -> str:
    """Say an instant: "22 November 2026, 14:05, Jakarta time"; seconds are cut off."""
    local = at.astimezone(clock.zone(zone))
    spoken = _locale()
    patterns = {"zh": ("y年M月d日", "HH:mm"), "id": ("d MMMM y", "HH.mm")}
    day, time = patterns.get(spoken.language, ("d MMMM y", "HH:mm"))
    return _("%(day)s, %(time)s, %(city)s time") % {
        "day": format_date(local, day, locale=spoken),
        "time": format_datetime(local, time, locale=spoken),
        "city": get_timezone_location(zone, locale=spoken, return_city=True),
    }


def data(size: int | None) -> str:
    """Say bytes as "18.6 gigabytes"; None is unlimited."""
    if size is None:
        return _("unlimited data")
    units = ((12, _("%(count)s terabytes")), (9, _("%(count)s gigabytes")))
    power, unit = next((each for each in units if size >= 10 ** each[0]), (6, ""))
    number = format_decimal(Decimal(size).scaleb(-power), format="#,##0.##", locale=_locale())
    return (unit or _("%(count)s megabytes")) % {"count": number}


def fate(quote: Quote) -> str:
    """Say what happens to the present plan and to what is left of it."""
    assert quote.starts_at is not None
    if quote.is_behind_others:
        return _("It starts after the plans that are paid already.")
    if quote.present_ends_at is None:
        return _("It starts at once.")
    if quote.on_renewal == "stack":
        return _("It is added now, and the data left is kept.")
    if quote.on_renewal == "replace":
        return _("It replaces the present plan now. What is left of that is lost.")
    return _("It starts after the present plan, and until then the data left stays usable.")


def _locale() -> Locale:
    return Locale.parse((get_language() or "en").replace("-", "_"))
