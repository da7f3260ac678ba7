"""A browser without script: a test client that reads forms, follows 303 and keeps what it saw.

Every page that it is shown is checked on the way: the policy, no inline style or script, no card
number in an address. tests/test_web.py drives it. Real browsers walk in tests/browser/.
"""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
from django.test import Client

from everline import cards, clock, ids
from everline.people.models import Person
from tests.world import Plan, World

INLINE: Final = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)
APPROVED: Final = "4000 0000 0000 0010"
DECLINED: Final = "4000 0000 0000 0028"
HARD: Final = "4000 0000 0000 0036"
UNSURE: Final = "4000 0000 0000 0069"


@contextmanager
def on_the_pages(world: World, by: str = "story") -> Iterator[None]:
    """Let the pages show a world's time; with a bank it is the server's, by which the bank goes."""
    if by == "server":
        world.at = world.server_time()
    clock.use_offset(lambda: world.at - datetime.now(UTC))
    yield
    clock.use_offset(timedelta)


class Browser:
    """One person's browser in one language; `page`, `status` and `at` are what it shows now."""

    def __init__(self, world: World, locale: str = "en") -> None:
        self.world = world
        self.client = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
        self.page, self.status, self.at = "", 0, ""

    @property
    def text(self) -> str:
        """The words of the page, without its head."""
        body = self.page.partition("<main")[2].replace("<wbr>", "")
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    @property
    def title(self) -> str:
        """The page's first heading."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.page, re.DOTALL)
        return " ".join(html.unescape(found[1]).split()) if found else ""

    def get(self, path: str, **headers: str) -> "Browser":
        """Open a page."""
        return self._show(path, self.client.get(path, headers=headers))

    def post(self, path: str, fields: dict[str, Any]) -> "Browser":
        """Send a form."""
        return self._show(path, self.client.post(path, fields))

    def enter(self, number: str) -> "Browser":
        """Enter a number on the first page."""
        return self.post("/", {"number": number})

    def choose(self, card: cards.Card, plan: Plan, query: str = "") -> "Browser":
        """Enter a card's number and choose a plan."""
        self.enter(card.iccid)
        return self.get(f"{self.at}/plans/{plan.code}{query}")

    def form(self, action: str = "") -> tuple[str, dict[str, Any]]:
        """Read the POST form whose address ends with `action`: where it goes, what it holds."""
        for opening, inner in re.findall(
            r'(<form[^>]*method="post"[^>]*>)(.*?)</form>', self.page, re.DOTALL
        ):
            target = re.search(r'action="([^"]*)"', opening)
            where = html.unescape(target[1]) if target else self.at
            if where.endswith(action) and where not in {"/language", "/sign-out"}:
                tags = re.findall(r"<input[^>]*>", inner)
                return where, dict(filter(None, map(_value, tags)))
        raise AssertionError(f"no form that goes to {action!r} on {self.at}")

    def press(self, action: str = "", **typed: Any) -> "Browser":
        """Send a form as it stands, with what is typed."""
        where, fields = self.form(action)
        return self.post(where, fields | typed)

    def to_bank(self) -> str:
        """Read where the page leads to for paying."""
        found = re.search(r'href="(http://[^"]+/pay/[^"]+)"', self.page)
        assert found is not None, self.page
        return html.unescape(found[1])

    def pay(self, number: str) -> "Browser":
        """Pay on the bank's own page by a bank card of this number, and come back."""
        return self._at_bank({"number": number})

    def leave_bank(self) -> "Browser":
        """Leave the bank's page without paying."""
        return self._at_bank({"number": "", "cancel": "1"})

    def sign_in(self, card: cards.Card) -> Person:
        """Be the holder of a card."""
        person = Person.objects.create_user(f"{card.iccid[-6:]}@testline.example", "open sesame")
        self.world.insert(
            "people_holding",
            id=ids.uuid7(self.world.at),
            account_id=card.account_id,
            person_id=person.id,
            starts_at=self.world.at,
        )
        self.client.force_login(person)
        return person

    def _at_bank(self, typed: dict[str, str]) -> "Browser":
        with httpx.Client(timeout=10, trust_env=False) as bank:
            back = bank.post(self.to_bank(), data=typed).headers["location"]
        assert back.startswith("http://localhost:8000/"), back
        return self.get(back.removeprefix("http://localhost:8000"))

    def _show(self, path: str, answer: Any) -> "Browser":
        for _hop in range(5):
            assert not re.search(r"\d{12}", re.sub(r"(crd|rnw)_[0-9a-z]{26}", "", path)), path
            assert "form-action 'self';" in answer["Content-Security-Policy"] + ";"
            if answer.status_code not in {302, 303}:
                break
            path = answer["Location"]
            answer = self.client.get(path)
        self.page, self.status, self.at = answer.content.decode(), answer.status_code, path
        assert INLINE.search(self.page) is None, INLINE.search(self.page)
        return self


def _value(tag: str) -> tuple[str, str] | None:
    """Read what an input would send."""
    name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
    is_off = re.search(r'type="(radio|checkbox)"', tag) and " checked" not in tag
    if name is None or is_off:
        return None
    return name[1], html.unescape(value[1]) if value else ""
