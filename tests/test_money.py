"""Money: nothing is lost or made when an amount is read, written, split or shared."""

from fractions import Fraction

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given, strategies as st

from everline import money
from everline.money import CurrencyMismatchError, InvalidAmountError, Money

AMOUNTS = st.integers(-money.AMOUNT_MAX, money.AMOUNT_MAX)
CURRENCIES = st.sampled_from(sorted(money.currencies()))
LOCALES = st.sampled_from(["en", "zh_Hans", "zh-hans", "id"])
MONEY = st.builds(Money, AMOUNTS, CURRENCIES)

EXPONENTS = {
    0: "ADP AFN ALL BIF BYR CLP DJF ESP GNF IQD IRR ISK ITL JPY KMF KPW KRW LAK LBP LUF MGA MGF "
    "MMK MRO PYG RSD RWF SLL SOS STD SYP TMM TRL UGX UYI VND VUV XAF XOF XPF YER ZMK ZWD",
    3: "BHD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
OWN_SIGNS = {"fy", "tok"}  # a minus at the end; groups of two digits


def half_up(value: Fraction) -> int:
    """Round to the nearest whole number, a half away from zero."""
    size = (abs(value) + Fraction(1, 2)).__floor__()
    return size if value >= 0 else -size


@given(MONEY, st.integers(0, 4))
def test_rounding_is_half_up_and_leaves_no_more_decimals(value: Money, digits: int) -> None:
    step = 10 ** max(money.exponent(value.currency) - digits, 0)
    assert value.rounded(digits).amount == half_up(Fraction(value.amount, step)) * step


@given(AMOUNTS, st.integers(1, 100))
def test_parts_sum_to_the_whole_and_differ_by_one_at_most(amount: int, parts: int) -> None:
    split = Money(amount, "EUR").split(parts)

    assert len(split) == parts
    assert sum(split, Money(0, "EUR")) == Money(amount, "EUR")
    assert max(split).amount - min(split).amount <= 1
    assert split == sorted(split, reverse=True)


@pytest.mark.parametrize("parts", [0, -1, money.SPLIT_PARTS_MAX + 1])
def test_a_number_of_parts_that_makes_no_sense_is_refused(parts: int) -> None:
    with pytest.raises(ValueError, match="parts"):
        Money(100, "EUR").split(parts)


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**5), st.integers(1, 10**5))
def test_a_share_is_rounded_half_up(amount: int, numerator: int, denominator: int) -> None:
    expected = half_up(Fraction(amount * numerator, denominator))

    assert Money(amount, "EUR").share(numerator, denominator) == Money(expected, "EUR")
    assert Money(-amount, "EUR").share(numerator, denominator) == Money(-expected, "EUR")


def test_half_a_cent_goes_up() -> None:
    assert Money(5, "EUR").share(1, 2) == Money(3, "EUR")
    assert Money(-5, "EUR").share(1, 2) == Money(-3, "EUR")


@pytest.mark.parametrize(("numerator", "denominator"), [(-1, 2), (1, 0), (1, -2)])
def test_a_share_that_makes_no_sense_is_refused(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="share"):
        Money(100, "EUR").share(numerator, denominator)


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_included_tax_is_the_price_less_the_rounded_net_price(amount: int, rate: int) -> None:
    tax = money.tax_included(amount, rate)

    assert amount - tax == half_up(Fraction(amount * 10_000, 10_000 + rate))
    # The same words as in SQL, where / between bigints drops the rest.
    assert tax == amount - (amount * 10000 * 2 + (10000 + rate)) // (2 * (10000 + rate))
    assert 0 <= tax <= amount


@pytest.mark.parametrize(
    ("amount", "rate", "tax"),
    [(11_100, 1100, 1_100), (100, 1900, 16), (1, 1100, 0), (995, 0, 0), (99_000, 1100, 9_811)],
)
def test_included_tax_by_example(amount: int, rate: int, tax: int) -> None:
    assert money.tax_included(amount, rate) == tax


