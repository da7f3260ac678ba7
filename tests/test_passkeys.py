"""Passkeys: a device in software makes one, signs in by it, and lies in every way it can.

The device is fido2's own classes with a key of our own; that a browser speaks the same is tried
with Chromium's virtual device in the walks through the pages.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from everline import notices
from everline.people.models import Person
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

MAIL = "putri@testline.example"
HERE = "http://localhost:8000"
PRESENT, VERIFIED = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


@dataclass
class Device:
    """A device that keeps one passkey; what it says of itself can be bent."""

    origin: str = HERE
    site: str = "localhost"
    flags: AuthenticatorData.FLAG = PRESENT | VERIFIED
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    name: bytes = b"a passkey of the tests"

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer a request to make a passkey."""
        make_public: Any = ES256.from_cryptography_key
        public = make_public(self.key.public_key())
        data = AuthenticatorData.create(
            sha256(self.site.encode()),
            self.flags | AuthenticatorData.FLAG.AT,
            0,
            AttestedCredentialData.create(b"\0" * 16, self.name, public),
        )
        client = self._client("webauthn.create", options)
        return self._answer(
            clientDataJSON=bytes(client),
            attestationObject=bytes(AttestationObject.create("none", data, {})),
        )

    def sign(self, options: dict[str, Any], person: Person) -> dict[str, Any]:
        """Answer a request to sign a challenge."""
        data = AuthenticatorData.create(sha256(self.site.encode()), self.flags, 1)
        client = self._client("webauthn.get", options)
        signature = self.key.sign(bytes(data) + client.hash, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=bytes(client),
            authenticatorData=bytes(data),
            signature=signature,
            userHandle=person.id.hex.encode(),
        )

    def _client(self, kind: str, options: dict[str, Any]) -> CollectedClientData:
        return CollectedClientData.create(kind, options["publicKey"]["challenge"], self.origin)

    def _answer(self, **parts: bytes) -> dict[str, Any]:
        name = websafe_encode(self.name)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": {part: websafe_encode(value) for part, value in parts.items()},
            "clientExtensionResults": {},
        }


def member(shop: World, address: str = MAIL) -> tuple[Browser, Person]:
    browser = Browser(shop).get("/sign-in").press("/sign-in", address=address)
    code = next(each.facts["code"] for each in notices.newest(9) if each.recipient == address)
    browser.press(code=code)
    return browser, Person.objects.get(email=address)


def options_of(browser: Browser) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]*)"', browser.page)
    assert found is not None
    options: dict[str, Any] = json.loads(unescape(found[1]))
    return options


def added(shop: World, device: Device) -> tuple[Browser, Person]:
    """Somebody who has added the passkey of a device."""
    browser, person = member(shop)
    browser.get("/my/account/passkeys")
    made = device.make(options_of(browser))
    browser.press("/passkeys", credential=json.dumps(made), name="My phone")
    return browser, person


def enter(browser: Browser, device: Device, person: Person, query: str = "") -> Browser:
    browser.get(f"/sign-in{query}")
    options = browser.client.get("/sign-in/passkey/challenge").json()
    signed = json.dumps(device.sign(options, person))
    return browser.press("/sign-in/passkey", credential=signed)


def test_a_passkey_is_made_and_signs_in_without_a_code(shop: World) -> None:
    device = Device()
    browser, person = added(shop, device)
    assert browser.at == "/my/account"
    assert "My phone" in browser.text
    other = enter(Browser(shop), device, person, "?next=/my/records")
    assert other.at == "/my/records"
    assert Authenticator.objects.get().last_used_at is not None
    assert other.get("/my/account/erase").title == "End the account"


def test_the_person_is_told_of_it(shop: World) -> None:
    added(shop, Device())
    [told] = [each for each in notices.newest(9) if each.template == "way_in"]
    assert (told.recipient, told.facts["way"]) == (MAIL, "passkey")


