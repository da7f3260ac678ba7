"""Identifiers: our own (UUIDv7 inside, "rnw_…" outside) and those printed on cards and devices.

ICCID, EID, IMEI and MSISDN are text with a rule, so each is a `str` that only `parse` should make;
its repr shows the ends alone, so that no whole number slips into a log. The twin of `uuid7` in SQL
stands in database/database.sql. This module knows no table: whether a number exists, cards tell.
"""

import random
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Literal, NewType, Self, get_args
from uuid import UUID

from everline import chance

AccountId = NewType("AccountId", UUID)
AttemptId = NewType("AttemptId", UUID)
CardId = NewType("CardId", UUID)
DeviceId = NewType("DeviceId", UUID)
EntitlementId = NewType("EntitlementId", UUID)
JobId = NewType("JobId", UUID)
NoticeId = NewType("NoticeId", UUID)
PartnerId = NewType("PartnerId", UUID)
PaymentId = NewType("PaymentId", UUID)
PersonId = NewType("PersonId", UUID)
PlanId = NewType("PlanId", UUID)
PlanVersionId = NewType("PlanVersionId", UUID)
PromotionId = NewType("PromotionId", UUID)
RefundId = NewType("RefundId", UUID)
RenewalId = NewType("RenewalId", UUID)
RetailerId = NewType("RetailerId", UUID)
TopUpId = NewType("TopUpId", UUID)
TransferId = NewType("TransferId", UUID)

Prefix = Literal[
    "acc",  # account
    "att",  # attempt
    "crd",  # card
    "dev",  # device
    "ent",  # entitlement
    "job",  # job
    "mnd",  # mandate
    "ntc",  # notice
    "pay",  # payment
    "per",  # person
    "pln",  # plan
    "plv",  # plan version
    "prm",  # promotion
    "prt",  # partner
    "rfd",  # refund
    "rnw",  # renewal
    "rtl",  # retailer
    "top",  # top-up
    "trf",  # transfer
]
"""How an id begins on the outside, by noun."""

PREFIXES: Final[tuple[Prefix, ...]] = get_args(Prefix)

TEXT_LENGTH_MAX: Final = 100
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_MAX: Final = (1 << 48) - 1

_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_CROCKFORD_LENGTH: Final = 26  # 130 bits, of which a UUID fills the lower 128
_CROCKFORD_VALUES: Final = dict(zip(_CROCKFORD, range(32), strict=True)) | {"i": 1, "l": 1, "o": 0}

# Without the pairs that look alike: 0 and O, 1 and I and L, 2 and Z, 5 and S, 8 and B, U and V.
SPOKEN_ALPHABET: Final = "34679ACDEFGHJKMNPQRTVWXY"
SPOKEN_LENGTH: Final = 8


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues; whoever shows it translates it."""
    return sentence


class InvalidNumberError(ValueError):
    """A text that is not the identifier it should be.

    `field` names what to mend and `sentence` says how, in English. `template` is the key of the
    catalogues and takes `facts`: `gettext(error.template) % error.facts`. The number itself is in
    none of them, since it may be personal.
    """

    def __init__(self, field: str, template: str, **facts: Any) -> None:
        self.field = field
        self.template = template
        self.facts = facts
        self.sentence = template % facts
        super().__init__(self.sentence)


def uuid7(at: datetime) -> UUID:
    """Make a UUIDv7 that sorts by the milliseconds of `at` and is random beyond (RFC 9562, 5.7).

    Its 74 random bits come from the operating system and carry no counter, so two ids of one
    millisecond have no order.
    """
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= milliseconds <= _MILLISECONDS_MAX:
        raise ValueError("an id is made for an instant from 1970 on")
    number = milliseconds << 80 | int.from_bytes(chance.draw(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=number)


def made_at(inner: UUID) -> datetime:
    """Tell when a UUIDv7 was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=inner.int >> 80)


