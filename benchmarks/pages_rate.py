"""Pages a second and the server's time of each page of renewing without an account.

The claim: the list of plans and the page that says where a renewal stands are served at a quarter
of the rate of a bare Django view that renders a constant of the same size, both under Granian with
one worker; and the server's time of each page of the guest's way is below 25 ms at the median. The
data are the demo's with 100,000 cards. Callers are in callers.py, the bare side is bare_page.py.
"""

import argparse
import http.client
import os
import re
import secrets
import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks import callers, ground
from benchmarks.ground import Ground, alternate, circumstances, compared, medians
from benchmarks.http_rate import free_port, serving
from benchmarks.load_rate import DEMO, Delivery, load, running, write

FULL: Final = {"cards": 100_000, "clients": 16, "rounds": 5, "seconds": 10, "looks": 200}
QUICK: Final = {"cards": 2_000, "clients": 8, "rounds": 2, "seconds": 2, "looks": 30}
RENEWED: Final = 200
"""How many cards are renewed beforehand, so that there are pages to follow."""

RATE_MAX: Final = 6_000
"""Requests a second that are made ready before a round."""

PLAN: Final = "HOME-30"
MEDIAN_MS: Final = 25
TIMING: Final = re.compile(r"(\w+);dur=([\d.]+)")
LOCALES: Final = ("en", "zh-CN", "id")


@dataclass(slots=True)
class Shop:
    """What is asked for: cards of whom nobody is the holder, and renewals that were paid."""

    numbers: list[str]
    cards: list[str]
    renewals: list[str]
    times: dict[str, list[dict[str, float]]] = field(default_factory=dict)


def furnish(prepared: Ground, size: dict[str, int], folder: Path) -> Shop:
    """Load the demo's operator and cards that run, once, and renew some of them."""
    from everline import cards, database, renewals
    from everline.database.requests import Caller
    from everline.trust.addresses import token

    if not prepared.value("select count(*) from cards_card"):
        files = ("operator.yaml", "plans.yaml", "promotions.yaml")
        load(prepared, *(DEMO / name for name in files))
        delivery = Delivery(folder / "cards.csv", size["cards"], folder)
        write(delivery, running)
        load(prepared, delivery.path)
    at = datetime.now(UTC)
    with prepared.reading() as admin:
        chosen = admin.execute(
            "select c.id, c.iccid from cards_card c where c.state = 'bound'"
            " order by c.id limit 1000"
        ).fetchall()
    version = database.value(
        "select v.id from catalogue_planversion v join catalogue_plan p on p.id = v.plan_id"
        " where p.code = %s",
        [PLAN],
    )
    renewed = [row[0] for row in prepared_renewals(prepared)]
    for card_id, _number in chosen[: RENEWED - len(renewed)]:
        card = cards.find_by_id(card_id)
        assert card is not None
        (quote,) = renewals.quote([card.id], version, None, "web", at)
        if quote.total is None or quote.ends_at is None:
            continue
        give(card.account_id, quote.total, at)
        order = renewals.Order(
            card.account_id, card.id, PLAN, version, None, quote.total, quote.ends_at
        )
        caller = Caller("web", "bench", str(uuid.uuid4()))
        answer = renewals.renew(caller, order, card.account_id, at)
        assert answer.id is not None, answer
        renewed.append(answer.id)
    return Shop(
        numbers=[number for _id, number in chosen],
        cards=[f"/cards/{token('crd', card_id)}" for card_id, _number in chosen],
        renewals=[f"/renewals/{token('rnw', each)}" for each in renewed],
    )


def prepared_renewals(prepared: Ground) -> list[Any]:
    """List what an earlier run has renewed on a kept home."""
    with prepared.reading() as admin:
        return admin.execute("select r.id from renewals_renewal r limit 200").fetchall()