@pytest.mark.parametrize(("amount", "rate"), [(-1, 1100), (100, -1)])
def test_tax_of_a_negative_amount_or_rate_is_refused(amount: int, rate: int) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        money.tax_included(amount, rate)


@given(MONEY)
def test_the_plain_form_reads_back(value: Money) -> None:
    assert Money.parse(value.plain(), value.currency) == value


@given(MONEY, LOCALES, st.one_of(st.none(), st.integers(0, 6)))
def test_what_is_shown_reads_back_in_its_locale(
    value: Money, locale: str, digits: int | None
) -> None:
    assert Money.parse(value.format(locale, digits), value.currency, locale=locale) == value


@given(st.builds(Money, AMOUNTS, st.sampled_from(["EUR", "IDR", "JPY", "KWD"])), st.data())
def test_what_is_shown_reads_back_in_nearly_every_locale(value: Money, data: st.DataObject) -> None:
    locale = data.draw(
        st.sampled_from([x for x in locale_identifiers() if x.split("_")[0] not in OWN_SIGNS])
    )

    assert Money.parse(value.format(locale), value.currency, locale=locale) == value


@pytest.mark.parametrize(
    ("value", "locale", "digits", "shown"),
    [
        (Money(-123_450, "EUR"), "en", None, "-€1,234.50"),
        (Money(-123_450, "EUR"), "id", None, "-€1.234,50"),
        (Money(5_000_000, "CNY"), "zh_Hans", None, "¥50,000.00"),
        (Money(5_000_000, "CNY"), "zh-hans", 0, "¥50,000"),
        (Money(1_500_000, "IDR"), "id", None, "Rp\xa015.000,00"),
        (Money(1_500_000, "IDR"), "id", 0, "Rp\xa015.000"),
        (Money(1_500_050, "IDR"), "id", 0, "Rp\xa015.000,50"),
        (Money(1_500_000, "IDR"), "en", 0, "IDR\xa015,000"),
        (Money(1_234, "KWD"), "en", 2, "KWD\xa01.234"),
        (Money(1_230, "KWD"), "en", 2, "KWD\xa01.23"),
        (Money(1_234_567, "JPY"), "en", 2, "¥1,234,567"),
        (Money(0, "EUR"), "en", None, "€0.00"),
    ],
)
def test_how_amounts_are_shown(value: Money, locale: str, digits: int | None, shown: str) -> None:
    assert value.format(locale, digits) == shown


def test_fewer_than_no_decimals_cannot_be_shown() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Money(100, "EUR").format("en", -1)


@pytest.mark.parametrize(
    ("text", "currency", "locale", "amount"),
    [
        ("12.50", "EUR", None, 1250),
        ("12.5", "EUR", None, 1250),
        ("12", "EUR", None, 1200),
        ("-0.01", "EUR", None, -1),
        ("12,50", "EUR", "id", 1250),
        ("12,50", "EUR", "de", 1250),
        ("1.250", "EUR", "id", 125_000),
        ("Rp 12.500", "IDR", "id", 1_250_000),
        ("IDR 12.500", "IDR", "id", 1_250_000),
        ("¥ 12.50", "CNY", "zh_Hans", 1250),
        ("1２．５０", "CNY", "zh_Hans", 1250),
        ("−1 234,50 €", "EUR", "sv", -123_450),
    ],
)
def test_what_is_read(text: str, currency: str, locale: str | None, amount: int) -> None:
    assert Money.parse(text, currency, locale=locale) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency", "locale", "sentence"),
    [
        ("12,50", "EUR", None, "like 12.50."),
        ("12,50", "EUR", "en", "like 12.50."),
        ("12.50", "EUR", "id", "like 12,50."),
        ("1,2345", "EUR", "en", "like 12.50."),
        ("1.250", "EUR", None, "EUR has at most 2 decimals. Write it like 12.50."),
        ("1.250,505", "EUR", "id", "EUR has at most 2 decimals. Write it like 12,50."),
        ("12.50", "JPY", None, "JPY has no decimals. Write it like 1250."),
        ("yen", "JPY", None, "Write digits only, like 1250."),
        ("1.5", "KWD", "id", "like 12,500."),
        (" 12.50", "EUR", None, "like 12.50."),
        ("€12.50", "EUR", None, "like 12.50."),
        ("$12.50", "EUR", "en", "like 12.50."),
        ("", "EUR", None, "like 12.50."),
        ("", "EUR", "en", "like 12.50."),
        (".50", "EUR", None, "like 12.50."),
        ("1e5", "EUR", "en", "like 12.50."),
        ("NaN", "EUR", "en", "like 12.50."),
        ("--1", "EUR", "en", "like 12.50."),
        ("٣", "EUR", None, "like 12.50."),
        ("1" * 65, "EUR", None, "too long"),
        ("9" * 30, "EUR", None, "too large"),
    ],
)
def test_what_is_not_an_amount_says_how_to_mend_it(
    text: str, currency: str, locale: str | None, sentence: str
) -> None:
    with pytest.raises(InvalidAmountError) as caught:
        Money.parse(text, currency, locale=locale)

    assert caught.value.field == "amount"
    assert sentence in caught.value.sentence
    assert caught.value.template % caught.value.facts == caught.value.sentence


