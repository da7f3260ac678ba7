"""The forms of a new plan, of a next version and of an end; values are read as plans.yaml's are.

Where they are shown and published says plans.py.
"""

from collections.abc import Sequence
from typing import Any, Final

from babel import Locale
from django import forms
from django.utils.translation import get_language, gettext as _, gettext_lazy

from everline.catalogue.models import Plan, PlanVersion, Region
from everline.loading import values
from everline.loading.plans import DEVICES_MAX, PERIOD_COUNT_MAX, UNLIMITED
from everline.loading.problems import Flaw, FlawError
from everline.loading.publishing import Content, Price
from everline.office.forms import (
    DeskForm,
    OneNamed,
    amount,
    checked,
    moment,
    names,
    typed_amount,
    typed_bytes,
    typed_share,
)

COUNTRIES_MAX: Final = 250
_NAMES: Final = names()


def period_unit(code: str) -> str:
    """Name a unit of validity."""
    return {
        "day": _("Days"),
        "week": _("Weeks"),
        "month": _("Months"),
        "quarter": _("Quarters"),
        "year": _("Years"),
    }.get(code, code)


def validity(code: str) -> str:
    """Say how a term's end is found."""
    return {
        "rolling": _("To the same hour of the last day"),
        "calendar": _("To midnight of the last day"),
    }.get(code, code)


def on_renewal(code: str) -> str:
    """Say what a renewal does to what is left."""
    return {
        "queue": _("Starts after the present plan"),
        "stack": _("Adds its data now"),
        "replace": _("Replaces the present plan now, leftovers are lost"),
    }.get(code, code)


def countries(text: str) -> tuple[str, ...]:
    """Read countries with commas or spaces between, each as ISO 3166-1 alpha-2."""
    codes = text.replace(",", " ").upper().split()
    return tuple(sorted({values.country(code) for code in codes[:COUNTRIES_MAX]}))


def country_names(codes: Sequence[str]) -> str:
    """Name countries in the language of the page."""
    named = Locale.parse((get_language() or "en").replace("-", "_")).territories
    return ", ".join(sorted(str(named.get(code, code)) for code in codes))


def _allowance(text: str) -> int | None:
    """Read an amount of data, or unlimited, in any of the languages."""
    if text.strip().lower() in {UNLIMITED, _("Unlimited").lower()}:
        return None
    return values.byte_count(text)


def _tax(text: str) -> int:
    """Read a tax rate in percent, with the sign or without."""
    return values.basis_points(text if text.endswith("%") else f"{text}%")


