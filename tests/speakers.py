"""Everybody who may speak to an address: browsers and programs that can be made at any time.

What each may do stands in address_table.py and office_table.py; what is theirs, in things.py.
"""

import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from twilio.request_validator import RequestValidator

from everline.channels.kiosk import visits
from everline.channels.store import tills
from everline.channels.web.allauths import PROVED_AT
from everline.people import staff
from tests.things import PASSWORD, SECRET, TOKEN, Things

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Speaker:
    """A browser or program, and what it signs its requests with."""

    client: Client
    sign: Callable[[str, str, Mapping[str, str]], Headers] = lambda *_request: {}

    def ask(self, method: str, address: str, given: Mapping[str, str]) -> Any:
        """Send a request: its form in the address or, by POST, in the body; JSON to programs."""
        is_program = address.startswith(("/api/", "/callbacks/"))
        told = {"payment": given["payment"]} if "payment" in given else {}
        body = json.dumps(told) if is_program else urlencode(given)
        headers = self.sign(address, body, given)
        if method != "POST":
            return getattr(self.client, method.lower())(address, given, headers=headers)
        kind = "application/json" if is_program else "application/x-www-form-urlencoded"
        return self.client.post(address, body, content_type=kind, headers=headers)


class Everybody(Things):
    """The speakers of one small world."""

    def speaker(self, name: str) -> Speaker:
        """Make one of the speakers, with a session of its own."""
        return SPEAKERS[name](self, name)

    def browser(self) -> Client:
        """Make a browser without cookies; all share what takes long to make."""
        client = Client(SERVER_NAME="localhost")
        client.handler = self.handler
        return client

    def stranger(self, _name: str) -> Speaker:
        return Speaker(self.browser())

    def signed_in(self, name: str) -> Speaker:
        """Be signed in; holders have signed in by a code a moment ago, staff by a password."""
        client = self.browser()
        client.force_login(self.people[name])
        if name in {"holder", "other_holder"}:
            session = client.session
            session[PROVED_AT] = self.world.at.isoformat()
            session.save()
        return Speaker(client)

    def at_till(self, name: str) -> Speaker:
        """Stand at a till; somebody who works at its store has signed in."""
        client = self.browser()
        at = {"other_clerk": "other_till", "revoked_till": "revoked_till"}.get(name, "till")
        client.cookies[tills.COOKIE] = self.devices[at].key
        if name in self.people:
            email = self.people[name].email
            client.post("/till/sign-in", {"email": email, "password": PASSWORD})
        if name == "locked_clerk":
            client.post("/till/lock")
        if name == "left_clerk":
            staff.let_go(self.people[name], self.world.at)
        return Speaker(client)

    def at_kiosk(self, name: str) -> Speaker:
        """Stand at a kiosk; `other_kiosk` has got hold of a session of this one's visitor."""
        client = self.browser()
        is_revoked = name == "revoked_kiosk"
        client.cookies[visits.COOKIE] = self.devices[name if is_revoked else "kiosk"].key
        if name in {"visitor", "other_kiosk"}:
            client.post("/kiosk/begin", {"language": "en"})
            client.post("/kiosk/card", {"number": self.card.iccid})
        if name == "other_kiosk":
            client.cookies[visits.COOKIE] = self.devices[name].key
        return Speaker(client)

    def with_key(self, name: str) -> Speaker:
        key = {
            "partner": self.partner.key,
            "other_partner": self.other_partner.key,
            "revoked_key": self.revoked_key,
        }[name]
        headers = {"Authorization": f"Bearer {key}"}
        return Speaker(self.browser(), lambda *_request: headers)

    def caller(self, name: str) -> Speaker:
        token = TOKEN if name == "caller" else "somebody's guess"

        def sign(address: str, _body: str, given: Mapping[str, str]) -> Headers:
            url = settings.PUBLIC_ADDRESS.rstrip("/") + address
            signature = RequestValidator(token).compute_signature(url, dict(given))
            return {"X-Twilio-Signature": signature}

        return Speaker(self.browser(), sign)

    def bank(self, name: str) -> Speaker:
        secret = SECRET if name == "bank" else "somebody's guess"

        def sign(_address: str, body: str, _given: Mapping[str, str]) -> Headers:
            at = str(int(time.time()))
            mark = hmac.new(secret.encode(), f"{at}.{body}".encode(), "sha256").hexdigest()
            return {"sandbox-signature": f"t={at},v1={mark}"}

        return Speaker(self.browser(), sign)


def _made(make: Callable[[Everybody, str], Speaker], names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), make)


SPEAKERS: Final[Mapping[str, Callable[[Everybody, str], Speaker]]] = {
    **_made(Everybody.stranger, "stranger"),
    **_made(Everybody.signed_in, "holder other_holder clerk_at_home manager other_manager"),
    **_made(Everybody.signed_in, "support finance owner ended"),
    **_made(Everybody.at_till, "clerk till_manager other_clerk left_clerk locked_clerk"),
    **_made(Everybody.at_till, "till revoked_till"),
    **_made(Everybody.at_kiosk, "kiosk visitor other_kiosk revoked_kiosk"),
    **_made(Everybody.with_key, "partner other_partner revoked_key"),
    **_made(Everybody.caller, "caller false_caller"),
    **_made(Everybody.bank, "bank false_bank"),
}
"""Every speaker's name, and who makes it."""

ONLY_AT: Final[Mapping[str, str]] = {
    "left_clerk": "/till",
    "locked_clerk": "/till",
    "till": "/till",
    "revoked_till": "/till",
    "other_kiosk": "/kiosk",
    "revoked_kiosk": "/kiosk",
    "revoked_key": "/api",
    "false_caller": "/hotline",
    "false_bank": "/callbacks",
}
"""Speakers whose mark is read at some addresses alone: elsewhere they are strangers."""


def door(answer: Any) -> str:
    """Give where an answer leads, without its question; empty when it leads nowhere."""
    return re.sub(r"[?#].*", "", answer.headers.get("Location", ""))
