"""The online channel as a browser without script meets it."""

import html
import re
import uuid
from typing import Any, Final

import httpx
from django.test import Client

from everline import ids
from everline.cards import Card
from everline.errors import SENTENCES, Code
from everline.people.models import Person
from tests.channels.door import Told
from tests.world import Plan, World

STATES: Final = {
    "renewed": ("Renewed", "续费成功", "Berhasil diperpanjang"),
    "paid": ("Paid, being delivered", "已付款，开通中", "Sudah dibayar, sedang diaktifkan"),
    "checking": (
        "Checking the payment, do not pay again",
        "正在核实付款，请勿重复支付",
        "Pembayaran sedang diperiksa, jangan bayar lagi",
    ),
}
"""The titles that a page may show, in English, Chinese and Indonesian."""


class Page:
    """The pages, in one language, as one person's browser shows them."""

    means = frozenset({"balance", "gateway"})
    beforehand = 0
    contact = ""

    def __init__(self, world: World, locale: str) -> None:
        self.world = world
        self.client = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
        self._sent: dict[str, tuple[str, dict[str, Any]]] = {}
        self._last = ""

    def funds(self, card: Card, amount: int) -> None:
        """Sign in as the card's holder, whose balance is topped up."""
        self.world.fund(card.account_id, "balance", amount)
        self.sign_in(card)

    def sign_in(self, card: Card) -> None:
        """Be the holder of this card."""
        person = Person(id=uuid.uuid4(), email=f"{uuid.uuid4()}@testline.example")
        person.save()
        self.world.insert(
            "people_holding",
            id=ids.uuid7(self.world.at),
            account_id=card.account_id,
            person_id=person.id,
            starts_at=self.world.at,
        )
        self.client.force_login(person)

    def ask(self, card: Card, plan: Plan) -> str:
        """Enter the number, choose the plan, read the price details; the form is kept."""
        entered = self.client.post("/", {"number": card.iccid}, follow=True)
        address = f"{entered.request['PATH_INFO']}/plans/{plan.code}"
        shown = self.client.get(address)
        request = str(uuid.uuid4())
        self._sent[request] = (address, _fields(shown.content.decode()))
        return request

    def send(self, request: str, *, listens: bool = True) -> Told:
        """Press the button; the same form pressed again is the same request."""
        address, fields = self._sent[request]
        answer = self.client.post(address, fields | {"means": "balance", "contact": self.contact})
        if not listens:
            return Told("lost", "")
        return self._follow(answer)

    def pay_by_bank(self, card: Card, plan: Plan, number: str) -> Told:
        """Go to the bank's page, enter a number there, and come back."""
        address, fields = self._sent[self.ask(card, plan)]
        answer = self.client.post(address, fields | {"means": "gateway"})
        if answer.status_code != 303:
            return self._follow(answer)
        leading = self.client.get(answer["Location"])
        found = re.search(r'href="(http://[^"]+/pay/[^"]+)"', leading.content.decode())
        assert found is not None
        page = html.unescape(found[1])
        with httpx.Client(follow_redirects=False, timeout=15) as bank:
            paid = bank.post(page, data={"number": number})
        back = paid.headers["Location"].split("localhost:8000")[-1]
        return self._follow(self.client.get(back))

    def look(self, card: Card) -> Told:
        """Look at the renewal's page again."""
        return self._read(self.client.get(self._last))

    def sentence(self, code: Code) -> str:
        """Say refusals in the words of the catalogue."""
        return SENTENCES[code]

    def look_up(self, number: str) -> Told:
        """Enter a number on the first page."""
        return self._read(self.client.post("/", {"number": number}))

    def _follow(self, answer: Any) -> Told:
        while answer.status_code in {302, 303}:
            self._last = answer["Location"]
            answer = self.client.get(self._last)
        return self._read(answer)

    def _read(self, answer: Any) -> Told:
        assert answer.status_code < 500, answer.content
        text = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
        text = re.sub(r"\s+", " ", text).strip()
        for outcome, words in STATES.items():
            if text.lower().startswith(tuple(f"{word} ·".lower() for word in words)):
                return Told(outcome, text)
        return Told("refused" if answer.status_code >= 400 else "shown", text)


def _fields(page: str) -> dict[str, Any]:
    """Read the hidden fields of the order's form."""
    fields = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None:
            fields[name[1]] = html.unescape(value[1]) if value else ""
    return fields
