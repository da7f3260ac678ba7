"""Auto-renewal where no demo is long enough: from a message to its end, or to a new price.

And the office's screens of what is held back, and of what banks dispute. The pages are served by
this process, on a world in which all of that has happened.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from everline import autorenewal, cards, notices
from everline.catalogue import policy as operator
from everline.people.roles import Role
from tests.armed import policy, sweep
from tests.browser.serving import be, session_of
from tests.browser.windows import Windows, seen
from tests.mandates import armed, dearer, end_of, stands
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

LOOKS = (
    ("en", 360, "light"),
    ("zh-Hans", 1280, "light"),
    ("zh-Hans", 360, "dark"),
    ("id", 1280, "dark"),
)


@dataclass(frozen=True)
class Scene:
    """A card, and the addresses that a message about it carries."""

    card: cards.Card
    link: str
    stop: str


@pytest.fixture
def dearer_card(town: World, served: str) -> Scene:
    """A card whose next charge would be dearer than was agreed to, and the message of it."""
    plan = town.plan()
    card = armed(town, plan, balance=5000, total=plan.price)
    town.at = end_of(town, card) - timedelta(days=3)
    dearer(town, plan, 1200)
    assert autorenewal.warn_ahead(town.at) == 1
    (letter,) = [each for each in notices.newest(5) if each.template == "auto_consent"]
    words = letter.words(operator())
    assert words.link.startswith(served)
    return Scene(card, words.link, words.stop)


def looks(windows: Windows, address: str, name: str, *, session: str = "") -> Page:
    """See a page in each of the looks; gives the last window."""
    page = None
    for language, width, scheme in LOOKS:
        page = windows.open(language, width, color_scheme=scheme)
        if session:
            be(page, address, session)
        page.goto(address)
        seen(page, name if scheme == "light" else f"{name}-dark", full_page=True)
    assert page is not None
    return page


def test_a_message_leads_to_a_new_consent(dearer_card: Scene, windows: Windows) -> None:
    page = looks(windows, dearer_card.link, "auto-agree")
    windows.expect(422)
    page.click("main button.primary")
    expect(page.locator(".banner.stop")).to_be_visible()
    page.check("input[name=agrees]")
    page.click("main button.primary")
    expect(page.locator("#agreed-title")).to_be_visible()
    seen(page, "auto-agreed-dark", full_page=True)


def test_a_message_leads_to_its_end(town: World, dearer_card: Scene, windows: Windows) -> None:
    page = looks(windows, dearer_card.stop, "auto-end")
    page.click("main button.primary")
    expect(page.locator("main form")).to_have_count(0)
    seen(page, "auto-ended-dark", full_page=True)
    assert town.one("select count(*) from autorenewal_mandate where ended_at is null") == 0


@pytest.fixture
def held_back(town: World, served: str) -> str:
    """An office with a parked card, a stop, hours that are over, disputes; its owner's session."""
    policy(town, auto_card_day_max=0)
    plan = town.plan()
    card = armed(town, plan, balance=5000)
    autorenewal.judge_hours(town.at)
    town.at = stands(town, card).rungs[-1] - timedelta(hours=3)
    sweep(town)
    for number, state in enumerate(("to_answer", "under_review", "won")):
        town.insert(
            "payments_dispute",
            id=uuid.uuid4(),
            account_id=card.account_id if number else None,
            gateway="stripe",
            reference=f"du_1QTESTdispute{number}",
            amount=(number + 1) * 1250,
            currency="EUR",
            reason=("fraudulent", "product_not_received", "subscription_canceled")[number],
            state=state,
            is_inquiry=number == 1,
            answer_by=town.at + timedelta(days=number * 4 - 1),
            told_at=town.at - timedelta(days=number + 3),
            read_at=town.at - timedelta(days=1),
            asks=1,
        )
    town.insert(
        "autorenewal_stop",
        id=uuid.uuid4(),
        scope="operator",
        since=town.at - timedelta(minutes=12),
        charged=4120,
        expected=70,
        allowed=1000,
        released_by="",
    )
    town.insert(
        "autorenewal_outage",
        id=uuid.uuid4(),
        from_at=town.at - timedelta(hours=30),
        until_at=town.at - timedelta(hours=28),
        prolonged=17,
    )
    for hour in range(4):
        town.insert(
            "autorenewal_hour",
            hour=town.at.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hour + 2),
            expected=1200 - hour,
            attempted=1180,
            opted_out=20 - 2 * hour,
            untried=hour % 2,
            judged_at=town.at,
        )
    return session_of(town.staff(Role.OWNER))


def test_the_office_sees_what_is_held_back_and_disputed(
    held_back: str, served: str, windows: Windows
) -> None:
    page = looks(windows, f"{served}/office/auto-renewal", "office-auto-held", session=held_back)
    expect(page.locator("#stop")).to_be_visible()
    page = looks(windows, f"{served}/office/queues", "office-disputed", session=held_back)
    expect(page.locator("#disputed ~ .sheet").first.locator("tbody tr")).to_have_count(3)
