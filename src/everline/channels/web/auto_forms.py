"""The forms of a card's automatic renewal: switching, pausing, and what it may charge.

Amounts that were shown come back with them, so nothing else is agreed to than what was seen. The
box on the order's page is forms.py's, the views are mandates.py.
"""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import get_language, gettext_lazy

from everline import autorenewal, clock
from everline.autorenewal.consent import WORDS
from everline.channels.web.forms import RequestForm, were_shown
from everline.money import AMOUNT_MAX, InvalidAmountError, Money
from everline.pages.reading import typed_into

MEGABYTE: Final = 10**6
BELOW_MAX_MEGABYTES: Final = 100_000
CHARGES_MAX: Final = 31
PAUSE_DAYS_MAX: Final = 365

ORDERS: Final = (
    (autorenewal.BALANCE_FIRST, gettext_lazy("First the balance, then kept means")),
    (autorenewal.METHODS_FIRST, gettext_lazy("First kept means, then the balance")),
)


class SwitchForm(RequestForm):
    """Automatic renewal switched on or off, with the words, the plan and the amount shown.

    `chosen` is a plan's code and the amount in minor units, "HOME-30:1000"; the present plan is
    kept when it begins with the colon. A page that shows a box says so, and it must be ticked.
    """

    wanted = forms.ChoiceField(choices=[("on", ""), ("off", "")])
    words_version = forms.ChoiceField(choices=[(each, "") for each in WORDS], required=False)
    chosen = forms.RegexField(r"^[\w-]{0,40}:\d{1,15}$", required=False)
    means_order = forms.ChoiceField(choices=ORDERS, required=False)
    has_box = forms.BooleanField(required=False)
    agrees = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """Take no consent to words or an amount that were not shown, or to a box left empty."""
        given = super().clean() or {}
        given["plan"], _colon, agreed = given.get("chosen", "").partition(":")
        given["agreed"] = int(agreed) if agreed else None
        given["is_agreed"] = were_shown(given) and (
            not given.get("has_box") or bool(given.get("agrees"))
        )
        return given


class PauseForm(RequestForm):
    """Until when nothing is charged, or one term that is skipped, or going on."""

    wanted = forms.ChoiceField(choices=[("until", ""), ("skip", ""), ("resume", "")])
    until = forms.DateField(
        label=gettext_lazy("Charge nothing before"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": gettext_lazy("Choose a date.")},
    )

    def instant(self, zone: str) -> datetime | None:
        """Give the beginning of the chosen day in the card's zone."""
        day: date | None = self.cleaned_data.get("until")
        return datetime.combine(day, time(), clock.zone(zone)) if day else None


def pause_days(at: datetime, zone: str) -> tuple[str, str]:
    """Give the first and the last day until which one may pause, as a date field takes them."""
    today = at.astimezone(clock.zone(zone)).date()
    first, last = today + timedelta(days=1), today + timedelta(days=PAUSE_DAYS_MAX)
    return first.isoformat(), last.isoformat()


class WishesForm(RequestForm):
    """From what it is paid, whether it renews by data too, and how much it may charge at most."""

    means_order = forms.ChoiceField(
        label=gettext_lazy("Paid from"), choices=ORDERS, widget=forms.RadioSelect
    )
    below_megabytes = forms.IntegerField(
        label=gettext_lazy("Renew too when less data is left than (MB)"),
        help_text=gettext_lazy("Empty: only before the term ends."),
        required=False,
        min_value=1,
        max_value=BELOW_MAX_MEGABYTES,
        widget=typed_into(inputmode="numeric"),
    )
    day_max = forms.IntegerField(
        label=gettext_lazy("Charges a day at most"),
        min_value=1,
        max_value=CHARGES_MAX,
        widget=typed_into(inputmode="numeric"),
    )
    month_max = forms.IntegerField(
        label=gettext_lazy("Charges in 30 days at most"),
        min_value=1,
        max_value=CHARGES_MAX * 10,
        widget=typed_into(inputmode="numeric"),
    )
    month_total_max = forms.CharField(
        label=gettext_lazy("In 30 days at most this much money"),
        help_text=gettext_lazy("Empty: no such limit."),
        required=False,
        max_length=24,
        widget=typed_into(inputmode="decimal"),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._currency = currency

    def clean_month_total_max(self) -> int | None:
        """Read an amount as people write it in the language of the page, in minor units."""
        typed = self.cleaned_data["month_total_max"].strip()
        if not typed:
            return None
        try:
            amount = Money.parse(typed, self._currency, locale=get_language() or "en").amount
        except InvalidAmountError:
            amount = 0
        if not 0 < amount <= AMOUNT_MAX:
            raise forms.ValidationError(gettext_lazy("Enter an amount above zero, or nothing."))
        return amount

    @property
    def wishes(self) -> autorenewal.Wishes:
        """Give what was wished."""
        sent = self.cleaned_data
        below = sent["below_megabytes"]
        return autorenewal.Wishes(
            means_order=sent["means_order"],
            below_bytes=below * MEGABYTE if below else None,
            day_max=sent["day_max"],
            month_max=sent["month_max"],
            month_total_max=sent["month_total_max"],
        )
