"""The guides as pages: one with tiles, and one for each guide with its steps and pictures.

No table is read for them, so they also stand when the database does not. What they say stands in
everline/guides.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from everline import guides
from everline.channels.web.pages import frame
from everline.guides import Guide

SOON: Final = 2
"""How many pictures are fetched at once; the others when they come near."""


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the six ways and what comes before them, as tiles."""
    tiles = [_tile(each) for each in guides.WAYS]
    return _page(request, "help.html", {"tiles": tiles, "before": _tile(guides.BEFORE)})


@require_safe
def show(request: HttpRequest, guide: str) -> HttpResponse:
    """Show one guide, step by step."""
    found = guides.GUIDES.get(guide)
    if found is None:
        raise Http404
    language = frame(request, None)["html_tag"]
    shown = {
        "guide": _tile(found),
        "steps": [
            {
                "name": step.name,
                "title": _(step.title),
                "texts": [_(text) for text in step.texts],
                "alt": _(step.alt),
                "picture": found.picture(step, language),
                "is_soon": number <= SOON,
            }
            for number, step in enumerate(found.steps, 1)
        ],
        "notes": [_(note) for note in found.notes],
        "leads": [(reverse(address), _(text)) for address, text in found.leads],
        "others": [_tile(each) for each in guides.GUIDES.values() if each is not found],
        "width": guides.WIDTH,
        "height": guides.HEIGHT,
    }
    return _page(request, "guide.html", shown)


def _tile(found: Guide) -> dict[str, str]:
    """Say what a tile says."""
    return {
        "name": found.name,
        "title": _(found.title),
        "hint": _(found.hint),
        "drawing": found.drawing,
    }


def _page(request: HttpRequest, template: str, shown: Mapping[str, Any]) -> HttpResponse:
    """Render a page that reads no table and, as every page of ours, is kept by no cache."""
    response = render(request, f"web/{template}", frame(request, None) | dict(shown))
    response["Cache-Control"] = "no-store"
    return response
