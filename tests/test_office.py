"""The office at work: a day's money against the ledger, queues, search, and the acts it leaves."""

import csv
import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from everline import cards, clock, database, ids, renewals, trust
from everline.ids import CustomerNumber
from everline.money import Money
from everline.office import takings
from everline.office.audit import audit
from everline.office.day_end import plain
from everline.people import keys, return_calls, terminals
from everline.people.models import Person
from everline.people.roles import Role
from everline.renewals import Renewal
from everline.trust import acts
from tests import desk
from tests.desk import office, signed_in
from tests.reader import INLINE
from tests.world import World

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.
SOLD = "('sale', 'tax')"


@pytest.fixture
def owner(office: World) -> Client:
    return signed_in(office.staff(Role.OWNER))


def act(client: Client, path: str, times: int = 1) -> Any:
    """Open the question and press its button, as often as said with the same request id."""
    asked = client.get(f"/office/{path}")
    assert asked.status_code == 200, path
    request_id = asked.content.decode().partition('name="request_id" value="')[2][:36]
    answer = None
    for _time in range(times):
        answer = client.post(f"/office/{path}", {"request_id": request_id})
    return answer


def renewal(renewal_id: Any) -> Renewal:
    found = renewals.find(renewal_id)
    assert found is not None
    return found


def days_trade(world: World) -> None:
    """Sell through three doors in a day, take one back, top one up."""
    plan, free = world.plan(price=1230), world.plan(price=999, prices={"IDR": 10_000_000})
    store, partner = world.retailer(deposit=50_000, commission=250), world.partner(deposit=50_000)
    world.promotion("HALF", percent_basis_points=5000)
    world.promotion("FREE", percent_basis_points=10000, per_card_max=9)
    world.renew(world.card(balance=5000), plan, promotion="HALF")
    world.renew(world.card(balance=5000), free, promotion="FREE")
    sold = []
    for payer, channel in ((store, "store"), (partner, "partner"), (store, "store")):
        card = world.card()
        answer = renewals.renew(
            world.caller(channel), world.order(card, plan, channel=channel), payer.account_id,
            world.at,
        )  # fmt: skip
        assert answer.id is not None
        sold.append(answer.id)
    world.deliver_all()
    renewals.reverse(world.caller("store"), sold[-1], "asked", world.at)
    world.verb("withdrawn", sold[-1], "done", "", world.at)
    world.top_up(world.card(), 2000, store)


