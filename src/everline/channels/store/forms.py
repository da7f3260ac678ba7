"""The forms of the till: what is typed or scanned is read by ids.py and explained in its words.

Fields that the clerk does not see carry what was shown, so that one press sells exactly that.
"""

from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext as _, gettext_lazy

from everline.ids import Eid, Imei
from everline.money import AMOUNT_MAX, InvalidAmountError, Money
from everline.pages import reading
from everline.pages.reading import PROMO_LENGTH_MAX, explained, folded, typed_into
from everline.renewals import Contact

TEXT_LENGTH_MAX: Final = 200


def read_amount(typed: str, currency: str) -> Money:
    """Read an amount as it is typed at a counter. Raises ValidationError."""
    try:
        amount = Money.parse(typed, currency, locale=get_language() or "en")
    except InvalidAmountError as error:
        raise explained(error) from error
    if amount.amount < 0:
        raise ValidationError(_("Write an amount without a minus sign."))
    return amount


class TillForm(forms.Form):
    """A form whose mistakes are told by us and not by the browser."""

    use_required_attribute = False


class SignInForm(TillForm):
    """E-mail and password of somebody who works at the store."""

    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        max_length=TEXT_LENGTH_MAX,
        widget=typed_into(autofocus="autofocus", inputmode="email"),
        error_messages={"required": gettext_lazy("Enter the e-mail address.")},
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=TEXT_LENGTH_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter the password.")},
    )


class UnlockForm(TillForm):
    """The password of whoever stands at the till."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=TEXT_LENGTH_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": "autofocus"}),
        error_messages={"required": gettext_lazy("Enter the password.")},
    )


class FindForm(TillForm):
    """The one field: a card number, its phone number, an eight-digit code or a receipt."""

    number = forms.CharField(
        label=gettext_lazy("Card, phone number, code or receipt"),
        help_text=gettext_lazy("Type or scan. Enter finds it."),
        max_length=TEXT_LENGTH_MAX,
        widget=typed_into(inputmode="text", autofocus="autofocus"),
        error_messages={"required": gettext_lazy("Enter the card number.")},
    )

    def clean_number(self) -> str:
        """Leave codes and receipts as they are, and read numbers."""
        typed: str = self.cleaned_data["number"]
        receipt = folded(typed).rpartition("/")[2].lower()
        if receipt.startswith(("rnw_", "top_")):
            return receipt
        return reading.card_number(typed)


class RequestForm(TillForm):
    """The request id, made when the form was shown: the same one again is the same request."""

    request_id = forms.UUIDField()


class StartCodeForm(RequestForm):
    """The start code that is printed on a card's carrier."""

    start_code = forms.CharField(
        label=gettext_lazy("Start code"),
        max_length=40,
        widget=typed_into(autocapitalize="characters", autofocus="autofocus"),
        error_messages={"required": gettext_lazy("Enter the start code.")},
    )


class DeviceForm(RequestForm):
    """The number of a device: its IMEI, or the EID of its eSIM chip."""

    number = forms.CharField(
        label=gettext_lazy("IMEI or EID of the device"),
        help_text=gettext_lazy("Dial *#06# on the device, or scan its box."),
        max_length=TEXT_LENGTH_MAX,
        widget=typed_into(inputmode="numeric", autofocus="autofocus"),
        error_messages={"required": gettext_lazy("Enter the IMEI or the EID of the device.")},
    )

    def clean_number(self) -> Imei | Eid:
        """Read the number; a long one is an EID."""
        return reading.device_number(self.cleaned_data["number"])


class CashForm(RequestForm):
    """How it is paid over the counter: `pay` is typed, none, or minor units on a button."""

    pay = forms.CharField(max_length=20, required=False)
    tendered = forms.CharField(
        label=gettext_lazy("Cash given"),
        max_length=40,
        required=False,
        widget=typed_into(inputmode="decimal"),
    )
    seen = forms.BooleanField(required=False)
    ending = forms.CharField(
        label=gettext_lazy("Last characters of the name on the document"),
        max_length=40,
        required=False,
        widget=typed_into(),
    )
    contact = forms.CharField(
        label=gettext_lazy("Where the confirmation goes (optional)"),
        help_text=gettext_lazy("An e-mail address, or a phone number with +."),
        max_length=TEXT_LENGTH_MAX,
        required=False,
        widget=typed_into(),
    )
    again = forms.BooleanField(required=False)

    def clean_contact(self) -> Contact:
        """Read an e-mail address or a telephone number; nothing is nothing."""
        return reading.contact(self.cleaned_data["contact"])

    def tendered_for(self, total: int, currency: str) -> int | None:
        """Read what was given in minor units; None for no cash. Raises ValidationError."""
        pay, typed = self.cleaned_data["pay"], self.cleaned_data["tendered"]
        if pay == "none":
            return None
        if pay.isascii() and pay.isdigit():
            return min(int(pay), AMOUNT_MAX)
        return read_amount(typed, currency).amount if typed else total


class SaleForm(CashForm):
    """A sale of a plan: what was shown, and how it is paid."""

    plan_version = forms.UUIDField()
    total = forms.IntegerField(min_value=0, max_value=AMOUNT_MAX)
    ends_at = forms.CharField(max_length=40)
    promo = forms.CharField(max_length=PROMO_LENGTH_MAX, required=False)

    def clean_ends_at(self) -> datetime:
        """Read the end that was shown."""
        try:
            end = datetime.fromisoformat(self.cleaned_data["ends_at"])
        except ValueError as error:
            raise ValidationError("") from error
        if end.utcoffset() is None:
            raise ValidationError("")
        return end


class TopUpForm(CashForm):
    """A top-up of an amount in minor units, as it was chosen before."""

    minor = forms.IntegerField(min_value=1, max_value=AMOUNT_MAX)


class AmountForm(TillForm):
    """How much is topped up, in the card's currency: typed, or `minor` units on a button."""

    minor = forms.IntegerField(min_value=1, max_value=AMOUNT_MAX, required=False)
    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=40,
        required=False,
        widget=typed_into(inputmode="decimal", autofocus="autofocus"),
    )

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> int:
        """Read the amount in minor units."""
        if self.cleaned_data.get("minor"):
            return int(self.cleaned_data["minor"])
        typed: str = self.cleaned_data["amount"]
        if not typed:
            raise ValidationError(_("Enter the amount."))
        amount = read_amount(typed, self.currency).amount
        if not amount:
            raise ValidationError(_("Enter the amount."))
        return amount
