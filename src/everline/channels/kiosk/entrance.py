"""The first page and the last: enrolling, the attract screen, beginning a visit and leaving it.

Opening the first page ends whatever visit there was, so that without script a refresh is enough.
"""

from io import BytesIO

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _, override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everline import clock
from everline.channels.kiosk import out_of_order, sales, visits
from everline.channels.kiosk.frame import page
from everline.channels.kiosk.visits import COOKIE, DEVICE, at_kiosk
from everline.pages import devices, enrolling, limits
from everline.pages.enrolling import CodeForm, Kind
from everline.pages.frame import HTML_TAGS, see_other
from everline.people.terminals import Terminal


@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Make this device a kiosk by its one-time code, or explain what to do."""
    tried = enrolling.take(request, _kind(), clock.now())
    if tried.key:
        response = see_other("kiosk:attract")
        devices.keep_key(response, DEVICE, tried.key)
        return response
    answer = _enrol_page(request, tried.form)
    return limits.too_many(answer, tried.seconds) if tried.seconds else answer


@require_POST
def demo_code(request: HttpRequest) -> HttpResponse:
    """Open a code for one of the demo's kiosks, as the office does, and fill it in."""
    form = enrolling.demo_form(request, _kind())
    return see_other("kiosk:enrol") if form is None else _enrol_page(request, form)


def _enrol_page(request: HttpRequest, form: CodeForm) -> HttpResponse:
    shown = enrolling.shown(request, _kind(), form)
    return page(request, "enrol.html", shown, status=422 if form.errors else 200)


def _kind() -> Kind:
    return Kind(
        cookie=DEVICE,
        title=_("Make this device a kiosk"),
        enrolled=_("This device is kiosk %(code)s of %(store)s. A new code makes it another one."),
        not_yet=_(
            "This device is not a kiosk yet. Ask the office to open a one-time code for it, and"
            " enter that here. It is good for half an hour."
        ),
        go_on=_("To the first screen"),
        go_on_to="kiosk:attract",
        is_other=_("This code is for a till, and now it is used. Ask for a new one."),
        demo_title=_("Kiosks of the demo"),
        demo_action="kiosk:demo-code",
    )


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
