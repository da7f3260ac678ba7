"""The forms: what is typed is read by ids.py, and a near miss is explained in its words.

Fields that people do not see carry what was shown to them, so that nothing else can be bought by
the same press of a button: the core compares them with its own quote.
"""

import unicodedata
from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext as _, gettext_lazy

from everline import payments, topups
from everline.autorenewal.consent import AMOUNTED, WORDS
from everline.cards import Card
from everline.catalogue import Policy
from everline.ids import Eid, Imei
from everline.money import AMOUNT_MAX, InvalidAmountError, Money
from everline.pages import reading, words
from everline.pages.reading import PROMO_LENGTH_MAX, typed_into
from everline.renewals import Contact

EMAIL_LENGTH_MAX: Final = 200
AMOUNT_LENGTH_MAX: Final = 24


def were_shown(given: dict[str, Any]) -> bool:
    """Tell whether words of a consent were shown, with the amount that they speak of."""
    version = given.get("words_version")
    return bool(version) and (version not in AMOUNTED or given.get("agreed") is not None)


class PageForm(forms.Form):
    """A form whose mistakes are told by us and not by the browser, in the language of the page."""

    use_required_attribute = False


class CardNumberForm(PageForm):
    """A card number, the telephone number of a card, or the spoken code of an open renewal."""

    number = forms.CharField(
        label=gettext_lazy("Card number, phone number or code"),
        help_text=gettext_lazy(
            "18 to 20 digits, a phone number with + and the country's code, or the 8 digits of an"
            " open renewal."
        ),
        widget=typed_into(inputmode="tel", placeholder="8999 0000 0000 0000 000"),
        error_messages={"required": gettext_lazy("Enter the card number.")},
    )

    def clean_number(self) -> str:
        """Read what it is."""
        return reading.card_number(self.cleaned_data["number"])


class RequestForm(PageForm):
    """The request id, made when the form was shown: the same one again is the same request."""

    request_id = forms.UUIDField()


class StartCodeForm(RequestForm):
    """The start code that is printed on a card's carrier."""

    start_code = forms.CharField(
        label=gettext_lazy("Start code"),
        max_length=40,
        widget=typed_into(autocapitalize="characters"),
        error_messages={"required": gettext_lazy("Enter the start code.")},
    )


class DeviceForm(RequestForm):
    """The number of a device: its IMEI, or the EID of its eSIM chip."""

    number = forms.CharField(
        label=gettext_lazy("IMEI or EID of the device"),
        widget=typed_into(inputmode="numeric"),
        error_messages={"required": gettext_lazy("Enter the IMEI or the EID of the device.")},
    )

    def clean_number(self) -> Imei | Eid:
        """Read the number; a long one is an EID."""
        return reading.device_number(self.cleaned_data["number"])


class PromoForm(PageForm):
    """A promo code, tried before ordering."""

    promo = forms.CharField(
        max_length=PROMO_LENGTH_MAX,
        required=False,
        widget=typed_into(autocapitalize="characters"),
    )


class ContactForm(RequestForm):
    """Where the confirmation goes."""

    contact = forms.CharField(
        label=gettext_lazy("Where the confirmation goes (optional)"),
        help_text=gettext_lazy(
            "An e-mail address, or a phone number with +. Many data-card devices show no SMS, so"
            " give one that you read elsewhere."
        ),
        max_length=EMAIL_LENGTH_MAX,
        required=False,
        widget=typed_into(autocomplete="email"),
    )

    def clean_contact(self) -> Contact:
        """Read an e-mail address or a telephone number; nothing is nothing."""
        return reading.contact(self.cleaned_data["contact"])


def means_choices() -> list[tuple[str, str]]:
    """List what a form may say it is paid by: bank card, balance, and gateways with a name."""
    named = [each.abilities for each in payments.installed().values()]
    return [
        ("gateway", ""),
        ("balance", ""),
        *((each.name, "") for each in named if each.has_page and each.title),
    ]


class KeptForm(PageForm):
    """Paying with a kept means, or keeping the one that pays, with the version of the words."""

    method = forms.UUIDField(required=False)
    keep = forms.BooleanField(required=False)
    keep_version = forms.ChoiceField(
        choices=[(each, "") for each in payments.KEEP_WORDS], required=False
    )

    def clean(self) -> dict[str, Any]:
        """Keep nothing by words that are not said to have been shown."""
        given = super().clean() or {}
        given["keep"] = bool(given.get("keep") and given.get("keep_version"))
        return given


class PayForm(KeptForm, RequestForm):
    """Another try to pay, by bank card unless something else is said."""

    means = forms.ChoiceField(choices=means_choices, required=False)


