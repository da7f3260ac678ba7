"""Around a sale at a till: finding, slips, taking back, and every refusal in words.

The sale itself is in test_store.py.
"""

import re
import uuid

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from everline import ids, renewals
from everline.channels.store import refusals
from everline.channels.store.models import Sale
from everline.channels.store.refusals import STEPS, explain
from everline.errors import SENTENCES, Code, Refusal
from everline.trust import acts
from tests import printer
from tests.channels.store import PASSWORD, Till, _fields
from tests.counter import as_manager, balanced, left, sell, sold, text
from tests.test_web_words import CARD, FACTS, POLICY
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


# Finding


def test_one_field_finds_numbers_codes_and_slips(till: Till, counter: World) -> None:
    card, plan = counter.card(), counter.plan(price=1000)
    outside = ids.outside("crd", card.id)
    assert card.msisdn is not None
    spaced = " ".join(card.iccid[place : place + 4] for place in range(0, 20, 4))
    for typed in (card.iccid, spaced, card.msisdn):
        answer = till.client.post("/till", {"number": typed})
        assert answer["Location"] == f"/till/cards/{outside}"
    renewal = sold(sell(till, card, plan))
    number = ids.outside("rnw", renewal.id)
    for typed in (number, f"http://localhost:8000/verify/{number}"):
        answer = till.client.post("/till", {"number": typed})
        assert answer["Location"] == f"/till/renewals/{number}"
    assert till.client.post("/till", {"number": "22222222"}).status_code == 422


def test_an_open_renewal_is_found_by_its_code_paid_and_is_one_sale(
    till: Till, counter: World
) -> None:
    opened = counter.place(counter.card(), counter.plan(price=1000))
    found = renewals.find(opened)
    assert found is not None
    assert found.spoken_code is not None
    answer = till.client.post("/till", {"number": found.spoken_code})
    address = answer["Location"]
    assert "Waiting for your payment" in text(till.client.get(address))
    page = till.client.get(f"{address}/pay").content.decode()
    fields = _fields(page) | {"pay": "typed", "tendered": "10.00"}
    for _press in range(2):
        assert till.client.post(f"{address}/pay", fields)["Location"] == address
    assert "Paid, being delivered" in text(till.client.get(address))
    assert left(till) == 10_000 - 1000 + 25
    assert Sale.objects.get().renewal_id == opened
    assert balanced(counter)


def test_an_open_renewal_is_cancelled_at_the_till(till: Till, counter: World) -> None:
    opened = counter.place(counter.card(), counter.plan(price=1000))
    found = renewals.find(opened)
    assert found is not None
    till.client.post("/till", {"number": found.spoken_code})
    address = reverse("store:cancel", args=[opened])
    till.client.post(address, {"request_id": str(uuid.uuid4())})
    after = renewals.find(opened)
    assert after is not None
    assert after.state == "cancelled"


def test_codes_cannot_be_tried_out(till: Till, counter: World) -> None:
    for guess in range(20):
        till.client.post("/till", {"number": f"2222{2222 + guess}"})
    opened = renewals.find(counter.place(counter.card(), counter.plan(price=1000)))
    assert opened is not None
    assert till.client.post("/till", {"number": opened.spoken_code}).status_code == 422


# After the sale


def test_the_first_slip_is_no_copy_and_the_next_is(till: Till, counter: World) -> None:
    answer = sell(till, counter.card(), counter.plan(price=1000), tendered="20")
    address = f"{answer['Location']}/slip/58"
    first, again = (printer.read(till.client.post(address).content) for _print in range(2))
    assert (first.cuts, again.cuts) == (1, 1)
    assert "Copy" not in " ".join(first.texts)
    assert "Copy" in " ".join(again.texts)
    assert "Change" in " ".join(first.texts)
    chinese = printer.read(till.client.post(f"{address}?slip=zh-hans").content)
    assert len(chinese.pictures) > len(first.pictures)


def test_only_a_manager_takes_back_and_only_today(till: Till, counter: World) -> None:
    answer = sell(till, counter.card(), counter.plan(price=1000))
    address = f"{answer['Location']}/take-back"
    sent = {"request_id": str(uuid.uuid4())}
    assert till.client.post(address, sent).status_code == 403
    assert left(till) == 9025
    as_manager(till)
    assert "Take this sale back" in text(till.client.get(answer["Location"]))
    counter.advance(days=1)
    till.client.post("/till/unlock", {"password": PASSWORD})
    assert "Take this sale back" not in text(till.client.get(answer["Location"]))
    till.client.post(address, sent)
    assert sold(answer).state == "paid"
    counter.advance(days=-1)


def test_a_sale_by_mistake_goes_back_with_its_commission(till: Till, counter: World) -> None:
    answer = sell(till, counter.card(), counter.plan(price=1000))
    as_manager(till)
    sent = {"request_id": str(uuid.uuid4())}
    for _press in range(2):
        till.client.post(f"{answer['Location']}/take-back", sent)
    assert "Give the customer the money back" in text(till.client.get(answer["Location"]))
    counter.verb("withdrawn", sold(answer).id, "done", "", counter.at)
    assert sold(answer).state == "reversed"
    assert left(till) == 10_000
    assert balanced(counter)
    taken = [act for act in acts.newest() if act.verb == "take_back"]
    assert len(taken) == 1


# Words


@pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
@pytest.mark.parametrize("code", Code)
def test_every_refusal_is_said_to_the_clerk(code: Code, locale: str) -> None:
    english = refusals.OWN_WORDS.get(code, SENTENCES[code])
    with translation.override(locale):
        told = explain(Refusal(code, FACTS.get(code, {})), POLICY, CARD, "plan")
        assert told.step
        assert told.url.startswith("/till")
        assert (told.sentence == english) == (locale == "en")
    assert set(STEPS) == set(Code)


def test_the_demo_opens_codes_for_its_own_tills_and_production_does_not(counter: World) -> None:
    store = counter.retailer(code="JKT-002")
    row = counter.unenrolled("till", store)
    client = Client(SERVER_NAME="localhost")
    asked = {"device": row.code}
    assert client.post("/till/enrol/demo", asked)["Location"] == "/till/enrol"
    assert row.code not in text(client.get("/till/enrol"))
    settings.DEMO = True
    try:
        page = client.post("/till/enrol/demo", asked).content.decode()
        found = re.search(r'name="code"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="code"', page)
        assert found is not None
        answer = client.post("/till/enrol", {"code": found[1] or found[2]})
        assert answer["Location"] == "/till/sign-in"
    finally:
        settings.DEMO = False
