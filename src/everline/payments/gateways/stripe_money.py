"""Amounts as Stripe writes them, and the currencies that it takes.

Stripe counts in minor units of its own: most currencies have two decimals there, some none and some
three, whatever the tables of others say. The source of all three tables is
docs.stripe.com/currencies, under "Presentment currencies", "Zero-decimal currencies",
"Three-decimal currencies" and "Special cases". UGX stands under two of these headings; its special
case is the one about charges. Which of them one merchant may take depends on the merchant's
country: Stripe says so at the payment.
"""

from types import MappingProxyType
from typing import Final

from everline.money import InvalidAmountError, Money, exponent

_CODES: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BWP BYN BZD"
    " CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD"
    " GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT"
    " LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK"
    " NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RWF SAR SBD SCR SEK SGD SHP SLE SOS"
    " SRD STN SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF"
    " XPF YER ZAR ZMW"
)
CURRENCIES: Final = frozenset(_CODES.split())

WHOLE: Final = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV"),
        *("XAF", "XOF", "XPF"),
    }
)
"""Amounts without decimals."""

THOUSANDTHS: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Amounts with three decimals, of which the last must be 0."""

ROUND: Final = MappingProxyType({"ISK": 100, "UGX": 100} | dict.fromkeys(THOUSANDTHS, 10))
"""What amounts must be a multiple of. ISK and UGX have no decimals in life, and two here: "to
charge 5 ISK, provide an amount value of 500". HUF and TWD are round for payouts alone, which we
never make."""


def minor_of(money: Money) -> int | None:
    """Write an amount in Stripe's minor units; None where Stripe cannot take exactly this."""
    if money.amount <= 0 or money.currency not in CURRENCIES:
        return None
    more = _decimals(money.currency) - exponent(money.currency)
    minor, lost = _moved(money.amount, more)
    if lost or minor % ROUND.get(money.currency, 1):
        return None
    return minor


def money_of(minor: int, currency: str) -> Money | None:
    """Read an amount of Stripe's; None when it is none, or finer than we can write."""
    code = currency.upper()
    try:
        more = exponent(code) - _decimals(code)
        amount, lost = _moved(minor, more)
        return None if lost else Money(amount, code)
    except InvalidAmountError:
        return None


def _decimals(currency: str) -> int:
    if currency in WHOLE:
        return 0
    return 3 if currency in THOUSANDTHS else 2


def _moved(amount: int, places: int) -> tuple[int, int]:
    """Move the decimal point of an amount; gives what is lost by that too."""
    if places >= 0:
        return amount * int(10**places), 0
    return divmod(amount, int(10**-places))
