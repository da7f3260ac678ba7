"""Plans and offers: what is sold, what will be, a preview, and publishing with a start.

A version that is there is never changed: a new price is a new version from an instant to come. It
is written by loading/publishing.py, which shares its parts with the loading of files.
"""

from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _, gettext_lazy

from everline import clock, ledger
from everline.catalogue.models import Plan, PlanVersion, Promotion
from everline.loading import publishing
from everline.money import InvalidAmountError, Money
from everline.office.access import Desk
from everline.office.banners import CHANNELS, LOCAL
from everline.office.frame import page
from everline.office.naming import channel_name
from everline.pages import words
from everline.pages.frame import see_other
from everline.people.roles import Ability

LISTED_MAX: Final = 200
USES_MAX: Final = 1_000_000


def _moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(format=LOCAL, attrs={"type": "datetime-local"})
    return forms.DateTimeField(label=label, input_formats=[LOCAL], widget=widget)


class VersionForm(forms.Form):
    """The start of a new version and its price in each currency."""

    use_required_attribute = False

    after = forms.IntegerField(widget=forms.HiddenInput)
    effective_from = _moment(gettext_lazy("Sold from"))

    def __init__(self, *given: Any, last: PlanVersion, **named: Any) -> None:
        super().__init__(*given, **named)
        self.taxes: dict[str, int] = {}
        self.fields["after"].initial = last.number
        for price in last.prices.order_by("currency"):
            self.taxes[price.currency] = price.tax_basis_points
            self.fields[price.currency] = forms.CharField(
                label=price.currency,
                max_length=20,
                initial=Money(price.amount, price.currency).plain(),
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        """Read each amount in its own currency."""
        found = super().clean() or {}
        for currency in self.taxes:
            try:
                found[currency] = Money.parse(found.get(currency, ""), currency).amount
            except InvalidAmountError as error:
                self.add_error(currency, _(error.template) % error.facts)
                continue
            if found[currency] <= 0:
                self.add_error(currency, _("A price is more than nothing."))
        return found

    def prices(self) -> list[publishing.Price]:
        """Give what was typed as prices; the tax stays that of the last version."""
        return [(each, self.cleaned_data[each], tax) for each, tax in self.taxes.items()]


class OfferForm(forms.Form):
    """A percentage off for a window, within a number of uses."""

    use_required_attribute = False

    code = forms.RegexField(
        r"^[A-Z0-9-]{2,32}$",
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("What people type: capital letters, digits and hyphens."),
    )
    en = forms.CharField(label="English", max_length=80)
    zh = forms.CharField(label="简体中文", max_length=80)
    id = forms.CharField(label="Bahasa Indonesia", max_length=80)
    percent = forms.IntegerField(label=gettext_lazy("Percent off"), min_value=1, max_value=100)
    starts_at = _moment(gettext_lazy("From"))
    ends_at = _moment(gettext_lazy("Until"))
    budget = forms.IntegerField(
        label=gettext_lazy("Uses in all"), min_value=1, max_value=USES_MAX, initial=1000
    )
    per_card_max = forms.IntegerField(
        label=gettext_lazy("Uses a card"), min_value=1, max_value=1000, initial=1
    )
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Channels"),
        help_text=gettext_lazy("None means all of them."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        field = self.fields["channels"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(code, channel_name(code)) for code in CHANNELS]

    def clean(self) -> dict[str, Any]:
        """Refuse an end that is not after the beginning."""
        found = super().clean() or {}
        starts, ends = found.get("starts_at"), found.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("It must end after it begins."))
        return found


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List plans and offers."""
    plans = Plan.objects.order_by("position", "code").prefetch_related("versions")[:LISTED_MAX]
    offers = Promotion.objects.order_by("-starts_at")[:LISTED_MAX]
    context = {
        "plans": [
            {
                "code": plan.code,
                "name": words.name(plan.names),
                "versions": len(plan.versions.all()),
                "next": next(
                    (
                        desk.instant(each.effective_from)
                        for each in plan.versions.all()
                        if each.effective_from > desk.at
                    ),
                    "",
                ),
                "retired": desk.instant(plan.retired_at) if plan.retired_at else "",
            }
            for plan in plans
        ],
        "offers": [
            {
                "it": offer,
                "name": words.name(offer.names),
                "starts": desk.instant(offer.starts_at),
                "ends": desk.instant(offer.ends_at),
                "left": _left(desk, offer),
                "is_open": offer.starts_at > desk.at,
            }
            for offer in offers
        ],
        "edits": desk.may(Ability.EDIT_PLANS),
    }
    return page(request, desk, "plans.html", context)


def _left(desk: Desk, offer: Promotion) -> str:
    if offer.budget_unit is None:
        return ""
    left = ledger.spendable(offer.account_id, "promotion_budget", offer.budget_unit)
    return str(left) if offer.budget_unit == "XXX" else desk.money(left, offer.budget_unit)


def _plan(code: str) -> tuple[Plan, list[PlanVersion]]:
    plan = Plan.objects.filter(code=code).first()
    if plan is None:
        raise Http404
    return plan, list(plan.versions.order_by("-number"))


def show_plan(request: HttpRequest, desk: Desk, code: str) -> HttpResponse:
    """Show a plan with all its versions, each as it reads where it is sold."""
    plan, versions = _plan(code)
    context = {
        "plan": plan,
        "name": words.name(plan.names),
        "versions": [_version(desk, each) for each in versions],
        "edits": desk.may(Ability.EDIT_PLANS),
    }
    return page(request, desk, "plan.html", context)


def _version(desk: Desk, version: PlanVersion) -> dict[str, object]:
    bought = max(desk.at, version.effective_from)
    ends = publishing.example_end(version.id, desk.zone, bought)
    return {
        "number": version.number,
        "from": desk.instant(version.effective_from),
        "until": desk.instant(version.effective_until),
        "is_to_come": version.effective_from > desk.at,
        "period": words.period(version.period_unit, version.period_count),
        "data": words.allowance(version.allowance_bytes, version.fair_use_bytes),
        "devices": words.devices(version.devices_max),
        "prices": [
            desk.money(each.amount, each.currency) for each in version.prices.order_by("currency")
        ],
        "bought": desk.instant(bought),
        "ends": desk.instant(ends),
    }


def add_version(request: HttpRequest, desk: Desk, code: str) -> HttpResponse:
    """Publish a new version of a plan, from an instant to come."""
    plan, versions = _plan(code)
    if not versions:
        raise Http404
    form = VersionForm(request.POST if request.method == "POST" else None, last=versions[0])
    if form.is_valid():
        starts = _aware(desk, form.cleaned_data["effective_from"])
        after = form.cleaned_data["after"]
        reached = publishing.publish_version(code, after, starts, form.prices(), desk.at)
        if reached == publishing.PUBLISHED:
            facts = {"number": after + 1, "from": starts.isoformat(), "prices": form.prices()}
            desk.record("publish_version", ("plan", code), facts)
            messages.success(request, _("The new version is published."))
            return see_other("office:plan", code)
        if reached == "overtaken":
            text = _("Somebody has published a version meanwhile. Look at it, then begin anew.")
            form.add_error(None, text)
        else:
            text = _("It must begin later than now and later than the last version.")
            form.add_error("effective_from", text)
    given = {"form": form, "title": words.name(plan.names), "back": "office:plans"}
    return page(request, desk, "publish.html", given, status=422 if form.errors else 200)


def add_offer(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Publish an offer; one of the same code that has not begun is replaced."""
    form = OfferForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        offer = publishing.Offer(
            code=given["code"],
            names={"en": given["en"], "zh-Hans": given["zh"], "id": given["id"]},
            percent_basis_points=given["percent"] * 100,
            starts_at=_aware(desk, given["starts_at"]),
            ends_at=_aware(desk, given["ends_at"]),
            channels=given["channels"],
            plans=[],
            per_card_max=given["per_card_max"],
            budget=given["budget"],
        )
        reached = publishing.publish_offer(offer, desk.at)
        if reached == publishing.PUBLISHED:
            facts = {"percent": given["percent"], "budget": given["budget"]}
            desk.record("publish_offer", ("promotion", offer.code), facts)
            messages.success(request, _("The offer is published."))
            return see_other("office:plans")
        if reached == "begun":
            form.add_error("code", _("An offer of this code has begun and is not changed."))
        else:
            form.add_error("starts_at", _("It must begin later than now."))
    given = {"form": form, "title": _("New offer"), "back": "office:plans"}
    return page(request, desk, "publish.html", given, status=422 if form.errors else 200)


def _aware(desk: Desk, local: datetime) -> datetime:
    """Read a wall-clock time of a form by the operator's clock."""
    return local.replace(tzinfo=clock.zone(desk.zone))
