"""The words of the online channel: every refusal, every state and every fault, in each language.

The way through the pages is in test_web.py; whether the catalogues are complete, in test_locale.py.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils import translation

from everline import catalogue, ids, renewals
from everline.cards import Card
from everline.channels.web import ordering, refusals
from everline.channels.web.refusals import Place, explain
from everline.errors import SENTENCES, Code, Facts, Refusal
from everline.pages import states
from everline.renewals import Renewal
from tests.reader import APPROVED, Browser, on_the_pages
from tests.world import START, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

LOCALES = ("en", "zh-hans", "id")
POLICY = catalogue.Policy("Testline", "testline.example", "", "", {}, 15, 30, 30, 6, 90)
ONE = ids.uuid7(START)
CARD = Card(
    id=ONE,
    account_id=ONE,
    iccid="8999907111111111112",
    msisdn=None,
    kind="sim",
    zone="Europe/Lisbon",
    currency="EUR",
    state="bound",
    smdp_address="",
    matching_id="",
    taken_at=None,
)
FACTS: dict[Code, Facts] = {
    Code.RENEWAL_OPEN: {"channel": "store", "since": START.isoformat()},
    Code.QUOTE_CHANGED: {"total": 1234, "currency": "EUR"},
    Code.LIMIT_EXCEEDED: {"most": 1234},
    Code.START_CODE_WRONG: {"tries_left": 2},
    Code.DEVICE_LIMIT: {"devices": ["…7518"]},
    Code.DEVICE_BOUND: {"devices": ["…7518"]},
    Code.TOO_FAR_AHEAD: {"queued": 6},
}
RENEWAL = Renewal(
    id=ONE,
    account_id=ONE,
    card_id=ONE,
    iccid=CARD.iccid,
    zone=CARD.zone,
    channel="web",
    source="page",
    request_id="1",
    state="awaiting_payment",
    reason="",
    plan_version_id=ONE,
    plan_code="A",
    plan_names={"en": "Plan A", "zh-Hans": "套餐甲"},
    means="gateway",
    payer_id=ONE,
    currency="EUR",
    price=1000,
    discount=100,
    total=900,
    tax=168,
    bonus_bytes=10**9,
    allowance_bytes=30 * 10**9,
    on_renewal="queue",
    starts_at=START,
    ends_at=START + timedelta(days=30),
    placed_at=START,
    paid_at=None,
    delivered_at=None,
    deadline_at=START + timedelta(minutes=30),
    attempt_id=ONE,
    attempt_state="sent",
    attempt_reason="",
    attempt_is_hard=False,
    attempt_reference="charge-1",
    gateway="sandbox",
    masked_means="",
    page_url="http://localhost/pay/1",
    refund_state=None,
)
RENEWAL_STATES = (
    "placed",
    "awaiting_payment",
    "held",
    "paid",
    "delivered",
    "refused",
    "cancelled",
    "expired",
    "reversing",
    "reversed",
)
ATTEMPT_STATES = ("created", "sent", "unknown", "failed", "succeeded", "superseded", "parked", None)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Speak English until a test says otherwise: a page leaves its language behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def bank(sandboxed_town: World) -> Iterator[World]:
    with on_the_pages(sandboxed_town, by="server"):
        yield sandboxed_town


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


@pytest.mark.usefixtures("town")  # A page asks for banners.
class TestRefusals:
    """The table from code to words and way on."""

    def test_every_code_stands_in_the_table(self) -> None:
        assert set(refusals.STEPS) == set(Code)

    @pytest.mark.parametrize("code", Code)
    @pytest.mark.parametrize("locale", LOCALES)
    def test_every_code_is_a_page_with_a_way_on(self, locale: str, code: Code) -> None:
        refusal = Refusal(code, FACTS.get(code, {}))
        request = RequestFactory().get("/", SERVER_NAME="localhost")
        with translation.override(locale):
            for where in (Place(POLICY), Place(POLICY, CARD), Place(POLICY, CARD, "A")):
                told = explain(refusal, where)
                assert resolve(told.url.partition("?")[0]).app_name == "web"
                said = [told.sentence, told.step, *told.details]
                assert all(said)
                if where.card is not None:
                    assert bool(told.details) == (code in FACTS)
                page = ordering.refused(request, refusal, where).content.decode()
                assert told.url in page
                if locale != "en":
                    assert told.sentence != SENTENCES[code]
                    assert not re.search(
                        "%[(]|[A-Za-z]{3,} [a-z]{3,} [a-z]{3,} the ", " ".join(said)
                    )

    def test_who_may_join_an_open_renewal_is_led_to_it(self) -> None:
        refusal = Refusal(Code.RENEWAL_OPEN, FACTS[Code.RENEWAL_OPEN])
        told = explain(refusal, Place(POLICY, CARD, joinable=ONE))
        assert resolve(told.url).url_name == "renewal"
        assert "in an authorised store" in told.details[0]


class TestStates:
    """What is said of a renewal."""

    @pytest.mark.parametrize("locale", LOCALES)
    def test_every_state_is_said_and_money_in_flight_never_failed(self, locale: str) -> None:
        with translation.override(locale):
            declined = translation.gettext("Payment declined")
            for state, attempt, returned, hard, refund in itertools.product(
                RENEWAL_STATES, ATTEMPT_STATES, (False, True), (False, True), (None, "succeeded")
            ):
                renewal = replace(
                    RENEWAL,
                    state=state,
                    attempt_state=attempt,
                    attempt_is_hard=hard,
                    refund_state=refund,
                )
                face = states.face(renewal, POLICY, has_returned=returned)
                assert face.title
                assert all(face.sentences)
                assert (face.title == declined) == (
                    (state, attempt) == ("awaiting_payment", "failed")
                )
                if attempt in {"sent", "unknown"}:
                    assert not face.pays
                if state == "awaiting_payment" and (
                    attempt == "unknown" or (attempt == "sent" and returned)
                ):
                    assert face.polls
                    assert not face.cancels
                assert [row.value for row in states.rows(renewal, POLICY)]

    def test_the_reason_of_a_failure_decides_what_is_said(self) -> None:
        failed = replace(RENEWAL, attempt_state="failed")
        titles = {
            reason: states.face(
                replace(failed, attempt_reason=reason), POLICY, has_returned=True
            ).title
            for reason in ("insufficient_funds", "cancelled", "expired", "never_received", "other")
        }
        assert titles == {
            "insufficient_funds": "Payment declined",
            "cancelled": "You left before paying",
            "expired": "The payment was not made",
            "never_received": "The payment was not made",
            "other": "Payment declined",
        }

    def test_money_that_comes_after_cancelling_goes_back_and_the_page_says_so(
        self, bank: World
    ) -> None:
        browser = Browser(bank).choose(bank.card(), bank.plan()).press()
        leading, following = browser.page, browser.at.removesuffix("/payment")
        assert browser.get(following).press("/cancel").title == "Cancelled"
        assert "Should the bank still take the money" in browser.text
        browser.page = leading
        browser.pay(APPROVED)
        assert browser.title == "Cancelled"
        assert "Your money is on its way back." in browser.text
        bank.ask_all()
        assert "The money went back" in browser.get(browser.at).text

    def test_a_renewal_that_is_taken_back_is_said_to_be_refunded(self, bank: World) -> None:
        browser = Browser(bank).choose(bank.card(), bank.plan()).press().pay(APPROVED)
        renewal_id = bank.one("select id from renewals_renewal")
        bank.deliver_all()
        assert renewals.reverse(bank.caller(), renewal_id, "asked", bank.at).outcome == "reversing"
        assert browser.get(browser.at).title == "Being refunded"


class TestReceipts:
    """Addresses of renewals."""

    def test_a_receipts_number_shows_it_and_can_do_nothing(self, bank: World) -> None:
        card = bank.card()
        browser = Browser(bank).choose(card, bank.plan()).press()
        signed = browser.at.removesuffix("/payment")
        bare = signed.partition(".")[0]
        other = Browser(bank).get(bare)
        assert card.masked in other.text
        assert not re.search('action="[^"]*/(pay|cancel)"|/pay/', other.page)
        assert browser.get(bare).at == signed
        assert other.get(f"{bare}.AAAAAAAAAAAAAAAA").status == 404


class TestFaults:
    """Pages for what went wrong."""

    @pytest.mark.parametrize(
        ("locale", "said"),
        [("en", "no such page"), ("zh-hans", "没有这个页面"), ("id", "tidak ada")],
    )
    def test_they_speak_the_language(self, shop: World, locale: str, said: str) -> None:
        browser = Browser(shop, locale).get("/nowhere")
        assert browser.status == 404
        assert said in browser.text
        assert browser.get("/cards/crd_x").status == 404

    def test_a_form_without_its_token_is_explained(self, shop: World) -> None:
        strict = Client(enforce_csrf_checks=True, headers={"accept-language": "id"})
        answer = strict.post("/", {"number": "1"}, SERVER_NAME="localhost")
        assert answer.status_code == 403
        assert "Silakan kirim lagi" in answer.content.decode()

    def test_a_bug_is_told_even_when_no_table_can_be_read(self, world: World) -> None:
        world.owner.execute("alter table catalogue_policy rename to gone")
        client = Client(raise_request_exception=False, headers={"accept-language": "id"})
        answer = client.get("/", SERVER_NAME="localhost")
        assert answer.status_code == 500
        assert "jangan bayar lagi" in answer.content.decode()
        assert settings.MERCHANT in answer.content.decode()
