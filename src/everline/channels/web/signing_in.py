"""Signing in: an address, then the code that was sent to it; staff by a password on another page.

There is no separate signing up: the first right code for an address opens its account. Nothing
before that looks whether an account is there, so known and unknown addresses are answered alike.
What is waited for stands in the session; who is let in is decided by holders/codes.py.
"""

from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import get_language, gettext as _, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from everline import catalogue, clock
from everline.channels.web import allauths
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, frame, page
from everline.channels.web.signing_forms import AddressForm, CodeForm, PasswordForm
from everline.database.requests import Caller
from everline.errors import Code
from everline.holders import codes
from everline.pages import limits
from everline.pages.frame import see_other
from everline.people.models import Person

WAITING: Final = "signing-in"
OFFICE: Final = ("/office", "/ledger")
"""Addresses of staff, who sign in by a password."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a browser waits for: the code that was sent, to where, and where it then leads."""

    code: str
    email: str
    phone: str
    leads_to: str

    @property
    def address(self) -> str:
        """Where the code went."""
        return self.email or self.phone


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask for an address, and send a code to it."""
    leads_to = onward(request)
    if request.user.is_authenticated and (not leads_to or allauths.is_fresh(request)):
        return see_other(leads_to or "web:my-cards")
    if leads_to.startswith(OFFICE):
        return see_other("web:sign-in-password", query=f"?{urlencode({'next': leads_to})}")
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _send(request, form, leads_to)
    return _ask(request, form, leads_to, status=422 if form.errors else 200)


def _ask(request: HttpRequest, form: AddressForm, leads_to: str, *, status: int) -> HttpResponse:
    context = {
        "form": form,
        "request_id": uuid4(),
        "leads_to": leads_to,
        "proves_again": request.user.is_authenticated,
    }
    return page(request, "sign_in.html", context, status=status)


def _send(request: HttpRequest, form: AddressForm, leads_to: str) -> HttpResponse:
    """Send the code and lead to where it is typed, whoever has the address."""
    at, contact = clock.now(), form.cleaned_data["address"]
    address = contact.email or contact.phone
    seconds = codes.seconds_before_sending(address, limits.network_of(request), at)
    if seconds:
        form.add_error("address", wait_words(seconds))
        return limits.too_many(_ask(request, form, leads_to, status=429), seconds)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    answer = codes.send(caller, "sign_in", contact, at)
    if answer.refusal is not None:
        assert answer.refusal.code is Code.REQUEST_REUSED
        return see_other("web:sign-in")
    waiting = Waiting(str(answer.id), contact.email, contact.phone, leads_to)
    request.session[WAITING] = asdict(waiting)
    return see_other("web:sign-in-code")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and let in whoever has it."""
    waiting = _waiting(request)
    if waiting is None:
        return see_other("web:sign-in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    seconds = 0
    if form.is_valid():
        at = clock.now()
        network = limits.network_of(request)
        seconds = codes.seconds_before_trying(waiting.address, network, at)
        if seconds:
            form.add_error("code", wait_words(seconds))
        else:
            return _try(request, form, waiting)
    return _ask_code(request, form, waiting, seconds)


def _ask_code(
    request: HttpRequest, form: CodeForm, waiting: Waiting, seconds: int = 0
) -> HttpResponse:
    context = {
        "form": form,
        "address": waiting.address,
        "is_sms": bool(waiting.phone),
        "leads_to": waiting.leads_to,
        "request_id": uuid4(),
    }
    answer = page(request, "sign_in_code.html", context, status=422 if form.errors else 200)
    return limits.too_many(answer, seconds) if seconds else answer


def _try(request: HttpRequest, form: CodeForm, waiting: Waiting) -> HttpResponse:
    """Try a code: let its sender in, or say what is left to do."""
    code, language = form.cleaned_data["code"], get_language() or "en"
    entrance = codes.enter(UUID(waiting.code), code, language, clock.now())
    if entrance.outcome == "wrong":
        form.add_error("code", tries_words(entrance.tries_left))
        return _ask_code(request, form, waiting)
    del request.session[WAITING]
    if entrance.outcome == "staff":
        messages.error(request, _("Staff sign in with their password."))
        return see_other("web:sign-in-password")
    if entrance.outcome == "ended":
        messages.error(request, _("This code is no longer good. Ask for a new one."))
        return see_other("web:sign-in", query=_next(waiting.leads_to))
    assert entrance.person is not None
    person = Person.objects.get(id=entrance.person)
    answer = allauths.sign_in(request, person, waiting.leads_to or reverse("web:my-cards"))
    if entrance.outcome == "opened":
        messages.success(
            request, _("Your account is open. Add a card to see its data and balance.")
        )
    return answer


@require_POST
def send_again(request: HttpRequest) -> HttpResponse:
    """Send a new code to the same address; the old one stays good for its time."""
    waiting = _waiting(request)
    if waiting is None:
        return see_other("web:sign-in")
    typed = {"address": waiting.address, "request_id": request.POST.get("request_id", "")}
    form = AddressForm(typed)
    if not form.is_valid():
        return see_other("web:sign-in-code")
    answer = _send(request, form, waiting.leads_to)
    if answer.status_code == HTTPStatus.SEE_OTHER:
        messages.success(request, _("A new code is on its way."))
    return answer


class Password(LoginView):
    """Sign in by e-mail and password: staff alone."""

    template_name = "web/sign_in_password.html"
    authentication_form = PasswordForm
    next_page = "web:my-cards"
    redirect_authenticated_user = True

    def render_to_response(self, context: dict[str, object], **kwargs: object) -> HttpResponse:
        """Add the frame that every page has."""
        policy = catalogue.policy()
        status = 422 if self.request.method == "POST" else 200
        given = frame(self.request, policy) | context
        return super().render_to_response(given, status=status)


class SignOut(LogoutView):
    """Sign out, by POST alone."""

    next_page = "web:home"


def onward(request: HttpRequest) -> str:
    """Read where a sign-in leads to: a path of ours, or nothing."""
    leads_to = request.POST.get("next", "") or request.GET.get("next", "")
    is_ours = leads_to.startswith("/") and url_has_allowed_host_and_scheme(
        leads_to, allowed_hosts=None
    )
    return leads_to if is_ours else ""


def wait_words(seconds: int) -> str:
    """Say how long one has to wait."""
    minutes = -(-seconds // 60)
    said = ngettext(
        "Too many codes. Wait %(minutes)s minute.",
        "Too many codes. Wait %(minutes)s minutes.",
        minutes,
    )
    return said % {"minutes": minutes}


def tries_words(left: int) -> str:
    """Say that a code was wrong, and how often it may be tried."""
    said = ngettext(
        "The code is wrong. You have %(left)s more try.",
        "The code is wrong. You have %(left)s more tries.",
        left,
    )
    return said % {"left": left}


def _waiting(request: HttpRequest) -> Waiting | None:
    kept = request.session.get(WAITING)
    return Waiting(**kept) if kept else None


def _next(leads_to: str) -> str:
    return f"?{urlencode({'next': leads_to})}" if leads_to else ""
