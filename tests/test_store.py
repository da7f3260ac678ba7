"""The till: what it sells, which documents and cash it takes, and what it notes of it.

Who may stand there is in test_till_staff.py, what comes after a sale in test_till_sales.py. That it
renews as every channel does is the conformance suite's.
"""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from hypothesis import given, strategies as st

from everline import ids, ledger
from everline.channels.store import cash, documents
from everline.channels.store.models import Sale
from everline.people.models import Person
from everline.trust import acts
from tests.channels.store import Till, _fields
from tests.counter import as_manager, balanced, left, sell, sold, text
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


# Selling


def test_a_sale_books_the_deposit_the_commission_and_what_the_till_notes(
    till: Till, counter: World
) -> None:
    card, plan = counter.card(), counter.plan(price=1000)
    answer = sell(till, card, plan, tendered="20.00")
    renewal = sold(answer)
    assert left(till) == 10_000 - 1000 + 25
    assert balanced(counter)
    (noted,) = Sale.objects.all()
    assert (noted.renewal_id, noted.tendered, noted.change) == (renewal.id, 2000, 1000)
    assert (noted.clerk_id, noted.terminal_id) == (till.clerk.id, till.device.terminal.id)
    page = text(till.client.get(answer["Location"]))
    assert "Paid, being delivered" in page
    assert "€10.00" in page
    verbs = [act.verb for act in acts.newest(person_id=till.clerk.id)]
    assert sorted(verbs) == ["sell_renewal", "sign_in"]


def test_a_button_with_a_note_and_one_without_cash_sell_too(till: Till, counter: World) -> None:
    plan = counter.plan(price=1000)
    sold(sell(till, counter.card(), plan, pay="5000"))
    sold(sell(till, counter.card(), plan, pay="none"))
    kept = set(Sale.objects.values_list("tendered", "change"))
    assert kept == {(5000, 4000), (None, None)}


def test_too_little_cash_sells_nothing(till: Till, counter: World) -> None:
    answer = sell(till, counter.card(), counter.plan(price=1000), tendered="9.99")
    assert answer.status_code == 422
    assert "€0.01 is missing" in text(answer)
    assert left(till) == 10_000
    assert not Sale.objects.exists()


def test_pressed_twice_is_one_sale(till: Till, counter: World) -> None:
    card, plan = counter.card(), counter.plan(price=1000)
    request = till.ask(card, plan)
    assert till.send(request).outcome == "paid"
    assert till.send(request).outcome == "paid"
    assert left(till) == 10_000 - 1000 + 25
    assert Sale.objects.count() == 1
    assert len(acts.newest(subject=("renewal", str(Sale.objects.get().renewal_id)))) == 1


def test_a_sale_whose_answer_was_lost_is_found_again(till: Till, counter: World) -> None:
    renewal = sold(sell(till, counter.card(), counter.plan(price=1000)))
    Sale.objects.update(renewal_id=None)
    assert "1112" not in text(till.client.get("/till/sales"))
    assert renewal.plan_code in text(till.client.get("/till/sales"))
    assert Sale.objects.get().renewal_id == renewal.id


def test_the_same_plan_again_within_the_hour_is_asked_about(till: Till, counter: World) -> None:
    card, plan = counter.card(), counter.plan(price=1000)
    sold(sell(till, card, plan))
    again = sell(till, card, plan)
    assert again.status_code == 422
    assert "less than an hour ago" in text(again)
    sold(sell(till, card, plan, again="on"))


def test_two_tills_at_one_card_sell_it_once(counter: World) -> None:
    pair = [Till(counter, "en"), Till(counter, "en")]
    card, plan = counter.card(), counter.plan(price=1000)
    for each in pair:
        each.funds(card, 5000)
    requests = [each.ask(card, plan) for each in pair]

    def press(place: int) -> Any:
        try:
            return pair[place].send(requests[place])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        told = list(both.map(press, range(2)))
    assert sorted(each.outcome for each in told) == ["paid", "refused"], told
    # Whoever comes a moment later is refused by the verb, a little later still by the page.
    loser = next(each.text for each in told if each.outcome == "refused")
    assert "price or the end date has changed" in loser or "less than an hour ago" in loser
    assert sum(left(each) for each in pair) == 9000
    assert Sale.objects.count() == 1
    assert balanced(counter)


def test_a_short_deposit_tells_the_manager_what_to_do(counter: World) -> None:
    till = Till(counter, "en")
    answer = sell(till, counter.card(), counter.plan(price=1000))
    assert answer.status_code == 409
    assert "Call the manager to pay in" in text(answer)
    assert not Sale.objects.exists()
    as_manager(till)
    assert "The deposit is low" in text(till.client.get("/till"))


def test_the_clerk_does_not_see_the_deposit(till: Till) -> None:
    assert "Deposit of the store" not in text(till.client.get("/till"))
    as_manager(till)
    assert "Deposit of the store: €100.00" in text(till.client.get("/till"))


