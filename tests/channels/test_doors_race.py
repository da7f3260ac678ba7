"""Every pair of doors on one card: one renewal, and whoever loses is told where and since when.

Both have accepted what they were shown before either presses. First one after the other, each pair
both ways, then really at once; the negative control takes the lock and the index away. That a
renewal opened at one door is paid at another is tests/channels/test_doors_code.py's.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations, permutations
from typing import Final

import pytest
from django.db import connections
from django.utils import translation

from everline import clock, notices
from everline.channels.hotline import ear
from everline.office.audit import audit
from everline.pages import words
from everline.people.models import Holding
from tests.channels.door import Door, Told
from tests.channels.test_conformance import DOORS, LOCALES, sandboxed
from tests.channels.web import Page
from tests.town import LINGER, Spoiler, at_once
from tests.world import World

__all__ = ["sandboxed"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

ORDERED: Final = list(permutations(DOORS, 2))
PAIRS: Final = list(combinations(DOORS, 2))
MONEY: Final = 9500
PAID: Final = "state in ('paid', 'delivered')"


@pytest.fixture
def street(sandboxed: World) -> Iterator[World]:
    """One world with all doors, whose time the pages show."""
    sandboxed.at = sandboxed.server_time()
    clock.use_offset(lambda: sandboxed.at - datetime.now(UTC))
    senders = notices.installed()
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    yield sandboxed
    notices.install(senders)
    clock.use_offset(timedelta)


class Pair:
    """Two doors that have asked for the same plan on the same card; nothing is pressed yet."""

    def __init__(self, world: World, names: tuple[str, str], locale: str) -> None:
        self.world, self.locale = world, locale
        self.card, self.plan = world.card(), world.plan()
        self.doors: dict[str, Door] = {}
        self.requests: dict[str, str] = {}
        # A mandate buys its first term and lets it run, so it comes first.
        for name in sorted(names, key=lambda each: each != "auto"):
            self.doors[name] = self.come(DOORS[name](world, locale))
            self.requests[name] = self.doors[name].ask(self.card, self.plan)
        self.beforehand = max(door.beforehand for door in self.doors.values())

    def come(self, door: Door) -> Door:
        """Bring money; the holder who gave a mandate is the same person on the pages."""
        holding = Holding.objects.filter(account_id=self.card.account_id).first()
        if isinstance(door, Page) and holding is not None:
            door.client.force_login(holding.person)
        else:
            door.funds(self.card, MONEY)
        return door

    def press(self, name: str) -> Told:
        """Send one door's request, in a thread that leaves no connection behind."""
        try:
            return self.doors[name].send(self.requests[name])
        finally:
            connections.close_all()

    def winner(self) -> str:
        """Hold the books, count the renewals, and tell at which door the one was made."""
        assert [each.invariant.name for each in audit(self.world.at) if each.total] == []
        made = self.world.all(
            f"select channel, paid_at from renewals_renewal where {PAID} order by id"
        )[self.beforehand :]
        assert len(made) == 1, made
        ((self.channel, self.since),) = made
        return next(name for name in self.doors if name == self.channel)

    def is_told(self, name: str, told: Told) -> bool:
        """Tell whether a door that lost said where and since when, in the person's language."""
        if name == "auto":  # Nobody stands there: whoever gave the mandate looks at the card.
            told = self.doors[name].look(self.card)
        say = {"hotline": ear.instant}.get(name, words.instant)
        zone = "UTC" if name == "partner" else self.card.zone
        opened = self.world.one(
            f"select placed_at from renewals_renewal where {PAID} order by id desc limit 1"
        )
        with translation.override(self.locale):
            where = words.channel(self.channel)
            since = {plain(say(at, zone)) for at in (self.since, opened)}
        text = plain(told.text)
        return where in text and any(each in text for each in since)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(("first", "second"), ORDERED)
def test_whoever_comes_second_is_told_where_and_since_when(
    street: World, first: str, second: str
) -> None:
    locale = LOCALES[ORDERED.index((first, second)) % len(LOCALES)]
    pair = Pair(street, (first, second), locale)
    assert pair.press(first).outcome == "paid"
    street.advance(seconds=40)
    lost = pair.press(second)
    assert pair.winner() == first
    assert lost.outcome == ("paid" if second == "auto" else "refused"), lost
    assert pair.is_told(second, lost), lost


@pytest.mark.race
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_doors_at_once_are_one_renewal(street: World, one: str, other: str) -> None:
    locale = LOCALES[PAIRS.index((one, other)) % len(LOCALES)]
    pair = Pair(street, (one, other), locale)
    presses: list[Callable[[], Told]] = [partial(pair.press, name) for name in (one, other)]
    told = dict(zip((one, other), at_once(presses), strict=True))
    winner = pair.winner()
    assert told.pop(winner).outcome == "paid"
    ((loser, lost),) = told.items()
    assert lost.outcome in {"refused", "checking"} or loser == "auto", lost
    assert pair.is_told(loser, lost), lost


@pytest.mark.race
def test_without_the_lock_two_doors_renew_twice(street: World, spoiler: Spoiler) -> None:
    spoiler.weaken(
        "renew",
        ("c.account_id = renew.account for update;", "c.account_id = renew.account;"),
        ("    if why.reason is not null then", f"    {LINGER}\n    if why.reason is not null then"),
    )
    spoiler.drop("renewals_renewal", "a_term_is_paid_once")
    spoiler.drop("cards_entitlement", "entitlement_terms_do_not_overlap")
    pair = Pair(street, ("store", "partner"), "en")
    told = at_once([partial(pair.press, name) for name in pair.doors])
    assert [each.outcome for each in told] == ["paid", "paid"]
    assert street.one(f"select count(*) from renewals_renewal where {PAID}") == 2
