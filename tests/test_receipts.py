"""The receipt after paying, for whoever gave no address before: once a recipient, and not for ever.

That every channel's confirmation says all is the conformance suite's.
"""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from everline import ids, renewals, topups
from everline.database.requests import Caller
from everline.notices import Contact
from everline.trust import acts
from tests.channels.store import Till
from tests.counter import balanced, sell, sold, text
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

NINA, ANA = "nina@customers.example", "ana@customers.example"
ASKED = {
    "en": "Send me the receipt",
    "zh-hans": "把收据发给我",
    "id": "Kirim bukti pembayaran kepada saya",
}


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def written(world: World, template: str = "renewed") -> list[str]:
    rows = world.all(
        "select recipient from notices_notice where template = %s order by recipient", template
    )
    return [recipient for (recipient,) in rows]


def paid_on_the_page(world: World, locale: str = "en", **typed: str) -> Browser:
    card, plan = world.card(balance=3000), world.plan()
    browser = Browser(world, locale)
    browser.sign_in(card)
    browser.choose(card, plan)
    return browser.press(f"/plans/{plan.code}", **({"means": "balance", "contact": ""} | typed))


@pytest.mark.parametrize("locale", ASKED)
def test_the_page_sends_it_when_it_is_delivered_or_at_once(shop: World, locale: str) -> None:
    browser = paid_on_the_page(shop, locale)
    assert ASKED[locale] in browser.text
    browser.press("/receipt", contact=NINA)
    assert written(shop) == []
    shop.deliver_all()
    assert written(shop) == [NINA]
    shop.advance(minutes=5)
    browser.get(browser.at).press("/receipt", contact="+351 912 345 678")
    assert written(shop) == ["+351912345678", NINA]
    ((said, run_at),) = shop.all(
        "select n.locale, j.run_at from notices_notice n join jobs_job j on j.subject_id = n.id"
        " where n.medium = 'sms'"
    )
    assert said == locale
    assert abs(run_at - shop.at) < timedelta(seconds=1)  # Not at the time of its fact.


def test_one_row_a_recipient_and_three_recipients(shop: World) -> None:
    browser = paid_on_the_page(shop, contact=NINA)
    shop.deliver_all()
    browser.get(browser.at)
    assert "Send the receipt to another address too" in browser.text
    where, fields = browser.form("/receipt")
    for _press in range(2):
        browser.post(where, fields | {"contact": ANA})
    assert "The receipt is on its way." in browser.text
    browser.press("/receipt", contact=NINA)
    assert written(shop) == [ANA, NINA]
    browser.press("/receipt", contact="third@customers.example")
    assert len(written(shop)) == 3
    browser.press("/receipt", contact="fourth@customers.example")
    assert "This receipt went to three addresses already." in browser.text
    assert len(written(shop)) == 3


def test_many_at_once_are_three_all_the_same(shop: World) -> None:
    card, plan = shop.card(balance=3000), shop.plan()
    renewal_id = shop.renew(card, plan).id
    assert renewal_id is not None
    shop.deliver_all()
    outcomes: list[str] = []

    def ask(number: int) -> None:
        contact = Contact(email=f"n{number}@customers.example")
        answer = renewals.send_receipt(shop.caller(), renewal_id, contact, shop.at)
        outcomes.append(str(answer.reason or answer.outcome))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["receipt_limit"] * 5 + ["receipt_sent"] * 3
    assert len(written(shop)) == 3


