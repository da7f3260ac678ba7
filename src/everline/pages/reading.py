"""What people type, scan or key at any door: numbers, codes, where a confirmation goes.

Read by ids.py, and a near miss is explained in its words. What a form asks for is its channel's.
"""

import unicodedata
from typing import Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_language, gettext as _

from everline import renewals
from everline.ids import Eid, Iccid, Imei, InvalidNumberError, Msisdn
from everline.money import InvalidAmountError
from everline.renewals import Contact

PHONE_DIGITS_MAX: Final = 15
EID_DIGITS_MIN: Final = 20
PROMO_LENGTH_MAX: Final = 40


def typed_into(**attributes: str) -> forms.TextInput:
    """Make an input for a number or code, which no browser completes, corrects or spells."""
    plain = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
    return forms.TextInput(attrs=plain | attributes)


def explained(error: InvalidNumberError | InvalidAmountError) -> ValidationError:
    """Turn what ids.py or money.py found into what a form shows, in the language of the page."""
    return ValidationError(_(error.template) % error.facts)


def folded(typed: str) -> str:
    """Fold full-width signs and drop blanks, to see what kind of number was meant."""
    return "".join(unicodedata.normalize("NFKC", typed).split())


def promo_code(typed: str) -> str:
    """Read a promo code as the operator writes it: capitals, without blanks, cut when too long.

    It is tried as it is typed, so signs that are none, which no column takes, are left out here.
    """
    plain = folded("".join(filter(str.isprintable, typed)))
    return plain.upper()[:PROMO_LENGTH_MAX]


def card_number(typed: str) -> str:
    """Read a card number, a card's telephone number or a spoken code. Raises ValidationError.

    What begins with + or 0 and is short is a telephone number.
    """
    return renewals.read_code(typed) or number_of_card(typed)


def number_of_card(typed: str) -> str:
    """Read a card number or a card's telephone number. Raises ValidationError."""
    plain = folded(typed)
    is_short = sum(sign.isdigit() for sign in plain) <= PHONE_DIGITS_MAX
    is_phone = plain.startswith("+") or (plain.startswith("0") and is_short)
    try:
        return Msisdn.parse(typed) if is_phone else Iccid.parse(typed)
    except InvalidNumberError as error:
        raise explained(error) from error


def device_number(typed: str) -> Imei | Eid:
    """Read the number of a device; a long one is an EID. Raises ValidationError."""
    is_long = sum(sign.isdigit() for sign in folded(typed)) >= EID_DIGITS_MIN
    try:
        return Eid.parse(typed) if is_long else Imei.parse(typed)
    except InvalidNumberError as error:
        raise explained(error) from error


def contact(typed: str) -> Contact:
    """Read an e-mail address or a telephone number; nothing is nothing. Raises ValidationError."""
    locale = get_language() or "en"
    plain = folded(typed)
    if not plain:
        return Contact(locale=locale)
    if "@" in plain:
        try:
            validate_email(plain)
        except ValidationError as error:
            raise ValidationError(
                _("This is not an e-mail address. Write it like name@example.com.")
            ) from error
        return Contact(email=plain, locale=locale)
    try:
        return Contact(phone=Msisdn.parse(typed), locale=locale)
    except InvalidNumberError as error:
        raise explained(error) from error
