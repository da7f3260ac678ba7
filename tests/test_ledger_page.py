"""docs/ledger.md says what the verbs do: its examples are played and its lists are compared.

Each heading below "Worked examples" names a story here. A story calls real verbs; the transfers
that each one wrote, and what is on every account at the end, must be what the page shows.
"""

from collections.abc import Callable
from typing import Final

import pytest

from everline import ledger, payments, renewals, topups
from everline.payments import Said
from everline.renewals.pay import settle
from tests.books import PRICE, Books, examples, id_of, section, table
from tests.world import Plan, World


def money_arrives(books: Books) -> None:
    world = books.world
    books.fund(world.card().account_id, "balance", 2000)
    books.fund(world.partner().account_id, "deposit", 50_000)
    books.promotion(3000, "EUR")


def paid_from_the_balance(books: Books) -> None:
    books.renew(books.funded_card(), wrote=2)


def paid_from_a_deposit_that_earns_a_commission(books: Books) -> None:
    store = books.world.retailer(commission=500)
    books.fund(store.account_id, "deposit", 2000)
    renewal = books.renew(books.world.card(), payer=store.account_id, wrote=3)
    books.delivered(renewal, "refused", wrote=3)


def opened_at_one_door_and_paid_at_another(books: Books) -> None:
    store = books.world.retailer(commission=333)
    books.fund(store.account_id, "deposit", 2000)
    renewal = books.place()
    renewals.pay_open(books.world.caller("store"), renewal, store.account_id, books.world.at)
    books.step("pay_open", wrote=3)


def topped_up_from_a_deposit(books: Books) -> None:
    world, card = books.world, books.world.card()
    partner = world.partner(commission=200)
    books.fund(partner.account_id, "deposit", 5000)
    first = id_of(world.top_up(card, 2000, partner, channel="partner"))
    books.step("top_up", wrote=2)
    books.renew(card, wrote=2)
    world.top_up(card, 1500, partner, channel="partner")
    books.step("top_up", wrote=2)
    topups.take_back(world.caller("partner"), first, "asked", world.at)
    books.step("take_back_top_up", wrote=2)


def topped_up_by_card(books: Books) -> None:
    top_up = books.world.place_top_up(books.world.card(), 2000)
    books.step("place_top_up", wrote=0)
    books.captured(top_up, wrote=2)
    topups.take_back(books.world.caller(), top_up, "asked", books.world.at)
    books.step("take_back_top_up", wrote=1)
    books.refunded()


def paid_from_a_deposit_in_two_pockets(books: Books) -> None:
    partner = books.world.partner(pockets=2)
    books.fund(partner.account_id, "deposit", 1000)
    books.fund(partner.account_id, "deposit", 600)
    books.renew(books.world.card(), payer=partner.account_id, wrote=3)


def pockets_evened_out(books: Books) -> None:
    partner = books.world.partner(pockets=2)
    books.fund(partner.account_id, "deposit", 801)
    ledger.refill(books.world.at)
    books.step("refill_pockets", wrote=1)


def with_a_promotion_that_counts_money(books: Books) -> None:
    code = books.promotion(3000, "EUR")
    books.renew(books.funded_card(), code=code, wrote=3)


def with_a_promotion_that_counts_uses(books: Books) -> None:
    code = books.promotion(100, "XXX", kind="bonus_data", bonus_bytes=5 * 10**9, currency="EUR")
    books.renew(books.funded_card(), code=code, wrote=3)


def held_and_given_back(books: Books) -> None:
    renewal = books.place(books.promotion(3000, "EUR"))
    payments_attempt = payments.first_attempt(renewal)
    assert payments_attempt is not None
    settle(payments_attempt.id, Said("failed", reason="not_sent"), books.world.at)
    books.step("settle", wrote=0)
    books.world.verb("expire", renewal, books.world.advance(minutes=31))
    books.step("expire", wrote=0)


def free_of_charge(books: Books) -> None:
    code = books.promotion(100, "XXX", percent_basis_points=10_000)
    books.renew(books.world.card(), code=code, wrote=1)


def paid_by_card(books: Books) -> None:
    renewal = books.place()
    books.captured(renewal, wrote=3)
    books.delivered(renewal, "done", wrote=0)


