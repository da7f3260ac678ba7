"""The official check: what is ours, what was, what is forged; signed records; the page; banners."""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from hypothesis import given, strategies as some
from psycopg.types.json import Jsonb

from everline import ids, renewals, trust
from everline.config import plugs
from everline.people import terminals
from everline.trust import Verdict, official, signatures
from everline.trust.signatures import Problem, PublicKey
from tests.reader import Browser, on_the_pages
from tests.town import at_once
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

LOCALES = ("en", "zh-hans", "id")
TITLES = {
    "en": ("This is official", "No longer official", "Forged", "Not known to us"),
    "zh-hans": ("官方认证", "已不再是官方", "伪造", "查无此项"),
    "id": ("Ini resmi", "Tidak resmi lagi", "Palsu", "Tidak kami kenal"),
}


@pytest.fixture
def signing(town: World) -> World:
    """Plug in the key and the receipts, as every process does."""
    plugs.plug_in()
    return town


@pytest.fixture
def shop(signing: World) -> Iterator[World]:
    with on_the_pages(signing):
        yield signing


def spoiled(text: str, place: int) -> str:
    """Change one sign of a signed record to another of base64url."""
    other = "A" if text[place] != "A" else "B"
    return text[:place] + other + text[place + 1 :]


# Signed records.


def test_what_is_signed_is_read_back_by_anybody_with_the_public_key(signing: World) -> None:
    record: dict[str, str | int] = {"kind": "store", "name": "Loja da Praça", "number": 3}
    text = signatures.sign(record, signing.at)
    assert signatures.verify(text) == record
    assert signatures.verify_with(text, signatures.keys()) == record
    assert re.fullmatch(r"[\w-]{90,400}", text)
    assert signatures.verify_with(text, {}) is Problem.FORGED


