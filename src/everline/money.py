"""Money: a whole number of minor units and an ISO 4217 currency.

There is no float and no division: a part of an amount is taken by `split` or `share`, which say
where the odd cent goes. Text becomes money, and money text, only at the edges, by `Money.parse` and
`Money.format` with Babel's tables. How many decimals a currency has comes from those tables alone.
Stored amounts depend on that number, so a test pins it for every currency.
This is not the ledger: what is owed and paid stands in ledger/ledger.sql, as bigint and char(3).
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final, Self

from babel import Locale
from babel.numbers import (
    format_currency,
    get_currency_precision,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    list_currencies,
)

AMOUNT_MAX: Final = 2**63 - 1
"""The largest amount in minor units, as in the database (bigint)."""

SPLIT_PARTS_MAX: Final = 10_000
TEXT_LENGTH_MAX: Final = 64
BASIS_POINTS: Final = 10_000
"""Basis points in a whole: a rate of 11 % is 1100."""

_PLAIN: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_BETWEEN_LETTER_AND_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_MINUS_SIGNS: Final = str.maketrans({"−": "-", "﹣": "-", "－": "-"})  # noqa: RUF001 meant


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues; whoever shows it translates it."""
    return sentence


class InvalidAmountError(ValueError):
    """A text, or a number, that is no amount of money.

    `field` names what to mend and `sentence` says how, in English. `template` is the key of the
    catalogues and takes `facts`: `gettext(error.template) % error.facts`.
    """

    def __init__(self, template: str, *, field: str = "amount", **facts: Any) -> None:
        self.field = field
        self.template = template
        self.facts = facts
        self.sentence = template % facts
        super().__init__(self.sentence)


class CurrencyMismatchError(ValueError):
    """Two currencies in one sum or comparison: a bug, since nothing here knows a rate."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} cannot be added or compared")


@cache
def currencies() -> frozenset[str]:
    """Every currency code that is known, those withdrawn too (source: CLDR by Babel)."""
    return frozenset(list_currencies())


@cache
def exponent(currency: str) -> int:
    """How many decimals a currency has: EUR 2, JPY 0, KWD 3 (source: CLDR by Babel)."""
    _check_currency(currency)
    return get_currency_precision(currency)


def tax_included(amount_minor: int, rate_basis_points: int) -> int:
    """Give the tax that a price contains, in minor units, the net price rounded half up.

    The net price is amount * 10000 / (10000 + rate). The verbs compute the same in SQL as
    `amount - (amount * 10000 * 2 + (10000 + rate)) / (2 * (10000 + rate))`; a test compares both.
    """
    if amount_minor < 0 or rate_basis_points < 0:
        raise ValueError("tax is taken from amounts and rates of 0 or more")
    gross_basis_points = BASIS_POINTS + rate_basis_points
    return amount_minor - _rounded(amount_minor * BASIS_POINTS, gross_basis_points)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency: Money(1250, "EUR") is 12.50 euro.

    Only amounts of one currency add up or compare; others raise CurrencyMismatchError.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        _check_currency(self.currency)
        if type(self.amount) is not int:
            raise TypeError("an amount is a whole number of minor units (int)")
        if not -AMOUNT_MAX <= self.amount <= AMOUNT_MAX:
            raise InvalidAmountError(_("This amount is too large. Write a smaller one."))

    @classmethod
    def parse(cls, text: str, currency: str, *, locale: str | None = None) -> Self:
        """Read an amount; without a locale in the plain form "12.50", as in files and in the API.

        With a locale, as people write it there: "Rp 12.500,50" in id. Never rounds: more decimals
        than the currency has raise InvalidAmountError, as everything does that is not an amount.
        """
        digits = exponent(currency)
        if len(text) > TEXT_LENGTH_MAX:
            raise InvalidAmountError(_("This amount is too long. Write digits only."))
        plain = text if locale is None else _plain_text(text, currency, Locale.parse(_tag(locale)))
        match = _PLAIN.fullmatch(plain)
        if match is None:
            raise InvalidAmountError(_not_an_amount(digits), example=_example(digits, locale))
        sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
        if len(fraction) > digits:
            raise InvalidAmountError(
                _too_many_decimals(digits),
                currency=currency,
                digits=digits,
                example=_example(digits, locale),
            )
        return cls(int(sign + whole + fraction.ljust(digits, "0")), currency)

    def plain(self) -> str:
        """Write the amount in the plain form that `parse` reads without a locale: "12.50"."""
        digits = exponent(self.currency)
        text = str(abs(self.amount)).rjust(digits + 1, "0")
        whole, fraction = text[: len(text) - digits], text[len(text) - digits :]
        return f"{'-' if self.amount < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"

    def format(self, locale: str, digits: int | None = None) -> str:
        """Write the amount as people read it in a locale, with the currency's symbol.

        `digits` is how many decimals the operator shows, such as 0 for IDR. Nothing is lost by it:
        an amount that has more is shown with all the decimals of its currency.
        """
        full = exponent(self.currency)
        shown = full if digits is None else min(digits, full)
        if shown < 0:
            raise ValueError("the digits shown are 0 or more")
        if self.amount % 10 ** (full - shown):
            shown = full
        spoken = Locale.parse(_tag(locale))
        pattern = spoken.currency_formats["standard"].pattern
        decimals = f".{'0' * shown}" if shown else ""
        text = format_currency(
            Decimal(self.amount).scaleb(-full),
            self.currency,
            format=re.sub(r"(?<=0)\.[0#]+", decimals, pattern),
            locale=spoken,
            currency_digits=False,
        )
        # CLDR's currencySpacing, which Babel leaves out: "Rp 15.000" and not "Rp15.000".
        return _BETWEEN_LETTER_AND_DIGIT.sub("\N{NO-BREAK SPACE}", text)

    def split(self, parts: int) -> list[Self]:
        """Cut the amount into parts that differ by one minor unit at most and sum to it exactly.

        By largest remainder: all remainders are equal here, so the odd units go to the first parts.
        """
        if not 1 <= parts <= SPLIT_PARTS_MAX:
            raise ValueError(f"an amount is split into 1 to {SPLIT_PARTS_MAX} parts")
        each, odd = divmod(self.amount, parts)
        return [type(self)(each + (part < odd), self.currency) for part in range(parts)]

    def share(self, numerator: int, denominator: int) -> Self:
        """Take numerator parts out of denominator, rounded half up.

        A negative amount is rounded as its positive twin, so a share given back is the share taken.
        """
        if numerator < 0 or denominator <= 0:
            raise ValueError("a share is 0 or more parts out of 1 or more")
        size = _rounded(abs(self.amount) * numerator, denominator)
        return type(self)(-size if self.amount < 0 else size, self.currency)

    def rounded(self, digits: int) -> Self:
        """Round half up to so many decimals: for what is told of a price, not for what is paid."""
        step = 10 ** max(exponent(self.currency) - digits, 0)
        size = _rounded(abs(self.amount), step) * step
        return type(self)(-size if self.amount < 0 else size, self.currency)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.amount + self._amount_of(other), self.currency)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.amount - self._amount_of(other), self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.amount, self.currency)

    def __lt__(self, other: Self) -> bool:
        return self.amount < self._amount_of(other)

    def __le__(self, other: Self) -> bool:
        return self.amount <= self._amount_of(other)

    def __gt__(self, other: Self) -> bool:
        return self.amount > self._amount_of(other)

    def __ge__(self, other: Self) -> bool:
        return self.amount >= self._amount_of(other)

    def _amount_of(self, other: object) -> int:
        """Give the other amount when it is money of the same currency."""
        if not isinstance(other, Money):
            raise TypeError("money is added to and compared with money alone")
        if other.currency != self.currency:
            raise CurrencyMismatchError(self.currency, other.currency)
        return other.amount


def _check_currency(currency: str) -> None:
    """Stop at a code that is not in the table: a typing error must not become a currency."""
    if currency not in currencies():
        raise InvalidAmountError(
            _("This is not a currency. Write its ISO 4217 code, like EUR."), field="currency"
        )


def _rounded(numerator: int, denominator: int) -> int:
    """Divide numbers of 0 or more, rounded half up, in whole numbers alone."""
    return (2 * numerator + denominator) // (2 * denominator)


def _tag(locale: str) -> str:
    """Write Django's "zh-hans" as Babel reads it."""
    return locale.replace("-", "_")


