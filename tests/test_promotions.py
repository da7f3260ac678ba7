"""Promotions: what they take off or add, for whom, how often, and what their budget pays back."""

from datetime import timedelta
from fractions import Fraction
from math import floor
from typing import Any

import pytest

from everline import ledger, renewals
from tests.town import booked, findings, state
from tests.world import GIGABYTE, START, Plan, World


def offer(world: World, code: str, plan: Plan, **card: Any) -> renewals.Quote:
    channel = card.pop("channel", "web")
    (quote,) = renewals.quote([world.card(**card).id], plan.version_id, code, channel, world.at)
    return quote


def budget(world: World) -> int:
    account, unit = world.all("select account_id, budget_unit from catalogue_promotion")[0]
    return ledger.spendable(account, "promotion_budget", unit)


@pytest.mark.parametrize(
    ("price", "basis_points", "discount"),
    [(1000, 1000, 100), (999, 3333, 333), (1, 5000, 1), (1, 4999, 0), (1000, 10_000, 1000)],
)
def test_a_percentage_is_rounded_half_up(
    town: World, price: int, basis_points: int, discount: int
) -> None:
    code = town.promotion(percent_basis_points=basis_points)
    quote = offer(town, code, town.plan(price=price))
    assert (quote.price, quote.discount, quote.total) == (price, discount, price - discount)
    assert quote.tax == _tax_within(price - discount)


def test_an_amount_never_exceeds_the_price(town: World) -> None:
    code = town.promotion(kind="amount", amount=700, currency="EUR")
    assert offer(town, code, town.plan(price=1000)).total == 300
    assert offer(town, code, town.plan(price=600)).total == 0


def test_bonus_data_is_added_to_the_term(town: World) -> None:
    code = town.promotion(kind="bonus_data", bonus_bytes=2 * GIGABYTE)
    card, plan = town.card(balance=1000), town.plan(gigabytes=5)
    assert town.renew(card, plan, promotion=code).outcome == "renewed"
    assert town.all("select allowance_bytes from cards_entitlement") == [(7 * GIGABYTE,)]
    assert offer(town, code, town.plan(gigabytes=None)).reason == "promotion_not_for_this"


def test_an_offer_is_for_its_currency_channels_and_plans(town: World) -> None:
    plan, other = town.plan(prices={"IDR": 150_000}), town.plan()
    ledger.open_books("IDR", ["sandbox"])
    code = town.promotion(kind="amount", amount=100, currency="EUR", channels=["web", "store"])
    promotion = town.one("select id from catalogue_promotion")
    town.insert("catalogue_promotion_plans", promotion_id=promotion, plan_id=plan.plan_id)
    assert offer(town, code, plan).reason is None
    assert offer(town, code, plan, currency="IDR").reason == "promotion_not_for_this"
    assert offer(town, code, plan, channel="hotline").reason == "promotion_not_for_this"
    assert offer(town, code, other).reason == "promotion_not_for_this"
    refused = offer(town, "NO-SUCH", plan)
    assert (refused.reason, refused.facts) == ("promotion_unknown", {"promotion": "NO-SUCH"})


def test_an_offer_has_a_window_that_ends_before_its_end(town: World) -> None:
    ends = START + timedelta(days=10)
    code = town.promotion(starts_at=START + timedelta(days=1), ends_at=ends)
    plan = town.plan()
    for at, reason in (
        (START + timedelta(hours=23), "promotion_closed"),
        (START + timedelta(days=1), None),
        (ends - timedelta(microseconds=1), None),
        (ends, "promotion_closed"),
    ):
        town.at = at
        assert offer(town, code, plan).reason == reason


def test_a_card_uses_an_offer_as_often_as_it_may(town: World) -> None:
    code, plan = town.promotion(per_card_max=2), town.plan(days=1)
    card = town.card(balance=9000)
    first = town.renew(card, plan, promotion=code)
    assert town.renew(card, plan, promotion=code).outcome == "renewed"
    assert town.renew(card, plan, promotion=code).reason == "promotion_used"
    assert town.renew(town.card(balance=900), plan, promotion=code).outcome == "renewed"
    assert first.id is not None
    renewals.reverse(town.caller(), first.id, "asked", town.at)
    assert town.renew(card, plan, promotion=code).outcome == "renewed"
    assert findings(town) == {}


@pytest.mark.parametrize("ending", ["cancel", "expire", "refuse"])
def test_what_an_open_renewal_set_aside_is_given_back(town: World, ending: str) -> None:
    code, plan, card = town.promotion(budget=1), town.plan(), town.card()
    renewal = town.place(card, plan, promotion=code)
    assert budget(town) == 0
    assert offer(town, code, plan).reason == "promotion_spent"
    attempt = town.send(renewal)
    if ending == "cancel":
        renewals.cancel(town.caller(), renewal, town.at)
    elif ending == "expire":
        town.hear(attempt, "failed", reason="no")
        town.advance(minutes=31)
        renewals.expire_due(town.now)
    else:
        town.owner.execute("update cards_card set state = 'lost'")
        town.hear(attempt, "succeeded", reference="r")
    assert (
        state(town, renewal)
        == {
            "cancel": "cancelled",
            "expire": "expired",
            "refuse": "refused",
        }[ending]
    )
    assert budget(town) == 1
    assert town.all("select state from ledger_hold") == [("released",)]
    assert findings(town) == {}


def test_a_budget_pays_what_was_sold_and_gets_it_back_with_a_reversal(town: World) -> None:
    code = town.promotion(kind="amount", amount=300, currency="EUR", budget=500, budget_unit="EUR")
    card, plan = town.card(), town.plan()
    renewal = town.place(card, plan, promotion=code)
    assert budget(town) == 200
    assert town.hear(town.send(renewal), "succeeded", reference="r")[1] == "paid"
    assert ("promotion", "promotion_budget", "promotion_spent", 300) in booked(town, renewal)
    assert town.all("select state from ledger_hold") == [("posted",)]
    assert offer(town, code, plan).reason == "promotion_spent"
    renewals.reverse(town.caller(), renewal, "asked", town.at)
    assert budget(town) == 500
    assert findings(town) == {}


def test_a_refused_payment_from_a_balance_keeps_nothing_of_the_budget(town: World) -> None:
    code, plan = town.promotion(budget=1), town.plan()
    assert town.renew(town.card(balance=899), plan, promotion=code).reason == "balance_short"
    assert budget(town) == 1
    assert town.renew(town.card(balance=900), plan, promotion=code).outcome == "renewed"
    assert budget(town) == 0
    assert findings(town) == {}


def _tax_within(total: int) -> int:
    """23 % inclusive: what is left when the net is rounded half up to whole cents."""
    return total - floor(Fraction(total * 100, 123) + Fraction(1, 2))
