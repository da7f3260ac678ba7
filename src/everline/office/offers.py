"""Offers: what is taken off or added, for whom and how often, with a preview and a start.

An offer that has begun is not changed; one that has not is replaced by another of the same code. It
is written by loading/publishing.py. How it is applied stands in renewals/quote.sql.
"""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from everline import ledger
from everline.catalogue.models import Plan, Promotion
from everline.loading import publishing, values
from everline.loading.problems import FlawError
from everline.loading.promotions import PER_CARD_MAX, USES_MAX, USES_UNIT
from everline.office.asking import Done, Sheet, fill
from everline.office.desk import Desk
from everline.office.forms import (
    DeskForm,
    SomeNamed,
    amount,
    aware,
    channels,
    checked,
    moment,
    names,
)
from everline.office.naming import channel_name
from everline.pages import words

KINDS: Final = ("percent", "amount", "bonus_data")
_NAMES: Final = names()


def kind_name(code: str) -> str:
    """Name what an offer gives."""
    return {
        "percent": _("Percent off"),
        "amount": _("Amount off"),
        "bonus_data": _("Extra data"),
    }.get(code, code)


def _percent(text: str) -> int:
    """Read a percentage, with the sign or without."""
    return values.basis_points(text if text.endswith("%") else f"{text}%")


