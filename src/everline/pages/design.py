"""The design system on one page: every component in every state, for those who build pages.

There is no such page in production: config/urls.py routes it in a demo alone. Its words are for
builders and stand in English. The tokens are static/pages/tokens.css.
"""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from everline import catalogue
from everline.pages.frame import page

COLOURS: Final = (
    ("Brand", ("brand", "brand-deep", "on-brand", "brand-wash", "focus", "gold")),
    ("Surfaces", ("paper", "sheet", "sunk", "line", "edge")),
    ("Text", ("ink", "soft")),
    ("States", ("done", "done-wash", "wait", "wait-wash", "stop", "stop-wash")),
)
TYPE: Final = ("display", "head-1", "head-2", "head-3", "lead", "plain", "note", "small", "fine")
SPACE: Final = ("space-1", "space-2", "space-3", "space-4", "space-5", "space-6")
DAYS: Final = ((8, 62), (36, 48), (64, 30), (92, 55), (120, 74), (148, 20), (176, 41))
"""Bars of a week: where each stands, and how high it is of 80."""


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Show the tokens and the components."""
    messages.success(request, "A message after something was done.")
    messages.error(request, "A message after something was refused.")
    context = {
        "colours": COLOURS,
        "type_steps": TYPE,
        "spaces": SPACE,
        "bars": [f"M{x} 88v-{height}h20v{height}z" for x, height in DAYS],
    }
    return page(request, "pages/design.html", context, policy=catalogue.policy())
