"""The due sweep: most urgent first, after an outage too, and what is left out has its reason."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import product

import psycopg
import pytest

from everline import autorenewal, cards, endings, ledger, renewals
from tests.endings import written
from tests.mandates import agree, armed, dearer, end_of, refusals, retire, stands, unsound
from tests.town import LINGER, Spoiler, as_owner, at_once
from tests.world import World


def told(world: World) -> int:
    """Count the messages that an automatic renewal failed."""
    return len(written(world, "auto_failed"))


class TestOrder:
    """Due work is found by state."""

    def test_the_most_urgent_come_first_whenever_they_became_due(self, town: World) -> None:
        plans = [town.plan(days=days) for days in (30, 8, 1)]
        month, week, day = (armed(town, plan, balance=1000) for plan in plans)
        town.at = end_of(town, month) - timedelta(hours=30)
        town.renew(day, plans[2])
        town.fund(day.account_id, "balance", 1000)
        town.renew(week, plans[1])
        town.advance(days=9)
        order: list[uuid.UUID] = []
        while autorenewal.renew_due(town.at, 1).taken:
            ((card,),) = town.all(
                "select subject_id from database_request where channel = 'auto'"
                " and not subject_id = any(%s::uuid[])",
                order,
            ) or ((None,),)
            if card is None:
                break
            order.append(card)
        assert order == [day.id, month.id, week.id]

    def test_a_card_that_waits_for_a_later_rung_is_not_taken(self, town: World) -> None:
        card = armed(town, town.plan())
        rungs = stands(town, card).rungs
        for rung in rungs:
            town.at = rung - timedelta(seconds=1)
            assert autorenewal.renew_due(town.at).taken == 0
            town.at = rung
            assert autorenewal.renew_due(town.at).refused == 1
        town.advance(days=1)
        assert autorenewal.renew_due(town.at).taken == 0
        assert refusals(town, card) == ["balance_short"] * 5

    def test_after_an_outage_the_first_missed_rung_is_tried_at_once(self, town: World) -> None:
        card = armed(town, town.plan())
        rungs = stands(town, card).rungs
        town.at = rungs[2] + timedelta(minutes=5)
        assert autorenewal.renew_due(town.at).refused == 1
        assert stands(town, card).rungs == rungs[3:]
        town.fund(card.account_id, "balance", 1000)
        town.at = rungs[4] + timedelta(days=2)
        assert autorenewal.renew_due(town.at).renewed == 1
        present = cards.status(card, town.at).present
        assert present is not None
        assert present.starts_at == town.at

    def test_a_mandate_given_anew_loses_no_rung_that_is_due(self, town: World) -> None:
        card = armed(town, town.plan(), balance=1000)
        town.at = stands(town, card).rungs[0]
        agree(town, card)
        assert autorenewal.renew_due(town.at).renewed == 1


class TestPrice:
    """Nobody pays more than was agreed to."""

    def test_a_rise_needs_a_new_consent_and_is_told_once(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan, balance=5000, total=1000)
        dearer(town, plan, 1200)
        standing = stands(town, card)
        assert (standing.consent_needed, standing.total, standing.agreed_total) == (
            True,
            1200,
            1000,
        )
        for rung in standing.rungs[:2]:
            town.at = rung
            assert autorenewal.renew_due(town.at).refused == 1
        assert refusals(town, card) == ["consent_needed"] * 2
        assert town.one(
            "select facts - 'balance' from database_request where reason = 'consent_needed' limit 1"
        ) == {"agreed": 1000, "needed": 1200, "currency": "EUR"}
        assert (told(town), len(written(town, "auto_consent"))) == (0, 1)
        assert agree(town, card, 1000).reason == "quote_changed"
        assert agree(town, card, 1200).outcome == "mandated"
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).renewed == 1
        assert ledger.spendable(card.account_id, "balance", "EUR") == 3800

    def test_a_fall_needs_none(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan, balance=1000, total=1000)
        dearer(town, plan, 800)
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).renewed == 1
        assert ledger.spendable(card.account_id, "balance", "EUR") == 200


class TestRetiredPlan:
    """A plan that is sold no longer is followed by its successor, but never for more."""

    @pytest.mark.parametrize(("price", "total"), list(product((900, 1000), (None, 1000))))
    def test_is_followed_for_as_much_or_less(
        self, town: World, price: int, total: int | None
    ) -> None:
        old, new = town.plan(), town.plan(price=price)
        card = armed(town, old, balance=1000, total=total)
        retire(town, old, new)
        assert stands(town, card).plan_code == new.code
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).renewed == 1
        assert ledger.spendable(card.account_id, "balance", "EUR") == 1000 - price

    @pytest.mark.parametrize("total", [None, 1000])
    def test_is_not_followed_for_more(self, town: World, total: int | None) -> None:
        old, new = town.plan(), town.plan(price=1001)
        card = armed(town, old, balance=5000, total=total)
        retire(town, old, new)
        assert stands(town, card).consent_needed
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).refused == 1
        assert refusals(town, card) == ["consent_needed"]
        assert agree(town, card, 1001, plan_id=new.plan_id).outcome == "mandated"
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).renewed == 1

    def test_is_followed_over_several_steps_and_not_in_circles(self, town: World) -> None:
        first, second, third = (town.plan() for _each in range(3))
        card = armed(town, first, balance=1000)
        retire(town, first, second)
        retire(town, second, third)
        assert stands(town, card).plan_code == third.code
        retire(town, third, first)
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).refused == 1
        assert refusals(town, card) == ["plan_withdrawn"]

    def test_without_a_successor_is_refused(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan, balance=1000)
        retire(town, plan, None)
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).refused == 1
        assert refusals(town, card) == ["plan_withdrawn"]
        assert told(town) == 1


class TestLeftOut:
    """What is not charged has a stored reason, a next rung, and is told once."""

    def test_a_pause_is_no_failure_and_people_are_reminded_as_ever(self, town: World) -> None:
        card = armed(town, town.plan(), balance=1000)
        rungs = stands(town, card).rungs
        until = rungs[-1] + timedelta(days=1)
        autorenewal.pause_mandate(town.caller(), card.id, until, town.at)
        for rung in rungs[:3]:
            town.at = rung
            assert autorenewal.renew_due(town.at).refused == 1
        assert refusals(town, card) == ["auto_paused"] * 3
        assert told(town) == 0
        town.at = end_of(town, card) - timedelta(hours=5)
        assert endings.warn_ending(town.at) == 1
        assert len(written(town, "ending_soon")) == 1

    def test_an_open_renewal_is_not_told_as_a_failure_before_the_end(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan, balance=1000)
        rungs = stands(town, card).rungs
        town.at = rungs[0]
        placed = town.place(card, plan)
        assert autorenewal.renew_due(town.at).refused == 1
        assert refusals(town, card) == ["renewal_open"]
        assert told(town) == 0
        renewals.cancel(town.caller(), placed, town.at)
        town.at = rungs[1]
        assert autorenewal.renew_due(town.at).renewed == 1

    def test_a_plan_that_would_cut_the_term_short_waits_for_its_end(self, town: World) -> None:
        queued, replacing = town.plan(), town.plan(on_renewal="replace")
        card = armed(town, queued, balance=1000, plan_id=replacing.plan_id)
        town.deliver_all()
        rungs = stands(town, card).rungs
        for rung in rungs[:-1]:
            town.at = rung
            swept = autorenewal.renew_due(town.at)
            assert (swept.taken, swept.renewed, swept.refused) == (1, 0, 0)
        town.at = rungs[-1]
        assert autorenewal.renew_due(town.at).renewed == 1
        assert unsound(town) == {}

    def test_who_prefers_kept_means_and_has_none_pays_from_the_balance(self, town: World) -> None:
        card = armed(town, town.plan(), balance=1000, means_order="methods_first")
        town.at = stands(town, card).rungs[0]
        assert autorenewal.renew_due(town.at).renewed == 1


def sweep(world: World) -> None:
    """Be a worker that takes few at a time, so that several have something to do."""
    while autorenewal.renew_due(world.at, 3).taken:
        pass


def change_minds(world: World, due: list[cards.Card]) -> list[Callable[[], None]]:
    """Pause and resume, skip, or end: each a part of the mandates."""
    until = world.at + timedelta(days=30)

    def pause() -> None:
        for card in due[::4]:
            autorenewal.pause_mandate(world.caller(), card.id, until, world.at)
            autorenewal.resume_mandate(world.caller(), card.id, world.at)

    def skip() -> None:
        for card in due[1::4]:
            autorenewal.skip_term(world.caller(), card.id, world.at)

    def end() -> None:
        for card in due[2::4]:
            autorenewal.end_mandate(world.caller(), card.id, world.at)

    return [pause, skip, end]


def test_many_workers_doors_and_changes_of_mind_renew_each_card_once(town: World) -> None:
    """Sweeps race with renewals by hand, pauses, skips, resumptions and the end of mandates."""
    plan = town.plan(days=8, price=100)
    due = [armed(town, plan, balance=200, total=100) for _each in range(24)]
    town.deliver_all()
    town.at = max(stands(town, card).rungs[1] for card in due)
    orders = {card.id: town.order(card, plan) for card in due}

    def by_hand() -> None:
        for card in due[::3]:
            renewals.renew(town.caller(), orders[card.id], card.account_id, town.at)

    at_once([partial(sweep, town)] * 3 + [by_hand, *change_minds(town, due)])
    sweep(town)
    for card in due:
        bought = town.one("select count(*) from renewals_renewal where card_id = %s", card.id)
        left = ledger.spendable(card.account_id, "balance", "EUR")
        assert 300 - left == 100 * bought <= 300
        assert (
            town.one(
                "select count(*) from renewals_renewal where card_id = %s and channel = 'auto'",
                card.id,
            )
            <= 1
        )
    town.deliver_all()
    assert unsound(town) == {}


def test_without_the_lock_two_sweeps_take_the_same_card(town: World, spoiler: Spoiler) -> None:
    """The control: what the sweep's lock prevents is stopped by the request's key, loudly."""
    plan = town.plan(days=1, price=100)
    spoiler.weaken("most_urgent", ("for update skip locked", ""))
    spoiler.weaken("renew_due", ("done := ", f"{LINGER} done := "))

    def races() -> None:
        for _try in range(6):  # A busy machine may let them run one after the other.
            armed(town, plan, balance=900)
            town.advance(days=1)
            at_once([lambda: autorenewal.renew_due(town.at)] * 4)

    with pytest.raises(psycopg.errors.UniqueViolation):
        races()


def test_many_quotes_at_once_are_the_quotes_of_one_at_a_time(town: World) -> None:
    """Terms, prices, taxes and refusals are those of `quote`, plain card or not."""
    town.at = town.at.replace(month=1, day=31, year=2027)
    plans = [
        *(town.plan(days=days) for days in (1, 30)),
        *(town.plan(unit=unit, count=2) for unit in ("week", "month", "year")),
        *(town.plan(validity="calendar", on_renewal=way) for way in ("queue", "stack", "replace")),
        town.plan(gigabytes=None, tax=0, price=333),
        town.plan(effective_from=town.at + timedelta(days=1)),
    ]
    zones = ("Asia/Jakarta", "America/St_Johns", "Europe/Lisbon")
    asked: list[tuple[uuid.UUID, uuid.UUID]] = []
    for plan, zone in product(plans, zones):
        for terms in range(3):
            card = town.card(balance=5000, zone=zone)
            for _term in range(terms):
                town.renew(card, plans[3])
            asked.append((card.id, plan.version_id))
        asked.append((town.card("suspended", zone=zone).id, plan.version_id))
        asked.append((town.card(zone=zone, currency="IDR").id, plan.version_id))
    opened = town.card()
    town.place(opened, plans[0])
    asked.append((opened.id, plans[0].version_id))
    town.advance(days=9, hours=5)
    together, plain = (
        as_owner(
            town,
            f"select jsonb_object_agg((q.q).card_id, to_jsonb(q.q)) from (select q from {function}("
            "%s::uuid[], %s::uuid[], 'auto', %s) q) q",
            [card for card, _version in asked],
            [version for _card, version in asked],
            town.at,
        )()
        for function in ("quotes", "plain_quotes")
    )
    alone = as_owner(
        town,
        "select jsonb_object_agg(q.card_id, to_jsonb(q)) from unnest(%s::uuid[], %s::uuid[])"
        " as a (card, version) cross join lateral quote("
        "array[a.card], a.version, null, 'auto', %s) q",
        [card for card, _version in asked],
        [version for _card, version in asked],
        town.at,
    )()
    assert together == alone
    assert isinstance(plain, dict)
    assert 60 < len(plain) < len(asked)
