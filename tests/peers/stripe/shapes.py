"""What the parts of Stripe's peer share: its errors, its events, and where its pages stand."""

from typing import Any

from localstripe.resources import Event
from localstripe.webhooks import schedule_webhook

HERE = {"url": ""}
"""Where this process listens; its pages have addresses there."""


class RefusedError(Exception):
    """An error as Stripe tells it."""

    def __init__(self, status: int, kind: str, code: str | None = None, **more: Any) -> None:
        self.status = status
        self.error = {"type": kind, "message": "Refused by the tests' peer.", **more}
        if code is not None:
            self.error["code"] = code
        super().__init__(code or kind)


class _Told:
    """What localstripe's events ask of an object."""

    def __init__(self, plain: dict[str, Any]) -> None:
        self._plain = plain

    def _export(self) -> dict[str, Any]:
        return self._plain


def announce(kind: str, plain: dict[str, Any]) -> None:
    """Send an event about something of ours, signed and delivered by localstripe."""
    schedule_webhook(Event(kind, _Told(plain)))


def many(found: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """Tell a list."""
    return {"object": "list", "data": found, "has_more": False, "url": url}
