"""The demo that all walks share: where it is, who may sign in, and cards that nobody else takes.

Walks run in any order on one deployment, so each takes cards of its own from the demo's file.
"""

import csv
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

from everline.database import verbs
from tests.demo import Demo, free_port
from tests.homes import clear
from tests.simulator import wait_until

CARDS = verbs.PACKAGE / "demo" / "cards.csv"
SHOWN = 4
"""The first cards of the file are those that the demo shows around; walks leave them alone."""

TERM_DAYS_MAX = 60

HOLDER = "putri@customers.senandi.example"

Row = dict[str, str]


class Stage:
    """One running demo, the cards of it that are still free, and the holder's one sign-in."""

    def __init__(self, home: Path, told: dict[str, Any]) -> None:
        self.home, self.told = home, told
        self.address: str = told["address"]
        self.password = (home / "demo.password").read_text(encoding="utf-8").strip()
        self.pin = (home / "demo.pin").read_text(encoding="utf-8").strip()
        self._bank = (home / "sandbox.address").read_text(encoding="utf-8").strip()
        lines = CARDS.read_text(encoding="utf-8").splitlines()
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        self._sessions: dict[str, Any] = {}
        self._free = [row for row in list(rows)[SHOWN:] if _is_renewable(row)]

    def bank(self, path: str, **values: Any) -> None:
        """Send one control command to the simulators, such as `bank("settings", slow_ms=0)`."""
        told = httpx.post(f"{self._bank}/control/{path}", json=values, trust_env=False)
        assert told.is_success, told.text

    def sign_in(self, page: Page, holder: str = HOLDER) -> None:
        """Be signed in as a holder: by a code from the outbox once, then by the same session.

        An address gets few codes in an hour, and walks would ask for many.
        """
        if holder not in self._sessions:
            page.goto(f"{self.address}/sign-in")
            page.fill("input[name=address]", holder)
            page.click("main button.primary")
            page.wait_for_url("**/sign-in/code")
            wait_until(lambda: self._codes(holder) != [])
            page.fill("input[name=code]", self._codes(holder)[0])
            page.click("main button.primary")
            page.wait_for_url("**/my/cards")
            cookies = page.context.cookies(self.address)
            self._sessions[holder] = next(each for each in cookies if each["name"] == "sessionid")
            return
        page.context.add_cookies([self._sessions[holder]])
        page.goto(f"{self.address}/my/cards")

    def _codes(self, holder: str) -> list[str]:
        """Read what codes came, the newest first; other letters come to the holder as well."""
        outbox = httpx.get(f"{self.address}/outbox", trust_env=False).text
        letters = [each for each in outbox.split("<li")[1:] if holder in each]
        return [code for each in letters for code in re.findall(r"\b\d{6}\b", each)]

    def card(self, fits: Callable[[Row], bool] = bool, **wanted: str) -> Row:
        """Take a card whose columns are as wanted; one that was taken is not given again."""
        for place, row in enumerate(self._free):
            if wanted.items() <= row.items() and fits(row):
                return self._free.pop(place)
        raise AssertionError(f"the demo has no card left with {wanted}")


def _is_renewable(row: Row) -> bool:
    """Tell whether the card's last term is so young that the card cannot have lapsed for good."""
    began = re.match(r"load-(\d+)d", row["term_started"])
    return began is None or int(began[1]) < TERM_DAYS_MAX


@contextmanager
def standing(folder: Path) -> Iterator[Stage]:
    """Run a demo in this folder meanwhile; all of its guests come from one address."""
    if os.geteuid() == 0:
        folder.chmod(0o755)
    demo = Demo(folder / "home", "--port", str(free_port()), "--json", EVERLINE_LOOK_UPS="0")
    try:
        stage = Stage(demo.home, demo.ready())
        stage.bank("settings", unknown_ms=500)
        yield stage
    finally:
        demo.end()
        assert demo.process.stdout is not None
        demo.process.stdout.close()
        demo.said.close()
        clear(demo.home)
