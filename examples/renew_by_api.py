"""Renew a card through the partner API: quote, show, order once, and follow it.

    EVERLINE_KEY=evl_… python examples/renew_by_api.py https://renew.example ICCID PLAN order-000187

The last argument is your own id of the order, stored before anything is sent: start the program
again with the same one after a crash or a lost answer, and nothing is paid twice. It needs nothing
but Python, and knows nothing of Everline but its public API (/api/v1/openapi.json).
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

TRIES = 5
TIMEOUT_SECONDS = 15
UNSURE = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}
"""Answers that do not say what happened: the same request is sent again, with the same key."""


class ProblemError(Exception):
    """A "no" of the API: RFC 9457, with `code` for programs and `title` for people."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem['title']} ({problem['code']}: {problem['facts']})")
        self.code: str = problem["code"]


def call(
    base: str, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
) -> dict[str, Any]:
    """Send one request, again when the outcome is not known; a repeated order needs its key."""
    headers = {"Authorization": f"Bearer {os.environ['EVERLINE_KEY']}", "Accept-Language": "en"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if key:
        headers["Idempotency-Key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, headers, method=method)  # noqa: S310
    for tries_left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            if error.code not in UNSURE or not tries_left:
                raise ProblemError(json.load(error)) from None
        except (urllib.error.URLError, TimeoutError):
            if not tries_left:
                raise
        time.sleep(0.5 * 2 ** (TRIES - 1 - tries_left))
    raise AssertionError


def accepted(base: str, asked: dict[str, str], kept: Path) -> dict[str, Any]:
    """Give the order of this id: the one that was stored, or a new one at today's quote."""
    if kept.exists():
        stored: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return stored
    quote = call(base, "POST", "/api/v1/quotes", asked)
    print(f"{quote['total']} {quote['currency']} in minor units, tax {quote['tax']} included")
    print(f"until {quote['ends_at']} (days end in {quote['zone']})")
    print(quote["on_renewal_words"])
    order = {**asked, "quoted_total": quote["total"], "quoted_end": quote["ends_at"]}
    kept.write_text(json.dumps(order), encoding="utf-8")
    return order


def main() -> int:
    """Renew one card; the answer is printed, and 1 is returned for a "no"."""
    reader = argparse.ArgumentParser(description="Renew a card through the partner API.")
    for name in ("base", "iccid", "plan", "order"):
        reader.add_argument(name)
    given = reader.parse_args()
    asked = {"iccid": given.iccid, "plan": given.plan}
    try:
        order = accepted(given.base, asked, Path(f"{given.order}.json"))
        made = call(given.base, "POST", "/api/v1/renewals", order, key=given.order)
        print(f"renewed until {made['valid_until']}: {made['id']}")
        state = call(given.base, "GET", f"/api/v1/renewals/{made['id']}")["state"]
    except ProblemError as problem:
        print(f"not renewed: {problem}", file=sys.stderr)
        return 1
    print(f"now it is {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
