"""Three stories: a year's end by the month, a bad week, and somebody who changed her mind."""

from datetime import UTC, date, datetime, timedelta

import pytest

from everline import autorenewal, cards, database, ledger, renewals
from everline.ids import Imei
from tests.scenarios.story import CONTACT, Story
from tests.simulator import SimulatorProcess
from tests.town import state
from tests.world import GIGABYTE, World

PHONE = Imei("490154203237518")
PAID_BY_CARD = (
    "renewal place",
    "attempt create",
    "attempt send",
    "attempt succeed",
    "renewal pay",
)
DELIVERED = ("order send", "order succeed", "renewal deliver", "notice renewed email sent")
BY_ITSELF = ("renewal pay_now", *DELIVERED)
GIVEN_BACK = ("refund send", "refund succeed")


@pytest.fixture
def story(sandboxed_town: World) -> Story:
    return Story(sandboxed_town)


def kept(kind: str) -> int:
    return int(
        database.value(
            "select (s.credits - s.debits)::bigint from ledger_account a"
            " cross join lateral account_sums(a.id) s where a.kind = %s and a.floor is null",
            [kind],
        )
    )


def first_rung(card: cards.Card, at: datetime) -> datetime:
    standing = autorenewal.standing(card.id, at)
    assert standing is not None
    return standing.rungs[0]


def test_a_winter_by_the_month_from_the_31st(story: Story) -> None:
    world = story.world
    world.at = datetime(2026, 12, 31, 3, 30, tzinfo=UTC)
    card, plan = world.card("in_stock", zone="Asia/Jakarta"), world.plan()
    code = cards.start_code_hash(card.iccid, "START-0001")
    cards.activate(world.caller(), card.id, code, world.at)
    cards.bind(world.caller(), card.id, PHONE, world.at)
    story.tells("card activate", "card bind")
    story.pays(card, plan, "tok_approve")
    story.work()
    story.tells(*PAID_BY_CARD, *DELIVERED)
    autorenewal.give_mandate(
        world.caller(), card.id, world.at, plan_id=None, words_version="2026-11", contact=CONTACT
    )
    world.fund(card.account_id, "balance", 2500)

    ends = []
    for _month in range(3):
        until = cards.status(card, world.at).valid_until
        assert until is not None
        ends.append(f"{until:%m-%d %H:%M}")
        if len(ends) == 3:
            break
        first = first_rung(card, world.at)
        story.passes(days=(first - world.at - timedelta(hours=1)).days)
        story.tells("notice auto_ahead email sent")
        world.at = first
        story.work()
        story.tells(*BY_ITSELF)
    assert ends == ["01-31 03:30", "02-28 03:30", "03-31 03:30"]

    world.at = first_rung(card, world.at)
    assert (world.at.month, world.at.day) == (3, 29)
    story.work()
    story.tells("notice auto_failed email sent")
    assert world.one("select reason from database_request where outcome = 'refused'") == (
        "balance_short"
    )
    world.fund(card.account_id, "balance", 500)
    story.passes(hours=12)
    story.tells(*BY_ITSELF)
    autorenewal.end_mandate(world.caller(), card.id, world.at)
    last = cards.status(card, world.at).valid_until
    assert f"{last:%m-%d %H:%M}" == "04-30 03:30"
    story.passes(days=60)
    story.passes(hours=1)
    assert (kept("deferred"), kept("revenue"), kept("tax")) == (0, 4 * 813, 4 * 187)
    assert ledger.spendable(card.account_id, "balance", "EUR") == 0
    assert cards.status(card, world.at).valid_until is None
    story.ends()