def read(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_days_files_are_the_ledgers_transfers(office: World, owner: Client) -> None:
    days_trade(office)
    day = office.at.date().isoformat()
    sums = read(owner.get(f"/office/day-end/sums.csv?day={day}"))
    lines = read(owner.get(f"/office/day-end/renewals.csv?day={day}"))

    def total(rows: list[dict[str, str]], field: str) -> int:
        return sum(Money.parse(row[field], row["currency"]).amount for row in rows)

    def booked(kinds: str) -> int:
        found = office.one(f"select sum(amount) from ledger_transfer where kind in {kinds}")
        return int(found or 0)

    assert booked(SOLD) > 0
    for rows in (sums, lines):
        assert total(rows, "gross") == booked(SOLD)
        assert total(rows, "tax") == booked("('tax', '')")
        assert total(rows, "refunds") == booked("('sale_reversed', 'tax_reversed')")
        assert total(rows, "discount") == office.one("select sum(discount) from renewals_renewal")
        assert total(rows, "net") == (
            total(rows, "gross") - total(rows, "refunds") - total(rows, "commission")
        )
    commission = booked("('commission', '')") - booked("('commission_reversed', '')")
    assert total(sums, "commission") == commission > 0
    assert total(sums, "topups") == 2000
    assert sum(int(row["renewals"]) for row in sums) == 5 == len(lines)
    assert {row["channel"] for row in sums} == {"web", "store", "partner"}
    assert all(len(row["card"]) and "•" in row["card"] for row in lines)
    verbs = [act.verb for act in acts.newest()]
    assert verbs.count("export_day") == 2
    assert [each.invariant.name for each in audit(office.at) if each.total] == []


def test_a_day_ends_at_the_operators_midnight(office: World) -> None:
    start = takings.day(office.at.date(), "Asia/Jakarta")
    assert (start.starts_at.hour, start.ends_at - start.starts_at) == (17, timedelta(days=1))
    office.renew(office.card(balance=5000), office.plan())
    today = takings.of_day(takings.day(office.at.date(), "UTC"))
    assert [(each.channel, each.count, each.gross) for each in today] == [("web", 1, 1000)]
    for days in (-1, 1):
        assert takings.of_day(takings.day(office.at.date() + timedelta(days=days), "UTC")) == []
    spring = takings.day(datetime(2026, 3, 29, tzinfo=UTC).date(), "Europe/Lisbon")
    assert spring.ends_at - spring.starts_at == timedelta(hours=23)


@pytest.mark.parametrize(
    ("typed", "written"),
    [("=1+1", "'=1+1"), ("+62", "'+62"), ("-x", "'-x"), ("@a", "'@a"), ("\tq", "'\tq"), ("a", "a")],
)
def test_no_field_is_run_as_a_formula(typed: str, written: str) -> None:
    assert plain(typed) == written
    assert plain(Money(-150, "EUR")) == "-1.50"


@pytest.mark.parametrize("query", ["", "?day=x", "?day=2999-01-01", "?day=0001-01-01"])
def test_a_day_that_is_none_gives_no_file(office: World, owner: Client, query: str) -> None:
    assert owner.get(f"/office/day-end/sums.csv{query}").status_code == 404
    day = office.at.date().isoformat()
    assert owner.get(f"/office/day-end/other.csv?day={day}").status_code == 404


def test_today_shows_counts_and_money(office: World, owner: Client) -> None:
    days_trade(office)
    shown = owner.get("/office/today").content.decode()
    assert "€43.05" in shown  # 6.15, and three times 12.30.
    office.advance(days=1)
    after = owner.get("/office/today").content.decode()
    assert shown != after
    assert "<rect" in after


def test_unknown_and_parked_payments_are_owned_and_asked(office: World, owner: Client) -> None:
    plan = office.plan()
    unknown, parked = office.place(office.card(), plan), office.place(office.card(), plan)
    office.hear(office.send(unknown), "unknown")
    attempt = office.send(parked)
    office.hear(attempt, "unknown", ask_in=None, reason="no answer")
    shown = owner.get("/office/queues").content.decode()
    assert shown.count("Ask now") == 2
    assert shown.count("Take over") == 1
    assert renewal(parked).iccid not in shown
    assert act(owner, f"queues/attempt/{attempt.id}/own").status_code == 303
    named, by = office.all("select owner, owner_by from payments_attempt where state = 'parked'")[0]
    assert named == "Owner"
    assert abs(by - office.at - timedelta(days=1)) < timedelta(minutes=1)
    assert act(owner, f"queues/attempt/{attempt.id}/ask").status_code == 303
    assert {each.verb for each in acts.newest()} == {"take_over", "ask_gateway"}


def test_what_is_paid_and_not_delivered_is_tried_again_or_refunded_once(
    office: World, owner: Client
) -> None:
    plan = office.plan()
    answers = [office.renew(office.card(balance=5000), plan) for _ in range(2)]
    office.owner.execute("update jobs_job set state = 'dead', tries = 12, last_error = 'no answer'")
    shown = owner.get("/office/queues").content.decode()
    assert shown.count("no answer") >= 2
    job = office.one("select id from jobs_job where subject_id = %s", answers[0].id)
    act(owner, f"queues/jobs/{job}", times=2)
    assert office.one("select state from jobs_job where id = %s", job) == "ready"
    act(owner, f"renewals/{answers[1].id}/reverse", times=2)
    assert renewal(answers[1].id).state in {"reversing", "reversed"}
    verbs = sorted(each.verb for each in acts.newest())
    assert verbs == ["reverse", "revive"]
    reversed_again = act(owner, f"renewals/{answers[1].id}/reverse")
    assert reversed_again.status_code == 303
    assert sorted(each.verb for each in acts.newest()) == verbs


def test_a_return_call_is_done_by_somebody(office: World) -> None:
    support = office.staff(Role.SUPPORT)
    client = signed_in(support)
    call = return_calls.leave(ids.Msisdn.parse("+351910000000"), office.at)
    assert "+351910000000" in client.get("/office/queues").content.decode()
    act(client, f"queues/calls/{call}", times=2)
    assert return_calls.waiting() == []
    [done] = acts.newest()
    assert (done.verb, done.person_id, done.subject_id) == ("call_back", support.id, str(call))


def test_a_card_is_found_by_whatever_somebody_tells(office: World, owner: Client) -> None:
    card, plan = office.card(balance=5000), office.plan()
    sold = office.renew(card, plan)
    opened = office.place(office.card(), plan)
    person = Person.objects.create_user("h@testline.example", "open sesame")
    office.insert(
        "people_holding", id=ids.uuid7(office.at), account_id=card.account_id, person_id=person.id,
        starts_at=office.at,
    )  # fmt: skip
    person.refresh_from_db()
    assert sold.id is not None
    code = renewal(opened).spoken_code
    for typed, meant in (
        (card.iccid, card.id),
        (str(card.msisdn), card.id),
        (ids.outside("rnw", sold.id).upper(), card.id),
        (f"{code}", renewal(opened).card_id),
        (CustomerNumber.of(person.customer_number).spaced, card.id),
    ):
        answer = owner.post("/office/search", {"query": typed})
        assert answer.status_code == 303, typed
        assert answer["Location"] == f"/office/cards/{meant}", typed
    kept = str([each.facts for each in acts.newest()])
    assert card.iccid not in kept
    shown = owner.get(f"/office/cards/{card.id}").content.decode()
    assert card.iccid in shown
    assert ids.outside("rnw", sold.id) in shown
    assert INLINE.search(shown) is None


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "'; drop table cards_card; --", "<script>alert(1)</script>", "%", "\0", "rnw_",
        "rnw_" + "z" * 26, "9" * 5000, "+", "１２３", "\u202e12345678", "top_!", "crd_" + "0" * 26,
    ],
)  # fmt: skip
def test_hostile_input_finds_nothing(office: World, owner: Client, typed: str) -> None:
    office.card()
    answer = owner.post("/office/search", {"query": typed})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.content.decode()