def test_a_top_up_is_sold_once_and_taken_back(till: Till, counter: World) -> None:
    card = counter.card()
    address = f"/till/cards/{ids.outside('crd', card.id)}/top-up"
    page = till.client.get(f"{address}?amount=20.00").content.decode()
    fields = _fields(page) | {"pay": "typed", "tendered": "50.00"}
    first, again = till.client.post(address, fields), till.client.post(address, fields)
    assert first["Location"] == again["Location"]
    assert ledger.spendable(card.account_id, "balance", "EUR") == 2000
    assert "Topped up" in text(till.client.get(first["Location"]))
    as_manager(till)
    till.client.post(f"{first['Location']}/take-back", {"request_id": str(uuid.uuid4())})
    assert ledger.spendable(card.account_id, "balance", "EUR") == 0
    assert left(till) == 10_000
    assert balanced(counter)


def test_a_new_card_is_opened_on_the_way(till: Till, counter: World) -> None:
    card = counter.card("in_stock")
    plan = counter.plan(price=1000)
    found = till.client.post("/till", {"number": card.iccid}, follow=True)
    address = found.request["PATH_INFO"]
    assert address.endswith("/activate")
    wrong = _fields(found.content.decode()) | {"start_code": "WRONG-0001"}
    assert "start code is wrong" in text(till.client.post(address, wrong))
    fields = {"request_id": str(uuid.uuid4()), "start_code": "start 0001"}
    bound = till.client.post(address, fields, follow=True)
    assert bound.request["PATH_INFO"].endswith("/bind")
    fields = {"request_id": str(uuid.uuid4()), "number": "490154203237518"}
    ready = till.client.post(bound.request["PATH_INFO"], fields, follow=True)
    assert plan.code in text(ready)
    sold(sell(till, card, plan))


# Documents


def ask_for(world: World, asked: str, least: int = 0) -> None:
    world.owner.execute(
        "update catalogue_policy set document_check = jsonb_build_object("
        "'asked', %s::text, 'from', jsonb_build_object('EUR', %s::integer))",
        [asked, least],
    )


def test_a_document_is_asked_for_from_an_amount_on(till: Till, counter: World) -> None:
    ask_for(counter, "seen", 1000)
    sold(sell(till, counter.card(), counter.plan(price=999)))
    plan = counter.plan(price=1000)
    answer = sell(till, counter.card(), plan)
    assert answer.status_code == 422
    assert "Look at a document" in text(answer)
    sold(sell(till, counter.card(), plan, seen="on"))
    assert sorted(Sale.objects.values_list("document", flat=True)) == ["not_asked", "seen"]


def test_the_registered_name_must_match_and_is_not_shown(till: Till, counter: World) -> None:
    ask_for(counter, "matched")
    card, plan = counter.card(), counter.plan(price=1000)
    till_page = sell(till, card, plan, seen="on")
    sold(till_page)  # Nobody is registered, so a document is looked at and no more.
    holder = Person.objects.create_user("h@testline.example", name="Putri Lestari")
    counter.insert(
        "people_holding",
        id=ids.uuid7(counter.at),
        account_id=card.account_id,
        person_id=holder.id,
        starts_at=counter.at,
    )
    wrong = sell(till, card, plan, again="on", ending="wati")
    assert wrong.status_code == 422
    assert "Lestari" not in wrong.content.decode()
    sold(sell(till, card, plan, again="on", ending="TARI"))
    assert Sale.objects.filter(document="matched").count() == 1


def test_a_name_is_not_spelt_out_by_trying(counter: World) -> None:
    account = uuid.uuid4()
    holder = Person.objects.create_user("h@testline.example", name="陈静")
    counter.insert(
        "people_holding",
        id=ids.uuid7(counter.at),
        account_id=account,
        person_id=holder.id,
        starts_at=counter.at,
    )
    assert documents.matches(account, "静")
    for _try in range(documents.TRIES_MAX):
        assert not documents.matches(account, "x")
    assert not documents.matches(account, "静")


# Cash


@given(total=st.integers(1, 10**9), currency=st.sampled_from(sorted(cash.NOTES)))
def test_what_people_give_is_enough_and_made_of_notes(total: int, currency: str) -> None:
    offered = cash.suggestions(total, currency)
    assert [each.tendered for each in offered] == sorted({each.tendered for each in offered})
    for each in offered:
        assert each.tendered - each.change == total
        assert each.change > 0
        assert any(each.tendered % note == 0 for note in cash.NOTES[currency])


@given(total=st.integers(0, 10**12), tendered=st.integers(0, 10**12))
def test_change_is_what_is_left_or_it_is_not_enough(total: int, tendered: int) -> None:
    given_cash = cash.given(total, tendered)
    if tendered < total:
        assert given_cash is None
    else:
        assert given_cash is not None
        assert given_cash.change + total == tendered
