"""Banners: a sentence in three languages that channels show for a while, such as an outage.

The table is trust's; how channels read it stands in trust/announcements.py.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from everline import ids
from everline.office.asking import Done, Question, ask, read_request_id
from everline.office.desk import Desk
from everline.office.forms import DeskForm, aware, channels, moment, wall_clock
from everline.office.frame import page
from everline.office.naming import channel_name
from everline.pages.frame import see_other
from everline.trust.models import Banner

TEXT_MAX: Final = 240
LISTED_MAX: Final = 50
SHORTLY: Final = timedelta(seconds=1)
"""Clocks of two processes differ by less; what ends within it has ended."""

STEP: Final = timedelta(microseconds=1)
"""The least by which an end is after its beginning."""


class BannerForm(DeskForm):
    """What a banner says, where, how loudly, and for how long, by the operator's clock."""

    en = forms.CharField(label="English", max_length=TEXT_MAX)
    zh = forms.CharField(label="简体中文", max_length=TEXT_MAX)
    id = forms.CharField(label="Bahasa Indonesia", max_length=TEXT_MAX)
    severity = forms.ChoiceField(
        label=gettext_lazy("How loud"),
        choices=[("warning", gettext_lazy("Warning")), ("info", gettext_lazy("Note"))],
    )
    channels = channels()
    starts_at = moment(gettext_lazy("From"))
    ends_at = moment(gettext_lazy("Until"), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse an end that is not after the beginning."""
        found = super().clean() or {}
        starts, ends = found.get("starts_at"), found.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("It must end after it begins."))
        return found


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List banners and show the form; a preview first, then it is published."""
    form = BannerForm(request.POST or None, initial={"starts_at": wall_clock(desk, desk.at)})
    preview = []
    if request.method == "POST" and form.is_valid():
        text = {
            "en": form.cleaned_data["en"],
            "zh-Hans": form.cleaned_data["zh"],
            "id": form.cleaned_data["id"],
        }
        request_id = read_request_id(request)
        if "publish" in request.POST and request_id:
            _publish(desk, form.cleaned_data, text, UUID(request_id))
            return see_other("office:banners")
        preview = list(text.items())
    banners = Banner.objects.order_by("-starts_at")[:LISTED_MAX]
    context = {
        "form": form,
        "preview": preview,
        "severity": form.cleaned_data.get("severity") if preview else "",
        "request_id": ids.uuid7(desk.at),
        "banners": [
            {
                "id": each.id,
                "text": each.text["en"],
                "channels": ", ".join(map(channel_name, each.channels)) or _("all"),
                "starts": desk.instant(each.starts_at),
                "ends": desk.instant(each.ends_at),
                "is_on": each.ends_at is None or each.ends_at > desk.at,
            }
            for each in banners
        ],
    }
    return page(request, desk, "banners.html", context, status=422 if form.errors else 200)


def end(request: HttpRequest, desk: Desk, banner_id: UUID) -> HttpResponse:
    """Take a banner down at once."""
    banner = Banner.objects.filter(id=banner_id).first()
    if banner is None:
        raise Http404
    question = Question(
        _("End this banner now?"),
        banner.text["en"],
        _("End it now"),
        reverse("office:banners"),
    )

    def act(request_id: str) -> Done:
        if banner.ends_at is not None and banner.ends_at <= desk.at + SHORTLY:
            return Done(_("It had ended before."), is_good=False)
        # One that has not begun yet is shifted to end as it begins to be: never shown.
        starts = min(banner.starts_at, desk.at - STEP)
        Banner.objects.filter(id=banner_id).update(starts_at=starts, ends_at=desk.at)
        desk.record("end_banner", ("banner", banner_id), {"request": request_id})
        return Done(_("The banner is down."))

    return ask(request, desk, question, act)


def _publish(desk: Desk, given: dict[str, Any], text: dict[str, str], banner_id: UUID) -> None:
    ends = given["ends_at"]
    banner, is_new = Banner.objects.get_or_create(
        id=banner_id,
        defaults={
            "text": text,
            "channels": given["channels"],
            "severity": given["severity"],
            "starts_at": aware(desk, given["starts_at"]),
            "ends_at": aware(desk, ends) if ends else None,
        },
    )
    if is_new:
        desk.record("publish_banner", ("banner", banner.id), {"text": text["en"]})
