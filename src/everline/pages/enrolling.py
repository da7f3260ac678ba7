"""Enrolling a device in its browser: the form that takes a one-time code, the same for all kinds.

What a kind is called is its channel's, and so is where it goes on to. What a key is stands in
devices.py, who may open a code in people/terminals.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _, gettext_lazy

from everline import clock
from everline.pages import devices, limits
from everline.pages.devices import Cookie
from everline.people import terminals
from everline.people.models import Terminal as Row

CODE_LENGTH_MAX: Final = 40
DEMO_MAX: Final = 4
PLAIN: Final = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class CodeForm(forms.Form):
    """The one-time code that makes a device a till or a kiosk."""

    use_required_attribute = False

    code = forms.CharField(
        label=gettext_lazy("One-time code"),
        help_text=gettext_lazy("Eight letters and digits. The office opens one for this device."),
        max_length=CODE_LENGTH_MAX,
        widget=forms.TextInput(attrs=PLAIN | {"autofocus": "autofocus"}),
        error_messages={"required": gettext_lazy("Enter the one-time code.")},
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of device: its cookie, its words, and the names of its addresses."""

    cookie: Cookie
    title: str
    enrolled: str
    """That a device is one already, with %(code)s and %(store)s."""

    not_yet: str
    go_on: str
    go_on_to: str
    is_other: str
    """That a code was for another kind."""

    demo_title: str
    demo_action: str
    demo_store: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a code: the key, or the form that says why not and how long to wait."""

    form: CodeForm
    key: str = ""
    seconds: int = 0


def take(request: HttpRequest, kind: Kind, at: datetime) -> Tried:
    """Take the code that was sent, if any; an address that sends many waits."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return Tried(form)
    seconds = limits.seconds_to_wait(request, at)
    if seconds:
        form.add_error("code", _("Too many codes were entered. Wait a minute."))
        return Tried(form, seconds=seconds)
    enrolled, is_other = devices.enrol(form.cleaned_data["code"], kind.cookie.kind, at)
    if enrolled is not None:
        return Tried(form, enrolled.key)
    wrong = _("This code is wrong, used or too old. Ask for a new one.")
    form.add_error("code", kind.is_other if is_other else wrong)
    return Tried(form)


def shown(request: HttpRequest, kind: Kind, form: CodeForm) -> dict[str, Any]:
    """Give what the page shows; pages/enrolling.html lays it out."""
    device = devices.find(request, kind.cookie, clock.now())
    known = {"code": device.code, "store": device.retailer_name} if device else {}
    return {
        "form": form,
        "kind": kind,
        "enrolled": kind.enrolled % known if known else "",
        "demo_devices": demo_devices(kind),
    }


def demo_devices(kind: Kind) -> list[Row]:
    """List devices of the demo that anybody may try; none outside of it."""
    if not settings.DEMO:
        return []
    rows = Row.objects.filter(kind=kind.cookie.kind).order_by("code")
    if kind.demo_store:
        rows = rows.filter(retailer__code=kind.demo_store)
    return list(rows[:DEMO_MAX])


def demo_form(request: HttpRequest, kind: Kind) -> CodeForm | None:
    """Open a code for one of the demo's devices, as the office does, and fill it in."""
    wanted = request.POST.get("device")
    found = next((row for row in demo_devices(kind) if row.code == wanted), None)
    if found is None:
        return None
    return CodeForm(initial={"code": terminals.open_enrolment(found.id, clock.now())})
