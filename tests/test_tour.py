"""The tour: every act through the real doors is one renewal, balanced; and in production no page.

The worker's part is done by hand at the world's time. tests/test_tour_browser.py looks at it in a
real browser.
"""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from everline import autorenewal, clock, database, notices
from everline.channels.partner.auth import MEMORY
from everline.config.plugs import MovedClock
from everline.office.audit import audit
from everline.tour import outfit, visits, words
from everline.tour.devices import DEVICES
from everline.tour.misfortunes import MISFORTUNES
from everline.tour.visits import PLAN
from tests.catalogues import LOCALES
from tests.simulator import SimulatorProcess
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

ACTS = (*DEVICES, *MISFORTUNES)
ASKED = {"lie", "late-yes"}
"""Acts that are at their end only when the janitor has asked the bank."""

PRICE = 5_500_000


@pytest.fixture
def stage(sandboxed: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A demo in small: the tour's plan, a store, a partner, and the clock of the database."""
    for name, value in (("DEMO", True), ("HOTLINE_TOKEN", "a token of the tests")):
        monkeypatch.setattr(settings, name, value, raising=False)
    MEMORY.clear()
    outfit.forget()
    world = sandboxed
    world.at = world.server_time()
    world.plan(PLAN, price=PRICE, gigabytes=12, tax=1100, prices={"IDR": PRICE})
    world.retailer(deposit=900_000_000, currency="IDR", commission=250)
    world.partner(deposit=900_000_000, currency="IDR", commission=250)
    clock.use_offset(MovedClock().offset)
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    yield world
    notices.install({})
    clock.use_offset(timedelta)


@pytest.fixture
def visitor(stage: World) -> Client:
    return _visitor()


def _visitor(locale: str = "en") -> Client:
    client = Client(headers={"accept-language": locale}, SERVER_NAME="localhost")
    assert client.get("/tour").status_code == 200
    return client


def _work(world: World) -> None:
    """Do once what a worker does, by the demo's clock."""
    autorenewal.renew_due(clock.now())
    world.at = clock.now()
    world.deliver_all()
    world.send_all()


def _look(client: Client) -> str:
    answer = client.get("/tour")
    assert answer.status_code == 200
    return str(answer.content.decode())


def _words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])).split())


def _tone(page: str) -> str:
    found = re.search(r'class="why (\w+)"', page)
    assert found is not None, page
    return found[1]


def _sold(world: World) -> int:
    """Count the renewals that were paid, and hold all the books against the audit."""
    found = [finding.invariant.name for finding in audit(clock.now()) if finding.total]
    assert found == []
    return int(
        world.one("select count(*) from renewals_renewal where state in ('paid', 'delivered')")
    )


def _card(client: Client) -> str:
    return str(client.session[visits.KEPT]["card"])


@pytest.mark.parametrize("name", [each for each in ACTS if each not in ASKED])
def test_each_act_is_one_renewal_and_balanced(stage: World, visitor: Client, name: str) -> None:
    assert visitor.post(f"/tour/acts/{name}").status_code == 303
    _work(stage)
    page = _look(visitor)
    assert _sold(stage) == 1
    assert _tone(page) == "good"
    assert 'data-renewals="1"' in page
    assert words.WHY[name] in _words(page) or name == "race"
    assert 'class="paper' in page


def test_the_gateway_that_says_nothing_is_asked_until_it_tells(
    stage: World, visitor: Client, simulator: SimulatorProcess
) -> None:
    visitor.post("/tour/acts/lie")
    page = _look(visitor)
    assert (_tone(page), _sold(stage)) == ("wait", 0)
    assert words.WHY["checking"] in _words(page)
    ((key,),) = stage.all("select key from payments_attempt")
    simulator.resolve(key, "succeeded")
    stage.at = clock.now() + timedelta(minutes=7)
    stage.ask_all()
    stage.deliver_all()
    assert (_tone(_look(visitor)), _sold(stage)) == ("good", 1)


def test_a_yes_after_we_gave_up_goes_back_and_the_month_is_sold_once(
    stage: World, visitor: Client, simulator: SimulatorProcess
) -> None:
    before = clock.now()
    visitor.post("/tour/acts/late-yes")
    assert timedelta(minutes=10) < clock.now() - before < timedelta(minutes=13)
    page = _look(visitor)
    assert (_tone(page), _sold(stage)) == ("wait", 1)
    assert words.WHY["late_money"] in _words(page)
    stage.at = clock.now() + timedelta(minutes=2)
    for _asked in ("the late attempt", "the refund"):
        stage.ask_all()
        stage.at += timedelta(minutes=2)
    stage.deliver_all()
    page = _look(visitor)
    assert (_tone(page), _sold(stage)) == ("good", 1)
    assert words.WHY["late-yes"] in _words(page)
    timeline = re.findall(r"<li class=\"\w+\">\s*<span>([^<]+)</span>", page)
    said = [words.STEPS["attempt", "superseded"], words.STEPS["attempt", "succeeded"]]
    assert timeline.count(said[1]) == 2
    assert timeline.index(said[0]) < timeline.index(said[1])
    assert words.STEPS["refund", "succeeded"] in timeline
    attempts = stage.all("select number, state, key from payments_attempt order by number")
    assert [each[:2] for each in attempts] == [(1, "succeeded"), (2, "succeeded")]
    at_bank = [simulator.charge(key) for _number, _state, key in attempts]
    assert [each["refunded_minor"] for each in at_bank] == [PRICE, 0]