def test_a_week_in_which_everything_goes_wrong(story: Story, simulator: SimulatorProcess) -> None:
    world = story.world
    card, plan = world.card("activated", balance=1000), world.plan(days=7)
    cards.bind(world.caller(), card.id, PHONE, world.at)
    story.tells("card bind")

    renewal = story.pays(card, plan, "tok_decline_soft")
    story.tells("renewal place", "attempt create", "attempt send", "attempt fail")
    story.pays_again(renewal, "tok_unknown_yes")
    story.tells("attempt create", "attempt send", "attempt lose")
    story.passes(minutes=1)
    story.tells()
    assert world.renew(card, plan).reason == "renewal_open"
    simulator.resolve(f"{renewal}-2", "succeeded")
    story.passes(minutes=2)
    story.tells("attempt succeed", "renewal pay", *DELIVERED)

    story.passes(days=2)
    cards.change(world.caller(), card.id, "lose", world.at)
    assert world.renew(card, plan).reason == "card_lost"
    story.passes(days=3)
    cards.change(world.caller(), card.id, "resume", world.at)
    story.tells("card lose", "card resume")

    simulator.fault("network.apply", "refuse", reason="card_not_on_network")
    queued = story.pays(card, plan, "tok_approve")
    story.work()
    story.tells(
        *PAID_BY_CARD,
        "order send",
        "order refuse",
        "renewal take_back",
        "refund create",
        *GIVEN_BACK,
        "renewal give_back",
        "order send",
        "order succeed",
        "notice ending_days email waiting",
        "notice refunded email sent",
    )
    assert state(world, queued) == "reversed"

    simulator.fault("network.apply", "cut", times=50)
    paid = world.renew(card, plan, contact=CONTACT).id
    story.work()
    for _wait in range(16):
        story.passes(minutes=2)
    simulator.control("faults", clear=True)
    story.passes(minutes=5)
    story.tells(
        "renewal pay_now",
        "order send",
        "order lose",
        "renewal take_back",
        "renewal give_back",
        "order send",
        "order succeed",
        "order refuse",
        "notice refunded email sent",
    )
    assert paid is not None
    assert state(world, paid) == "reversed"
    assert ledger.spendable(card.account_id, "balance", "EUR") == 1000
    assert [order["state"] for order in simulator.card(card.iccid)] == ["applied", "refused"]
    assert simulator.order(f"{paid}-apply")["state"] == "reversed"
    story.passes(days=30)
    story.passes(hours=1)
    assert (kept("deferred"), kept("revenue"), kept("unapplied")) == (0, 813, 0)
    story.ends()


def test_somebody_who_stacked_an_offer_and_changed_her_mind(story: Story) -> None:
    world = story.world
    partner = world.partner(deposit=5000, pockets=4)
    world.promotion("TWO-FOR-ONE", percent_basis_points=5000, budget=1)
    card, plan = world.card(), world.plan(days=30, on_renewal="stack", gigabytes=10)
    first = renewals.renew(
        world.caller("partner"), world.order(card, plan), partner.account_id, world.at
    )
    assert first.outcome == "renewed"
    story.work()
    story.tells("renewal pay_now", "order send", "order succeed", "renewal deliver")

    story.passes(days=10)
    cards.record_usage(card.id, 3 * GIGABYTE, world.at)
    second = story.pays(card, plan, "tok_webhook_first", promotion="TWO-FOR-ONE")
    story.work()
    story.tells(*PAID_BY_CARD, *DELIVERED)
    status = cards.status(card, world.at)
    assert status.valid_until == world.at + timedelta(days=30)

    story.passes(days=1)
    renewals.reverse(world.caller(), second, "changed_mind", world.at)
    story.tells("renewal take_back")
    assert cards.status(card, world.at).valid_until == world.at + timedelta(days=19)
    story.work()
    story.tells(
        "order send",
        "order succeed",
        "refund create",
        *GIVEN_BACK,
        "renewal give_back",
        "notice refunded email sent",
    )
    again = world.order(card, plan, promotion="TWO-FOR-ONE")
    assert again.quoted_total == 500, "the offer is hers again"

    assert first.id is not None
    renewals.reverse(world.caller("partner"), first.id, "changed_mind", world.at)
    story.work()
    story.tells("renewal take_back", "order send", "order succeed", "renewal give_back")
    assert ledger.spendable(partner.account_id, "deposit", "EUR") == 5000
    story.passes(days=40)
    story.passes(hours=1)
    assert (kept("deferred"), kept("revenue"), kept("tax"), kept("unapplied")) == (0, 0, 0, 0)
    assert world.all("select distinct last_day > %s from renewals_cohort", date(2027, 2, 1)) == [
        (False,)
    ]
    story.ends()
