"""The forms of a store and of a partner: each field is read as the same one in a file is.

Where they are shown and written says places.py.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy

from everline.loading import values
from everline.loading.hours import opening_hours
from everline.loading.promotions import POCKETS_MAX
from everline.loading.retailers import KINDS
from everline.office.forms import DeskForm, checked, typed_share
from everline.pages import hours
from everline.people.models import Partner, Retailer

_KEPT: Final = ("code", "currency")


class FirmForm(DeskForm):
    """What a store and a partner have in common; the code and currency of a stored one stay."""

    code = checked(
        values.code,
        gettext_lazy("Code"),
        gettext_lazy("2 to 32 capital letters, digits and hyphens, like JKT-012."),
    )
    name = checked(values.text(120), gettext_lazy("Name"))
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("That it sells in and that its deposit is in."),
    )
    commission_basis_points = checked(
        values.commission,
        gettext_lazy("Commission in percent"),
        gettext_lazy("What it earns of each price, like 2.5."),
        empty=0,
        required=False,
    )

    def __init__(
        self, data: Any, *, stored: Retailer | Partner | None, currencies: Sequence[str]
    ) -> None:
        self.stored = stored
        super().__init__(data, initial=self._initial(stored) if stored else None)
        field = self.fields["currency"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(each, each) for each in currencies]
        if stored is not None:
            for name in _KEPT:
                del self.fields[name]

    def _initial(self, stored: Retailer | Partner) -> dict[str, Any]:
        found = {name: getattr(stored, name) for name in self.base_fields}
        found["commission_basis_points"] = typed_share(stored.commission_basis_points)
        return found

    def document(self, firm_id: UUID) -> dict[str, Any]:
        """Give all columns, as a file's row has them."""
        kept = {name: getattr(self.stored, name) for name in _KEPT} if self.stored else {}
        return {"id": str(firm_id)} | kept | self.cleaned_data

    def differences(self) -> dict[str, Any]:
        """Give what is new, for the acts: of a stored one each change as before and after."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "code"}
        if self.stored is None:
            return given
        before = {name: getattr(self.stored, name) for name in given}
        return {
            name: [before[name], value] for name, value in given.items() if before[name] != value
        }


class StoreForm(FirmForm):
    """A store."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=lambda: [(code, hours.kind(code)) for code in KINDS]
    )
    city = checked(values.text(60), gettext_lazy("City"))
    address = checked(
        values.text(240), gettext_lazy("Address"), gettext_lazy("Street and number, district.")
    )
    floor_or_exit = checked(
        values.text(60),
        gettext_lazy("Floor or exit"),
        gettext_lazy("The floor of a mall, the exit of a station."),
        required=False,
    )
    opening_hours = checked(
        opening_hours,
        gettext_lazy("Opening hours"),
        gettext_lazy("Like Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off, or 24/7."),
    )
    zone = checked(
        values.zone,
        gettext_lazy("Time zone"),
        gettext_lazy("By whose clock the hours are, like Asia/Jakarta."),
        required=False,
    )
    phone = checked(
        values.phone,
        gettext_lazy("Phone number"),
        gettext_lazy("With + and the country's code."),
        required=False,
    )
    latitude_microdegrees = checked(
        values.microdegrees(90),
        gettext_lazy("Latitude"),
        gettext_lazy("In degrees, like -6.193740; north is positive."),
    )
    longitude_microdegrees = checked(
        values.microdegrees(180),
        gettext_lazy("Longitude"),
        gettext_lazy("In degrees, like 106.823010; east is positive."),
    )

    field_order = (
        "code", "name", "kind", "currency", "city", "address", "floor_or_exit", "phone",
        "opening_hours", "zone", "latitude_microdegrees", "longitude_microdegrees",
        "commission_basis_points",
    )  # fmt: skip

    def _initial(self, stored: Retailer | Partner) -> dict[str, Any]:
        found = super()._initial(stored)
        for name in ("latitude_microdegrees", "longitude_microdegrees"):
            found[name] = degrees(found[name])
        return found


class PartnerForm(FirmForm):
    """A partner; its pockets are how many rows its deposit is cut into when many sell at once."""

    pockets = forms.IntegerField(
        label=gettext_lazy("Pockets of the deposit"),
        help_text=gettext_lazy("1 is enough for most; they can only become more."),
        min_value=1,
        max_value=POCKETS_MAX,
        initial=1,
    )


def degrees(microdegrees: int) -> str:
    """Write millionths of a degree as degrees with six decimals."""
    whole, rest = divmod(abs(microdegrees), 1_000_000)
    return f"{'-' if microdegrees < 0 else ''}{whole}.{rest:06d}"
