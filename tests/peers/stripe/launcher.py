"""Starts localstripe on loopback, with what it lacks put before it; run as a process of its own.

`python -m tests.peers.stripe.launcher` prints its address. Whatever is stateful stays localstripe's
own: customers, cards, payments, charges, refunds, webhooks. README.md lists what is added, with the
source of each. localstripe is GPL-3 and is imported by this process alone.
"""

import asyncio
import hashlib
import sys
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from localstripe import webhooks
from localstripe.errors import UserError
from localstripe.resources import Customer, PaymentMethod, store
from localstripe.server import app, get_post_data, unflatten_data

from tests.peers.stripe import disputes, intents, pages
from tests.peers.stripe.shapes import HERE, RefusedError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DONE: dict[tuple[str, str], tuple[str, int, bytes]] = {}
UNDER_WAY: set[tuple[str, str]] = set()
ASKED: list[dict[str, Any]] = []
PACE = {"slow_ms": 0}
WEBHOOK_DELAY_SECONDS = 0.05


def reset() -> dict[str, Any]:
    """Be as new."""
    for each in (DONE, store, intents.MORE, pages.SESSIONS, disputes.DISPUTES, ASKED):
        each.clear()
    webhooks._webhooks.clear()
    PACE["slow_ms"] = 0
    intents.reset()
    return {}


def pace(slow_ms: int) -> dict[str, Any]:
    """Take so long over each call that has a key."""
    PACE["slow_ms"] = slow_ms
    return {}


def forget_keys() -> dict[str, Any]:
    """Be Stripe a day later, when the keys of calls are forgotten."""
    DONE.clear()
    return {}


def kept() -> dict[str, Any]:
    """Tell the cards and customers that there are."""
    cards = [each for name, each in store.items() if name.startswith(f"{PaymentMethod.object}:")]
    return {
        "cards": [{"id": each.id, "customer": each.customer} for each in cards],
        "customers": sum(name.startswith(f"{Customer.object}:") for name in store),
    }


ROUTES: dict[tuple[str, str], Callable[..., Any]] = {
    ("POST", "/v1/payment_intents"): intents.create,
    ("GET", "/v1/payment_intents/search"): intents.search,
    ("GET", "/v1/payment_intents/{id}"): intents.retrieve,
    ("POST", "/v1/payment_intents/{id}/cancel"): intents.cancel,
    ("POST", "/v1/payment_methods/{id}/detach"): intents.detach,
    ("POST", "/v1/refunds"): intents.refund,
    ("POST", "/v1/checkout/sessions"): pages.create,
    ("GET", "/v1/checkout/sessions/{id}"): pages.retrieve,
    ("POST", "/v1/checkout/sessions/{id}/expire"): pages.expire,
    ("GET", "/v1/disputes"): disputes.listed,
    ("GET", "/v1/disputes/{id}"): disputes.retrieve,
    ("GET", "/c/pay/{id}"): pages.shown,
    ("GET", "/c/pay/{id}/sent"): pages.sent,
    ("POST", "/_test/authenticate"): intents.authenticate,
    ("POST", "/_test/decline"): intents.decline,
    ("POST", "/_test/change"): intents.change,
    ("POST", "/_test/charged"): intents.charged,
    ("POST", "/_test/pay"): pages.pay,
    ("POST", "/_test/dispute"): disputes.dispute,
    ("POST", "/_test/reset"): reset,
    ("POST", "/_test/pace"): pace,
    ("POST", "/_test/forget_keys"): forget_keys,
    ("POST", "/_test/kept"): kept,
    ("POST", "/_test/asked"): lambda: {"asked": ASKED},
}
"""What is answered before localstripe, by its own objects where it has any."""


