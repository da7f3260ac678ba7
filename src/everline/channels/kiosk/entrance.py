"""The first page and the last: enrolling, the attract screen, beginning a visit and leaving it.

Opening the first page ends whatever visit there was, so that without script a refresh is enough.
"""

from io import BytesIO
from typing import Final

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _, override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everline import clock
from everline.channels.kiosk import out_of_order, sales, visits
from everline.channels.kiosk.forms import CodeForm
from everline.channels.kiosk.frame import page
from everline.channels.kiosk.visits import COOKIE, DEVICE, at_kiosk
from everline.pages import devices
from everline.pages.frame import HTML_TAGS, see_other
from everline.people import terminals
from everline.people.models import Terminal as Row
from everline.people.terminals import Terminal

DEMO_MAX: Final = 4


@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Make this device a kiosk by its one-time code, or explain what to do."""
    at = clock.now()
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        enrolled, is_other = devices.enrol(form.cleaned_data["code"], DEVICE.kind, at)
        if enrolled is not None:
            response = see_other("kiosk:attract")
            devices.keep_key(response, DEVICE, enrolled.key)
            return response
        form.add_error(
            "code",
            _("This code is for a till, and now it is used. Ask for a new one.")
            if is_other
            else _("This code is wrong, used or too old. Ask for a new one."),
        )
    context = {
        "form": form,
        "enrolled": devices.find(request, DEVICE, at),
        "demo_kiosks": _demo_kiosks(),
    }
    return page(request, "enrol.html", context, status=422 if form.errors else 200)


@require_POST
def demo_code(request: HttpRequest) -> HttpResponse:
    """Open a code for one of the demo's kiosks, as the office does, and fill it in."""
    found = next((row for row in _demo_kiosks() if row.code == request.POST.get("kiosk")), None)
    if found is None:
        return see_other("kiosk:enrol")
    form = CodeForm(initial={"code": terminals.open_enrolment(found.id, clock.now())})
    return page(request, "enrol.html", {"form": form, "demo_kiosks": _demo_kiosks()})


def _demo_kiosks() -> list[Row]:
    if not settings.DEMO:
        return []
    return list(Row.objects.filter(kind="kiosk").order_by("code")[:DEMO_MAX])


@require_safe
@at_kiosk
def attract(request: HttpRequest, terminal: Terminal) -> HttpResponse:
    """Wait for somebody; whoever was here before is forgotten."""
    _forget(request, terminal)
    if not sales.is_payable():
        return out_of_order.screen(request, request.COOKIES.get(COOKIE, ""))
    out_of_order.remember(request.COOKIES.get(COOKIE, ""), terminal)
    greetings = []
    for code, name in settings.LANGUAGES:
        with override(code):
            greetings.append(
                {
                    "code": code,
                    "tag": HTML_TAGS.get(code, code),
                    "name": name,
                    "title": _("Renew your data card"),
                    "text": _("Touch to begin"),
                }
            )
    context = {"kiosk": terminal, "greetings": greetings, "told": out_of_order.words()}
    return _wiped(page(request, "attract.html", context))


@require_POST
@at_kiosk
def begin(request: HttpRequest, terminal: Terminal) -> HttpResponse:
    """Begin a visit in the language that was touched."""
    known = {code for code, _name in settings.LANGUAGES}
    wanted = request.POST.get("language", "")
    _forget(request, terminal)
    visits.begin(request, terminal, wanted if wanted in known else "en", clock.now())
    return see_other("kiosk:card")


@require_POST
@at_kiosk
def leave(request: HttpRequest, terminal: Terminal) -> HttpResponse:
    """End the visit, because the person wants it so."""
    _forget(request, terminal)
    return _wiped(see_other("kiosk:attract"))


@require_safe
@at_kiosk
def alive(_request: HttpRequest, _terminal: Terminal) -> HttpResponse:
    """Tell the screen that we are there; that the kiosk was seen is noted on the way."""
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


@require_safe
@at_kiosk
def official_code(_request: HttpRequest, terminal: Terminal) -> HttpResponse:
    """Draw the QR code by which a phone checks that this kiosk is official."""
    return drawn(f"{settings.PUBLIC_ADDRESS}/verify/{terminal.code}")


def drawn(held: str) -> HttpResponse:
    """Draw a QR code as a picture that nobody keeps."""
    code = segno.make(held, error="m", micro=False)
    picture = BytesIO()
    code.save(
        picture, kind="svg", border=3, dark="#14181f", light="#fff", xmldecl=False, omitsize=True
    )
    response = HttpResponse(picture.getvalue(), content_type="image/svg+xml")
    response["Cache-Control"] = "no-store"
    return response


def _forget(request: HttpRequest, terminal: Terminal) -> None:
    """Take an unpaid amount off the card terminal, and end the visit."""
    visit = visits.read(request, terminal)
    if visit is not None:
        sales.abandon(visit)
        visits.end(request)


def _wiped(response: HttpResponse) -> HttpResponse:
    response["Clear-Site-Data"] = '"cache"'
    return response
