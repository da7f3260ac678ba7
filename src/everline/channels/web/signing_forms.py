"""The forms of signing in: an address, a code, and the password of staff.

What is read from them is only what was typed; who is let in is decided by holders/codes.py and, for
staff, by Django. The pages are signing_in.py.
"""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from everline import clock
from everline.channels.web.forms import EMAIL_LENGTH_MAX, PageForm, RequestForm
from everline.holders.codes import DIGITS
from everline.pages import reading
from everline.pages.reading import typed_into
from everline.people.models import Person
from everline.renewals import Contact
from everline.trust import limits
from everline.trust.limits import Limit

CODE_LENGTH_MAX: Final = 20
WRONG_PASSWORDS: Final = Limit("password", 10, timedelta(minutes=15))


class AddressForm(RequestForm):
    """An e-mail address or a telephone number, to which a code is sent."""

    address = forms.CharField(
        label=gettext_lazy("E-mail address or phone number"),
        help_text=gettext_lazy("A phone number with + and the country's code."),
        max_length=EMAIL_LENGTH_MAX,
        widget=typed_into(autocomplete="username webauthn", inputmode="email"),
        error_messages={"required": gettext_lazy("Enter your e-mail address or phone number.")},
    )

    def clean_address(self) -> Contact:
        """Read it; capital letters of an e-mail address make no other one."""
        return reading.contact(self.cleaned_data["address"].lower())


class CodeForm(PageForm):
    """The six digits that were sent."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=CODE_LENGTH_MAX,
        widget=typed_into(
            autocomplete="one-time-code",
            inputmode="numeric",
            autofocus="autofocus",
            placeholder="000000",
        ),
        error_messages={"required": gettext_lazy("Enter the code from the message.")},
    )

    def clean_code(self) -> str:
        """Read the digits, whichever way they are written."""
        digits = "".join(sign for sign in reading.folded(self.cleaned_data["code"]) if sign != "-")
        if not (digits.isascii() and digits.isdigit() and len(digits) == DIGITS):
            raise ValidationError(_("The code has 6 digits. Look at the message again."))
        return digits


class ProofForm(CodeForm, RequestForm):
    """A code with the request that it is sent for."""


class NameForm(PageForm):
    """How somebody wants to be called; empty is nothing."""

    name = forms.CharField(required=False, max_length=120)


class AddForm(RequestForm):
    """The number of a card that somebody has in hand."""

    number = forms.CharField(
        label=gettext_lazy("Card number or its phone number"),
        help_text=gettext_lazy("18 to 20 digits, or a phone number with + and the country's code."),
        widget=typed_into(inputmode="tel", placeholder="8999 0000 0000 0000 000"),
        error_messages={"required": gettext_lazy("Enter the card number.")},
    )

    def clean_number(self) -> str:
        """Read which of both it is."""
        return reading.number_of_card(self.cleaned_data["number"])


class PasswordForm(AuthenticationForm):
    """E-mail and password of staff. After ten tries an address waits for a quarter of an hour."""

    use_required_attribute = False
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": gettext_lazy("Enter the password.")},
    )
    error_messages: Final = {  # type: ignore[misc]  # Django's own is a plain class attribute
        "invalid_login": gettext_lazy("The e-mail address or the password is wrong."),
        "inactive": gettext_lazy("The e-mail address or the password is wrong."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username = self.fields["username"]
        username.label = _("E-mail address")
        username.error_messages["required"] = _("Enter the e-mail address.")

    def clean(self) -> dict[str, Any]:
        """Check the password, unless too many tries came for this address."""
        email = str(self.cleaned_data.get("username", "")).strip().lower()
        self.cleaned_data["username"] = email
        if limits.seconds_to_wait(WRONG_PASSWORDS, email, clock.now()):
            raise ValidationError(_("Too many wrong tries. Wait 15 minutes, then try again."))
        checked = super().clean()
        limits.give_back(WRONG_PASSWORDS, email)
        return checked

    def confirm_login_allowed(self, user: Person) -> None:
        """Let staff in alone: holders of cards have no passwords, whatever a row may say."""
        super().confirm_login_allowed(user)
        if not (user.is_staff or user.is_superuser):
            raise self.get_invalid_login_error()
