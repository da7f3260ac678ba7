"""The checks of single values: each reads a text and gives the value, or raises a FlawError.

They are pure and know neither the file nor the line; rows.py (CSV) and nodes.py (YAML) add the
place. Numbers on cards and devices are in numbers.py, opening hours in hours.py.
Amounts are read in the plain form (95000 or 9.90) and kept in minor units, data as whole bytes
with decimal prefixes (1 GB is 10^9 bytes, as in ISO/IEC 80000-13), rates in basis points.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from babel import Locale

from everline import money
from everline.loading.problems import Flaw, FlawError, shown
from everline.people.models import COMMISSION_MAX

LANGUAGES: Final = ("en", "zh-Hans", "id")
BYTES_MAX: Final = 10**15
"""A petabyte: more than any plan, so that a slip of units is found."""

_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")
_WORD: Final = re.compile(r"[a-z][a-z0-9-]{1,31}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,12})?")
_SHARE: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?")
_PERCENT: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%")
_BYTES: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,12}))? ?(kB|MB|GB|TB)")
_RELATIVE: Final = re.compile(
    r"load(?:([+-])(?=[0-9])(?:([0-9]{1,4})d)?(?:([0-9]{1,2})h)?(?:([0-9]{1,2})m)?)?"
)
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{1,62}"
)
_PHONE: Final = re.compile(r"\+[1-9](?:[ -]?[0-9]){6,14}")
_HOST: Final = re.compile(
    r"(?=.{4,120}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_SENDER: Final = re.compile(r"[A-Za-z0-9 ]{3,11}|[0-9]{3,15}")
_PREFIXES: Final = {"kB": 3, "MB": 6, "GB": 9, "TB": 12}
_NOT_COUNTRIES: Final = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)
_NOT_CURRENCIES: Final = frozenset({"XXX", "XTS"})
_YEARS: Final = range(2000, 2101)


def text(longest: int) -> Callable[[str], str]:
    """Give the check of a free text of `longest` characters at most."""

    def check(value: str) -> str:
        if len(value) > longest:
            raise FlawError(Flaw.TOO_LONG, limit=longest)
        if not value.isprintable():
            raise FlawError(Flaw.LINE_CONTROL, value=shown(value))
        return value

    return check


def choice(*names: str) -> Callable[[str], str]:
    """Give the check of a value that is one of a few words."""

    def check(value: str) -> str:
        if value not in names:
            raise FlawError(Flaw.NOT_ONE_OF, value=shown(value), choices=", ".join(names))
        return value

    return check


def whole(low: int, high: int) -> Callable[[str], int]:
    """Give the check of a whole number from `low` to `high`."""

    def check(value: str) -> int:
        if not _WHOLE.fullmatch(value):
            raise FlawError(Flaw.NOT_WHOLE, value=shown(value))
        number = int(value)
        if not low <= number <= high:
            raise FlawError(Flaw.NOT_BETWEEN, value=value, low=low, high=high)
        return number

    return check


def microdegrees(most: int) -> Callable[[str], int]:
    """Give the check of a latitude (most 90) or longitude (most 180), kept in microdegrees."""

    def check(value: str) -> int:
        if not _DECIMAL.fullmatch(value):
            raise FlawError(Flaw.NOT_NUMBER, value=shown(value))
        degrees = Decimal(value)
        if abs(degrees) > most:
            raise FlawError(Flaw.NOT_BETWEEN, value=value, low=-most, high=most)
        return round(degrees.scaleb(6))

    return check


def truth(value: str) -> bool:
    """Read true or false."""
    return choice("true", "false")(value) == "true"


def code(value: str) -> str:
    """Read a code such as HOME-30: what finance and partners write."""
    if not _CODE.fullmatch(value):
        raise FlawError(Flaw.NOT_CODE, value=shown(value))
    return value


def word(value: str) -> str:
    """Read a short name such as southeast-asia."""
    if not _WORD.fullmatch(value):
        raise FlawError(Flaw.NOT_WORD, value=shown(value))
    return value


@cache
def zones() -> frozenset[str]:
    """Every zone of the tz database that names a place, and UTC."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def zone(value: str) -> str:
    """Read a time zone such as Asia/Jakarta (source: the tz database)."""
    if value not in zones():
        raise FlawError(Flaw.NOT_ZONE, value=shown(value))
    return value


@cache
def countries() -> frozenset[str]:
    """Every country code of ISO 3166-1 alpha-2, and XK (source: CLDR by Babel)."""
    names = map(str, Locale("en").territories)
    return frozenset(
        name for name in names if _COUNTRY.fullmatch(name) and name not in _NOT_COUNTRIES
    )


def country(value: str) -> str:
    """Read a country, as ISO 3166-1 alpha-2."""
    if value not in countries():
        raise FlawError(Flaw.NOT_COUNTRY, value=shown(value))
    return value


def currency(value: str) -> str:
    """Read a currency, as ISO 4217."""
    if value not in money.currencies() or value in _NOT_CURRENCIES:
        raise FlawError(Flaw.NOT_CURRENCY, value=shown(value))
    return value


