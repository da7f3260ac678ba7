"""The demo's outbox: every notice as its recipient would have it, the newest first.

There is no such page in production: config/urls.py routes it in a demo alone. The words come from
notices/wording.py, each in its recipient's language; the rows themselves are the outbox.
"""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from everline import catalogue, clock, notices

SHOWN_MAX: Final = 50
TAGS: Final = {"zh-hans": "zh-Hans"}
"""How a language is written in HTML, where that is not Django's way (BCP 47)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One notice as the page shows it."""

    is_sms: bool
    is_push: bool
    recipient: str
    at: str
    state: str
    language: str
    words: notices.Words


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Show the newest notices; no cache keeps them."""
    policy = catalogue.policy()
    current = get_language() or "en"
    context = {
        "operator": policy.name,
        "domain": policy.domain,
        "html_tag": TAGS.get(current, current),
        "languages": [
            {"code": code, "name": name, "tag": TAGS.get(code, code), "now": code == current}
            for code, name in settings.LANGUAGES
        ],
        "here": request.get_full_path(),
        "letters": [_shown(notice, policy) for notice in notices.newest(SHOWN_MAX)],
    }
    response = render(request, "office/outbox.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _shown(notice: notices.Notice, policy: catalogue.Policy) -> Shown:
    words = notice.words(policy)
    zone = notice.facts.get("zone") or settings.ZONE  # What is about no card has none.
    return Shown(
        is_sms=notice.medium == "sms",
        is_push=notice.medium == "push",
        recipient="" if notice.medium == "push" else notice.recipient,
        at=clock.format_instant(notice.at, zone, get_language() or "en"),
        state=notice.state,
        language=TAGS.get(words.locale, words.locale),
        words=words,
    )
