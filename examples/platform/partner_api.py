"""Speaks to the operator: its public API and nothing else, by the standard library alone.

An answer is one of three: a yes, a no (`RefusedError`), or not known (`UnsureError`). After the
third nothing may be concluded: purchases.py asks for advice. Next: purchases.py.
"""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

TIMEOUT_SECONDS: Final = 8
ANSWER_BYTES_MAX: Final = 1_000_000
SERVER_ERRORS: Final = 500


class RefusedError(Exception):
    """A no: `code` for programs, `title` for people, `facts` of what it is about."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.code = str(problem.get("code", "internal"))
        self.title = str(problem.get("title", ""))
        self.facts: dict[str, Any] = problem.get("facts") or {}
        super().__init__(self.code)


class UnsureError(Exception):
    """No answer, or one that does not say what happened."""


@dataclass(frozen=True, slots=True)
class Api:
    """The operator's API at `base`, with our key."""

    base: str
    key: str

    def plans(self, language: str) -> list[dict[str, Any]]:
        """List the plans in the currency of our deposit."""
        found: list[dict[str, Any]] = self._send("GET", "plans", language)["plans"]
        return found

    def announcements(self, language: str) -> list[dict[str, Any]]:
        """List what the operator announces."""
        told = self._send("GET", "announcements", language)
        found: list[dict[str, Any]] = told["announcements"]
        return found

    def inquire(self, number: str, plan: str, language: str) -> dict[str, Any]:
        """Ask what a plan costs a card."""
        return self._send("POST", "inquiries", language, {"number": number, "plan": plan})

    def pay(self, payment: dict[str, Any], language: str) -> dict[str, Any]:
        """Pay under our reference."""
        return self._send("POST", "payments", language, payment)

    def advise(self, reference: str, language: str) -> dict[str, Any]:
        """Ask what became of a payment."""
        asked = urllib.parse.urlencode({"reference": reference})
        return self._send("GET", f"advice?{asked}", language)

    def reverse(self, reference: str, language: str) -> dict[str, Any]:
        """Take a payment back, or make sure that it never happens."""
        return self._send("POST", "reversals", language, {"payment": reference})

    def _send(
        self, method: str, path: str, language: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": language}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310 the address is our own setting
            f"{self.base}/api/v1/{path}",
            None if body is None else json.dumps(body).encode(),
            headers,
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                told: dict[str, Any] = json.loads(answer.read(ANSWER_BYTES_MAX))
                return told
        except urllib.error.HTTPError as error:
            if error.code >= SERVER_ERRORS:
                raise UnsureError from error
            raise RefusedError(_problem(error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnsureError from error


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    """Read a problem; whatever stands between us and the operator may answer with a page."""
    try:
        read = json.loads(error.read(ANSWER_BYTES_MAX))
    except (OSError, http.client.HTTPException, ValueError) as broken:
        raise UnsureError from broken
    if not isinstance(read, dict) or "code" not in read:
        raise UnsureError
    return read
