"""Passkeys: adding one, signing in by one, removing it.

The ceremony runs in the browser (static/web/passkeys.js) and needs script; without it a code lets
in. What a browser answers is checked by django-allauth with fido2: for our public address alone,
against a challenge of this session that is used once, and with the person verified by the device.
"""

import json
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import LoginWebAuthnForm, SignupWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everline import clock, holders
from everline.channels.web import allauths
from everline.channels.web.holders import person_of
from everline.channels.web.pages import page
from everline.channels.web.securing import fresh, passkeys_of
from everline.channels.web.signing_in import onward, wait_words
from everline.holders import codes
from everline.pages import limits
from everline.pages.agents import told_agent
from everline.pages.frame import see_other
from everline.trust.limits import seconds_to_wait

PASSKEYS_MAX: Final = 20
NAME_LENGTH_MAX: Final = 60


@fresh
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Let the browser make a passkey, and keep its public half."""
    person = person_of(request)
    known = passkeys_of(person.id)
    if len(known) >= PASSKEYS_MAX:
        messages.error(request, _("You have enough passkeys. Remove one first."))
        return see_other("web:account")
    if request.method == "POST":
        form = SignupWebAuthnForm(request.POST, user=person)
        if _is_sound(form):
            name = (request.POST.get("name") or "").strip()[:NAME_LENGTH_MAX]
            auth.WebAuthn.add(person, name or _("Passkey"), form.cleaned_data["credential"])
            holders.tell_passkey(person.id, clock.now())
            messages.success(request, _("You can sign in with this passkey from now on."))
            return see_other("web:account")
        messages.error(request, _("The passkey was not made. Try again."))
    context = {
        "options": json.dumps(auth.begin_registration(person, passwordless=True)),
        "name": told_agent(request.headers.get("User-Agent", "")),
        "name_max": NAME_LENGTH_MAX,
    }
    return page(request, "passkey.html", context, status=422 if request.method == "POST" else 200)


@fresh
@require_POST
def remove(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Remove one of one's own passkeys; another person's does not exist here."""
    kind = Authenticator.Type.WEBAUTHN
    gone, _by_kind = Authenticator.objects.filter(
        user_id=person_of(request).id, type=kind, pk=passkey_id
    ).delete()
    if gone:
        messages.success(request, _("The passkey no longer signs in."))
    return see_other("web:account")


@require_safe
def challenge(request: HttpRequest) -> HttpResponse:
    """Give what the browser signs: a challenge of this session, for whichever passkey it has."""
    seconds = _seconds(request)
    if seconds:
        return limits.too_many(JsonResponse({"error": wait_words(seconds)}), seconds)
    answer = JsonResponse(auth.begin_authentication(user=None))
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Let in whoever signed the challenge of this session by a passkey; staff have a password."""
    form = LoginWebAuthnForm(request.POST)
    leads_to = onward(request)
    if not _seconds(request) and _is_sound(form):
        passkey: Authenticator = form.cleaned_data["credential"]
        person = passkey.user
        if person.is_active and not person.is_staff:
            passkey.record_usage()
            return allauths.sign_in(request, person, leads_to or reverse("web:my-cards"))
    messages.error(request, _("This passkey does not sign in here. Use a code."))
    return see_other("web:sign-in")


def _seconds(request: HttpRequest) -> int:
    network = limits.network_of(request)
    return seconds_to_wait(codes.TRIED_FROM_NETWORK, f"passkey-{network}", clock.now())


def _is_sound(form: Any) -> bool:
    """Check what a browser sent; whatever is no such answer at all is not sound either."""
    try:
        return bool(form.is_valid())
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