def test_the_session_has_a_new_key_after_it(shop: World) -> None:
    device = Device()
    _browser, person = added(shop, device)
    browser = Browser(shop).get("/sign-in")
    browser.client.get("/sign-in/passkey/challenge")
    before = browser.client.session.session_key
    enter(browser, device, person)
    assert browser.client.session.session_key not in {None, before}


def test_options_ask_for_a_passkey_that_knows_its_person(shop: World) -> None:
    browser, _person = member(shop)
    asked = options_of(browser.get("/my/account/passkeys"))["publicKey"]
    assert asked["rp"]["id"] == "localhost"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost.evil.example"},
        {"site": "evil.example"},
        {"flags": PRESENT},
    ],
)
def test_a_passkey_for_another_site_or_of_nobody_is_not_kept(
    shop: World, bent: dict[str, Any]
) -> None:
    browser, _person = added(shop, Device(**bent))
    assert "was not made" in browser.text
    assert Authenticator.objects.count() == 0


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://evil.example"},
        {"site": "evil.example"},
        {"flags": PRESENT},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"name": b"another passkey"},
    ],
)
def test_what_another_device_or_site_signed_does_not_sign_in(
    shop: World, bent: dict[str, Any]
) -> None:
    device = Device()
    _browser, person = added(shop, device)
    thief = Device(**({"key": device.key} | bent))
    assert "does not sign in here" in enter(Browser(shop), thief, person).text


def test_a_signed_challenge_is_good_once_and_in_its_session(shop: World) -> None:
    device = Device()
    _browser, person = added(shop, device)
    browser = Browser(shop).get("/sign-in")
    signed = device.sign(browser.client.get("/sign-in/passkey/challenge").json(), person)
    stolen = Browser(shop).get("/sign-in")
    stolen.client.get("/sign-in/passkey/challenge")
    assert stolen.press("/sign-in/passkey", credential=json.dumps(signed)).at == "/sign-in"
    browser.press("/sign-in/passkey", credential=json.dumps(signed))
    assert browser.at == "/my/cards"
    browser.client.post("/sign-out")
    browser.get("/sign-in").press("/sign-in/passkey", credential=json.dumps(signed))
    assert browser.at == "/sign-in"


@pytest.mark.parametrize("sent", ["", "{}", "[]", "1", '{"id": 1}', '{"response": {}}', "x"])
def test_what_is_no_answer_at_all_is_refused(shop: World, sent: str) -> None:
    browser = Browser(shop).get("/sign-in")
    browser.client.get("/sign-in/passkey/challenge")
    assert browser.press("/sign-in/passkey", credential=sent).at == "/sign-in"
    member_here, _person = member(shop)
    member_here.get("/my/account/passkeys").press("/passkeys", credential=sent)
    assert member_here.status == 422


def test_staff_and_who_was_shut_out_do_not_come_in_by_one(shop: World) -> None:
    device = Device()
    _browser, person = added(shop, device)
    for change in ({"is_active": False}, {"is_staff": True}):
        Person.objects.filter(pk=person.pk).update(is_active=True)
        Person.objects.filter(pk=person.pk).update(**change)
        assert enter(Browser(shop), device, person).at == "/sign-in"


def test_it_is_removed_by_its_person_alone_and_a_code_helps_who_lost_it(shop: World) -> None:
    device = Device()
    browser, person = added(shop, device)
    thief, _other = member(shop, "thief@testline.example")
    key = Authenticator.objects.get().pk
    thief.post(f"/my/account/passkeys/{key}", {})
    assert Authenticator.objects.count() == 1
    shop.advance(minutes=20)
    browser.get("/my/account").press(f"/passkeys/{key}")
    assert browser.title == "Sign in once more"
    shop.advance(minutes=20)
    fresh, _person = member(shop)
    fresh.get("/my/account").press(f"/passkeys/{key}")
    assert "no longer signs in" in fresh.text
    assert enter(Browser(shop), device, person).at == "/sign-in"


def test_challenges_are_few_for_a_network(shop: World) -> None:
    client = Browser(shop).client
    answers = [client.get("/sign-in/passkey/challenge").status_code for _ask in range(40)]
    assert set(answers) == {200, 429}