class VersionForm(DeskForm):
    """All that a version gives; it begins as the last one."""

    after = forms.IntegerField(widget=forms.HiddenInput)
    effective_from = moment(gettext_lazy("Sold from"))
    period_count = forms.IntegerField(
        label=gettext_lazy("Valid for"), min_value=1, max_value=PERIOD_COUNT_MAX
    )
    period_unit = forms.ChoiceField(
        label=gettext_lazy("Unit"),
        choices=lambda: [
            (each, period_unit(each)) for each in ("day", "week", "month", "quarter", "year")
        ],
    )
    validity = forms.ChoiceField(
        label=gettext_lazy("Ends"),
        choices=lambda: [(each, validity(each)) for each in ("rolling", "calendar")],
    )
    on_renewal = forms.ChoiceField(
        label=gettext_lazy("When a plan is still running"),
        choices=lambda: [(each, on_renewal(each)) for each in ("queue", "stack", "replace")],
    )
    allowance = checked(
        _allowance,
        gettext_lazy("Data allowance"),
        gettext_lazy("Like 500 MB or 30 GB, or “unlimited”."),
        max_length=40,
    )
    fair_use = checked(
        values.byte_count,
        gettext_lazy("Fair use after"),
        gettext_lazy("For unlimited plans alone: from when on it is slower."),
        empty=None,
        required=False,
        max_length=40,
    )
    devices_max = forms.IntegerField(
        label=gettext_lazy("Devices"), min_value=1, max_value=DEVICES_MAX
    )
    region = OneNamed(Region.objects.order_by("code"), label=gettext_lazy("Region"), required=False)
    countries = checked(
        countries,
        gettext_lazy("Countries"),
        gettext_lazy("Their two-letter codes, like ID, MY, SG."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1200,
    )

    def __init__(
        self, data: Any, *, last: PlanVersion | None, currencies: Sequence[str], **named: Any
    ) -> None:
        prices = {each.currency: each for each in last.prices.all()} if last else {}
        self.currencies = sorted({*currencies, *prices})
        super().__init__(data, initial=_initial(last) if last else {"after": 0}, **named)
        for currency in self.currencies:
            price = prices.get(currency)
            self.fields[currency] = forms.CharField(
                label=_("Price in %(currency)s") % {"currency": currency},
                help_text=_("Tax included. Empty: not sold in it."),
                max_length=20,
                initial=typed_amount(price.amount, currency) if price else "",
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                required=False,
            )
            self.fields[f"{currency}_tax"] = checked(
                _tax,
                _("Tax in %(currency)s, percent") % {"currency": currency},
                empty=0,
                required=False,
                initial=typed_share(price.tax_basis_points) if price else "",
                max_length=8,
            )

    def clean(self) -> dict[str, Any]:
        """See that allowance and fair use fit, and read each price in its own currency."""
        given = super().clean() or {}
        if "allowance" in given and "fair_use" in given:
            facts = {"other": _("Data allowance")}
            if given["allowance"] is None and given["fair_use"] is None:
                facts["value"] = _("Unlimited")
                self._flawed("fair_use", FlawError(Flaw.NEEDS, **facts))
            elif given["allowance"] is not None and given["fair_use"] is not None:
                facts["value"] = typed_bytes(given["allowance"])
                self._flawed("fair_use", FlawError(Flaw.NOT_WITH, **facts))
        found: list[Price] = []
        for currency in self.currencies:
            if given.get(currency):
                minor = amount(self, currency, currency)
                if minor is not None:
                    found.append((currency, minor, given.get(f"{currency}_tax") or 0))
        if not found and not self.errors:
            self.add_error(None, _("Give a price in one currency at least."))
        return given | {"prices": found}

    def _flawed(self, field: str, error: FlawError) -> None:
        self.add_error(field, _(error.template) % error.facts)

    @property
    def content(self) -> Content:
        """Give what the version will give."""
        given = self.cleaned_data
        return Content(
            period=(given["period_unit"], given["period_count"]),
            validity=given["validity"],
            on_renewal=given["on_renewal"],
            allowance=given["allowance"],
            fair_use=given["fair_use"],
            devices_max=given["devices_max"],
            region=given["region"].code if given["region"] else None,
            countries=given["countries"],
            prices=given["prices"],
        )


def _initial(last: PlanVersion) -> dict[str, Any]:
    return {
        "after": last.number,
        "period_count": last.period_count,
        "period_unit": last.period_unit,
        "validity": last.validity,
        "on_renewal": last.on_renewal,
        "allowance": typed_bytes(last.allowance_bytes)
        if last.allowance_bytes is not None
        else _("Unlimited"),
        "fair_use": typed_bytes(last.fair_use_bytes),
        "devices_max": last.devices_max,
        "region": last.region_id,
        "countries": ", ".join(sorted(each.country for each in last.coverage.all())),
    }


class PlanForm(VersionForm):
    """A wholly new plan and its first version, which may begin as the last one of another plan."""

    field_order = ("code", "en", "zh", "id")
    code = checked(
        values.code,
        gettext_lazy("Code"),
        gettext_lazy("What finance and partners write: capital letters, digits and hyphens."),
        max_length=40,
    )
    en, zh, id = _NAMES["en"], _NAMES["zh"], _NAMES["id"]

    @property
    def names(self) -> dict[str, str]:
        """Give its name in each language."""
        given = self.cleaned_data
        return {"en": given["en"], "zh-Hans": given["zh"], "id": given["id"]}


class RetireForm(DeskForm):
    """When a plan ends, and which one its holders are led to."""

    retired_at = moment(gettext_lazy("Ends"))
    successor = OneNamed(
        Plan.objects.none(),
        to_field_name="code",
        label=gettext_lazy("Holders are led to"),
        help_text=gettext_lazy("A plan that is sold in all of its currencies."),
    )

    def __init__(self, data: Any, *, plan: Plan, **named: Any) -> None:
        super().__init__(data, **named)
        field = self.fields["successor"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Plan.objects.filter(retired_at=None).exclude(id=plan.id).order_by("code")
