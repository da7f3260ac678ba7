"""Plans and offers in the office: versions with all they give, an end, previews and budgets."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from psycopg.types.json import Jsonb

from everline import database, ledger
from everline.catalogue.models import Plan, PlanVersion, Promotion
from everline.people.roles import Role
from everline.trust import acts
from tests.desk import errors, fill, office, signed_in, text
from tests.test_office import act, renewal
from tests.world import GIGABYTE, Plan as Sold, World

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def owner(office: World) -> Client:
    digits = Jsonb({"IDR": 0, "EUR": 2})
    office.owner.execute("update catalogue_policy set currency_digits = %s", [digits])
    return signed_in(office.staff(Role.OWNER))


def local(world: World, **ahead: float) -> str:
    return f"{world.at + timedelta(**ahead):%Y-%m-%dT%H:%M}"


def offer(world: World, **typed: Any) -> dict[str, Any]:
    return {
        "code": "SPRING", "en": "Spring", "zh": "春季", "id": "Semi", "kind": "percent",
        "percent": "12.5", "starts_at": local(world, hours=1), "ends_at": local(world, days=9),
        "counts": "uses", "budget": "2", "per_card_max": "1",
    } | typed  # fmt: skip


def test_a_version_changes_all_that_it_gives_and_the_sold_one_stays(
    office: World, owner: Client
) -> None:
    office.plan("HOME-30", price=1000)
    typed = {
        "effective_from": local(office, days=2), "period_count": "2", "period_unit": "week",
        "validity": "calendar", "on_renewal": "replace", "allowance": "unlimited",
        "fair_use": "1.5 GB", "devices_max": "4", "countries": "pt, ES FR", "EUR": "8.40",
        "EUR_tax": "6", "IDR": "150000", "IDR_tax": "11%",
    }  # fmt: skip
    path = "plans/HOME-30/version"
    shown = text(fill(owner, path, press="preview", **typed))
    for said in ("€8.40", "IDR\N{NO-BREAK SPACE}150,000", "2 weeks", "Spain", "4 devices",
                 "Replaces the present plan now"):  # fmt: skip
        assert said in shown, said
    assert PlanVersion.objects.count() == 1
    assert fill(owner, path, **typed).status_code == 303
    first, second = PlanVersion.objects.order_by("number")
    assert first.effective_until == second.effective_from
    assert (first.allowance_bytes, first.period_unit) == (30 * GIGABYTE, "month")
    assert (second.period_unit, second.period_count, second.validity) == ("week", 2, "calendar")
    assert (second.allowance_bytes, second.fair_use_bytes) == (None, 3 * GIGABYTE // 2)
    assert (second.devices_max, second.on_renewal) == (4, "replace")
    assert sorted(each.country for each in second.coverage.all()) == ["ES", "FR", "PT"]
    prices = set(second.prices.values_list("currency", "amount", "tax_basis_points"))
    assert prices == {("EUR", 840, 600), ("IDR", 15_000_000, 1100)}
    [published] = acts.newest()
    assert (published.verb, published.facts["countries"]) == (
        "publish_version", ["ES", "FR", "PT"],
    )  # fmt: skip


NEW = {
    "code": "JAPAN-7", "en": "Japan, 7 days", "zh": "日本 7 天", "id": "Jepang 7 hari",
    "period_count": "7", "period_unit": "day", "validity": "rolling", "on_renewal": "queue",
    "allowance": "5 GB", "devices_max": "1", "countries": "JP", "EUR": "9", "EUR_tax": "20",
}  # fmt: skip


def test_a_new_plan_is_sold_from_its_time_on(office: World, owner: Client) -> None:
    office.plan("HOME-30", price=1000)
    typed = NEW | {"effective_from": local(office, hours=1)}
    shown = text(fill(owner, "plans/new", press="preview", **typed))
    for said in ("€9.00", "7 days", "5 GB", "Japan"):
        assert said in shown, said
    assert not Plan.objects.filter(code="JAPAN-7").exists()
    assert fill(owner, "plans/new", times=2, **typed).status_code == 303
    plan = Plan.objects.get(code="JAPAN-7")
    assert plan.names == {"en": NEW["en"], "zh-Hans": NEW["zh"], "id": NEW["id"]}
    version = plan.versions.get()
    assert (version.number, version.allowance_bytes) == (1, 5 * GIGABYTE)
    assert version.prices.get().amount == 900
    card = office.card(balance=5000)
    sold = Sold(plan.code, plan.id, version.id, 900)
    assert office.renew(card, sold).reason == "plan_withdrawn"
    office.advance(hours=2)
    assert office.renew(card, sold).outcome == "renewed"
    assert "publish_plan" in {each.verb for each in acts.newest()}


def test_a_new_plan_begins_as_another_one(office: World, owner: Client) -> None:
    office.plan("HOME-30", price=1000)
    like = "plans/new?like=HOME-30"
    typed = {"code": "HOME-31", "en": "a", "zh": "b", "id": "c"}
    fill(owner, like, effective_from=local(office, days=1), countries="PT", **typed)
    first, second = (Plan.objects.get(code=each).versions.get() for each in ("HOME-30", "HOME-31"))
    assert second.allowance_bytes == first.allowance_bytes
    assert second.prices.get().amount == 1000


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"code": "HOME-30"}, "code"), ({"code": "home 7"}, "code"), ({"zh": ""}, "zh"),
        ({"effective_from": "2020-01-01T00:00"}, "effective_from"),
    ],
)  # fmt: skip
def test_each_field_of_a_new_plan_says_what_is_wrong(
    office: World, owner: Client, typed: dict[str, str], wrong: str
) -> None:
    office.plan("HOME-30")
    answer = fill(owner, "plans/new", **(NEW | {"effective_from": local(office, days=2)} | typed))
    assert answer.status_code == 422
    assert errors(answer) == [wrong]
    assert Plan.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"allowance": "much"}, "allowance"), ({"allowance": "unlimited"}, "fair_use"),
        ({"fair_use": "1 GB"}, "fair_use"), ({"countries": "PT, QQ"}, "countries"),
        ({"devices_max": "0"}, "devices_max"), ({"period_count": "400"}, "period_count"),
        ({"EUR": "1.234"}, "EUR"), ({"EUR_tax": "101"}, "EUR_tax"), ({"validity": "x"}, "validity"),
        ({"effective_from": "2020-01-01T00:00"}, "effective_from"),
    ],
)  # fmt: skip
def test_each_field_of_a_version_says_what_is_wrong(
    office: World, owner: Client, typed: dict[str, str], wrong: str
) -> None:
    office.plan("HOME-30")
    given = {"effective_from": local(office, days=2), "countries": "PT"} | typed
    answer = fill(owner, "plans/HOME-30/version", **given)
    assert answer.status_code == 422
    assert errors(answer) == [wrong]
    assert PlanVersion.objects.count() == 1


def test_a_plan_ends_with_a_successor_and_can_be_kept(office: World, owner: Client) -> None:
    ending = office.plan("HOME-12", prices={"IDR": 100})
    office.plan("HOME-30")
    office.plan("HOME-MAX", price=2000, prices={"IDR": 900})
    path = "plans/HOME-12/end"
    ends = local(office, hours=1)
    assert errors(fill(owner, path, retired_at=ends, successor="HOME-30")) == ["successor"]
    early = fill(owner, path, retired_at="2020-01-01T00:00", successor="HOME-MAX")
    assert errors(early) == ["retired_at"]
    shown = text(fill(owner, path, press="preview", retired_at=ends, successor="HOME-MAX"))
    assert "€20.00" in shown
    assert fill(owner, path, times=2, retired_at=ends, successor="HOME-MAX").status_code == 303
    assert errors(fill(owner, "plans/HOME-MAX/end", retired_at=ends, successor="HOME-12")) == [
        "successor"
    ]
    act(owner, "plans/HOME-12/keep")
    plan = Plan.objects.get(code="HOME-12")
    assert (plan.retired_at, plan.successor) == (None, None)
    fill(owner, path, retired_at=ends, successor="HOME-MAX")
    office.advance(hours=2)
    sold = office.renew(office.card(balance=9000), ending)
    assert (sold.reason, sold.facts) == ("plan_withdrawn", {"successor": "HOME-MAX"})
    assert owner.get(f"/office/{path}").status_code == 404
    assert "keep_plan" in {each.verb for each in acts.newest()}


def test_an_amount_off_counts_money_and_is_never_overspent(office: World, owner: Client) -> None:
    plan, other = office.plan("HOME-30", price=1000), office.plan("HOME-12", price=700)
    typed = offer(
        office, kind="amount", amount="3.50", currency="EUR", counts="money", budget="5",
        per_card_max="2", plans=["HOME-30"],
    )  # fmt: skip
    shown = text(fill(owner, "offers/new", press="preview", **typed))
    assert "€6.50" in shown
    assert "€3.50 off" in shown
    assert "€7.00" not in shown
    assert fill(owner, "offers/new", **typed).status_code == 303
    office.advance(hours=2)
    sold = office.renew(office.card(balance=5000), plan, promotion="SPRING")
    assert sold.id is not None
    assert renewal(sold.id).total == 650
    assert office.renew(office.card(balance=5000), plan, promotion="SPRING").reason == (
        "promotion_spent"
    )
    assert office.renew(office.card(balance=5000), other, promotion="SPRING").reason == (
        "promotion_not_for_this"
    )
    row = Promotion.objects.get()
    assert ledger.spendable(row.account_id, "promotion_budget", "EUR") == 150


def test_extra_data_is_given_where_there_is_an_allowance(office: World, owner: Client) -> None:
    plan = office.plan("HOME-30")
    office.plan("HOME-MAX", gigabytes=None)
    typed = offer(office, kind="bonus_data", bonus="5 GB", percent="")
    shown = text(fill(owner, "offers/new", press="preview", **typed))
    assert "5\N{NO-BREAK SPACE}GB extra" in shown
    assert "HOME-30" in shown.partition("This is how it will be")[2].partition("<form")[0]
    assert "HOME-MAX" not in shown.partition("This is how it will be")[2].partition("<form")[0]
    fill(owner, "offers/new", **typed)
    office.advance(hours=2)
    sold = office.renew(office.card(balance=5000), plan, promotion="SPRING")
    assert sold.id is not None
    assert renewal(sold.id).bonus_bytes == 5 * GIGABYTE


def test_a_preview_is_what_a_card_is_charged(office: World, owner: Client) -> None:
    """The examples are computed where the quote is, so that neither drifts from the other."""
    plan = office.plan("HOME-30", price=999)
    shown = text(fill(owner, "offers/new", press="preview", **offer(office)))
    fill(owner, "offers/new", **offer(office))
    office.advance(hours=2)
    sold = office.renew(office.card(balance=5000), plan, promotion="SPRING")
    assert sold.id is not None
    assert f"€{renewal(sold.id).total / 100:.2f}" in shown
    assert renewal(sold.id).discount == 125


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"percent": "0"}, "percent"), ({"percent": "101"}, "percent"), ({"code": "sp"}, "code"),
        ({"kind": "amount", "amount": ""}, "currency"), ({"budget": "0"}, "budget"),
        ({"kind": "amount", "amount": "x", "currency": "EUR"}, "amount"),
        ({"kind": "bonus_data"}, "bonus"), ({"counts": "money"}, "currency"),
        ({"ends_at": "2020-01-01T00:00"}, "ends_at"), ({"per_card_max": "0"}, "per_card_max"),
        ({"starts_at": "2020-01-01T00:00"}, "starts_at"), ({"en": ""}, "en"),
        ({"plans": ["NONE"]}, "plans"), ({"channels": ["moon"]}, "channels"),
    ],
)  # fmt: skip
def test_each_field_of_an_offer_says_what_is_wrong(
    office: World, owner: Client, typed: dict[str, str], wrong: str
) -> None:
    office.plan("HOME-30")
    answer = fill(owner, "offers/new", **offer(office, **typed))
    assert answer.status_code == 422
    shown = text(answer)
    assert errors(answer) == [wrong] or (wrong in {"plans", "channels"} and "_error" in shown)
    assert not Promotion.objects.exists()


def test_an_open_offer_keeps_its_unit_and_its_grant(office: World, owner: Client) -> None:
    office.plan("HOME-30")
    fill(owner, "offers/new", **offer(office, budget="50"))
    assert errors(fill(owner, "offers/new", **offer(office, budget="10"))) == ["budget"]
    money = offer(office, counts="money", budget="500", currency="EUR")
    assert errors(fill(owner, "offers/new", **money)) == ["counts"]
    assert fill(owner, "offers/new", **offer(office, budget="60")).status_code == 303
    left = database.value(
        "select sum(balance)::bigint from ledger_account where kind = %s", ["promotion_budget"]
    )
    assert left == 60
