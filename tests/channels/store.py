"""The till as a clerk meets it, in a browser without script."""

import html
import re
import uuid
from typing import Any

from django.test import Client

from everline.cards import Card
from everline.channels.store.refusals import OWN_WORDS
from everline.channels.store.tills import COOKIE
from everline.errors import SENTENCES, Code
from tests.channels.door import Told
from tests.channels.web import STATES
from tests.world import Plan, World

PASSWORD = "correct horse 27"


class Till:
    """One till in one store, in one language, with its clerk signed in."""

    means = frozenset({"deposit"})
    beforehand = 0
    contact = ""

    def __init__(self, world: World, locale: str) -> None:
        self.world = world
        self.client = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
        self.store = world.retailer()
        self.device = world.terminal("till", self.store)
        self.clerk = world.clerk(self.store, password=PASSWORD)
        world.advance(seconds=1)  # Whoever begins to work now can sell a moment later.
        self.client.cookies[COOKIE] = self.device.key
        self.client.post("/till/sign-in", {"email": self.clerk.email, "password": PASSWORD})
        self.sent: dict[str, tuple[str, dict[str, Any]]] = {}
        self._last = ""

    def funds(self, card: Card, amount: int) -> None:
        """Pay in to the store's deposit."""
        self.world.fund(self.store.account_id, "deposit", amount)

    def ask(self, card: Card, plan: Plan) -> str:
        """Enter the number, choose the plan, read the price details; the form is kept."""
        entered = self._get_through(self.client.post("/till", {"number": card.iccid}))
        address = f"{entered}/plans/{plan.code}"
        request = str(uuid.uuid4())
        self.sent[request] = (address, _fields(self.client.get(address).content.decode()))
        return request

    def send(self, request: str, *, listens: bool = True) -> Told:
        """Take the exact cash and press; the same form pressed again is the same request."""
        address, fields = self.sent[request]
        typed = {"pay": "typed", "tendered": "", "contact": self.contact}
        answer = self.client.post(address, fields | typed)
        return self._follow(answer) if listens else Told("lost", "")

    def pay_by_bank(self, card: Card, plan: Plan, number: str) -> Told:
        """Take no bank card: the store pays from its deposit."""
        raise NotImplementedError

    def look(self, card: Card) -> Told:
        """Look at the sale's page again; a till that nobody touched is unlocked first."""
        answer = self.client.get(self._last)
        if answer.headers.get("Location") == "/till/unlock":
            self.client.post("/till/unlock", {"password": PASSWORD})
            answer = self.client.get(self._last)
        return self._read(answer)

    def sentence(self, code: Code) -> str:
        """Say some refusals to the clerk and not to the subscriber."""
        return OWN_WORDS.get(code, SENTENCES[code])

    def look_up(self, number: str) -> Told:
        """Enter a number at the counter."""
        return self._read(self.client.post("/till", {"number": number}))

    def _get_through(self, answer: Any) -> str:
        assert answer.status_code == 303, answer.content.decode()
        return str(answer["Location"])

    def _follow(self, answer: Any) -> Told:
        while answer.status_code in {302, 303}:
            self._last = answer["Location"]
            answer = self.client.get(self._last)
        return self._read(answer)

    def _read(self, answer: Any) -> Told:
        assert answer.status_code < 500, answer.content
        text = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
        text = re.sub(r"\s+", " ", text).strip()
        for outcome, titles in STATES.items():
            if text.lower().startswith(tuple(f"{title} ·".lower() for title in titles)):
                return Told(outcome, text)
        return Told("refused" if answer.status_code >= 400 else "shown", text)


def _fields(page: str) -> dict[str, Any]:
    """Read the hidden fields of the form that sells."""
    fields = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None:
            fields[name[1]] = html.unescape(value[1]) if value else ""
    return fields