def paid_by_card_too_late(books: Books) -> None:
    renewal = books.place()
    attempt = payments.first_attempt(renewal)
    assert attempt is not None
    payments.mark_sent(attempt.id, books.world.at)
    renewals.cancel(books.world.caller(), renewal, books.world.at)
    books.step("cancel", wrote=0)
    books.captured(renewal, wrote=1)
    books.refunded()


def paid_by_card_and_not_delivered(books: Books) -> None:
    renewal = books.place()
    books.captured(renewal, wrote=3)
    books.delivered(renewal, "refused", wrote=2)
    books.refunded()


def taken_back_to_the_balance(books: Books) -> None:
    code = books.promotion(3000, "EUR")
    renewal = books.renew(books.funded_card(), code=code, wrote=3)
    books.delivered(renewal, "done", wrote=0)
    books.taken_back(renewal, wrote=3)


def earned_day_by_day(books: Books) -> None:
    books.renew(books.funded_card(), wrote=2)
    for days in (0, 2, 9):
        books.earned(days)


def taken_back_after_a_day_was_earned(books: Books) -> None:
    renewal = books.renew(books.funded_card(), wrote=2)
    books.delivered(renewal, "done", wrote=0)
    books.earned(0)
    books.taken_back(renewal, wrote=2)
    books.earned(1)


STORIES: Final[dict[str, Callable[[Books], None]]] = {
    story.__name__: story
    for story in (
        money_arrives,
        paid_from_the_balance,
        paid_from_a_deposit_that_earns_a_commission,
        paid_from_a_deposit_in_two_pockets,
        pockets_evened_out,
        with_a_promotion_that_counts_money,
        with_a_promotion_that_counts_uses,
        held_and_given_back,
        free_of_charge,
        paid_by_card,
        paid_by_card_too_late,
        paid_by_card_and_not_delivered,
        opened_at_one_door_and_paid_at_another,
        topped_up_from_a_deposit,
        topped_up_by_card,
        taken_back_to_the_balance,
        earned_day_by_day,
        taken_back_after_a_day_was_earned,
    )
}


def test_every_example_has_its_story_and_every_story_its_example() -> None:
    assert [title.lower().replace(" ", "_") for title in examples()] == list(STORIES)


@pytest.mark.parametrize("title", examples())
def test_an_example_is_what_the_verbs_wrote(sandboxed: World, title: str) -> None:
    books = Books(sandboxed)
    STORIES[title.lower().replace(" ", "_")](books)
    assert table(title) == books.rows
    told = " ".join(section(title).partition("\nAfterwards: ")[2].split())
    assert sorted(told.removesuffix(".").split(", ")) == (books.sums() or ["nothing"])
    assert ledger.roll_up() >= 0


def test_the_kinds_of_transfers_are_those_of_the_examples() -> None:
    shown = {row[1] for title in examples() for row in table(title)}
    assert {row[0] for row in table("Kinds of transfers")} == shown - {"hold", "release", "–"}


def test_the_chart_has_every_kind_of_account_and_its_floor(world: World) -> None:
    Books(world)
    world.card(balance=1)
    world.partner(deposit=1)
    world.promotion(budget=1)
    found = world.all(
        "select distinct kind, coalesce(floor::text, '–') from ledger_account order by 1"
    )
    assert sorted((row[0], row[3]) for row in table("Chart of accounts")) == found


def test_a_balance_paid_renewal_writes_these_rows(world: World) -> None:
    plan: Plan = world.plan(price=PRICE)
    card = world.card(balance=2000)
    world.renew(card, plan)  # The first one of a plan may open what later ones find.
    world.fund(card.account_id, "balance", 2000)
    mark = world.one("select pg_current_xact_id()::text::bigint")
    assert world.renew(card, plan).outcome == "renewed"
    written: dict[str, int] = {}
    for (name,) in world.all(
        "select c.relname from pg_class c where c.relkind in ('r', 'p') and not c.relispartition"
        " and c.relnamespace = 'public'::regnamespace"
    ):
        rows = world.one(f"select count(*) from {name} where xmin::text::bigint > {mark}")
        if rows:
            written[name] = rows
    shown: dict[str, int] = {}
    for name, *_ in table("The rows of one renewal"):
        shown[name] = shown.get(name, 0) + 1
    assert shown == written
    assert sum(written.values()) <= 8