def test_the_clock_waits_for_the_payments_of_others(stage: World, visitor: Client) -> None:
    _visitor().post("/tour/acts/lie")
    before = clock.now()
    visitor.post("/tour/acts/late-yes")
    assert clock.now() - before < timedelta(minutes=1)
    assert _sold(stage) == 0
    assert words.WHY["checking"] in _words(_look(visitor))


def test_the_loser_of_the_race_is_told_where_and_since_when(stage: World, visitor: Client) -> None:
    visitor.post("/tour/acts/race")
    told = _words(_look(visitor))
    assert words.WHY["kiosk_won"] in told or words.WHY["phone_won"] in told
    assert re.search(r"opened (at a self-service kiosk|on this website), \d", told), told


def test_all_acts_in_a_row_are_one_renewal_each(stage: World, visitor: Client) -> None:
    for count, name in enumerate(("telephone", "cut", "press-twice", "partner"), 1):
        visitor.post(f"/tour/acts/{name}")
        _work(stage)
        assert _tone(_look(visitor)) == "good"
        assert _sold(stage) == count


def test_a_full_card_is_followed_by_another(stage: World, visitor: Client) -> None:
    first = _card(visitor)
    for _each in range(6):
        visitor.post("/tour/acts/telephone")
        _work(stage)
        assert _tone(_look(visitor)) == "good"
    assert _card(visitor) != first
    assert _sold(stage) == 6


def test_a_day_later_it_was_renewed_before_its_end(stage: World, visitor: Client) -> None:
    before = clock.now()
    visitor.post("/tour/acts/day-later")
    assert timedelta(hours=23) < clock.now() - before < timedelta(hours=25)
    _work(stage)
    placed, starts = stage.all("select placed_at, starts_at from renewals_renewal")[0]
    assert placed < starts


def test_visitors_have_cards_of_their_own_and_start_over_gives_another(stage: World) -> None:
    one, other = _visitor(), _visitor()
    assert _card(one) != _card(other)
    one.post("/tour/acts/telephone")
    assert 'class="paper' not in _look(other)
    before = _card(one)
    assert one.post("/tour/start-over").status_code == 303
    assert _card(one) != before
    assert 'class="paper' not in _look(one)


def test_cards_are_bounded_and_a_left_one_is_given_again(
    stage: World, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visits, "CARDS_MAX", 1)
    stranger = Client(SERVER_NAME="localhost")
    assert stranger.get("/tour").status_code == 503
    stage.owner.execute("update tour_visit set seen_at = seen_at - interval '2 hours'")
    assert stranger.get("/tour").status_code == 200
    assert _card(stranger) == _card(visitor)


def test_the_clock_goes_forward_alone_and_not_too_far(stage: World) -> None:
    def move(forward: timedelta) -> object:
        return stage.verb("move_clock", forward, clock.now())

    assert move(timedelta(hours=-1)) is None
    assert move(timedelta(hours=26)) is None
    assert move(timedelta(hours=25)) == timedelta(hours=25)
    stage.owner.execute("update database_deployment set clock_offset = '59 days 12 hours'")
    assert move(timedelta(days=1)) is None


def test_in_production_there_is_no_tour_and_no_verb_of_it(stage: World) -> None:
    client = _visitor()
    settings.DEMO = False
    try:
        assert client.get("/tour").status_code == 404
        assert client.post("/tour/acts/phone").status_code == 404
        assert client.post("/tour/start-over").status_code == 404
    finally:
        settings.DEMO = True
    stage.owner.execute("update database_deployment set mode = 'production', clock_offset = '0'")
    for refused in ("move_clock(interval '1 hour', now())", "give_tour_card(now())"):
        with pytest.raises(Exception, match="only done in a demo"):
            database.value(f"select {refused}")


def test_unknown_acts_are_not_there_and_looking_does_nothing(stage: World, visitor: Client) -> None:
    assert visitor.post("/tour/acts/rob-the-bank").status_code == 404
    assert visitor.get("/tour/acts/phone").status_code == 405
    assert _sold(stage) == 0


def test_every_step_and_account_has_its_word(stage: World) -> None:
    steps = {
        (machine, state)
        for machine, state in stage.all(
            "select machine, to_state from database_transition"
            " where machine in ('renewal', 'attempt', 'refund', 'order')"
        )
    }
    assert steps == set(words.STEPS)
    kinds = {kind for (kind,) in stage.all("select distinct kind from ledger_account")}
    assert kinds <= set(words.ACCOUNTS)
    assert set(ACTS) <= set(words.WHY)
    for locale in LOCALES:
        with translation.override(locale.replace("_", "-").lower()):
            for sentence in (*words.WHY.values(), *words.STEPS.values()):
                assert translation.gettext(sentence) != sentence, (locale, sentence)


def test_the_page_speaks_the_visitors_language(stage: World) -> None:
    told = _words(_look(_visitor("zh-hans")))
    assert "一张卡" in told
