"""The partner API as a platform's program speaks to it."""

import json
import uuid
from typing import Any

from django.test import Client

from everline.cards import Card
from everline.channels.partner.auth import MEMORY
from everline.channels.partner.problems import OWN_WORDS
from everline.errors import SENTENCES, Code
from tests.channels.door import Told
from tests.world import Plan, World


class Api:
    """One partner's program; it asks for its problems in one language."""

    means = frozenset({"deposit"})
    beforehand = 0
    contact = ""

    def __init__(self, world: World, locale: str) -> None:
        MEMORY.clear()
        self.world, self.locale = world, locale
        self.owner = world.partner()
        self.client = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
        self._sent: dict[str, dict[str, Any]] = {}
        self._last = ""

    def funds(self, card: Card, amount: int) -> None:
        """Pay in to the partner's deposit."""
        self.world.fund(self.owner.account_id, "deposit", amount)

    def ask(self, card: Card, plan: Plan) -> str:
        """Ask for a quote; what cannot be quoted is ordered all the same, at its price."""
        asked = {"iccid": card.iccid, "plan": plan.code}
        quote = self._send("POST", "/api/v1/quotes", asked)
        request = str(uuid.uuid4())
        body = quote.json()
        self._sent[request] = {
            **asked,
            "quoted_total": body.get("total", plan.price),
            "quoted_end": body.get("ends_at", self.world.at.isoformat()),
        }
        return request

    def send(self, request: str, *, listens: bool = True) -> Told:
        """Send an order under its key; the same again under the same."""
        locale = {"zh-hans": "zh-Hans"}.get(self.locale, self.locale)
        contact = {"contact": {"email": self.contact, "locale": locale}} if self.contact else {}
        answer = self._send("POST", "/api/v1/renewals", self._sent[request] | contact, request)
        if not listens:
            return Told("lost", "")
        if answer.status_code < 300:
            self._last = answer.json()["id"]
        return self._read(answer)

    def pay_by_bank(self, card: Card, plan: Plan, number: str) -> Told:
        """Take no bank card: a partner pays from its deposit."""
        raise NotImplementedError

    def look(self, card: Card) -> Told:
        """Read the last renewal."""
        return self._read(self._send("GET", f"/api/v1/renewals/{self._last}"))

    def sentence(self, code: Code) -> str:
        """Say some refusals to the partner and not to the holder."""
        return OWN_WORDS.get(code, SENTENCES[code])

    def look_up(self, number: str) -> Told:
        """Ask for a card's status."""
        return self._read(self._send("POST", "/api/v1/cards/status", {"iccid": number}))

    def _send(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self.owner.key}"}
        if key:
            headers["Idempotency-Key"] = key
        content = "" if body is None else json.dumps(body)
        return self.client.generic(method, path, content, "application/json", headers=headers)

    def _read(self, answer: Any) -> Told:
        assert answer.status_code < 500, answer.content
        body = answer.json()
        if answer.status_code >= 400:
            return Told("refused", f"{body['title']} {body.get('detail', '')}", body["code"])
        # A new renewal is answered by its outcome; its state is read afterwards.
        state = body.get("state") or ("paid" if body.get("outcome") == "renewed" else "")
        return Told({"paid": "paid", "delivered": "renewed"}.get(state, "shown"), json.dumps(body))
