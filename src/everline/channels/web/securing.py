"""One's account: the addresses and passkeys that let one in, and where one is signed in.

What changes a way in needs a sign-in of a short while ago. Passkeys and sessions are kept by
django-allauth (allauths.py), addresses by holders/ways.py; leaving is leaving.py. Staff have their
ways in from the office.
"""

from functools import wraps
from typing import Any, Final
from uuid import UUID, uuid4

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everline import cards, clock, holders
from everline.channels.web import allauths
from everline.channels.web.holders import person_of
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.signing_forms import AddressForm, NameForm, ProofForm
from everline.channels.web.signing_in import tries_words, wait_words
from everline.database.requests import Caller
from everline.errors import Code
from everline.holders import codes
from everline.ids import CustomerNumber
from everline.pages import limits, words
from everline.pages.agents import told_agent
from everline.pages.frame import see_other

WAITING: Final = "adding-address"
SESSIONS_MAX: Final = 50


def fresh(view: Any) -> Any:
    """Ask for a new sign-in before a view, unless the last was a short while ago; no staff."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **given: Any) -> HttpResponseBase:
        if person_of(request).is_staff:
            raise PermissionDenied
        if allauths.is_fresh(request):
            return view(request, *args, **given)  # type: ignore[no-any-return]  # a view of ours
        back = "/my/account" if request.method == "POST" else request.path
        return see_other("web:sign-in", query=f"?{urlencode({'next': back})}")

    return guarded


@login_required
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the account."""
    person = person_of(request)
    zone = zone_of(request)
    sessions = UserSession.objects.filter(user=person).order_by("-created_at")[:SESSIONS_MAX]
    context = {
        "person": person,
        "mailbox": (person.email or "").partition("@"),
        "is_staff": person.is_staff,
        "customer_number": CustomerNumber.of(person.customer_number).spaced,
        "request_id": uuid4(),
        "passkeys": [
            {
                "id": each.pk,
                "name": each.data.get("name", ""),
                "added": words.instant(each.created_at, zone),
                "used": words.instant(each.last_used_at, zone) if each.last_used_at else "",
            }
            for each in passkeys_of(person.id)
        ],
        "sessions": [
            {
                "id": each.pk,
                "browser": told_agent(each.user_agent),
                "address": each.ip,
                "since": words.instant(each.created_at, zone),
                "is_this": each.session_key == request.session.session_key,
            }
            for each in sessions
            if each.exists()
        ],
    }
    return page(request, "account.html", context)


def passkeys_of(person_id: UUID) -> list[Authenticator]:
    """List somebody's passkeys, the oldest first."""
    kind = Authenticator.Type.WEBAUTHN
    return list(Authenticator.objects.filter(user_id=person_id, type=kind).order_by("id"))


def zone_of(request: HttpRequest) -> str:
    """Choose the zone in which one's own times are told: that of the first card, else of ours."""
    for each in holders.held_by(person_of(request).id, 1):
        card = cards.find_by_id(each.card_id)
        assert card is not None
        return card.zone
    return str(settings.ZONE)


@login_required
@require_POST
def rename(request: HttpRequest) -> HttpResponse:
    """Keep how somebody wants to be called."""
    form = NameForm(request.POST)
    if form.is_valid():
        person = person_of(request)
        person.name = form.cleaned_data["name"]
        person.save(update_fields=["name"])
        messages.success(request, _("Saved."))
    return see_other("web:account")


@login_required
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one browser out, wherever it is; another person's does not exist here."""
    found = UserSession.objects.filter(user=person_of(request), pk=session_id).first()
    if found is not None:
        found.end()
        messages.success(request, _("That browser is signed out."))
    return see_other("web:account")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    here = request.session.session_key
    for each in UserSession.objects.filter(user=person_of(request)).exclude(session_key=here):
        each.end()
    messages.success(request, _("All other browsers are signed out."))
    return see_other("web:account")


@fresh
@require_http_methods(["GET", "HEAD", "POST"])
def add_address(request: HttpRequest) -> HttpResponse:
    """Ask for an address, and send a code to it."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    seconds = 0
    if form.is_valid():
        contact, at = form.cleaned_data["address"], clock.now()
        address = contact.email or contact.phone
        seconds = codes.seconds_before_sending(address, limits.network_of(request), at)
        if not seconds:
            caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
            person_id = person_of(request).id
            answer = codes.send(caller, "address", contact, at, person_id=person_id)
            if answer.refusal is None:
                request.session[WAITING] = {"code": str(answer.id), "address": address}
            return see_other("web:add-address-code")
        form.add_error("address", wait_words(seconds))
    context = {"form": form, "request_id": uuid4(), "person": person_of(request)}
    answered = page(request, "add_address.html", context, status=422 if form.errors else 200)
    return limits.too_many(answered, seconds) if seconds else answered


@fresh
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and keep the address."""
    waiting = request.session.get(WAITING)
    if waiting is None:
        return see_other("web:add-address")
    form = ProofForm(request.POST if request.method == "POST" else None)
    seconds = 0
    if form.is_valid():
        at, network = clock.now(), limits.network_of(request)
        seconds = codes.seconds_before_trying(waiting["address"], network, at)
        if seconds:
            form.add_error("code", wait_words(seconds))
        else:
            caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
            person_id, code_id = person_of(request).id, UUID(waiting["code"])
            answer = holders.add_address(caller, person_id, code_id, form.cleaned_data["code"], at)
            refusal = answer.refusal
            if refusal is None or refusal.code is not Code.CODE_WRONG:
                del request.session[WAITING]
                if refusal is None:
                    messages.success(request, _("You can sign in with this address from now on."))
                else:
                    messages.error(request, _(refusal.sentence))
                return see_other("web:account")
            form.add_error("code", tries_words(int(refusal.facts["tries_left"])))
    context = {"form": form, "number": waiting["address"], "request_id": uuid4()}
    answered = page(request, "add_address_code.html", context, status=422 if form.errors else 200)
    return limits.too_many(answered, seconds) if seconds else answered
