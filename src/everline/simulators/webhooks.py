"""News for merchants: signed, delivered at least once, by a courier thread that tries again.

An event says which charge changed, and no more than that: the receiver reads the charge. It is
signed with HMAC-SHA256 over "<unix seconds>.<body>" in the header Sandbox-Signature. Faults can
lose, double, delay, swap or forge it. Only loopback is ever called, so that a sandbox cannot be
turned against others.
"""

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

import httpx

from everline.simulators import faults
from everline.simulators.store import Records, Store, host_ms

SIGNATURE_HEADER: Final = "Sandbox-Signature"
RETRY_MS: Final = (200, 1_000, 3_000, 10_000, 60_000, 300_000, 900_000, 3_600_000)
TIMEOUT_SECONDS: Final = 3.0
TICK_SECONDS: Final = 0.1
BATCH: Final = 50
SWAP_MS: Final = 300
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of news on its way; `due_ms` and `sent_ms` are the host's clock."""

    name: str
    charge_key: str
    status: str
    url: str
    created_ms: int
    due_ms: int
    state: str = "due"
    copies: int = 1
    is_forged: bool = False
    tries: int = 0
    delivered: int = 0
    last_answer: str = ""


def announce(
    records: Records, key: str, status: str, url: str, *, copies: int = 1, wait_ms: int = 0
) -> Event | None:
    """Write the news of a charge's present state, bent by the fault in line, if there is one."""
    if not url:
        return None
    now_ms = host_ms()
    earlier = events_of(records, key)
    event = Event(
        name=f"{_stem(records, key)}_{len(earlier) + 1}",
        charge_key=key,
        status=status,
        url=url,
        created_ms=now_ms,
        due_ms=now_ms + wait_ms,
        copies=copies,
    )
    fault = faults.take(records, "webhook", {key})
    if fault is not None:
        event = _bent(event, fault)
    for held in earlier:
        if held.state == "held":
            _keep(records, replace(held, state="due", due_ms=now_ms + SWAP_MS))
    _keep(records, event)
    return event


def forge(records: Records, event: Event) -> None:
    """Let an event go out with a signature of somebody who does not know the secret."""
    _keep(records, replace(event, is_forged=True))


def events_of(records: Records, key: str) -> list[Event]:
    """List the news of one charge, oldest first."""
    found: list[Event] = []
    while event := records.get(Event, f"{_stem(records, key)}_{len(found) + 1}"):
        found.append(event)
    return found


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return the value of the signature header."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


class Courier(threading.Thread):
    """Delivers what is due, and lets time pass for whoever depends on it."""

    def __init__(self, store: Store, secret: str, on_tick: Callable[[Records], None]) -> None:
        super().__init__(name="courier", daemon=True)
        self._store = store
        self._secret = secret
        self._on_tick = on_tick
        self._ending = threading.Event()
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)

    def run(self) -> None:
        """Deliver until told to end; a failure of one round is logged and does not end it."""
        while not self._ending.wait(TICK_SECONDS):
            try:
                with self._store.transaction() as records:
                    self._on_tick(records)
                    now_ms = host_ms()
                    due = [
                        each
                        for each in records.still_open(Event)
                        if each.state == "due" and each.due_ms <= now_ms
                    ]
                for event in due[:BATCH]:
                    self.deliver(event)
            except Exception:
                logger.exception("a round of the courier failed")

    def end(self) -> None:
        """Stop after the delivery under way."""
        self._ending.set()
        if self.is_alive():
            self.join(TIMEOUT_SECONDS * 2)
        self._client.close()

    def deliver(self, event: Event) -> None:
        """Send one event, as often as it has copies, and write down how that went."""
        is_taken, last_answer = False, ""
        for _ in range(event.copies):
            is_taken, last_answer = self._send(event)
            if not is_taken:
                break
            event = replace(event, delivered=event.delivered + 1)
        tries = event.tries + 1
        state = "delivered" if is_taken else "due"
        wait_ms = 0
        if not is_taken and (tries > len(RETRY_MS) or last_answer == "410"):
            state = "given_up"
        elif not is_taken:
            wait_ms = RETRY_MS[tries - 1]
        due_ms = host_ms() + wait_ms
        event = replace(event, state=state, tries=tries, due_ms=due_ms, last_answer=last_answer)
        with self._store.transaction() as records:
            _keep(records, event)

    def _send(self, event: Event) -> tuple[bool, str]:
        if urlsplit(event.url).hostname not in _LOOPBACK:
            return False, "410"
        body = json.dumps(
            {
                "event_id": event.name,
                "type": "charge.changed",
                "key": event.charge_key,
                "status": event.status,
            }
        ).encode()
        secret = "forged" if event.is_forged else self._secret
        seal = signature(secret, host_ms() // 1000, body)
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: seal}
        try:
            with self._client.stream("POST", event.url, content=body, headers=headers) as taken:
                return taken.is_success, str(taken.status_code)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return False, type(error).__name__


def _stem(records: Records, key: str) -> str:
    return records.reference("evt", key)


def _bent(event: Event, fault: faults.Fault) -> Event:
    if fault.fault == "late":
        return replace(event, due_ms=event.created_ms + fault.milliseconds)
    if fault.fault == "double":
        return replace(event, copies=2)
    if fault.fault == "forged":
        return replace(event, is_forged=True)
    return replace(event, state="held" if fault.fault == "reordered" else "lost")


def _keep(records: Records, event: Event) -> None:
    is_open = event.state in {"due", "held"}
    records.put(event, event.name, position=event.created_ms, is_open=is_open)