class OfferForm(DeskForm):
    """One offer; of percent, amount and bonus the one that its kind asks for."""

    code = checked(
        values.code,
        gettext_lazy("Code"),
        gettext_lazy("What people type: capital letters, digits and hyphens."),
        max_length=32,
    )
    en, zh, id = _NAMES["en"], _NAMES["zh"], _NAMES["id"]
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=lambda: [(each, kind_name(each)) for each in KINDS]
    )
    percent = checked(
        _percent,
        gettext_lazy("Percent off"),
        gettext_lazy("For this kind alone, like 10 or 12.5."),
        empty=0,
        required=False,
        max_length=8,
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount off"),
        help_text=gettext_lazy("For this kind alone, in the currency beside it."),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    bonus = checked(
        values.byte_count,
        gettext_lazy("Extra data"),
        gettext_lazy("For this kind alone, like 5 GB; not for unlimited plans."),
        empty=0,
        required=False,
        max_length=20,
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("Of an amount off, and of a budget in money."),
        required=False,
    )
    starts_at = moment(gettext_lazy("From"))
    ends_at = moment(gettext_lazy("Until"))
    counts = forms.ChoiceField(
        label=gettext_lazy("The budget counts"),
        choices=[("uses", gettext_lazy("Uses")), ("money", gettext_lazy("Money given away"))],
    )
    budget = forms.CharField(
        label=gettext_lazy("Budget"),
        help_text=gettext_lazy("How often, or how much in all. It is never overspent."),
        max_length=20,
        initial="1000",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    per_card_max = forms.IntegerField(
        label=gettext_lazy("Uses a card"), min_value=1, max_value=PER_CARD_MAX, initial=1
    )
    plans = SomeNamed(
        Plan.objects.none(),
        to_field_name="code",
        label=gettext_lazy("Plans"),
        help_text=gettext_lazy("None means all of them."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    channels = channels()
    is_public = forms.BooleanField(
        label=gettext_lazy("Shown to everybody"),
        help_text=gettext_lazy("On the site, and in messages to whoever asked for offers."),
        required=False,
    )

    def __init__(self, data: Any, *, desk: Desk) -> None:
        super().__init__(data)
        self.desk = desk
        currency, plans = self.fields["currency"], self.fields["plans"]
        assert isinstance(currency, forms.ChoiceField)
        currency.choices = [("", "\N{EN DASH}")] + [
            (each, each) for each in sorted(desk.policy.currency_digits)
        ]
        assert isinstance(plans, forms.ModelMultipleChoiceField)
        plans.queryset = Plan.objects.filter(retired_at=None).order_by("position", "code")

    def clean(self) -> dict[str, Any]:
        """See that kind, gift, budget and window fit."""
        given = super().clean() or {}
        starts, ends = given.get("starts_at"), given.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("It must end after it begins."))
        return given | {"gift": self._gift(given), "granted": self._granted(given)}

    def _gift(self, given: dict[str, Any]) -> int:
        """Read what the kind asks for; the other two are left out of the offer."""
        kind = given.get("kind")
        if kind == "amount":
            return self._money("amount", given) or 0
        field = "percent" if kind == "percent" else "bonus"
        if not given.get(field) and field not in self.errors:
            self.add_error(field, _("An offer of this kind needs it."))
        return int(given.get(field) or 0)

    def _granted(self, given: dict[str, Any]) -> int:
        if given.get("counts") == "money":
            if given.get("kind") == "bonus_data":
                self.add_error("counts", _("Extra data costs no money: count its uses."))
            return self._money("budget", given) or 0
        try:
            return values.whole(1, USES_MAX)(str(given.get("budget") or ""))
        except FlawError as error:
            self.add_error("budget", _(error.template) % error.facts)
            return 0

    def _money(self, field: str, given: dict[str, Any]) -> int | None:
        if not given.get("currency"):
            if "currency" not in self.errors:
                self.add_error("currency", _("Choose the currency of the amount."))
            return None
        return amount(self, field, given["currency"])

    @property
    def offer(self) -> publishing.Offer:
        """Give the offer as it will be written."""
        given, kind = self.cleaned_data, self.cleaned_data["kind"]
        in_money = given["counts"] == "money"
        return publishing.Offer(
            code=given["code"],
            names={"en": given["en"], "zh-Hans": given["zh"], "id": given["id"]},
            kind=kind,
            percent_basis_points=given["gift"] if kind == "percent" else 0,
            amount=given["gift"] if kind == "amount" else 0,
            currency=given["currency"] if kind == "amount" else None,
            bonus_bytes=given["gift"] if kind == "bonus_data" else 0,
            starts_at=aware(self.desk, given["starts_at"]),
            ends_at=aware(self.desk, given["ends_at"]),
            channels=given["channels"],
            plans=sorted(each.code for each in given["plans"]),
            per_card_max=given["per_card_max"],
            budget=given["granted"],
            budget_unit=given["currency"] if in_money else USES_UNIT,
            is_public=given["is_public"],
        )


def row(desk: Desk, offer: Promotion) -> dict[str, object]:
    """Give an offer as the list shows it."""
    state = "coming" if offer.starts_at > desk.at else "over" if offer.ends_at <= desk.at else "on"
    return {
        "it": offer,
        "name": words.name(offer.names),
        "gives": _gives(desk, offer),
        "starts": desk.instant(offer.starts_at),
        "ends": desk.instant(offer.ends_at),
        "channels": ", ".join(map(channel_name, offer.channels)) or _("all"),
        "left": _left(desk, offer),
        "state": state,
    }


def _gives(desk: Desk, offer: Promotion | publishing.Offer) -> str:
    if offer.kind == "percent":
        share = f"{Decimal(offer.percent_basis_points).scaleb(-2).normalize():f}"
        return _("%(share)s %% off") % {"share": share}
    if offer.kind == "amount":
        return _("%(amount)s off") % {"amount": desk.money(offer.amount, offer.currency or "")}
    return _("%(data)s extra") % {"data": words.data(offer.bonus_bytes)}


def _left(desk: Desk, offer: Promotion) -> str:
    if offer.budget_unit is None:
        return ""
    left = ledger.spendable(offer.account_id, "promotion_budget", offer.budget_unit)
    return str(left) if offer.budget_unit == USES_UNIT else desk.money(left, offer.budget_unit)


def _examples(desk: Desk, offer: publishing.Offer) -> list[dict[str, object]]:
    """Say what an offer does to each plan, with all the currencies in which that is sold."""
    found: dict[str, dict[str, Any]] = {}
    for each in publishing.example_prices(offer):
        bonus = words.data(each.bonus_bytes) if each.bonus_bytes else ""
        row = found.setdefault(
            each.plan, {"plan": words.name(each.names), "bonus": bonus, "prices": []}
        )
        price = desk.money(each.price, each.currency)
        total = desk.money(each.price - each.discount, each.currency)
        row["prices"].append((price if each.discount else "", total))
    return list(found.values())


def add(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Publish an offer; one of the same code that has not begun is replaced."""
    form = OfferForm(request.POST if request.method == "POST" else None, desk=desk)
    sheet = Sheet(
        _("New offer"),
        _("Times are those of %(zone)s. An offer that has begun is not changed.")
        % {"zone": desk.zone},
        _("Publish"),
        reverse("office:plans"),
        preview="office/preview_offer.html",
    )

    def look() -> dict[str, object] | None:
        if form.offer.starts_at <= desk.at:
            form.add_error("starts_at", _("It must begin later than now."))
            return None
        return {
            "gives": _gives(desk, form.offer),
            "starts": desk.instant(form.offer.starts_at),
            "ends": desk.instant(form.offer.ends_at),
            "examples": _examples(desk, form.offer),
        }

    def act(request_id: str) -> Done | None:
        reached = publishing.publish_offer(form.offer, desk.at)
        refused = {
            "begun": ("code", _("An offer of this code has begun and is not changed.")),
            "too_early": ("starts_at", _("It must begin later than now.")),
            "unit_kept": ("counts", _("The budget of this offer counts something else already.")),
            "lowered": (
                "budget",
                _("More was granted to this offer already. Write that, or more."),
            ),
        }
        if reached != publishing.PUBLISHED:
            form.add_error(*refused[reached])
            return None
        facts = form.offer.document | {"named": form.offer.code, "request": request_id}
        del facts["code"]
        desk.record("publish_offer", ("promotion", form.offer.code), facts)
        return Done(_("The offer is published."))

    return fill(request, desk, sheet, form, act=act, look=look)