def test_every_sign_of_a_signed_record_counts(signing: World) -> None:
    text = official.signed("store", "LIS-001", signing.at)
    known = signatures.keys()
    last = len(text) - 1  # Its lowest bits may be none of the record's.
    for place in range(last):
        assert isinstance(signatures.verify_with(spoiled(text, place), known), Problem), place
    for cut in (text[:-4], text + "AAAA", text[: len(text) // 2]):
        assert isinstance(signatures.verify_with(cut, known), Problem)


def test_somebody_elses_key_under_our_keys_id_is_forged(signing: World) -> None:
    text = official.signed("store", "LIS-001", signing.at)
    raw = base64.urlsafe_b64decode(text[2:] + "=" * (-len(text[2:]) % 4))
    other = Ed25519PrivateKey.generate().sign(b"E1" + raw[:4] + raw[68:])
    forged = "E1" + base64.urlsafe_b64encode(raw[:4] + other + raw[68:]).decode().rstrip("=")
    assert signatures.verify(forged) is Problem.FORGED
    assert trust.check(forged, signing.at).verdict is Verdict.FORGED


@given(some.text(max_size=200) | some.text("E1ABCdef-_", min_size=60, max_size=300))
def test_any_text_is_answered_without_an_error(text: str) -> None:
    key = {"00000000": PublicKey("00000000", b"\0" * 32, None)}
    assert isinstance(signatures.verify_with(text, key), Problem)


def test_an_ended_key_is_believed_no_longer_and_signs_nothing(signing: World) -> None:
    text = official.signed("store", signing.retailer().code, signing.at)
    [key] = signatures.keys().values()
    assert signatures.end_key(key.id, signing.at)
    assert not signatures.end_key(key.id, signing.at)
    assert signatures.verify(text) is Problem.KEY_ENDED
    assert trust.check(text, signing.at).verdict is Verdict.FORGED
    with pytest.raises(RuntimeError, match="ended"):
        signatures.sign({"kind": "store"}, signing.at)


def test_the_private_key_is_made_once_for_its_owner_alone(signing: World) -> None:
    seeds = at_once([plugs.signing_key] * 8)
    assert len(set(seeds)) == 1
    assert len(base64.urlsafe_b64decode(seeds[0] + "=")) == signatures.SEED_LENGTH
    assert (settings.HOME / "signing.key").stat().st_mode & 0o777 == 0o600
    signatures.sign({"kind": "store"}, signing.at)
    assert seeds[0] not in str(signing.all("select k::text from trust_signingkey k"))


def test_a_record_that_fits_no_qr_code_is_refused(signing: World) -> None:
    with pytest.raises(ValueError, match="512 bytes"):
        signatures.sign({"code": "x" * 600}, signing.at)


# Codes.


def test_places_and_partners_are_official_until_they_end(signing: World) -> None:
    store = signing.retailer(name="Loja", city="Porto", floor_or_exit="Piso 1", address="Rua 1")
    kiosk, till = signing.terminal("kiosk", store).terminal, signing.terminal("till", store)
    signing.partner()
    signing.owner.execute("update people_partner set code = 'PASAR'")
    started = signing.at
    signing.advance(days=1)
    for code, kind in (
        (store.code, "store"),
        (kiosk.code, "kiosk"),
        (till.terminal.code, "till"),
        ("PASAR", "partner"),
    ):
        found = trust.check(f"  {code.lower()} ", signing.at)
        assert (found.verdict, found.kind, found.code) == (Verdict.OFFICIAL, kind, code)
        assert found.since == started
    found = trust.check(store.code, signing.at)
    assert (found.name, found.place, found.city) == ("Loja", "Piso 1, Rua 1", "Porto")
    terminals.revoke(kiosk.id, signing.at)
    signing.owner.execute("update people_partner set closed_at = %s", [signing.at])
    for code in (kiosk.code, "PASAR"):
        found = trust.check(code, signing.at)
        assert (found.verdict, found.until) == (Verdict.ENDED, signing.at)
    assert trust.check(till.terminal.code, signing.at).verdict is Verdict.OFFICIAL
    signing.owner.execute("update people_retailer set closed_at = %s", [signing.at])
    assert trust.check(till.terminal.code, signing.at).verdict is Verdict.ENDED
    assert trust.check(store.code, signing.at - timedelta(hours=1)).verdict is Verdict.OFFICIAL


def test_a_sticker_is_as_good_as_its_code(signing: World) -> None:
    kiosk = signing.terminal("kiosk").terminal
    sticker = official.signed("kiosk", kiosk.code, signing.at)
    for scanned in (sticker, f"https://testline.example/verify/{sticker}"):
        found = trust.check(scanned, signing.at)
        assert (found.verdict, found.kind, found.code) == (Verdict.OFFICIAL, "kiosk", kiosk.code)
    terminals.revoke(kiosk.id, signing.at)
    assert trust.check(sticker, signing.at).verdict is Verdict.ENDED


def test_a_kiosk_that_nobody_enrolled_is_not_official(signing: World) -> None:
    assert trust.check(signing.unenrolled("kiosk").code, signing.at).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("TESTLINE", "sms"),
        (" test line ", "sms"),
        ("Hello@Testline.example", "email"),
        ("testline.example", "site"),
        ("https://www.TESTLINE.example/renew?x=1", "site"),
        ("http://testline.example:443", "site"),
    ],
)
def test_our_senders_and_site_are_forgiven_case_and_spaces(
    signing: World, typed: str, kind: str
) -> None:
    found = trust.check(typed, signing.at)
    assert (found.verdict, found.kind) == (Verdict.OFFICIAL, kind)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "testline.example.evil.example",
        "evil-testline.example",
        "testline.example@evil.example",
        "boss@testline.example",
        "TESTLlNE",
        "LIS-999",
        "rnw_",
        "rnw_00000000000000000000000000",
        "E1",
        "x" * 5000,
        "\0",
    ],
)
def test_what_only_looks_like_ours_is_not_known(signing: World, typed: str) -> None:
    assert trust.check(typed, signing.at).verdict is Verdict.UNKNOWN


# Receipts.


def test_a_receipt_tells_a_stranger_five_things_and_no_more(signing: World) -> None:
    card, plan = signing.card(balance=5000), signing.plan(price=1000)
    answer = signing.renew(card, plan)
    assert answer.id is not None
    number = ids.outside("rnw", answer.id)
    for typed in (number, number.upper(), f" {number} "):
        assert trust.check(typed, signing.at).verdict is Verdict.OFFICIAL
    receipt = trust.check(number, signing.at).receipt
    assert receipt is not None
    assert (receipt.number, receipt.state) == (number, "paid")
    assert receipt.day.isoformat() == "2026-11-22"
    assert (receipt.amount, receipt.currency, receipt.names) == (1000, "EUR", {"en": plan.code})
    assert receipt.masked_card == card.masked
    assert {*receipt.__slots__} == {
        *("number", "state", "day", "amount", "currency", "names", "masked_card")
    }
    text = official.signed_receipt(receipt, signing.at)
    assert trust.check(text, signing.at).receipt == receipt
    assert card.iccid not in str(signatures.verify(text))
    assert trust.check(spoiled(text, 120), signing.at).verdict is Verdict.FORGED
    renewals.reverse(signing.caller(), answer.id, "asked", signing.at)
    assert trust.check(number, signing.at).verdict is Verdict.ENDED