def test_a_card_is_suspended_and_resumed_and_the_acts_say_by_whom(office: World) -> None:
    support = office.staff(Role.SUPPORT)
    client, card = signed_in(support), office.card()
    act(client, f"cards/{card.id}/suspend", times=2)
    assert office.one("select state from cards_card where id = %s", card.id) == "suspended"
    act(client, f"cards/{card.id}/resume")
    found = acts.newest(subject=("card", card.id))
    assert sorted(each.verb for each in found) == ["resume", "suspend"]
    assert {each.role for each in found} == {"support"}
    assert client.get(f"/office/cards/{card.id}/terminate").status_code == 404
    assert cards.find_by_id(card.id) is not None


def test_a_code_and_a_key_are_shown_once_and_revoked(office: World, owner: Client) -> None:
    till, partner = office.unenrolled("till"), office.partner()
    shown = act(owner, f"terminals/{till.id}/enrol").content.decode()
    code = shown.partition('class="once">')[2].partition("<")[0].strip()
    enrolled = terminals.enrol(code, office.at)
    assert enrolled is not None
    assert code not in owner.get("/office/terminals").content.decode()
    act(owner, f"terminals/{till.id}/revoke", times=2)
    assert terminals.find_terminal(enrolled.key, office.at) is None
    shown = act(owner, f"partners/{partner.id}/keys").content.decode()
    key = shown.partition('class="once">')[2].partition("<")[0].strip()
    assert keys.find(keys.digest(key), office.at) is not None
    assert key not in owner.get(f"/office/partners/{partner.id}").content.decode()
    key_id = office.one("select id from people_apikey where hint = %s", key[-4:])
    act(owner, f"keys/{key_id}/revoke", times=2)
    assert {each.verb for each in acts.newest()} == {
        "open_enrolment", "revoke", "make_key", "revoke_key",
    }  # fmt: skip
    assert len(acts.newest()) == 4
    assert code not in str(acts.newest())
    assert key not in str(acts.newest())


def test_a_terminal_is_added(office: World, owner: Client) -> None:
    store = office.retailer()
    fields = {"retailer": store.code, "kind": "till", "code": "NEW-1", "name": "One"}
    assert owner.post("/office/terminals", fields).status_code == 303
    assert owner.post("/office/terminals", fields).status_code == 422
    assert office.one("select count(*) from people_terminal where code = 'NEW-1'") == 1


def banner(world: World, **given: str) -> dict[str, str]:
    local = world.at.astimezone(clock.zone("UTC"))
    return {
        "en": "Bank cards are slow today.", "zh": "今天银行卡较慢。", "id": "Kartu bank lambat.",
        "severity": "warning", "starts_at": f"{local:%Y-%m-%dT%H:%M}",
        "request_id": str(uuid.uuid4()),
    } | given  # fmt: skip