@given(st.text(max_size=70), CURRENCIES, st.one_of(st.none(), LOCALES))
def test_any_text_is_an_amount_or_a_clear_error(
    text: str, currency: str, locale: str | None
) -> None:
    try:
        value = Money.parse(text, currency, locale=locale)
    except InvalidAmountError:
        return
    assert Money.parse(value.plain(), currency) == value


@given(AMOUNTS.filter(lambda x: abs(x) < 2**61), AMOUNTS.filter(lambda x: abs(x) < 2**61))
def test_sums_and_comparisons_are_those_of_the_minor_units(left: int, right: int) -> None:
    one, other = Money(left, "EUR"), Money(right, "EUR")

    assert one + other == Money(left + right, "EUR")
    assert one - other == Money(left - right, "EUR")
    assert -one == Money(-left, "EUR")
    assert (one < other, one <= other) == (left < right, left <= right)
    assert (one > other, one >= other) == (left > right, left >= right)


def test_two_currencies_never_meet() -> None:
    euro, yen = Money(100, "EUR"), Money(100, "JPY")

    assert euro != yen
    for meet in ("__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(CurrencyMismatchError, match="EUR and JPY"):
            getattr(euro, meet)(yen)
        with pytest.raises(TypeError, match="money alone"):
            getattr(euro, meet)(100)


def test_money_has_no_division_and_no_product() -> None:
    for operation in ("__truediv__", "__floordiv__", "__mod__", "__mul__", "__float__", "__int__"):
        assert not hasattr(Money, operation)


@pytest.mark.parametrize("amount", [1.0, True, "1", None])
def test_an_amount_is_a_whole_number(amount: object) -> None:
    with pytest.raises(TypeError, match="whole number"):
        Money(amount, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["eur", "EU", "EURO", "QQQ", "", "€"])
def test_a_currency_is_one_that_exists(currency: str) -> None:
    with pytest.raises(InvalidAmountError) as caught:
        Money(1, currency)
    assert caught.value.field == "currency"

    with pytest.raises(InvalidAmountError):
        Money.parse("1", currency)


@pytest.mark.parametrize("amount", [money.AMOUNT_MAX + 1, -money.AMOUNT_MAX - 1])
def test_an_amount_fits_the_database(amount: int) -> None:
    with pytest.raises(InvalidAmountError, match="too large"):
        Money(amount, "EUR")


def test_money_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Money(1, "EUR").amount = 2  # type: ignore[misc]


def test_no_currency_has_other_decimals_than_before() -> None:
    """A table that moves would turn 100 stored euro into 1 or 10,000: it needs a migration."""
    other = {code: digits for digits, codes in EXPONENTS.items() for code in codes.split()}

    for code in money.currencies():
        assert (code, money.exponent(code)) == (code, other.get(code, 2))
    assert other.keys() <= money.currencies()
