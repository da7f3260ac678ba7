"""Mandates: what is kept of a consent, what may be changed, pauses, and a term passed over."""

from datetime import timedelta

import pytest

from everline import autorenewal, cards
from everline.autorenewal import Wishes
from tests.mandates import ANA, agree, armed, dearer, end_of, refusals, stands, unsound
from tests.world import World

WORDS = "select {} from autorenewal_mandate where ended_at is null"


class TestConsent:
    """The record of what was agreed to."""

    def test_keeps_place_words_amount_and_cadence(self, town: World) -> None:
        card = armed(town, town.plan(count=3), total=1000, locale="id")
        kept = town.all(WORDS.format("channel, source, locale, words_version, means_order"))
        assert kept == [("web", "web-test", "id", autorenewal.VERSION, "balance_first")]
        agreed = town.all(WORDS.format("total, currency, period_unit, period_count, given_at"))
        assert agreed == [(1000, "EUR", "month", 3, town.at)]
        assert town.all(WORDS.format("contact ->> 'email'")) == [(ANA.email,)]
        standing = stands(town, card)
        assert (standing.agreed_total, standing.period_unit, standing.period_count) == (
            1000,
            "month",
            3,
        )

    def test_without_an_amount_agrees_to_the_price_of_each_day(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan)
        assert town.all(WORDS.format("total, currency, period_unit, period_count")) == [
            (None, None, None, None)
        ]
        dearer(town, plan, 5000)
        assert stands(town, card).consent_needed is False

    def test_to_another_amount_than_that_of_now_is_refused_with_it(self, town: World) -> None:
        plan = town.plan()
        card = town.card(balance=1000)
        town.renew(card, plan)
        answer = agree(town, card, 999)
        assert answer.reason == "quote_changed"
        assert answer.facts == {"total": 1000, "currency": "EUR"}
        assert autorenewal.standing(card.id, town.at) is None

    def test_can_be_given_before_the_first_term_is_paid(self, town: World) -> None:
        plan, card = town.plan(), town.card()
        town.place(card, plan)
        assert agree(town, card, 1000).outcome == "mandated"
        assert stands(town, card).agreed_total == 1000
        assert agree(town, town.card(), 1000).reason == "quote_changed"

    def test_to_a_plan_is_kept_though_another_is_bought(self, town: World) -> None:
        small, large = town.plan(price=500), town.plan(price=900)
        card = armed(town, large, balance=500, total=500, plan_id=small.plan_id)
        assert stands(town, card).plan_code == small.code
        assert stands(town, card).plan_id == small.plan_id

    def test_given_anew_keeps_the_bounds_and_the_pause(self, town: World) -> None:
        plan = town.plan(on_renewal="stack")
        card = armed(town, plan, total=1000)
        wishes = Wishes("methods_first", 10**9, 2, 5, 9000)
        autorenewal.change_mandate(town.caller(), card.id, town.at, wishes)
        until = town.at + timedelta(days=3)
        autorenewal.pause_mandate(town.caller(), card.id, until, town.at)
        dearer(town, plan, 1200)
        assert agree(town, card, 1200, means_order="methods_first").outcome == "mandated"
        standing = stands(town, card)
        assert (standing.wishes, standing.paused_until) == (wishes, until)
        assert standing.agreed_total == 1200


class TestChanges:
    """What a person sets of a mandate, each under a request of its own."""

    def test_are_shown_and_replayed(self, town: World) -> None:
        card = armed(town, town.plan(on_renewal="stack"))
        assert stands(town, card).wishes == Wishes()
        caller = town.caller()
        wishes = Wishes(below_bytes=500, month_total_max=3000)
        for replayed in (False, True):
            answer = autorenewal.change_mandate(caller, card.id, town.at, wishes)
            assert (answer.outcome, answer.replayed) == ("mandate_changed", replayed)
        assert stands(town, card).wishes == wishes
        reused = autorenewal.change_mandate(caller, card.id, town.at, Wishes())
        assert reused.reason == "request_reused"

    def test_need_a_mandate(self, town: World) -> None:
        card = town.card()
        later = town.at + timedelta(days=1)
        answers = [
            autorenewal.change_mandate(town.caller(), card.id, town.at, Wishes()),
            autorenewal.pause_mandate(town.caller(), card.id, later, town.at),
            autorenewal.skip_term(town.caller(), card.id, town.at),
            autorenewal.resume_mandate(town.caller(), card.id, town.at),
        ]
        assert [answer.reason for answer in answers] == ["mandate_unknown"] * 4


