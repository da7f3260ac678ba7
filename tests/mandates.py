"""Cards that renew by themselves, for tests: armed with the words and the amount of now."""

from datetime import datetime, timedelta
from typing import Any

from everline import autorenewal, cards, renewals
from everline.autorenewal import Standing
from everline.database.requests import Answer
from tests.town import findings
from tests.world import Plan, World

EMAIL = "ana@customers.example"
ANA = renewals.Contact(email=EMAIL, locale="en")


def agree(world: World, card: cards.Card, total: int | None = None, **given: Any) -> Answer:
    """Give a mandate; without a total the price of each day is agreed to."""
    asked: dict[str, Any] = {
        "plan_id": None,
        "words_version": autorenewal.VERSION,
        "contact": ANA,
        "quoted_total": total,
    }
    return autorenewal.give_mandate(world.caller(), card.id, world.at, **asked | given)


def armed(
    world: World,
    plan: Plan,
    *,
    balance: int = 0,
    total: int | None = None,
    zone: str = "Europe/Lisbon",
    **given: Any,
) -> cards.Card:
    """Renew a card once, arm it, and leave `balance` on it."""
    card = world.card(balance=plan.price + balance, zone=zone)
    assert world.renew(card, plan, contact=ANA).outcome == "renewed"
    assert agree(world, card, total, **given).outcome == "mandated"
    return card


def stands(world: World, card: cards.Card) -> Standing:
    """Tell how a mandate in force stands now."""
    found = autorenewal.standing(card.id, world.at)
    assert found is not None
    return found


def end_of(world: World, card: cards.Card) -> datetime:
    """Tell when the last paid term of a card ends."""
    status = cards.status(card, world.at)
    last = (*status.queued, status.present)[0 if not status.queued else len(status.queued) - 1]
    assert last is not None
    return last.ends_at


def refusals(world: World, card: cards.Card) -> list[str]:
    """Give the reasons for which rungs of a card were refused, in their order."""
    return [
        reason
        for (reason,) in world.all(
            "select reason from database_request where channel = 'auto' and subject_id = %s"
            " and outcome = 'refused' order by at, request_id",
            card.id,
        )
    ]


def unsound(world: World) -> dict[str, list[str]]:
    """Audit this world but for work that nobody did in it: jobs that wait."""
    found = findings(world)
    found.pop("nothing_is_stuck", None)
    return found


def dearer(world: World, plan: Plan, price: int) -> None:
    """Sell a plan at another price from now on."""
    old = world.owner.execute(
        "select to_jsonb(v) from catalogue_planversion v where v.id = %s", [plan.version_id]
    ).fetchone()
    assert old is not None
    world.owner.execute(
        "insert into catalogue_planversion select (jsonb_populate_record(v, jsonb_build_object("
        "'id', gen_random_uuid(), 'number', 2, 'effective_from', %s::timestamptz))).*"
        " from catalogue_planversion v where v.id = %s",
        [world.at - timedelta(seconds=1), plan.version_id],
    )
    world.owner.execute(
        "insert into catalogue_price (plan_version_id, currency, amount, tax_basis_points)"
        " select v.id, 'EUR', %s, 2300 from catalogue_planversion v"
        " where v.plan_id = %s and v.number = 2",
        [price, plan.plan_id],
    )
    world.owner.execute(
        "update catalogue_planversion set effective_until = %s where id = %s",
        [world.at - timedelta(seconds=1), plan.version_id],
    )


def retire(world: World, plan: Plan, successor: Plan | None) -> None:
    """Sell a plan no longer; another one takes its place, if any."""
    world.owner.execute(
        "update catalogue_plan set retired_at = %s, successor_id = %s where id = %s",
        [world.at, successor.plan_id if successor else None, plan.plan_id],
    )