def _plain_text(text: str, currency: str, locale: Locale) -> str:
    """Turn an amount as written in a locale into the plain form; '' when it is not one."""
    text = unicodedata.normalize("NFKC", text).translate(_MINUS_SIGNS)
    for name in (get_currency_symbol(currency, locale), currency):
        text = text.replace(unicodedata.normalize("NFKC", name), "", 1)
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    group = _symbol(get_group_symbol(locale))
    decimal = _symbol(get_decimal_symbol(locale))
    written = re.fullmatch(
        rf"\s*(-?)\s*([0-9]{{1,3}}(?:{group}[0-9]{{2,3}})*{group}[0-9]{{3}}|[0-9]+)"
        rf"(?:{decimal}([0-9]+))?\s*",
        text,
    )
    if written is None:
        return ""
    whole = "".join(sign for sign in written.group(2) if sign.isdigit())
    return f"{written.group(1)}{whole}{'.' if written.group(3) else ''}{written.group(3) or ''}"


def _symbol(sign: str) -> str:
    """Make a pattern of a locale's separator; one kind of space stands for all of them."""
    return r"\s" if sign.isspace() else re.escape(unicodedata.normalize("NFKC", sign))


def _not_an_amount(digits: int) -> str:
    """Say what is wrong in the words that fit the currency: some have no decimals at all."""
    if digits:
        return _("This is not an amount. Write digits and decimals, like %(example)s.")
    return _("This is not an amount. Write digits only, like %(example)s.")


def _too_many_decimals(digits: int) -> str:
    """Say how many decimals there may be, in the words that fit the currency."""
    if digits:
        return _("%(currency)s has at most %(digits)d decimals. Write it like %(example)s.")
    return _("%(currency)s has no decimals. Write it like %(example)s.")


def _example(digits: int, locale: str | None) -> str:
    """An amount as it is written in the currency and locale: 12.50, 12,50, 1250 or 1.250."""
    point = "." if locale is None else get_decimal_symbol(_tag(locale))
    return f"12{point}{'50'.ljust(digits, '0')[:digits]}" if digits else "1250"
