"""The order of what is due is total, so that the same days come out the same."""

from datetime import timedelta
from importlib import import_module
from uuid import UUID

from everline import autorenewal
from tests.endings import end_of, running
from tests.mandates import armed
from tests.world import World


def test_who_was_armed_before_ends_were_kept_is_given_the_end_of_service(town: World) -> None:
    plan = town.plan()
    cards = [armed(town, plan, balance=1000) for _card in range(3)]
    off = running(town, plan)
    kept = town.all("select id, rung_ends_at from cards_card order by id")
    town.owner.execute("update cards_card set rung_ends_at = null")
    fill, after, batches = import_module("everline.cards.migrations.0006_total_order").FILL, None, 0
    while row := town.owner.execute(fill, [after or "0" * 32, 2]).fetchone():
        (after,) = row
        batches += 1
    assert batches == 2
    assert town.all("select id, rung_ends_at from cards_card order by id") == kept
    assert town.all("select id from cards_card where rung_ends_at is null") == [(off.id,)]
    assert {id_ for id_, end in kept if end} == {card.id for card in cards}


def test_what_is_due_at_one_instant_goes_by_its_id(town: World) -> None:
    plan = town.plan()
    cards = [armed(town, plan, balance=1000) for _card in range(6)]
    town.at = end_of(town, cards[0]) - timedelta(hours=1)
    town.owner.execute(
        "update cards_card set next_rung_at = %s where id = any(%s)",
        [town.at, [card.id for card in cards]],
    )
    town.owner.execute("update cards_card set zone = zone")  # Their places are others now.
    order: list[UUID] = []
    while autorenewal.renew_due(town.at, 1).taken:
        (newest,) = town.all(
            "select card_id from renewals_renewal where channel = 'auto' and not card_id = any(%s)",
            [order],
        )
        order.append(newest[0])
    assert order == sorted(card.id for card in cards)
