"""What the forms of the office share: fields that files' checks read, moments, names, channels.

A value that somebody types is checked as the same value in a file is, by loading/values.py, so that
both say the same of what is wrong. The forms themselves stand beside their screens.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import get_language, gettext as _, gettext_lazy

from everline import clock
from everline.loading.problems import FlawError
from everline.money import InvalidAmountError, Money
from everline.office.desk import Desk
from everline.office.naming import channel_name
from everline.pages import words

CHANNELS: Final = ("web", "hotline", "store", "kiosk", "partner")
LOCAL: Final = "%Y-%m-%dT%H:%M"
TYPED_MAX: Final = 240
UNITS: Final = (("TB", 12), ("GB", 9), ("MB", 6), ("kB", 3))


class DeskForm(forms.Form):
    """A form of the office; what is wrong is said by the server, field by field."""

    use_required_attribute = False


class Checked(forms.CharField):
    """A text that a check of loading/values.py reads; `empty` is what nothing means."""

    def __init__(self, check: Callable[[str], Any], *, empty: Any = "", **named: Any) -> None:
        self.check = check
        self.empty = empty
        named.setdefault("max_length", TYPED_MAX)
        super().__init__(**named)

    def clean(self, value: Any) -> Any:
        """Read what was typed, or say what is wrong with it as for a file."""
        text = super().clean(value)
        if not text:
            return self.empty
        try:
            return self.check(text)
        except FlawError as error:
            raise forms.ValidationError(_(error.template) % error.facts) from error


class OneNamed(forms.ModelChoiceField):  # type: ignore[type-arg]  # Not generic when run.
    """A choice of one row that has a code and names."""

    def label_from_instance(self, obj: Any) -> str:
        """Name a row in the language of the page."""
        return f"{words.name(obj.names)} · {obj.code}"


class SomeNamed(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # The same.
    """A choice of any rows that have a code and names."""

    def label_from_instance(self, obj: Any) -> str:
        """Name a row in the language of the page."""
        return f"{words.name(obj.names)} · {obj.code}"


def checked(check: Callable[[str], Any], label: Any, hint: Any = "", **named: Any) -> Checked:
    """Give a field that a check reads."""
    return Checked(check, label=label, help_text=hint, **named)


def moment(label: Any, **named: Any) -> forms.DateTimeField:
    """Give a field for a wall-clock time by the operator's clock."""
    widget = forms.DateTimeInput(format=LOCAL, attrs={"type": "datetime-local"})
    return forms.DateTimeField(label=label, input_formats=[LOCAL], widget=widget, **named)


def names() -> dict[str, forms.CharField]:
    """Give the fields of a name in each language."""
    return {
        "en": forms.CharField(label="English", max_length=80),
        "zh": forms.CharField(label="简体中文", max_length=80),
        "id": forms.CharField(label="Bahasa Indonesia", max_length=80),
    }


def channels() -> forms.MultipleChoiceField:
    """Give the field of the channels for which something is."""
    return forms.MultipleChoiceField(
        label=gettext_lazy("Channels"),
        help_text=gettext_lazy("None means all of them."),
        required=False,
        choices=lambda: [(code, channel_name(code)) for code in CHANNELS],
        widget=forms.CheckboxSelectMultiple,
    )


def amount(form: forms.Form, field: str, currency: str) -> int | None:
    """Read a typed amount of more than nothing in minor units; None, with the error, when none."""
    typed = str(form.cleaned_data.get(field) or "")
    try:
        found = Money.parse(typed, currency, locale=get_language() or "en").amount
    except InvalidAmountError as error:
        form.add_error(field, _(error.template) % error.facts)
        return None
    if found <= 0:
        form.add_error(field, _("An amount is more than nothing."))
        return None
    return found


def typed_amount(minor: int, currency: str) -> str:
    """Write an amount as somebody would type it in the language of the page."""
    plain = Money(minor, currency).plain()
    point = "," if get_language() == "id" else "."
    return plain.removesuffix(".00").replace(".", point)


def typed_bytes(size: int | None) -> str:
    """Write an amount of data as files and forms read it: 30 GB."""
    if size is None:
        return ""
    unit, power = next((each for each in UNITS if size >= 10 ** each[1]), UNITS[-1])
    return f"{Decimal(size).scaleb(-power).normalize():f} {unit}"


def typed_share(basis_points: int) -> str:
    """Write a rate in percent, without the sign: 2.5."""
    return f"{Decimal(basis_points).scaleb(-2).normalize():f}"


def wall_clock(desk: Desk, at: datetime | None) -> str:
    """Write an instant by the operator's clock as a field of a form holds it."""
    return at.astimezone(clock.zone(desk.zone)).strftime(LOCAL) if at else ""


def aware(desk: Desk, local: datetime) -> datetime:
    """Read a wall-clock time of a form by the operator's clock."""
    return local.replace(tzinfo=clock.zone(desk.zone))
