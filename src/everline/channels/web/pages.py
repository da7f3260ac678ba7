"""Rendering a page of this channel: the common frame, and where one can sign in."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from everline import catalogue
from everline.pages import frame as frames

CHANNEL: Final = "web"


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    policy: catalogue.Policy | None = None,
) -> HttpResponse:
    """Render a page of the online channel, which no cache keeps."""
    given = sign_in(request) | dict(context or {})
    return frames.page(
        request, f"web/{template}", given, status=status, policy=policy, channel=CHANNEL
    )


def frame(request: HttpRequest, policy: catalogue.Policy | None) -> dict[str, Any]:
    """Give what the frame of a page of this channel shows."""
    return frames.frame(request, policy, CHANNEL) | sign_in(request)


def sign_in(request: HttpRequest) -> dict[str, Any]:
    """Give the way to sign in, which leads back to where one is."""
    there = _sign_in()
    here = {"next": request.get_full_path()}
    is_there = request.path == "/" or request.path.startswith(there)
    return {"sign_in": there if is_there else f"{there}?{urlencode(here)}"}


@cache
def _sign_in() -> str:
    return reverse("web:sign-in")
