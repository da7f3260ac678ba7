"""Rendering a page of the kiosk: the common frame, the dots of progress, and the way back."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from everline import catalogue
from everline.channels.kiosk.visits import CHANNEL, LEFT_SECONDS, WARN_SECONDS, Visit
from everline.pages import frame as frames

STEPS: Final = 4
"""Card, plan, price, payment."""


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    visit: Visit | None = None,
    step: int = 0,
    back: str = "",
    status: int = 200,
    policy: catalogue.Policy | None = None,
) -> HttpResponse:
    """Render a page of the kiosk, which no cache keeps; `step` is how far one is."""
    given = {
        "visit": visit,
        "kiosk": visit.terminal if visit else None,
        "dots": [number <= step for number in range(1, STEPS + 1)] if step else [],
        "step": step,
        "steps": STEPS,
        "back": back,
        "warn_seconds": WARN_SECONDS,
        "left_seconds": LEFT_SECONDS,
        "away_seconds": WARN_SECONDS + LEFT_SECONDS,
        "is_demo": settings.DEMO,
    } | dict(context or {})
    return frames.page(
        request, f"kiosk/{template}", given, status=status, policy=policy, channel=CHANNEL
    )
