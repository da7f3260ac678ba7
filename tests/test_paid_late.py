"""A term whose end passes while somebody is paying for it."""

from datetime import UTC, datetime

from tests.world import World


def test_a_day_that_ends_while_it_is_paid_is_the_next_one(town: World) -> None:
    world = town
    world.at = datetime(2026, 11, 22, 23, 55, tzinfo=UTC)
    card = world.card(zone="Europe/Lisbon")
    renewal = world.place(card, world.plan(days=1, validity="calendar"))
    attempt = world.send(renewal)
    world.advance(minutes=8)
    assert world.hear(attempt, "succeeded", reference="ch_1") == ("succeeded", "paid")
    assert world.one("select ends_at from renewals_renewal where id = %s", renewal) == datetime(
        2026, 11, 24, tzinfo=UTC
    )
