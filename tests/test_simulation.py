"""The simulator: a run keeps every promise, is the same from the same seed, and finds bugs.

A simulator that finds nothing proves nothing: each bug that is planted into a run's own database
must make it fail. `make soak` runs for longer.
"""

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from everline.config.plugs import KINDS, sweeps
from everline.database.addresses import Addresses
from everline.simulation import START, Ground, Outcome, Outside, Setting, run, shrink
from everline.simulation.halves import HALVED_FROM, halves, united
from everline.simulation.lived import COUNTED
from everline.simulation.world import Violation
from tests.town import source

OUTSIDE = Outside(KINDS, sweeps(one_at_a_time=True))
RICH = Setting(seed=13, numbers=tuple(range(1, 51)), days=9)
WEEKS = Setting(seed=7, numbers=tuple(range(1, 41)), days=6)
RARE = {
    "grace", "renewed_by_data", "paused", "capped", "balance_short", "skip_asked",
    "rescued_by_hand", "superseded",
}  # fmt: skip
"""What these cards live through in days; `make soak` fails when anything else never came."""


@pytest.fixture
def ground(logins: Addresses, template: str) -> Ground:
    return Ground(logins, template)


def lived(ground: Ground, setting: Setting) -> Outcome:
    return run(ground, OUTSIDE, setting)


def test_the_same_seed_gives_the_same_run_and_keeps_every_promise(ground: Ground) -> None:
    first, again = lived(ground, RICH), lived(ground, RICH)
    assert first.violations == ()
    assert first.lived.keys() == COUNTED.keys()
    assert {name for name, count in first.lived.items() if count} >= RARE, first.lived
    assert first.renewals > 5
    assert sum(first.faults.values()) > 5
    assert again.digest == first.digest
    other = lived(ground, replace(RICH, seed=8, days=1))
    assert other.digest != first.digest


def test_two_halves_are_one_town(ground: Ground) -> None:
    whole = replace(WEEKS, numbers=tuple(range(1, HALVED_FROM + 1)), days=1)
    assert halves(WEEKS) == (WEEKS,)
    parts = halves(whole)
    assert sorted(number for each in parts for number in each.numbers) == list(whole.numbers)
    first, second = (
        run(ground, OUTSIDE, replace(each, numbers=each.numbers[:9]), wants_figures=True)
        for each in parts
    )
    both = united(whole, [first, second])
    assert both.is_clean
    assert both.setting == whole
    assert both.events == first.events + second.events
    assert both.digest not in {first.digest, second.digest}
    assert both.figures is not None
    assert first.figures is not None
    assert second.figures is not None
    assert both.figures.messages["topped_up"] == (
        first.figures.messages.get("topped_up", 0) + second.figures.messages.get("topped_up", 0)
    )
    broken = replace(second, violations=(Violation(START, 3, "once", "twice"),), days_done=0)
    assert united(whole, [first, broken]) == broken


def planted(*bugs: str) -> Callable[[psycopg.Connection], None]:
    """Plant functions of the verbs in another wording into a run's own database."""

    def spoil(owner: psycopg.Connection) -> None:
        for bug in bugs:
            owner.execute(bug.encode())

    return spoil


def without(function: str, *changes: tuple[str, str]) -> str:
    text = source(function)
    for old, new in changes:
        assert old in text, f"{function} has no {old!r}"
        text = text.replace(old, new)
    return text


UNCHECKED = without(
    "claim",
    (
        "claim.source, claim.request_id, claim.request_hash",
        "claim.source, claim.request_id || '#' || gen_random_uuid(), claim.request_hash",
    ),
)
UNABSORBED = (
    without("renew", ("perform rearm(array[renew.card], renew.at);", "null;")),
    without("pay_renewal", ("perform rearm(array[renewal.card_id], pay_renewal.at);", "")),
)
TIMED = """
create or replace function rearm(cards uuid[], at timestamptz) returns void
language sql as $$
    update cards_card c
    set rung_ends_at = t.ends_at, next_rung_at = case
        when c.next_rung_at < 'infinity' and c.next_rung_at > rearm.at then c.next_rung_at
        when c.next_rung_at < 'infinity' then c.next_rung_at + (t.ends_at - t.starts_at)
        when t.ends_at > rearm.at then t.ends_at - (t.ends_at - t.starts_at) / 8
        else 'infinity'::timestamptz
    end
    from unnest(rearm.cards) as armed (id)
    left join lateral (
        select e.starts_at, e.ends_at from cards_entitlement e
        where e.card_id = armed.id and e.state <> 'cancelled' order by e.ends_at desc limit 1
    ) t on true
    where c.id = armed.id and c.next_rung_at is not null
$$
"""


BLIND = without("rearm", ("when t.ends_at > rearm.at then next_rung(", """
            when t.ends_at > rearm.at and date_part('hour', rearm.at)::integer % 2 = 0
            then next_rung("""))  # fmt: skip
"""Half of the cards are set aside, where the due sweep's own column cannot show it."""

UNTRUE = (
    without("remind", ("(c.next_rung_at is null or m.paused_until is not null)", "true")),
    """
    create or replace function notice_stands(notice uuid, at timestamptz) returns boolean
    language sql stable security definer set search_path from current as $$ select true $$
    """,
)
SHORT = without("capture", ("owed.amount, owed.currency", "owed.amount - 1, owed.currency"))


@pytest.mark.parametrize(
    ("bugs", "broken"),
    [
        ((BLIND,), {"foreseen_is_tried"}),
        (UNTRUE, {"messages_are_true"}),
        ((SHORT,), {"every_cent"}),
        ((UNCHECKED,), {"once_a_request", "requests_have_their_answer"}),
        (UNABSORBED, {"nobody_is_charged_early", "due_was_tried"}),
        ((TIMED,), {"nobody_is_charged_early", "due_was_tried"}),
    ],
    ids=[
        "set-aside-unseen",
        "reminded-of-what-renews",
        "a-cent-is-lost",
        "request-ids-unchecked",
        "absorbing-forgotten",
        "charged-at-the-timer",
    ],
)
def test_a_planted_bug_is_found(ground: Ground, bugs: tuple[str, ...], broken: set[str]) -> None:
    spoiled = replace(ground, spoil=planted(*bugs))
    outcome = lived(spoiled, replace(WEEKS, days=60))
    assert {each.check for each in outcome.violations} & broken, outcome.violations


def test_a_failure_is_made_short(ground: Ground) -> None:
    spoiled = replace(ground, spoil=planted(UNCHECKED))
    failed = lived(spoiled, replace(WEEKS, days=60))
    short = shrink(spoiled, OUTSIDE, failed)
    assert short.violations[0].check == failed.violations[0].check
    assert len(short.setting.numbers) == 1
    assert len(short.history) <= len(failed.history)
    assert {"outage", "people.whim"} <= short.setting.without
    assert lived(spoiled, short.setting).digest == short.digest
