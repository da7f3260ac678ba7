"""The way to the counter: a device becomes a till by a one-time code, then a clerk signs in on it.

Wrong codes are counted by the verb and by address, wrong passwords here. Who may stand there says
tills.py.
"""

import hashlib
from datetime import datetime
from typing import Final

from django.contrib.auth import authenticate
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from everline import clock
from everline.channels.store import tills
from everline.channels.store.forms import SignInForm, UnlockForm
from everline.channels.store.frame import page
from everline.channels.store.tills import Shift, at_till
from everline.pages import devices, enrolling, limits
from everline.pages.enrolling import CodeForm, Kind
from everline.pages.frame import see_other
from everline.people.models import Person
from everline.people.terminals import Terminal

TRIES_MAX: Final = 10
TRIES_SECONDS: Final = 900
DEMO_STORE: Final = "JKT-002"
"""Where the demo's clerk works; its tills can be tried without the office."""


@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Make this device a till by its one-time code, or explain what to do."""
    tried = enrolling.take(request, _kind(), clock.now())
    if tried.key:
        response = see_other("store:sign-in")
        devices.keep_key(response, tills.DEVICE, tried.key)
        return response
    answer = _enrol_page(request, tried.form)
    return limits.too_many(answer, tried.seconds) if tried.seconds else answer


@require_POST
def demo_code(request: HttpRequest) -> HttpResponse:
    """Open a code for one of the demo's tills, as the office does, and fill it in."""
    form = enrolling.demo_form(request, _kind())
    return see_other("store:enrol") if form is None else _enrol_page(request, form)


def _enrol_page(request: HttpRequest, form: CodeForm) -> HttpResponse:
    shown = enrolling.shown(request, _kind(), form)
    return page(request, "enrol.html", shown, status=422 if form.errors else 200)


def _kind() -> Kind:
    return Kind(
        cookie=tills.DEVICE,
        title=_("Make this device a till"),
        enrolled=_("This device is till %(code)s of %(store)s. A new code makes it another one."),
        not_yet=_(
            "This device is not a till yet. Ask the office or the store's manager to open a"
            " one-time code for it, and enter that here. It is good for half an hour."
        ),
        go_on=_("Sign in"),
        go_on_to="store:sign-in",
        is_other=_("This code is for a kiosk, and now it is used. Ask for a new one."),
        demo_title=_("Tills of the demo"),
        demo_action="store:demo-code",
        demo_store=DEMO_STORE,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let somebody who works at this store begin a shift."""
    at = clock.now()
    terminal = tills.find_till(request, at)
    if terminal is None:
        return see_other("store:enrol")
    form = SignInForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        person = checked(request, form.cleaned_data["email"], form.cleaned_data["password"])
        problem = _problem(person, terminal, at)
        if person is not None and not problem:
            tills.begin(request, person, terminal, at)
            shift = tills.find_shift(request, terminal, at)
            assert shift is not None
            shift.record("sign_in", ("terminal", terminal.id), at)
            return see_other("store:home")
        form.add_error(None, problem)
    context = {"form": form, "till": terminal}
    return page(request, "sign_in.html", context, status=422 if form.errors else 200)


def _problem(person: Person | None, terminal: Terminal, at: datetime) -> str:
    """Say why somebody cannot begin; empty when nothing stands against it."""
    if person is None:
        return _("The e-mail address or the password is wrong.")
    if tills.allowed(person, terminal, at) is None:
        store = {"store": f"{terminal.retailer_name} ({terminal.retailer_code})"}
        return _("You do not sell at %(store)s. Sign in at your own store.") % store
    return ""


def checked(request: HttpRequest, email: str, password: str) -> Person | None:
    """Check a password; after ten wrong ones an address waits for a quarter of an hour."""
    address = email.strip().lower()
    key = "till-sign-in-" + hashlib.sha256(address.encode()).hexdigest()
    tries = cache.get_or_set(key, 0, TRIES_SECONDS) or 0
    if tries >= TRIES_MAX:
        return None
    person = authenticate(request, username=address, password=password)
    if not isinstance(person, Person):
        cache.set(key, tries + 1, TRIES_SECONDS)
        return None
    cache.delete(key)
    return person


@require_http_methods(["GET", "HEAD", "POST"])
def unlock(request: HttpRequest) -> HttpResponse:
    """Ask for the password of whoever stands at a locked till."""
    at = clock.now()
    terminal = tills.find_till(request, at)
    shift = tills.find_shift(request, terminal, at) if terminal else None
    if shift is None:
        return see_other("store:sign-in")
    if not shift.is_locked:
        return see_other("store:home")
    form = UnlockForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if checked(request, shift.person.email or "", form.cleaned_data["password"]) is not None:
            tills.touch(request, at)
            shift.record("unlock", ("terminal", shift.terminal.id), at)
            return see_other("store:home")
        form.add_error("password", _("The password is wrong."))
    context = {"form": form, "name": shift.person.name, "till": terminal}
    return page(request, "unlock.html", context, status=422 if form.errors else 200)


@require_POST
@at_till
def lock(request: HttpRequest, shift: Shift) -> HttpResponse:
    """Lock the till at once."""
    at = clock.now()
    tills.touch(request, at, locked=True)
    shift.record("lock", ("terminal", shift.terminal.id), at)
    return see_other("store:unlock")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the shift; the device stays a till. A locked one can be left too."""
    at = clock.now()
    terminal = tills.find_till(request, at)
    shift = tills.find_shift(request, terminal, at) if terminal else None
    if shift is not None:
        shift.record("sign_out", ("terminal", shift.terminal.id), at)
        tills.end(request)
    return see_other("store:sign-in")
