"""What a telephone on a bad connection sees: how long the first page takes, and what all weighs.

The claim: at 400 kbit/s and 400 ms the first page can be used within 3 s, the whole way from it to
the result needs less than 300 kB, each page less than 100 kB, and nothing jumps (a cumulative
layout shift below 0.05). Chromium is slowed down by its own protocol. It walks on a demo that runs:
`everline demo`, then `everline bench phone`. Bytes alone are held by tests/test_statics.py.
"""

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from everline.channels.web.first_steps import CARDS, PAYS

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
)
BYTES_A_SECOND: Final = 400_000 // 8
LATENCY_MS: Final = 400
ROUNDS: Final = 3
SHIFTS: Final = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
}).observe({ type: "layout-shift", buffered: true });
"""
LIMITS: Final = {"usable_ms": 3000, "way_bytes": 300_000, "page_bytes": 100_000, "shift": 0.05}


@dataclass
class Walk:
    """One way from the first page to the result, and what was seen on it."""

    pages: dict[str, dict[str, float]] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    received: int = 0


def main() -> int:
    """Walk some times and print what was seen as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://localhost:8000", help="of a running demo")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with sync_playwright() as played:
        browser = played.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        walks = [walk(browser, given.address) for _ in range(given.rounds)]
        browser.close()
    told = summed(walks)
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    return 0 if told["holds"] else 1


def walk(browser: Browser, address: str) -> Walk:
    """Renew once on a slow telephone with an empty cache."""
    context = browser.new_context(
        locale="zh-CN", viewport={"width": 360, "height": 740}, service_workers="block"
    )
    page = context.new_page()
    page.add_init_script(SHIFTS)
    slow = context.new_cdp_session(page)
    seen = Walk()
    slow.send("Network.enable")
    slow.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": BYTES_A_SECOND,
            "uploadThroughput": BYTES_A_SECOND,
        },
    )
    listen(slow, seen, address)
    began = time.monotonic()
    page.goto(address, wait_until="commit")
    page.fill("input[name=number]:not([type=hidden])", CARDS[1][0])
    usable = (time.monotonic() - began) * 1000
    page.wait_for_load_state("load")
    note(seen, page, "first page", began)
    first = seen.pages["first page"]
    first["usable_ms"] = max(round(usable), first["painted_ms"])
    began = time.monotonic()
    page.click("form.finder button.primary")
    page.wait_for_url("**/cards/**", wait_until="load")
    note(seen, page, "plans", began)
    began = time.monotonic()
    page.locator(".tile a.secondary").first.click()
    page.wait_for_url("**/plans/**", wait_until="load")
    note(seen, page, "price details", began)
    began = time.monotonic()
    if page.locator("input[name=again]").count():  # The same plan within an hour is asked about.
        page.check("input[name=again]")
    page.click("form[data-once] button.primary")
    page.wait_for_url("**/pay/**", wait_until="load")
    seen.received = 0  # The bank's page is not ours.
    page.fill("input[name=number]", PAYS)
    page.locator("button[type=submit]").first.click()
    page.wait_for_url("**/renewals/**", wait_until="load")
    page.locator(".state.done").wait_for(timeout=60_000)
    note(seen, page, "result", began)
    context.close()
    return seen


def listen(slow: CDPSession, seen: Walk, address: str) -> None:
    """Count what comes, as it comes over the wire, and from where."""

    def counted(told: dict[str, Any]) -> None:
        seen.received += int(told["encodedDataLength"])

    def named(told: dict[str, Any]) -> None:
        target, page = str(told["request"]["url"]), str(told["documentURL"])
        if target.startswith("http") and page.startswith(address) > target.startswith(address):
            seen.hosts.add(target.split("/")[2])

    slow.on("Network.loadingFinished", counted)
    slow.on("Network.requestWillBeSent", named)


def note(seen: Walk, page: Page, name: str, began: float) -> None:
    """Keep what one page took, weighed and moved."""
    page.wait_for_timeout(300)
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    seen.pages[name] = {
        "loaded_ms": round((time.monotonic() - began) * 1000 - 300),
        "painted_ms": round(page.evaluate(paint)),
        "bytes": seen.received,
        "shift": round(page.evaluate("window.shifted"), 4),
    }
    seen.received = 0


def summed(walks: list[Walk]) -> dict[str, Any]:
    """Take the medians, and say whether all limits hold."""
    pages = {
        name: {
            key: statistics.median(each.pages[name][key] for each in walks)
            for key in walks[0].pages[name]
        }
        for name in walks[0].pages
    }
    found = {
        "usable_ms": pages["first page"]["usable_ms"],
        "way_bytes": sum(each["bytes"] for each in pages.values()),
        "page_bytes": max(each["bytes"] for each in pages.values()),
        "shift": max(each["shift"] for each in pages.values()),
    }
    foreign = sorted(set().union(*(each.hosts for each in walks)))
    return {
        "connection": {"kbit/s": 400, "latency_ms": LATENCY_MS, "width": 360, "cache": "empty"},
        "pages": pages,
        "found": found,
        "limits": LIMITS,
        "holds": all(found[key] < limit for key, limit in LIMITS.items()),
        "other_hosts": foreign,
        "rounds": len(walks),
    }


if __name__ == "__main__":
    raise SystemExit(main())