def language(value: str) -> str:
    """Read one of the languages that are offered."""
    if value not in LANGUAGES:
        raise FlawError(Flaw.NOT_LANGUAGE, value=shown(value), choices=", ".join(LANGUAGES))
    return value


def email(value: str) -> str:
    """Read an e-mail address, in small letters (source: the form of RFC 5321, not its rarities)."""
    if len(value) > 254 or not _EMAIL.fullmatch(value):  # noqa: PLR2004 RFC 5321, 4.5.3.1.3
        raise FlawError(Flaw.NOT_EMAIL)
    return value.lower()


def phone(value: str) -> str:
    """Read a telephone number in international form, kept as E.164 without spaces."""
    if not _PHONE.fullmatch(value):
        raise FlawError(Flaw.NOT_PHONE)
    return value.replace(" ", "").replace("-", "")


def host(value: str) -> str:
    """Read a host name in small letters (source: RFC 1123, 2.1)."""
    lowered = value.lower()
    if not _HOST.fullmatch(lowered):
        raise FlawError(Flaw.NOT_HOST, value=shown(value))
    return lowered


def sender(value: str) -> str:
    """Read a sender of SMS: up to 11 letters, or a number (source: 3GPP TS 23.040, 9.1.2.5)."""
    if not _SENDER.fullmatch(value):
        raise FlawError(Flaw.NOT_SENDER, value=shown(value))
    return value


def byte_count(value: str) -> int:
    """Read an amount of data such as 1.5 GB, in whole bytes."""
    match = _BYTES.fullmatch(value)
    if match is None or len(match[2] or "") > _PREFIXES[match[3]]:
        raise FlawError(Flaw.NOT_BYTES, value=shown(value))
    fraction = match[2] or ""
    count = int(match[1] + fraction.ljust(_PREFIXES[match[3]], "0"))
    if not 0 < count <= BYTES_MAX:
        raise FlawError(Flaw.NOT_BETWEEN, value=value, low="1 kB", high="1000 TB")
    return count


def basis_points(value: str) -> int:
    """Read a percentage from 0 to 100 with two decimals at most, such as 11%, in basis points."""
    match = _PERCENT.fullmatch(value)
    if match is None:
        raise FlawError(Flaw.NOT_PERCENT, value=shown(value))
    points = int(match[1] + (match[2] or "").ljust(2, "0"))
    if points > money.BASIS_POINTS:
        raise FlawError(Flaw.NOT_BETWEEN, value=value, low="0%", high="100%")
    return points


def commission(value: str) -> int:
    """Read what a store or partner earns of a price, in percent, such as 2.5, in basis points."""
    match = _SHARE.fullmatch(value)
    if match is None:
        raise FlawError(Flaw.NOT_NUMBER, value=shown(value))
    points = int(match[1] + (match[2] or "").ljust(2, "0"))
    if points > COMMISSION_MAX:
        raise FlawError(Flaw.NOT_BETWEEN, value=value, low=0, high=COMMISSION_MAX // 100)
    return points


def amount(currency_code: str) -> Callable[[str], int]:
    """Give the check of an amount of 0 or more in a known currency, kept in minor units."""

    def check(value: str) -> int:
        if value.startswith("-"):
            raise FlawError(Flaw.NEGATIVE, value=shown(value))
        try:
            return money.Money.parse(value, currency_code).amount
        except money.InvalidAmountError as error:
            raise FlawError(Flaw.AMOUNT, **error.facts).saying(error.template) from error

    return check


def moment(at: datetime) -> Callable[[str], datetime]:
    """Give the check of an instant, ISO 8601 with its offset or relative to the load at `at`.

    `load-12d06h` is twelve days and six hours before the load, `load+45d` is after it, `load` is
    the load itself: so a template stays true whenever it is loaded. The result is in UTC.
    """

    def check(value: str) -> datetime:
        relative = _RELATIVE.fullmatch(value)
        if relative is not None:
            sign, days, hours, minutes = relative.groups("0")
            step = timedelta(days=int(days), hours=int(hours), minutes=int(minutes))
            return at - step if sign == "-" else at + step
        try:
            instant = datetime.fromisoformat(value)
        except ValueError as error:
            raise FlawError(Flaw.NOT_MOMENT, value=shown(value)) from error
        if instant.tzinfo is None or instant.year not in _YEARS:
            raise FlawError(Flaw.NOT_MOMENT, value=shown(value))
        return instant.astimezone(UTC)

    return check


def past(at: datetime) -> Callable[[str], datetime]:
    """Give the check of an instant that is not after the load at `at`."""
    read = moment(at)

    def check(value: str) -> datetime:
        instant = read(value)
        if instant > at:
            raise FlawError(Flaw.NOT_PAST, value=shown(value))
        return instant

    return check


def listed(names: Iterable[str]) -> str:
    """Words for a sentence, in a stable order and bounded."""
    ordered = sorted(names)
    return ", ".join(ordered[:30]) + (", …" if len(ordered) > 30 else "")  # noqa: PLR2004
