"""The hotline as a caller with a telephone meets it: dialled, listened to, keyed."""

import itertools
import json
import re
import uuid
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.test import Client

from everline import trust
from everline.cards import Card
from everline.channels.hotline.phone import Call, Phone
from everline.channels.hotline.prompts import PROMPTS
from everline.errors import Code
from tests.channels.door import Told
from tests.world import Plan, World

TOKEN: Final = "the token that the tests and the webhooks share"
PIN: Final = "3907"
KEYS: Final = {"en": "1", "zh-hans": "2", "id": "3"}
STATES: Final = {
    "renewed": ("Renewed. The card", "续费成功", "Berhasil diperpanjang"),
    "paid": ("Paid, being delivered", "已付款，开通中", "Sudah dibayar, sedang diaktifkan"),
    "checking": (
        "We are checking the payment",
        "正在核实付款，请勿重复支付",
        "Pembayaran sedang diperiksa",
    ),
}
"""The words of the states, in English, Chinese and Indonesian."""


class Line:
    """A telephone that calls through Django's client; it keeps what it sent last."""

    def __init__(self, number: str = "+351912345678") -> None:
        settings.HOTLINE_TOKEN = TOKEN
        self.client = Client(SERVER_NAME="localhost")
        self.last: tuple[str, dict[str, str], str] = ("", {}, "")
        self.phone = Phone(f"{settings.PUBLIC_ADDRESS}/hotline/voice", TOKEN, self.post)
        self.call = Call(f"CA{uuid.uuid4().hex}", number)

    def post(self, address: str, form: Any, signature: str) -> str:
        """Send a webhook, and read its TwiML."""
        self.last = (address, dict(form), signature)
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = self.client.post(
            path,
            str(httpx.QueryParams(form)),
            content_type="application/x-www-form-urlencoded",
            headers={"x-twilio-signature": signature},
        )
        assert answer.status_code == 200, (answer.status_code, answer.content)
        return str(answer.content.decode())

    def dial(self) -> str:
        """Call the hotline."""
        self.phone.dial(self.call)
        return self.heard

    def key(self, keys: str) -> str:
        """Press keys, and hear what is said after the last."""
        for key in keys:
            self.phone.press(self.call, key)
        return self.heard

    def wait(self) -> str:
        """Press nothing."""
        self.phone.wait(self.call)
        return self.heard

    @property
    def heard(self) -> str:
        """What was said last."""
        return " ".join(each.text for each in self.call.heard)


class Caller:
    """One caller, in one language, who keys the phone number of the card."""

    means = frozenset({"balance", "gateway"})
    beforehand = 0
    contact = ""

    def __init__(self, world: World, locale: str) -> None:
        self.world = world
        self.locale = locale
        self._numbers = itertools.count(12345678)
        self.lines: dict[str, Line] = {}
        self._last = Line()

    def funds(self, card: Card, amount: int) -> None:
        """Top the card's balance up, and set a PIN."""
        self.world.fund(card.account_id, "balance", amount)
        trust.set_pin(self.world.caller("web"), card.account_id, PIN, self.world.at)

    def reach(self, number: str) -> Line:
        """Call, choose the language, and key a card's number."""
        line = Line(f"+3519{next(self._numbers):08d}")  # Whoever calls again is known.
        line.dial()
        line.key(KEYS[self.locale] + "1" + number.removeprefix("+")[:15] + "#")
        return line

    def ask(self, card: Card, plan: Plan) -> str:
        """Choose a plan from the list and hear the quote, to be paid from the balance."""
        assert card.msisdn is not None
        line = self.reach(card.msisdn)
        line.key("2")
        line.key("1")
        request = str(uuid.uuid4())
        self.lines[request] = self._last = line
        return request

    def send(self, request: str, *, listens: bool = True) -> Told:
        """Agree and key the PIN; the same again is the webhook delivered twice."""
        line = self.lines[request]
        if line.last[1].get("Digits") == PIN:
            text = line.post(*line.last)
            return Told(*_read(re.sub(r"<[^>]+>", " ", text)))
        line.key("1")
        line.key(f"{PIN}#")
        return Told(*_read(line.heard)) if listens else Told("lost", "")

    def pay_by_bank(self, card: Card, plan: Plan, number: str) -> Told:
        """Ask for the link, open it as it was sent, and pay at the bank's page."""
        self.ask(card, plan)
        line = self._last
        line.key("2")
        ((facts,),) = self.world.all(
            "select facts from notices_notice where template = 'pay_link' and medium = 'sms'"
        )
        path = facts["path"] if isinstance(facts, dict) else json.loads(facts)["path"]
        browser = Client(SERVER_NAME="localhost")
        shown = browser.get(path)
        assert shown.status_code == 200, shown.content
        asked = browser.post(f"{path}/pay", {"request_id": str(uuid.uuid4())})
        leading = browser.get(asked["Location"])
        found = re.search(r'href="(http://[^"]+/pay/[^"]+)"', leading.content.decode())
        assert found is not None, leading.content
        with httpx.Client(follow_redirects=False, timeout=15) as bank:
            paid = bank.post(found[1], data={"number": number})
        browser.get(paid.headers["Location"].split("localhost:8000")[-1])
        line.key("2")
        return Told(*_read(line.heard))

    def look(self, card: Card) -> Told:
        """Ask how it stands now."""
        self._last.key("1")
        return Told(*_read(self._last.heard))

    def sentence(self, code: Code) -> str:
        """Say refusals for the ear."""
        return PROMPTS[code].sentence

    def look_up(self, number: str) -> Told:
        """Key a number that is no card's."""
        return Told(*_read(self.reach(number).heard))


def _read(text: str) -> tuple[str, str]:
    for outcome, words in STATES.items():
        if any(word in text for word in words):
            return outcome, text
    return "refused", text