def test_an_order_that_nobody_paid_is_no_receipt(signing: World) -> None:
    renewal = signing.place(signing.card(), signing.plan())
    assert trust.check(ids.outside("rnw", renewal), signing.at).verdict is Verdict.UNPAID
    assert trust.check(ids.outside("rnw", uuid4()), signing.at).verdict is Verdict.UNKNOWN


# The page.


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_says_in_plain_words_what_a_code_is(shop: World, locale: str) -> None:
    kiosk = shop.terminal("kiosk")
    sticker = official.signed("kiosk", kiosk.terminal.code, shop.at)
    yes, ended, forged, unknown = TITLES[locale]
    assert Browser(shop, locale).get(f"/verify/{sticker}").title == yes
    assert Browser(shop, locale).get(f"/verify/{spoiled(sticker, 99)}").title == forged
    browser = Browser(shop, locale).get("/verify/NOBODY")
    assert (browser.status, browser.title) == (200, unknown)
    terminals.revoke(kiosk.terminal.id, shop.at)
    shop.advance(seconds=1)
    browser.get("/verify").post("/verify", {"code": kiosk.terminal.code.lower()})
    assert browser.title == ended
    assert kiosk.terminal.code in browser.text


def test_a_receipt_on_the_page_hides_the_card(shop: World) -> None:
    card = shop.card(balance=5000)
    answer = shop.renew(card, shop.plan())
    assert answer.id is not None
    number = ids.outside("rnw", answer.id)
    browser = Browser(shop).post("/verify", {"code": number})
    assert browser.title == "This is official"
    for told in (number, card.masked, "€10.00"):
        assert told in browser.text
    for kept in (card.iccid, card.msisdn or "", "Lisbon"):
        assert kept not in browser.page


@pytest.mark.parametrize(
    "code",
    ["<script>alert(1)</script>", "../../etc", "%00", "x" * 2000, "/", "é", "E1" + "A" * 200],
)
def test_the_page_takes_anything(shop: World, code: str) -> None:
    browser = Browser(shop).post("/verify", {"code": code})
    assert browser.status in {200, 422}
    assert "<script>alert" not in browser.page
    assert Browser(shop).get("/verify/x/y/z").title == "Not known to us"


def test_an_empty_form_is_explained(shop: World) -> None:
    browser = Browser(shop).post("/verify", {"code": " "})
    assert browser.status == 422
    assert "Enter what you want to check" in browser.text


# Banners.


def test_a_banner_is_shown_in_its_time_channel_and_language(town: World) -> None:
    def put(text: dict[str, str], hours: int = 2, **columns: object) -> None:
        given = {
            "id": ids.uuid7(town.at),
            "text": Jsonb(text),
            "channels": [],
            "severity": "info",
            "starts_at": town.at,
            "ends_at": town.at + timedelta(hours=hours),
        }
        town.insert("trust_banner", **given | columns)

    put({"en": "All", "zh-Hans": "所有"})
    put({"en": "Kiosks"}, channels=["kiosk"])
    put({"en": "Late"}, starts_at=town.at + timedelta(hours=1), severity="warning")
    put({"en": "Open"}, ends_at=None, starts_at=town.at - timedelta(hours=1))
    assert [each.text for each in trust.banners("web", town.at, "en")] == ["All", "Open"]
    assert [each.text for each in trust.banners("web", town.at, "zh-hans")] == ["所有", "Open"]
    assert len(trust.banners("kiosk", town.at, "id")) == 3
    town.advance(hours=1)
    assert trust.banners("web", town.at, "en")[0] == trust.Banner("Late", "warning")
    town.advance(hours=1)
    assert [each.text for each in trust.banners("web", town.at, "en")] == ["Open"]


def test_every_page_shows_the_banner_and_escapes_it(shop: World) -> None:
    shop.insert(
        "trust_banner",
        id=ids.uuid7(shop.at),
        text=Jsonb({"en": "Payments are slow <b>now</b>.", "id": "Pembayaran lambat."}),
        channels=["web"],
        severity="warning",
        starts_at=shop.at,
        ends_at=None,
    )
    shop.advance(seconds=1)
    for path in ("/", "/verify", "/sign-in", "/nowhere"):
        page = Browser(shop).get(path).page
        assert "Payments are slow &lt;b&gt;now" in page, path
    assert "Pembayaran lambat." in Browser(shop, "id").get("/").page
