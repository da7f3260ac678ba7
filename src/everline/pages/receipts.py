"""Sending a receipt after paying: the form that asks where it goes, the same at site and till.

Who may ask is each channel's; how often one receipt is sent is decided by the verbs.
"""

from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _, gettext_lazy

from everline import renewals, topups
from everline.database.requests import Answer, Caller
from everline.pages import limits, reading
from everline.pages.reading import typed_into
from everline.renewals import Contact, Renewal
from everline.topups import TopUp

CONTACT_LENGTH_MAX: Final = 200
PAID: Final = frozenset({"paid", "delivered"})


class ReceiptForm(forms.Form):
    """Where the receipt goes; the request id is of this form, so that two presses are one."""

    use_required_attribute = False

    request_id = forms.UUIDField()
    contact = forms.CharField(
        label=gettext_lazy("E-mail address or phone number"),
        help_text=gettext_lazy("A phone number with +."),
        max_length=CONTACT_LENGTH_MAX,
        widget=typed_into(autocomplete="email"),
        error_messages={"required": gettext_lazy("Enter where the receipt goes.")},
    )

    def clean_contact(self) -> Contact:
        """Read an e-mail address or a telephone number."""
        return reading.contact(self.cleaned_data["contact"])


def asked(sold: Renewal | TopUp, action: str, form: ReceiptForm | None = None) -> dict[str, Any]:
    """Give what pages/receipt.html shows; nothing for what is not paid."""
    if sold.state not in PAID:
        return {}
    known = sold.has_contact if isinstance(sold, Renewal) else sold.contact is not None
    return {
        "receipt_form": form or ReceiptForm(),
        "receipt_action": action,
        "receipt_request_id": uuid4(),
        "receipt_is_known": known and form is None,
    }


def send(
    request: HttpRequest, caller: Caller, sold: Renewal | TopUp, form: ReceiptForm, at: datetime
) -> Answer | None:
    """Send it; None with the form's error when an address asks too often."""
    if limits.seconds_to_wait(request, at):
        form.add_error("contact", _("Too many receipts were asked for. Wait a minute."))
        return None
    contact = form.cleaned_data["contact"]
    verb = renewals.send_receipt if isinstance(sold, Renewal) else topups.send_receipt
    return verb(caller, sold.id, contact, at)


def told(sold: Renewal | TopUp) -> str:
    """Say that it was sent, or that it will be."""
    if isinstance(sold, Renewal) and sold.state == "paid":
        return _("The receipt is sent as soon as the plan is set up.")
    return _("The receipt is on its way.")
