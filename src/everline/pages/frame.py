"""The frame of a page: the operator, the languages, and the headers that keep it private.

The look stands in static/pages, the words of single facts in words.py.
"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.utils.translation import get_language

from everline import catalogue, clock, trust
from everline.pages import look, skeletons
from everline.pages.dressing import dressed
from everline.pages.timing import RENDERED

HTML_TAGS: Final = {"zh-hans": "zh-Hans"}
"""How a language is written in HTML, where that is not Django's way (BCP 47)."""


ABILITIES: Final = ("camera", "microphone", "geolocation", "payment", "usb")
"""What a browser lets pages do that may harm; a page names those that it needs."""


def allow(response: HttpResponse, *abilities: str) -> HttpResponse:
    """Let a page use these abilities of the browser, and no other (Permissions-Policy)."""
    response["Permissions-Policy"] = ", ".join(
        f"{each}=({'self' if each in abilities else ''})" for each in ABILITIES
    )
    return response


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    policy: catalogue.Policy | None = None,
    channel: str = "",
) -> HttpResponse:
    """Render a page, which no cache keeps: it may show what one person alone may see."""
    given = frame(request, policy or catalogue.policy(), channel) | dict(context or {})
    began = time.perf_counter()
    response = render(request, template, given, status=status)
    setattr(response, RENDERED, time.perf_counter() - began)
    response["Cache-Control"] = "no-store"
    return allow(response)


def is_stranger(request: HttpRequest) -> bool:
    """Tell whether nothing is known of a browser: no session, and nothing to be told."""
    return settings.SESSION_COOKIE_NAME not in request.COOKIES and (
        "messages" not in request.COOKIES
    )


def kept_page(
    request: HttpRequest,
    template: str,
    shape: Hashable,
    slots: Mapping[str, str],
    context: Callable[[], Mapping[str, Any]],
    *,
    policy: catalogue.Policy,
    banners: Sequence[trust.Banner],
) -> HttpResponse:
    """Fill in a page for a stranger; one of a new shape is rendered first (skeletons.py).

    `context` gives what the page shows but for its slots, whose names it may not use.
    """
    began = time.perf_counter()
    given = dict(slots) | {
        "csrf_token": get_token(request),
        "here": request.get_full_path(),
    }
    operator = (policy.name, policy.domain, policy.sender_email, policy.sender_sms)
    around = (
        template,
        get_language(),
        operator,
        look.installed().version,
        tuple((each.text, each.severity) for each in banners),
    )

    def render_marked(marks: dict[str, str]) -> str:
        framed = frame(request, policy) | dressed(None) | {"banners": banners}
        return render_to_string(template, framed | dict(context()) | marks)

    response = HttpResponse(skeletons.filled((around, shape), given, render_marked))
    setattr(response, RENDERED, time.perf_counter() - began)
    response["Cache-Control"] = "no-store"
    return allow(response)


def frame(
    request: HttpRequest, policy: catalogue.Policy | None, channel: str = ""
) -> dict[str, Any]:
    """Give what the frame of a page shows: operator, languages, a channel's banners, the place.

    Without a policy, as on the page for a bug, no table is read.
    """
    current = get_language()
    return {
        "operator": look.installed().name or (policy.name if policy else settings.MERCHANT),
        "domain": policy.domain if policy else "",
        "senders": " · ".join(filter(None, (policy.sender_email, policy.sender_sms)))
        if policy
        else "",
        "html_tag": HTML_TAGS.get(current or "", current or "en"),
        "languages": [
            {"code": code, "name": name, "tag": HTML_TAGS.get(code, code), "now": code == current}
            for code, name in settings.LANGUAGES
        ],
        "here": request.get_full_path(),
        "banners": trust.banners(channel, clock.now(), current or "en")
        if policy and channel
        else [],
    }


def see_other(to: str, *args: Any, query: str = "") -> HttpResponse:
    """Lead to another page after a form was taken, so that reloading sends nothing again."""
    response = HttpResponseRedirect(resolve_url(to, *args) + query)
    response.status_code = 303
    return response