def outside(prefix: Prefix, inner: UUID) -> str:
    """Write an id as callers see it: "rnw_" and 26 characters of Crockford's base 32."""
    rest = inner.int
    signs = [_CROCKFORD[rest >> shift & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(signs)}"


def inside(prefix: Prefix, text: str) -> UUID:
    """Read an id that callers see back into its UUID.

    Capital letters are read as small ones, I and L as 1 and O as 0, as Crockford has it, since ids
    are read out on the telephone. Anything else raises InvalidNumberError, field "id".
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise InvalidNumberError("id", _TOO_LONG)
    given, _mark, body = text.strip().lower().partition("_")
    if given != prefix and given in PREFIXES:
        raise InvalidNumberError(
            "id",
            _("This id begins with %(given)s_. Send the one that begins with %(prefix)s_."),
            given=given,
            prefix=prefix,
        )
    if given != prefix:
        raise InvalidNumberError(
            "id", _("Send the id as it was given: it begins with %(prefix)s_."), prefix=prefix
        )
    values = [_CROCKFORD_VALUES.get(sign) for sign in body]
    if len(values) != _CROCKFORD_LENGTH or None in values or (values[0] or 0) > 7:  # noqa: PLR2004
        raise InvalidNumberError(
            "id",
            _("After %(prefix)s_ an id has %(length)d letters and digits. Copy it as it was sent."),
            prefix=prefix,
            length=_CROCKFORD_LENGTH,
        )
    number = 0
    for value in values:
        number = number << 5 | (value or 0)
    return UUID(int=number)


def luhn_digit(body: str) -> str:
    """Give the check digit that follows a number's other digits (ISO/IEC 7812-1, annex B)."""
    return str(-_luhn_sum(body + "0") % 10)


def mod97_digits(body: str) -> str:
    """Give the two check digits that follow an EID's first 30 (ISO/IEC 7064, MOD 97-10)."""
    return f"{98 - int(body) * 100 % 97:02d}"


def spoken_code(source: random.Random) -> str:
    """Make a code for paper and telephone: 8 characters, none looking like another, 36 bits.

    A secret needs `random.SystemRandom()`; a seeded source is for tests and demo data.
    """
    return "".join(source.choice(SPOKEN_ALPHABET) for _place in range(SPOKEN_LENGTH))


class _Number(str):
    """A number of digits with its rule; as plain text everywhere, with its ends alone in a repr."""

    __slots__ = ()
    shown_first: ClassVar[int] = 4
    shown_last: ClassVar[int] = 4

    @property
    def masked(self) -> str:
        """The first and last digits, as on slips and in logs: "8944 •••• •••• 0054"."""
        ends = self[: self.shown_first], "••••", "••••", self[len(self) - self.shown_last :]
        return " ".join(part for part in ends if part)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked!r})"


class Iccid(_Number):
    """The number of a SIM card or eSIM profile: 18 to 20 digits with Luhn (ITU-T E.118)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a card number as typed: spaces, hyphens and full-width digits are taken.

        The F with which a chip fills up 19 digits is dropped. Raises InvalidNumberError, "iccid".
        """
        digits = _digits("iccid", text, filler="Ff")
        if digits[-1:] in {"F", "f"} and len(digits) == 20:  # noqa: PLR2004 a chip's ten bytes
            digits = digits[:-1]
        if not digits.isdigit() and digits:
            raise InvalidNumberError("iccid", _ONLY_DIGITS)
        if not 18 <= len(digits) <= 20:  # noqa: PLR2004 E.118 and the industry's 20 digits
            raise InvalidNumberError(
                "iccid",
                _(
                    "A card number has 18 to 20 digits, this one has %(length)d. "
                    "Copy the whole number from the card."
                ),
                length=len(digits),
            )
        if _luhn_sum(digits) % 10:
            raise InvalidNumberError(
                "iccid",
                _(
                    "The length is right (%(length)d digits), but one digit is wrong or two are "
                    "swapped. Compare the number with the one on the card."
                ),
                length=len(digits),
            )
        return cls(digits)


class Eid(_Number):
    """The number of an eSIM chip: 32 digits, MOD 97-10 (GSMA SGP.29)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an EID as typed. Raises InvalidNumberError, "eid"."""
        digits = _digits("eid", text)
        if len(digits) != 32:  # noqa: PLR2004 the standard's length
            raise InvalidNumberError(
                "eid",
                _(
                    "An EID has 32 digits, this one has %(length)d. "
                    "Find it in the settings of the device, or dial *#06#."
                ),
                length=len(digits),
            )
        if int(digits) % 97 != 1:
            raise InvalidNumberError(
                "eid",
                _(
                    "The length is right (32 digits), but one digit is wrong or two are swapped. "
                    "Compare the EID with the one in the settings of the device."
                ),
            )
        return cls(digits)