def give(account_id: uuid.UUID, amount: int, at: datetime) -> None:
    """Put money on a balance, as received at the bank."""
    from everline import ledger
    from everline.database.requests import Caller

    caller = Caller("line", "bench", str(uuid.uuid4()))
    ledger.fund(caller, account_id, "balance", amount=amount, currency="IDR", at=at)


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: the server's times by name, and `seen` from outside, in milliseconds.

    The answer to a form tells no times of the server: there what was seen from outside counts.
    """

    status: int
    body: bytes
    times: dict[str, float]
    leads_to: str


class Visitor:
    """One browser with its cookies, over one connection."""

    def __init__(self, port: int, locale: str) -> None:
        self.connection = http.client.HTTPConnection("localhost", port, timeout=30)
        self.locale = locale
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Seen:
        """Open a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, fields: dict[str, str]) -> Seen:
        """Send a form of the page that was opened before."""
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None) -> Seen:
        headers = {"Accept-Language": self.locale, "Host": "localhost"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        taken = 1000 * (time.perf_counter() - began)
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        timed = TIMING.findall(answer.headers.get("Server-Timing", ""))
        return Seen(
            answer.status,
            content,
            {"seen": taken} | {name: float(text) for name, text in timed},
            answer.headers.get("Location", ""),
        )


def secret_of(seen: Seen) -> str:
    """Read the token that a form carries."""
    found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', seen.body)
    assert found is not None
    return found[1].decode()


def walk(shop: Shop, port: int, looks: int) -> dict[str, dict[str, float]]:
    """Go the guest's way many times, in three languages, and give each page's times."""
    times: dict[str, list[dict[str, float]]] = {}

    def keep(name: str, seen: Seen, status: int) -> Seen:
        if seen.status != status:
            raise SystemExit(f"{name} answered {seen.status}: {seen.body[:300]!r}")
        times.setdefault(name, []).append(seen.times)
        return seen

    for turn in range(looks + 3):
        if turn == 3:  # noqa: PLR2004  One for each language is thrown away.
            times.clear()
        visitor = Visitor(port, LOCALES[turn % len(LOCALES)])
        place = turn * 7 % len(shop.cards)
        first = keep("first page", visitor.get("/"), 200)
        typed = {"number": shop.numbers[place], "csrfmiddlewaretoken": secret_of(first)}
        keep("number entered", visitor.post("/", typed), 303)
        keep("plans", visitor.get(shop.cards[place]), 200)
        keep("price details", visitor.get(f"{shop.cards[place]}/plans/{PLAN}"), 200)
        keep("status", visitor.get(shop.renewals[turn % len(shop.renewals)]), 200)
        visitor.connection.close()
    return {
        name: {
            part: round(statistics.median(each.get(part, 0.0) for each in some), 2)
            for part in ("db", "render", "total", "seen")
        }
        for name, some in times.items()
    }


def measure(prepared: Ground, size: dict[str, int], folder: Path) -> dict[str, Any]:
    """Walk the guest's way, then let both sides serve the same sizes in turn."""
    shop = furnish(prepared, size, folder)
    prepared.settle()
    with ExitStack() as stack:
        port = free_port()
        threads = f"--threads={size['clients']}"
        stack.enter_context(
            serving("everline", ["everline.cli", "serve", f"--port={port}", threads], port)
        )
        pages = walk(shop, port, size["looks"])
        visitor = Visitor(port, "en")
        sizes = {
            "plans": len(visitor.get(shop.cards[0]).body),
            "status": len(visitor.get(shop.renewals[0]).body),
        }
        bare = free_port()
        command = [
            *("granian", "--interface=wsgi", "--workers=1", "--log-level=error"),
            f"--blocking-threads={size['clients']}",
            *(f"--port={bare}", "benchmarks.bare_page:application"),
        ]
        names = ",".join(map(str, sizes.values()))
        stack.enter_context(serving("bare", command, bare, BENCH_SIZES=names))
        found: dict[str, Any] = {}
        for line, addresses in (("plans", shop.cards), ("status", shop.renewals)):
            sides = {
                "everline": partial(ask, size, port, addresses),
                "bare": partial(ask, size, bare, [f"/{sizes[line]}"]),
            }
            rates = alternate(line, sides, size["rounds"])
            found[line] = {
                "bytes": sizes[line],
                "per_second": medians(rates),
                "to_bare": compared(rates, "everline", "bare"),
                "rounds": rates,
            }
    slow = [name for name, took in pages.items() if (took["total"] or took["seen"]) >= MEDIAN_MS]
    told = {"bench": "pages", "size": size, "milliseconds": pages, "slower_than_aimed": slow}
    return told | found | circumstances(prepared)


def ask(size: dict[str, int], port: int, addresses: list[str]) -> float:
    """Ask one side for pages for some seconds and give its rate."""
    ready = list(_requests(size["seconds"] * RATE_MAX, port, addresses))
    proof = callers.Proof(b"HTTP/1.1 200", b"")
    answered = callers.run(port, ready, size["clients"], size["seconds"], proof)
    if answered.wrong:
        raise SystemExit(f"an answer was no page: {answered.wrong[0][:300]!r}")
    return len(answered.milliseconds) / answered.seconds


def _requests(most: int, port: int, addresses: list[str]) -> Iterator[bytes]:
    for number in range(most):
        yield (
            f"GET {addresses[number % len(addresses)]} HTTP/1.1\r\nHost: localhost:{port}\r\n"
            f"Accept-Language: {LOCALES[number % len(LOCALES)]}\r\nAccept: text/html\r\n\r\n"
        ).encode()


def main() -> None:
    """Measure and print one JSON document."""
    reader = argparse.ArgumentParser(prog="everline bench pages", description=__doc__)
    reader.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    reader.add_argument("--home", type=Path, help="a folder to keep the prepared server in")
    for name, value in FULL.items():
        reader.add_argument(f"--{name}", type=int, help=f"{value:,}; quick: {QUICK[name]:,}")
    given = reader.parse_args()
    size: dict[str, int] = {
        name: getattr(given, name) or (QUICK if given.quick else FULL)[name] for name in FULL
    }
    os.environ |= {
        "EVERLINE_MODE": "production",
        "EVERLINE_SECRET_KEY": secrets.token_urlsafe(48),
        "EVERLINE_LOOK_UPS": "100000",
    }
    with ground.prepared(0, given.home) as prepared:
        ground.report(**measure(prepared, size, prepared.home))


if __name__ == "__main__":
    main()