def test_what_is_typed_wrongly_is_explained_and_an_address_may_not_ask_on_and_on(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = paid_on_the_page(shop)
    page = browser.at
    browser.press("/receipt", contact="nina@")
    assert browser.status == 422
    assert "This is not an e-mail address." in browser.text
    assert browser.press("/receipt", contact="").status == 422
    assert browser.press("/receipt", contact=NINA).at == page
    monkeypatch.setattr(settings, "LOOK_UPS_PER_MINUTE", 1)
    browser.press("/receipt", contact=ANA)
    assert browser.get(page).press("/receipt", contact=ANA).status == 422
    assert "Too many receipts were asked for." in browser.text


def test_what_is_not_paid_has_no_receipt_and_a_stranger_is_not_asked(shop: World) -> None:
    plan = shop.plan()
    waiting = shop.place(shop.card(), plan)
    answer = renewals.send_receipt(shop.caller(), waiting, Contact(email=NINA), shop.at)
    assert answer.reason == "renewal_state"
    nobodys = renewals.send_receipt(shop.caller(), uuid.uuid4(), Contact(email=NINA), shop.at)
    assert nobodys.reason == "renewal_unknown"
    browser = paid_on_the_page(shop)
    shop.deliver_all()
    (number,) = set(Browser(shop).get(browser.at).text.split()) & {
        word for word in browser.text.split() if word.startswith("rnw_")
    }
    stranger = Browser(shop).get(f"/renewals/{number}")
    assert number in stranger.text
    assert "Send me the receipt" not in stranger.text


def test_whoever_asked_is_told_of_a_refund_too(shop: World) -> None:
    browser = paid_on_the_page(shop)
    browser.press("/receipt", contact=NINA)
    shop.advance(minutes=31)
    shop.expire_due()
    assert written(shop, "refunded") == [NINA]


def test_a_request_is_one_and_another_use_of_it_is_refused(shop: World) -> None:
    card = shop.card(balance=3000)
    renewal_id = shop.renew(card, shop.plan()).id
    assert renewal_id is not None
    shop.deliver_all()
    caller = Caller("web", "page", str(uuid.uuid4()))
    first = renewals.send_receipt(caller, renewal_id, Contact(email=NINA), shop.at)
    again = renewals.send_receipt(caller, renewal_id, Contact(email=NINA), shop.at)
    assert (first.outcome, again.outcome, again.replayed) == ("receipt_sent", "receipt_sent", True)
    other = renewals.send_receipt(caller, renewal_id, Contact(email=ANA), shop.at)
    assert other.reason == "request_reused"
    assert written(shop) == [NINA]


def test_a_top_up_has_one_too(shop: World) -> None:
    store = shop.retailer()
    shop.fund(store.account_id, "deposit", 5000)
    top_up_id = shop.top_up(shop.card(), 1000, store).id
    assert top_up_id is not None
    shop.advance(minutes=3)
    contacts = [Contact(email=f"{name}@customers.example") for name in "abcd"]
    answers = [
        topups.send_receipt(shop.caller("store"), top_up_id, contact, shop.at)
        for contact in contacts
    ]
    assert [answer.reason for answer in answers] == [None, None, None, "receipt_limit"]
    assert len(written(shop, "topped_up")) == 3
    assert shop.one("select min(run_at) from jobs_job where kind = 'notify'") == shop.at
    unknown = topups.send_receipt(shop.caller("store"), uuid.uuid4(), contacts[0], shop.at)
    assert unknown.reason == "topup_unknown"


def test_the_till_sends_it_and_records_that_but_not_where(till: Till, counter: World) -> None:
    answer = sell(till, counter.card(), counter.plan())
    renewal = sold(answer)
    counter.deliver_all()
    where = answer["Location"]
    assert "Send me the receipt" in text(till.client.get(where))
    wrong = till.client.post(f"{where}/receipt", {"request_id": uuid.uuid4(), "contact": "nina"})
    assert wrong.status_code == 422
    sent = till.client.post(f"{where}/receipt", {"request_id": uuid.uuid4(), "contact": NINA})
    assert sent["Location"] == where
    assert "The receipt is on its way." in text(till.client.get(where))
    assert written(counter) == [NINA]
    (act,) = [act for act in acts.newest(person_id=till.clerk.id) if act.verb == "send_receipt"]
    assert NINA not in str(act)
    assert balanced(counter)
    other = Till(counter, "en").client.post(
        f"{where}/receipt", {"request_id": uuid.uuid4(), "contact": ANA}
    )
    assert other.status_code == 404
    assert written(counter) == [NINA]
    assert renewals.find(renewal.id) is not None


def test_the_till_sends_the_receipt_of_a_top_up(till: Till, counter: World) -> None:
    top_up_id = counter.top_up(counter.card(), 1000, till.store).id
    assert top_up_id is not None
    led = till.client.post("/till", {"number": ids.outside("top", top_up_id)})
    sent = {"request_id": uuid.uuid4(), "contact": NINA}
    assert till.client.post(f"{led['Location']}/receipt", sent)["Location"] == led["Location"]
    assert written(counter, "topped_up") == [NINA]
