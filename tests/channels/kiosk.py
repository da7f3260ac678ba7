"""The kiosk as somebody meets it who touches it, in a browser without script.

What is paid is paid at the card terminal beside it, on the simulator's own screen of it. Whoever
looks again after the visit has ended looks on the phone, by the number on the slip.
"""

import html
import re
import uuid
from typing import Any, Final

import httpx
from django.conf import settings
from django.test import Client

from everline.cards import Card
from everline.channels.kiosk.refusals import OWN_WORDS
from everline.channels.kiosk.visits import COOKIE
from everline.errors import SENTENCES, Code
from tests.channels.door import Told
from tests.channels.web import STATES
from tests.world import Plan, World

DECLINED: Final = ("Payment declined", "付款被拒", "Pembayaran ditolak")
TURNS: Final = {"4000 0000 0000 0010": "approve", "4000 0000 0000 0069": "late"}


class Kiosk:
    """One kiosk with its card terminal, in one language; a bank card holds what `funds` gave."""

    means = frozenset({"gateway"})
    beforehand = 0
    contact = ""

    def __init__(self, world: World, locale: str) -> None:
        self.world, self.locale = world, locale
        self.client = Client(SERVER_NAME="localhost")
        self.phone = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
        self.device = world.terminal("kiosk")
        self.client.cookies[COOKIE] = self.device.key
        self.sent: dict[str, tuple[str, dict[str, Any], int]] = {}
        self.held = 0
        self.receipt = ""

    @property
    def code(self) -> str:
        """The code of the kiosk, which its reader bears too."""
        return self.device.terminal.code

    def funds(self, card: Card, amount: int) -> None:
        """Bring a bank card on which there is so much."""
        self.held = amount

    def begin(self) -> Any:
        """Touch the language."""
        return self.client.post("/kiosk/begin", {"language": self.locale})

    def enter(self, number: str) -> Any:
        """Begin, and enter a number."""
        self.begin()
        return self.client.post("/kiosk/card", {"number": number})

    def ask(self, card: Card, plan: Plan) -> str:
        """Enter the number, choose the plan, read the price details; the form is kept."""
        answer = self.enter(card.iccid)
        assert answer.status_code == 303, answer.content.decode()
        address = f"/kiosk/plans/{plan.code}"
        request = str(uuid.uuid4())
        shown = self.client.get(address)
        self.sent[request] = (address, fields(shown.content.decode(), address), plan.price)
        return request

    def send(self, request: str, *, listens: bool = True) -> Told:
        """Press "by bank card" and hold one to the terminal; the same form is the same request."""
        address, form, price = self.sent[request]
        answer = self.client.post(address, form | {"by": "card", "contact": self.contact})
        if answer.status_code == 303:
            self.tap("approve" if self.held >= price else "decline")
        return self.follow(answer) if listens else Told("lost", "")

    def pay_by_bank(self, card: Card, plan: Plan, number: str) -> Told:
        """Renew at the card terminal, by a bank card that behaves like this number."""
        address, form, _price = self.sent[self.ask(card, plan)]
        answer = self.client.post(address, form | {"by": "card"})
        if answer.status_code == 303:
            self.tap(TURNS[number])
        return self.follow(answer)

    def tap(self, turn: str) -> None:
        """Let something happen at the card terminal."""
        with httpx.Client(timeout=15, trust_env=False) as reader:
            reader.post(f"{settings.SANDBOX_ADDRESS}/reader/{self.code}", data={"turn": turn})

    def look(self, card: Card) -> Told:
        """Look at the screen again, or on the phone when the visit has ended."""
        answer = self.client.get("/kiosk/pay")
        if answer.status_code == 303:
            answer = self.phone.get(f"/renewals/{self.receipt}")
        return self.read(answer)

    def sentence(self, code: Code) -> str:
        """Say that money is short as a bank does: it is the bank card's."""
        if code is Code.BALANCE_SHORT:
            return "There is not enough money on the bank card."
        return OWN_WORDS.get(code, SENTENCES[code])

    def look_up(self, number: str) -> Told:
        """Enter a number that may not exist."""
        return self.read(self.enter(number))

    def follow(self, answer: Any) -> Told:
        """Go where an answer leads, and read it."""
        while answer.status_code in {302, 303}:
            answer = self.client.get(answer["Location"])
        return self.read(answer)

    def read(self, answer: Any) -> Told:
        """Read what a page says, and keep the receipt's number."""
        assert answer.status_code < 500, answer.content
        page = answer.content.decode()
        receipt = re.search(r"rnw_[0-9a-z]{26}", page)
        self.receipt = receipt[0] if receipt else self.receipt
        text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).strip()
        for outcome, titles in {**STATES, "refused": DECLINED}.items():
            if text.lower().startswith(tuple(f"{title} ·".lower() for title in titles)):
                return Told(outcome, text)
        return Told("refused" if answer.status_code >= 400 else "shown", text)


def fields(page: str, action: str) -> dict[str, Any]:
    """Read the hidden fields of the form that goes to an address."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form is not None, page
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form[1]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None:
            found[name[1]] = html.unescape(value[1]) if value else ""
    return found