def test_a_banner_is_previewed_published_shown_and_ended(office: World, owner: Client) -> None:
    fields = banner(office)
    previewed = owner.post("/office/banners", fields | {"preview": ""})
    assert "今天银行卡较慢。" in previewed.content.decode()
    assert trust.banners("web", office.at, "en") == []
    for _press in (1, 2):
        owner.post("/office/banners", fields | {"publish": ""})
    [shown] = trust.banners("kiosk", office.at, "zh-hans")
    assert shown.text == "今天银行卡较慢。"
    act(owner, f"banners/{fields['request_id']}/end", times=2)
    assert trust.banners("kiosk", office.advance(seconds=1), "en") == []
    assert sorted(each.verb for each in acts.newest()) == ["end_banner", "publish_banner"]
    wrong = banner(office, ends_at="2020-01-01T00:00")
    assert owner.post("/office/banners", wrong | {"publish": ""}).status_code == 422


def test_a_new_version_is_published_once_and_nothing_sold_changes(
    office: World, owner: Client
) -> None:
    plan = office.plan("HOME-30", price=1000, prices={"IDR": 5_000_000})
    card = office.card(balance=9000)
    office.renew(card, plan)
    starts = f"{office.at + timedelta(days=2):%Y-%m-%dT%H:%M}"
    path = "/office/plans/HOME-30/version"
    fields = desk.fields(desk.text(owner.get(path))) | {
        "effective_from": starts, "EUR": "12.50", "IDR": "60000", "publish": "",
        "countries": "PT, es",
    }  # fmt: skip
    early = fields | {"effective_from": f"{office.at - timedelta(minutes=1):%Y-%m-%dT%H:%M}"}
    assert owner.post(path, early).status_code == 422
    assert owner.post(path, fields | {"EUR": "0"}).status_code == 422
    assert owner.post(path, fields | {"EUR": "twelve"}).status_code == 422
    assert owner.post(path, fields).status_code == 303
    assert owner.post(path, fields).status_code == 422
    rows = office.all(
        "select v.number, p.amount from catalogue_planversion v join catalogue_price p"
        " on p.plan_version_id = v.id where p.currency = 'EUR' order by 1"
    )
    assert rows == [(1, 1000), (2, 1250)]
    before, after = office.all(
        "select effective_until, effective_from from catalogue_planversion order by number"
    )
    assert before[0] == after[1]
    assert [each.verb for each in acts.newest()] == ["publish_version"]
    assert "2" in owner.get("/office/plans/HOME-30").content.decode()


def test_an_offer_is_published_with_its_budget_and_kept_once_it_has_begun(
    office: World, owner: Client
) -> None:
    plan = office.plan(price=1000)
    starts = office.at + timedelta(hours=1)
    fields = {
        "code": "SPRING", "en": "Spring", "zh": "春季", "id": "Semi", "percent": "20",
        "starts_at": f"{starts:%Y-%m-%dT%H:%M}", "budget": "1", "per_card_max": "1",
        "ends_at": f"{starts + timedelta(days=9):%Y-%m-%dT%H:%M}", "kind": "percent",
        "counts": "uses", "publish": "", "request_id": str(uuid.uuid4()),
    }  # fmt: skip
    assert owner.post("/office/offers/new", fields).status_code == 303
    assert owner.post("/office/offers/new", fields | {"percent": "30"}).status_code == 303
    office.advance(hours=2)
    sold = office.renew(office.card(balance=5000), plan, promotion="SPRING")
    assert sold.id is not None
    assert renewal(sold.id).total == 700
    late = fields | {"starts_at": f"{office.at + timedelta(hours=3):%Y-%m-%dT%H:%M}"}
    assert owner.post("/office/offers/new", late).status_code == 422
    assert office.one("select count(*) from catalogue_promotion") == 1
    spent = database.value("select sum(balance)::bigint from ledger_account where kind = %s",
                           ["promotion_budget"])  # fmt: skip
    assert spent == 0


def test_the_acts_are_filtered(office: World, owner: Client) -> None:
    card = office.card()
    support = office.staff(Role.SUPPORT)
    act(signed_in(support), f"cards/{card.id}/suspend")
    assert "suspended a card" in owner.get(f"/office/acts?person={support.id}").content.decode()
    other = office.staff(Role.FINANCE)
    assert "suspended a card" not in owner.get(f"/office/acts?person={other.id}").content.decode()
    assert owner.get("/office/acts?person=x&until=2026-99-99").status_code == 200
    assert "suspended a card" not in owner.get("/office/acts?until=2020-01-01").content.decode()
