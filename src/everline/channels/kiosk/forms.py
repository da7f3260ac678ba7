"""The forms of the kiosk: what is touched, typed or scanned, read by ids.py.

A pad of keys stands beside each number. Without script each key is a button that sends the form
with `press`, and comes back with one sign more; with script it only writes.
"""

from datetime import datetime
from typing import Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from everline.ids import Eid, Imei
from everline.money import AMOUNT_MAX
from everline.pages import reading
from everline.pages.reading import PROMO_LENGTH_MAX, promo_code, typed_into
from everline.renewals import Contact

TEXT_LENGTH_MAX: Final = 200
TYPED_LENGTH_MAX: Final = 40
BACK: Final = "back"
CLEAR: Final = "clear"
DIGITS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", CLEAR, "0", BACK)
SIGNS: Final = (*"1234567890QWERTYUIOPASDFGHJKLZXCVBNM-", BACK)


def pressed(typed: str, key: str) -> str:
    """Give what stands in a field after a key of the pad."""
    if key == CLEAR:
        return ""
    if key == BACK:
        return typed.rstrip()[:-1]
    return (typed + key)[:TYPED_LENGTH_MAX] if key in SIGNS else typed


class KioskForm(forms.Form):
    """A form whose mistakes are told by us and not by the browser."""

    use_required_attribute = False


class FindForm(KioskForm):
    """A card number, its phone number, or the eight digits of an open renewal."""

    number = forms.CharField(
        label=gettext_lazy("Card number"),
        help_text=gettext_lazy(
            "Or your phone number, or the code of a renewal to pay. You can scan it too."
        ),
        max_length=TEXT_LENGTH_MAX,
        widget=typed_into(autofocus="autofocus", inputmode="none"),
        error_messages={"required": gettext_lazy("Enter the card number.")},
    )

    def clean_number(self) -> str:
        """Leave a code as it is, and read numbers."""
        return reading.card_number(self.cleaned_data["number"])


class RequestForm(KioskForm):
    """The request id, made when the form was shown: the same one again is the same request."""

    request_id = forms.UUIDField()


class StartCodeForm(RequestForm):
    """The start code that is printed on a card's carrier."""

    number = forms.CharField(
        label=gettext_lazy("Start code"),
        max_length=TYPED_LENGTH_MAX,
        widget=typed_into(autofocus="autofocus", inputmode="none"),
        error_messages={"required": gettext_lazy("Enter the start code.")},
    )


class DeviceForm(RequestForm):
    """The number of a device: its IMEI, or the EID of its eSIM chip."""

    number = forms.CharField(
        label=gettext_lazy("IMEI or EID of the device"),
        help_text=gettext_lazy("Dial *#06# on the device, or scan its box."),
        max_length=TEXT_LENGTH_MAX,
        widget=typed_into(autofocus="autofocus", inputmode="none"),
        error_messages={"required": gettext_lazy("Enter the IMEI or the EID of the device.")},
    )

    def clean_number(self) -> Imei | Eid:
        """Read the number; a long one is an EID."""
        return reading.device_number(self.cleaned_data["number"])


class PayForm(RequestForm):
    """By what one pays: the card terminal beside the screen, a phone, or nothing at all."""

    by = forms.ChoiceField(choices=[("card", ""), ("phone", ""), ("nothing", "")])


class SaleForm(PayForm):
    """What is common to both sales: where the confirmation goes."""

    contact = forms.CharField(
        label=gettext_lazy("Where the confirmation goes (optional)"),
        help_text=gettext_lazy("An e-mail address, or a phone number with +."),
        max_length=TEXT_LENGTH_MAX,
        required=False,
        widget=typed_into(),
    )

    def clean_contact(self) -> Contact:
        """Read an e-mail address or a telephone number; nothing is nothing."""
        return reading.contact(self.cleaned_data["contact"])


class OrderForm(SaleForm):
    """A plan at the total and the end that were shown."""

    plan_version = forms.UUIDField()
    total = forms.IntegerField(min_value=0, max_value=AMOUNT_MAX)
    ends_at = forms.CharField(max_length=40)
    again = forms.BooleanField(required=False)
    promo = forms.CharField(
        label=gettext_lazy("Promo code"),
        max_length=PROMO_LENGTH_MAX,
        required=False,
        widget=typed_into(autocapitalize="characters"),
    )

    def clean_promo(self) -> str:
        """Write a code as the operator does."""
        return promo_code(self.cleaned_data["promo"])

    def clean_ends_at(self) -> datetime:
        """Read the end that was shown."""
        try:
            end = datetime.fromisoformat(self.cleaned_data["ends_at"])
        except ValueError as error:
            raise ValidationError("") from error
        if end.utcoffset() is None:
            raise ValidationError("")
        return end
