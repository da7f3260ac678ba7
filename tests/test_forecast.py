"""When data runs out: a forecast tried against uses of data whose end is known.

That readings are kept is tried here too; how a page words them in test_held.py.
"""

import random
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from everline import cards
from everline.cards import Reading, Term
from tests.world import GIGABYTE, START, World


class TestForecast:
    """The day on which data runs out."""

    def term(self, used: int, whole: int | None = 30) -> Term:
        return Term(
            id=uuid4(),
            plan_version_id=uuid4(),
            plan_code="a",
            plan_names={"en": "a"},
            state="delivered",
            starts_at=START,
            ends_at=START + timedelta(days=30),
            allowance_bytes=None if whole is None else whole * GIGABYTE,
            fair_use_bytes=None,
            used_bytes=used * GIGABYTE,
            used_as_of=START + timedelta(days=10),
            devices_max=1,
        )

    def steady(self, days: int, a_day: int) -> list[Reading]:
        return [
            Reading(START + timedelta(days=day), day * a_day * GIGABYTE)
            for day in range(1, days + 1)
        ]

    def test_a_steady_use_ends_when_it_must(self) -> None:
        found = cards.forecast(self.term(20), self.steady(10, 2))
        assert found is not None
        assert abs(found.likely_at - (START + timedelta(days=15))) < timedelta(minutes=1)
        assert found.earliest_at < found.likely_at < found.latest_at
        assert found.a_day_bytes == 2 * GIGABYTE

    def test_more_readings_make_it_surer(self) -> None:
        spans = []
        for days in (2, 4, 8):
            found = cards.forecast(self.term(days), self.steady(days, 1))
            assert found is not None
            spans.append(found.latest_at - found.earliest_at)
        assert spans == sorted(spans, reverse=True)

    @pytest.mark.parametrize(
        ("term", "read"),
        [
            ((0, 30), []),
            ((5, None), []),
            ((30, 30), []),
            ((1, 30), [Reading(START + timedelta(hours=5), GIGABYTE)]),
        ],
    )
    def test_nothing_is_said_where_nothing_is_known(
        self, term: tuple[int, int | None], read: list[Reading]
    ) -> None:
        assert cards.forecast(self.term(*term), read) is None

    def test_one_figure_alone_says_little(self) -> None:
        one = cards.forecast(self.term(10), [])
        many = cards.forecast(self.term(10), self.steady(10, 1))
        assert one is not None
        assert many is not None
        assert one.likely_at == many.likely_at
        assert one.latest_at - one.earliest_at > many.latest_at - many.earliest_at

    def test_eight_of_ten_outcomes_lie_in_the_span(self) -> None:
        chance, inside, trials = random.Random(7), 0, 600
        for _trial in range(trials):
            used, read, out = 0.0, [], None
            for day in range(1, 61):
                use = chance.gauss(1.5, 0.75)
                used += use
                if day <= 8:
                    read.append(Reading(START + timedelta(days=day), int(used * GIGABYTE)))
                elif used >= 30:
                    out = START + timedelta(days=day - (used - 30) / use)
                    break
            term = self.term(0)
            found = cards.forecast(
                replace(term, used_bytes=read[-1].used_bytes),
                read,
            )
            assert found is not None
            assert out is not None
            inside += found.earliest_at <= out <= found.latest_at
        assert 0.75 < inside / trials < 0.9

    def test_readings_are_kept_one_a_day_and_never_older_ones(self, town: World) -> None:
        card = town.card(balance=2000)
        town.renew(card, town.plan())
        status = cards.status(card, town.at)
        assert status.present is not None
        for hours, used in ((1, 1), (2, 2), (26, 5), (3, 9)):
            at = town.at + timedelta(hours=hours)
            cards.record_usage(card.id, used * GIGABYTE, at)
        read = cards.readings(status.present.id)
        assert [each.used_bytes // GIGABYTE for each in read] == [2, 5]