class Imei(_Number):
    """The number of a device: 15 digits with Luhn, or the 16 of an IMEISV (3GPP TS 23.003, 6.2)."""

    __slots__ = ()

    @property
    def body(self) -> str:
        """The 14 digits that name the device, alike in its IMEI and its IMEISV."""
        return self[:14]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an IMEI as typed; an IMEISV has no check digit. InvalidNumberError, "imei"."""
        digits = _digits("imei", text, between="/")
        if len(digits) not in {15, 16}:
            raise InvalidNumberError(
                "imei",
                _(
                    "An IMEI has 15 digits, this one has %(length)d. "
                    "Find it in the settings of the device, or dial *#06#."
                ),
                length=len(digits),
            )
        if len(digits) == 15 and _luhn_sum(digits) % 10:  # noqa: PLR2004 the standard's length
            raise InvalidNumberError(
                "imei",
                _(
                    "The length is right (15 digits), but one digit is wrong or two are swapped. "
                    "Compare the IMEI with the one in the settings of the device."
                ),
            )
        return cls(digits)


class Msisdn(_Number):
    """The telephone number of a line: + and 8 to 15 digits (ITU-T E.164).

    National number plans are not consulted: those of machines (M2M) are not in their tables.
    """

    __slots__ = ()
    shown_first: ClassVar[int] = 0  # the rest of a number of 8 digits would give it away
    shown_last: ClassVar[int] = 3

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number with + or 00 before the country's code. InvalidNumberError, "msisdn"."""
        digits = _digits("msisdn", text, between="().", filler="+")
        if digits.startswith("00"):
            digits = "+" + digits[2:]
        rest = digits[1:]
        if not digits.startswith("+") or not rest.isdigit() or rest.startswith("0"):
            raise InvalidNumberError(
                "msisdn",
                _("Write the number with + and the country's code, like +62 812 5550 100."),
            )
        if not 8 <= len(rest) <= 15:  # noqa: PLR2004 E.164 has 15 at most
            raise InvalidNumberError(
                "msisdn",
                _("A telephone number has 8 to 15 digits after the +, this one has %(length)d."),
                length=len(rest),
            )
        return cls(digits)


class CustomerNumber(_Number):
    """The number by which a person is found on the telephone: 7 digits or more, and Luhn's."""

    __slots__ = ()
    shown_first: ClassVar[int] = 0
    shown_last: ClassVar[int] = 3

    @classmethod
    def of(cls, inner: int) -> Self:
        """Add the check digit to what the database counts."""
        return cls(f"{inner}{luhn_digit(str(inner))}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a customer number as typed or keyed. InvalidNumberError, "customer_number"."""
        digits = _digits("customer_number", text)
        if not 8 <= len(digits) <= 12 or digits.startswith("0"):  # noqa: PLR2004 8 until 10^7
            raise InvalidNumberError(
                "customer_number",
                _("A customer number has 8 digits, this one has %(length)d. Enter all of it."),
                length=len(digits),
            )
        if _luhn_sum(digits) % 10:
            raise InvalidNumberError(
                "customer_number",
                _("One digit of the customer number is wrong, or two are swapped. Enter it again."),
            )
        return cls(digits)

    @property
    def inner(self) -> int:
        """The number without its check digit, as the database has it."""
        return int(self[:-1])

    @property
    def spaced(self) -> str:
        """The number as it is printed and read out: "1000 0016"."""
        return " ".join(self[start : start + 4] for start in range(0, len(self), 4))


_ONLY_DIGITS: Final = _("Only digits are expected here. Remove the letters and other signs.")
_TOO_LONG: Final = _("This is too long. Write the number alone.")

_UNWRITTEN: Final = frozenset({"Pd", "Cf"})
"""Unicode's hyphens and dashes, and the invisible marks that come along with a copied number."""


def _digits(field: str, text: str, *, between: str = "", filler: str = "") -> str:
    """Take the digits of any script and drop what people put between them.

    `between` are further signs to drop, `filler` those to keep beside the digits.
    """
    if text.isascii() and text.isdigit() and len(text) <= TEXT_LENGTH_MAX:
        return text
    if len(text) > TEXT_LENGTH_MAX:
        raise InvalidNumberError(field, _TOO_LONG)
    kept = []
    for sign in unicodedata.normalize("NFKC", text):
        digit = unicodedata.decimal(sign, None)
        if digit is not None:
            kept.append(str(digit))
        elif sign in filler:
            kept.append(sign)
        elif not (sign in between or sign.isspace() or unicodedata.category(sign) in _UNWRITTEN):
            raise InvalidNumberError(field, _ONLY_DIGITS)
    return "".join(kept)


_DOUBLED: Final = bytes.maketrans(b"0123456789", b"0246813579")


def _luhn_sum(digits: str) -> int:
    """Sum the digits, every second one from the right doubled; a multiple of 10 is right."""
    signs = digits.encode("ascii")
    zeros = len(signs) * ord("0")
    return sum(signs[-1::-2]) + sum(signs[-2::-2].translate(_DOUBLED)) - zeros