class TestPause:
    """Nothing is charged before an instant."""

    @pytest.mark.parametrize("days", [-1, 0, 367])
    def test_until_the_past_or_beyond_a_year_is_refused(self, town: World, days: int) -> None:
        card = armed(town, town.plan())
        until = town.at + timedelta(days=days)
        answer = autorenewal.pause_mandate(town.caller(), card.id, until, town.at)
        assert answer.reason == "date_not_allowed"
        assert stands(town, card).paused_until is None

    def test_charges_nothing_and_goes_on_at_its_end(self, town: World) -> None:
        card = armed(town, town.plan(), balance=1000)
        town.deliver_all()
        rungs = stands(town, card).rungs
        until = rungs[-1] + timedelta(days=5, hours=3)
        answer = autorenewal.pause_mandate(town.caller(), card.id, until, town.at)
        assert answer.valid_until == until
        standing = stands(town, card)
        assert (standing.rungs, standing.next_at, standing.paused_until) == ([until], until, until)
        for rung in [*rungs, until - timedelta(seconds=1)]:
            town.at = rung
            assert autorenewal.renew_due(town.at).renewed == 0
        assert refusals(town, card) == ["auto_paused"] * 5
        town.at = until
        assert autorenewal.renew_due(town.at).renewed == 1
        present = cards.status(card, town.at).present
        assert present is not None
        assert present.starts_at == until
        assert stands(town, card).paused_until is None
        town.deliver_all()
        assert unsound(town) == {}

    def test_that_is_over_before_the_term_leaves_the_ladder(self, town: World) -> None:
        card = armed(town, town.plan(), balance=1000)
        rungs = stands(town, card).rungs
        until = rungs[1] + timedelta(minutes=1)
        autorenewal.pause_mandate(town.caller(), card.id, until, town.at)
        assert stands(town, card).rungs == rungs[2:]
        for rung, renewed in ((0, 0), (1, 0), (2, 1)):
            town.at = rungs[rung]
            assert autorenewal.renew_due(town.at).renewed == renewed

    @pytest.mark.parametrize("missed", [1, 5])
    def test_ended_by_hand_tries_at_once_what_was_due(self, town: World, missed: int) -> None:
        card = armed(town, town.plan(), balance=1000)
        rungs = stands(town, card).rungs
        until = rungs[-1] + timedelta(days=9)
        autorenewal.pause_mandate(town.caller(), card.id, until, town.at)
        for rung in rungs[:missed]:
            town.at = rung
            autorenewal.renew_due(town.at)
        town.advance(minutes=10)
        answer = autorenewal.resume_mandate(town.caller(), card.id, town.at)
        assert answer.outcome == "mandate_resumed"
        assert stands(town, card).next_at == town.at
        assert autorenewal.renew_due(town.at).renewed == 1

    def test_ended_by_hand_before_the_first_rung_charges_nothing_sooner(self, town: World) -> None:
        card = armed(town, town.plan(), balance=1000)
        rungs = stands(town, card).rungs
        until = town.at + timedelta(days=9)
        autorenewal.pause_mandate(town.caller(), card.id, until, town.at)
        autorenewal.resume_mandate(town.caller(), card.id, town.at)
        assert stands(town, card).rungs == rungs
        assert autorenewal.renew_due(town.at).taken == 0


class TestSkip:
    """One term is passed over."""

    def test_waits_until_the_term_that_was_not_bought_would_have_ended(self, town: World) -> None:
        town.at = town.at.replace(month=12, day=31)
        card = armed(town, town.plan(), balance=1000, zone="Asia/Jakarta")
        end = end_of(town, card)
        answer = autorenewal.skip_term(town.caller(), card.id, town.at)
        assert answer.outcome == "term_skipped"
        assert answer.valid_until is not None
        assert (answer.valid_until.month, answer.valid_until.day) == (2, 28), "from 31 January"
        standing = stands(town, card)
        assert (standing.is_skip, standing.paused_until) == (True, answer.valid_until)
        again = autorenewal.skip_term(town.caller(), card.id, town.at)
        assert again.valid_until == answer.valid_until
        town.at = end
        assert autorenewal.renew_due(town.at).refused == 1
        town.at = answer.valid_until
        assert autorenewal.renew_due(town.at).renewed == 1
        assert stands(town, card).is_skip is False

    def test_is_over_when_somebody_renews_as_far(self, town: World) -> None:
        plan = town.plan()
        card = armed(town, plan, balance=2000)
        autorenewal.skip_term(town.caller(), card.id, town.at)
        assert town.renew(card, plan, channel="store").outcome == "renewed"
        standing = stands(town, card)
        assert (standing.paused_until, standing.is_skip, len(standing.rungs)) == (None, False, 5)
        town.at = standing.rungs[0]
        assert autorenewal.renew_due(town.at).renewed == 1

    def test_needs_something_that_is_to_come(self, town: World) -> None:
        card = town.card()
        agree(town, card)
        answer = autorenewal.skip_term(town.caller(), card.id, town.at)
        assert answer.reason == "nothing_to_skip"
