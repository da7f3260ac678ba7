"""The pages for what went wrong, in the language of the reader: 400, 403, 404 and 500.

The root of all addresses (config/urls.py) names these functions. A form whose token is missing is
answered by Django's own view with templates/403_csrf.html. Django passes `exception` by its name.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from everline import catalogue
from everline.channels.web.pages import frame


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer what cannot be understood."""
    text = _("Go back and try again.")
    return _fault(request, 400, _("This request was not understood"), text, catalogue.policy())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer what somebody may not see."""
    text = _("Sign in with the address that may see this page.")
    return _fault(request, 403, _("This page is not for you"), text, catalogue.policy())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer an address that leads nowhere."""
    text = _("The address is not complete, or the page has moved. Start from the card number.")
    return _fault(request, 404, _("There is no such page"), text, catalogue.policy())


def broken(request: HttpRequest) -> HttpResponse:
    """Answer a bug. It reads no table, since that may be what is broken."""
    text = _(
        "The fault is ours and is being looked at. If you have just paid, do not pay again: open "
        "your renewal once more in a minute."
    )
    return _fault(request, 500, _("Something broke on our side"), text, None)


def _fault(
    request: HttpRequest, status: int, title: str, text: str, policy: catalogue.Policy | None
) -> HttpResponse:
    given = frame(request, policy) | {"title": title, "text": text, "is_plain": True}
    response = render(request, "web/fault.html", given, status=status)
    response["Cache-Control"] = "no-store"
    return response