@web.middleware
async def noting(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep what was asked, for tests to read."""
    if request.path.startswith("/v1/"):
        sent = await get_post_data(request) if request.method == "POST" else None
        ASKED.append(
            {
                "call": f"{request.method} {request.path}",
                "headers": {name.lower(): value for name, value in request.headers.items()},
                "sent": dict(sent or unflatten_data(request.query)),
            }
        )
    return await handler(request)


@web.middleware
async def idempotent(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a key that comes again as before; refuse it for other values or while under way."""
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or not key or not request.path.startswith("/v1/"):
        return await handler(request)
    body = await request.read()
    digest = hashlib.sha256(request.path.encode() + b"\n" + body).hexdigest()
    mine = (request.headers.get("Authorization", ""), key)
    if mine in UNDER_WAY:
        return refusal(409, "idempotency_error", "idempotency_key_in_use")
    if mine in DONE:
        first, status, told = DONE[mine]
        if first != digest:
            return refusal(400, "idempotency_error", None)
        headers = {"Idempotent-Replayed": "true"}
        return web.Response(
            body=told, status=status, content_type="application/json", headers=headers
        )
    UNDER_WAY.add(mine)
    try:
        if PACE["slow_ms"]:
            await asyncio.sleep(PACE["slow_ms"] / 1000)
        answer = await handler(request)
        if isinstance(answer, web.Response) and (answer.status < 400 or answer.status == 402):
            assert isinstance(answer.body, bytes)
            DONE[mine] = (digest, answer.status, answer.body)
        return answer
    finally:
        UNDER_WAY.discard(mine)


@web.middleware
async def before(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what is ours to answer, and leave the rest to localstripe."""
    is_known = request.headers.get("Authorization", "").startswith("Bearer sk_test_")
    if request.path.startswith("/v1/") and not is_known:
        return refusal(401, "invalid_request_error", None)
    for (method, path), act in ROUTES.items():
        found = _found(path, request.path) if method == request.method else None
        if found is not None:
            return await _answer(act, request, found)
    return await handler(request)


def _found(pattern: str, path: str) -> dict[str, str] | None:
    """Match an address with a pattern; gives the id in it."""
    parts, given = pattern.split("/"), path.split("/")
    if len(parts) != len(given):
        return None
    pairs = list(zip(parts, given, strict=True))
    if any(part not in (one, "{id}") for part, one in pairs):
        return None
    ids = [one for part, one in pairs if part == "{id}"]
    return {"id": ids[0]} if ids else {}


async def _answer(
    act: Callable[..., Any], request: web.Request, found: dict[str, str]
) -> web.Response:
    if request.path.startswith("/_test/"):
        sent = await request.json()
    else:
        sent = await get_post_data(request) if request.method == "POST" else None
    values = {**unflatten_data(request.query), **(sent or {}), **found}
    try:
        told = act(**values)
        return told if isinstance(told, web.Response) else web.json_response(told)
    except RefusedError as no:
        return web.json_response({"error": no.error}, status=no.status)
    except UserError as no:
        error = dict(no.body["error"])
        kind = error.pop("type")
        code = error.pop("code", "resource_missing" if no.code == 404 else None)
        return refusal(no.code, kind, code, **error)


def refusal(status: int, kind: str, code: str | None, **more: Any) -> web.Response:
    """Answer an error in Stripe's shape."""
    return web.json_response(
        {"error": RefusedError(status, kind, code, **more).error}, status=status
    )


async def serve() -> None:
    """Serve until the process is ended."""
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    HERE["url"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
    sys.stdout.write(f"{HERE['url']}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def _soon(_seconds: float) -> None:
    """Wait less than localstripe does before it calls back."""
    await asyncio.sleep(WEBHOOK_DELAY_SECONDS)


if __name__ == "__main__":
    store.dump_to_disk = lambda: None  # It would write into /tmp after each call.
    webhooks.asyncio = SimpleNamespace(sleep=_soon, ensure_future=asyncio.ensure_future)
    app.middlewares[:0] = [noting, idempotent, before]
    asyncio.run(serve())
