"""Rendering a page of the till: the common frame, who stands there, and the banners."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from everline import catalogue, clock, trust
from everline.channels.store.tills import CHANNEL, Shift
from everline.pages import frame as frames


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    shift: Shift | None = None,
    status: int = 200,
    policy: catalogue.Policy | None = None,
) -> HttpResponse:
    """Render a page of the till, which no cache keeps."""
    banners = trust.banners(CHANNEL, clock.now(), get_language() or "en")
    given = {"shift": shift, "banners": banners} | dict(context or {})
    return frames.page(request, f"store/{template}", given, status=status, policy=policy)