class OrderForm(KeptForm, ContactForm):
    """The order: what was shown, how it is paid, and where the confirmation goes."""

    plan_version = forms.UUIDField()
    total = forms.IntegerField(min_value=0, max_value=AMOUNT_MAX)
    ends_at = forms.CharField(max_length=40)
    promo = forms.CharField(max_length=PROMO_LENGTH_MAX, required=False)
    means = forms.ChoiceField(
        choices=means_choices,
        error_messages={"required": gettext_lazy("Choose how to pay.")},
    )
    again = forms.BooleanField(required=False)
    auto = forms.BooleanField(required=False)
    words_version = forms.ChoiceField(choices=[(each, "") for each in WORDS], required=False)
    agreed = forms.IntegerField(min_value=1, max_value=AMOUNT_MAX, required=False)

    def clean_ends_at(self) -> datetime:
        """Read the end that was shown."""
        try:
            end = datetime.fromisoformat(self.cleaned_data["ends_at"])
        except ValueError as error:
            raise ValidationError("") from error
        if end.utcoffset() is None:
            raise ValidationError("")
        return end

    def clean(self) -> dict[str, Any]:
        """Take no consent to words that are not said to have been shown."""
        given = super().clean() or {}
        given["auto"] = bool(given.get("auto") and were_shown(given))
        return given

    @property
    def was_tampered(self) -> bool:
        """Whether a field is wrong that nobody types: then the details must be shown anew."""
        return bool(self.errors.keys() - {"contact", "means", "again", "keep"})


class GiveMeansForm(RequestForm):
    """A means of payment that is to be kept, with the version of the words that were shown."""

    gateway = forms.SlugField(max_length=20)
    words_version = forms.ChoiceField(choices=[(each, "") for each in payments.KEEP_WORDS])


class MeansForm(RequestForm):
    """A kept means of payment, and where it goes in the order."""

    method = forms.UUIDField()
    to = forms.ChoiceField(choices=[("up", ""), ("down", "")], required=False)


class EsimForm(RequestForm):
    """An eSIM from stock, for a plan that was chosen."""

    currency = forms.RegexField(r"^[A-Z]{3}$")
    plan = forms.SlugField(max_length=40)


class TopUpForm(KeptForm, ContactForm):
    """An amount for a card's balance: an offered one, or one that was typed."""

    means = forms.ChoiceField(choices=means_choices, required=False)
    chosen = forms.CharField(required=False, max_length=AMOUNT_LENGTH_MAX)
    typed = forms.CharField(
        label=gettext_lazy("Another amount"),
        required=False,
        max_length=AMOUNT_LENGTH_MAX,
        widget=typed_into(inputmode="decimal"),
    )

    def __init__(self, *args: Any, card: Card, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._card, self._policy = card, policy
        self.offered = topups.offered(card.currency)

    def clean(self) -> dict[str, Any]:
        """Read the amount in minor units; what is typed goes before what is chosen."""
        given = super().clean() or {}
        currency, chosen = self._card.currency, given.get("chosen", "")
        if given.get("typed"):
            self._read(given)
        elif chosen.isascii() and chosen.isdigit() and int(chosen) in self.offered.amounts:
            given["amount"] = int(chosen)
        else:
            self.add_error("typed", _("Choose an amount, or type one."))
        amount = given.get("amount")
        if amount is not None and not self.offered.least <= amount <= self.offered.most:
            self.add_error("typed", outside(self.offered, currency, self._policy))
        return given

    def _read(self, given: dict[str, Any]) -> None:
        """Read what was typed, as people write an amount in the language of the page."""
        typed = unicodedata.normalize("NFKC", given["typed"])
        try:
            money = Money.parse(typed, self._card.currency, locale=get_language() or "en")
        except InvalidAmountError as error:
            self.add_error("typed", _(error.template) % error.facts)
        else:
            given["amount"] = money.amount


def outside(offered: topups.Offered, currency: str, policy: Policy) -> str:
    """Say which amounts are taken."""
    return _("From %(least)s to %(most)s can be topped up at once.") % {
        "least": words.money(offered.least, currency, policy),
        "most": words.money(offered.most, currency, policy),
    }


class PinForm(RequestForm):
    """A new service PIN, typed twice as it is not shown."""

    pin = forms.CharField(
        label=gettext_lazy("New service PIN"),
        help_text=gettext_lazy("4 to 6 digits that nobody guesses, unlike 1234 or a birthday."),
        max_length=20,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        error_messages={"required": gettext_lazy("Enter the new service PIN.")},
    )
    again = forms.CharField(
        label=gettext_lazy("The same once more"),
        max_length=20,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        error_messages={"required": gettext_lazy("Enter the new service PIN once more.")},
    )

    def clean(self) -> dict[str, Any]:
        """See that both are the same; whether it is a good PIN says trust."""
        given = super().clean() or {}
        if given.get("pin") and given.get("again") and given["pin"] != given["again"]:
            self.add_error("again", _("The two are not the same. Enter the PIN again."))
        return given
