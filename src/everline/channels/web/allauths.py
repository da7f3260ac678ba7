"""What django-allauth asks of us: who lets in, where one goes, and what needs a fresh sign-in.

Codes are ours (holders/codes.py); once one was right, allauth signs in, keeps the list of sessions
and does the passkeys. It has no page, no text and no limit of its own here: decision 0019. The
pages are signing_in.py and securing.py.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import perform_login
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from everline import catalogue, clock
from everline.pages import limits
from everline.people.models import Person

FRESH: Final = timedelta(minutes=15)
"""How long after signing in one may change how one signs in, or delete the account."""

PROVED_AT: Final = "proved-at"
UNKNOWN_ADDRESS: Final = "0.0.0.0"  # noqa: S104  No address to listen at: the caller's is unknown.


def sign_in(request: HttpRequest, person: Person, leads_to: str) -> HttpResponse:
    """Sign somebody in, in a session with a new key, and lead on; who it is was proved just now."""
    answer: HttpResponse = perform_login(
        request, person, email_verification="none", redirect_url=leads_to
    )
    if request.user.is_authenticated:
        request.session[PROVED_AT] = clock.now().isoformat()
    answer.status_code = HTTPStatus.SEE_OTHER
    return answer


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether whoever is signed in has proved it a short while ago."""
    proved_at = request.session.get(PROVED_AT)
    return proved_at is not None and clock.now() - datetime.fromisoformat(proved_at) < FRESH


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Our answers to allauth's account."""

    def get_login_stages(self) -> list[str]:
        """Ask for nothing more: a code or a passkey is enough, and either helps without the other.

        Without this, somebody whose passkey is lost could not come in by a code.
        """
        return []

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Open accounts by our codes alone."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Believe our own proxies alone; of an IPv6 address its network is known."""
        return limits.network_of(request).partition("/")[0] or UNKNOWN_ADDRESS

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead to the cards."""
        return reverse("web:my-cards")

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:
        """Treat somebody who may not come in as nobody."""
        return HttpResponseRedirect(reverse("web:sign-in"))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask for a new sign-in before passkeys are changed, some minutes after the last."""
        return not is_fresh(context.request)

    def get_reauthentication_methods(self, user: Person) -> list[dict[str, str]]:
        """Lead to where one signs in, by whatever means one has."""
        return [{"id": "code", "description": "", "url": reverse("web:sign-in")}]

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Say nothing: pages say what was done, in our words."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: all messages are notices."""
        raise AssertionError(f"allauth wants to write {template_prefix}")


class Passkeys(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Our answers to allauth's passkeys: for whom they are made, and by what name."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name us: passkeys are for the public address alone, whatever a request says of itself."""
        host = urlsplit(settings.PUBLIC_ADDRESS).hostname or ""
        return {"id": host, "name": catalogue.policy().name or settings.MERCHANT}

    def get_public_key_credential_user_entity(self, user: Person) -> dict[str, Any]:
        """Name the person by the address that the device shows when it asks which passkey."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return entity | {"name": user.email or user.phone or "", "display_name": user.shown}
