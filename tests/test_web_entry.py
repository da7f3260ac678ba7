"""Entering a card's number: what a near miss is told, and what a stranger cannot find out."""

import random
import re
import statistics
import time
from collections.abc import Iterator

import pytest
from django.utils.translation import override

from everline import cards, ids
from everline.pages import suspects
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

SEED: random.Random = random.Random(9)
NOBODYS = "8999907111111111112"
CLOSED = ("suspended", "lost", "terminated")
ROUNDS = 100
SIGMAS = 4.2
"""A difference of this many standard errors comes by chance once in some 40,000 runs."""


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def number() -> str:
    body = "89" + "".join(str(SEED.randrange(10)) for _place in range(16))
    return body + ids.luhn_digit(body)


@pytest.mark.parametrize("seen", range(30))
def test_two_swapped_digits_are_among_those_to_look_at(seen: int) -> None:
    right = number()
    places = [
        place
        for place in range(2, 18)
        if right[place] != right[place + 1] and {right[place], right[place + 1]} != {"0", "9"}
    ]
    place = places[seen % len(places)]
    typed = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    found = suspects.suspects(typed)
    swaps = sum(len(each.places) == 2 for each in found)
    assert suspects.Suspect((place, place + 1), right[place : place + 2]) in found or swaps == 3


def test_each_suspect_would_make_the_number_right() -> None:
    for _each in range(200):
        right = number()
        place = SEED.randrange(2, 19)
        typed = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
        found = suspects.suspects(typed)
        assert len(found) <= suspects.SUSPECTS_MAX
        for each in found:
            mended = typed[: each.places[0]] + each.instead + typed[each.places[-1] + 1 :]
            assert ids.Iccid.parse(mended) == mended
        with override("en"):
            said = suspects.in_words(typed)
        assert said[-1].endswith(f"is {ids.luhn_digit(typed[:-1])}.")


def test_a_wrong_beginning_is_named_first() -> None:
    body = "8999907111111111112"[2:]
    (found,) = suspects.suspects("98" + body)
    assert (found.places, found.instead) == ((0, 1), "89")
    with override("en"):
        assert "begins with 89, this one with 98" in suspects.in_words("98" + body)[0]


@pytest.mark.parametrize(
    "typed", ["8999907111111111112", "89999071111111", "8999O07111111111113", "+62 812", ""]
)
def test_what_is_no_near_miss_gets_no_advice(typed: str) -> None:
    assert suspects.near(typed) is None


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "If all the others are right, the last digit is 2."),
        ("zh-hans", "如果其他数字都正确，最后一位应为 2。"),
        ("id", "Jika semua digit lain benar, digit terakhir adalah 2."),
    ],
)
def test_the_page_marks_what_to_look_at(shop: World, locale: str, said: str) -> None:
    browser = Browser(shop, locale).enter("8999 9071 1111 1111 113")
    assert browser.status == 422
    assert said in browser.text
    assert "".join(re.findall(r"<(?:mark|span)>(\d)</", browser.page)) == "8999907111111111113"


def test_the_advice_is_the_same_whether_the_right_number_exists(shop: World) -> None:
    card = shop.card()
    place = next(n for n in range(12, 18) if card.iccid[n] != card.iccid[n + 1])
    typed = card.iccid[:place] + card.iccid[place + 1] + card.iccid[place] + card.iccid[place + 2 :]
    before = Browser(shop).enter(typed).text
    shop.owner.execute("delete from cards_card")
    assert Browser(shop).enter(typed).text == before


@pytest.mark.parametrize("button", [{}, {"top-up": "yes"}], ids=["renew", "top-up"])
@pytest.mark.parametrize("state", ["lost", "terminated"])
def test_a_closed_card_looks_like_one_that_does_not_exist(
    shop: World, state: str, button: dict[str, str]
) -> None:
    card = shop.card(state)
    shown = {}
    for typed in (NOBODYS, card.iccid):
        browser = Browser(shop).post("/", {"number": typed} | button)
        assert browser.status == 422
        shown[typed] = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", browser.page)
        shown[typed] = re.sub(r'nonce="[^"]*"', "", shown[typed].replace(typed, "NUMBER"))
    assert shown[NOBODYS] == shown[card.iccid]
    assert "cannot be renewed online" in shown[NOBODYS]
    assert card.msisdn is not None
    assert Browser(shop).enter(card.msisdn).status == 422


def taken(browser: Browser, typed: str) -> float:
    began = time.perf_counter()
    answer = browser.client.post("/", {"number": typed})
    assert answer.status_code in {303, 422}
    return time.perf_counter() - began


def longer(some: list[float], others: list[float]) -> float:
    """Tell how likely one of `some` takes longer than one of `others` (Mann and Whitney's U)."""
    return statistics.fmean((one > other) + (one == other) / 2 for one in some for other in others)


def test_an_unknown_card_takes_as_long_as_a_closed_one(shop: World) -> None:
    """Whoever tries numbers through learns nothing from the clock; the control shows it could."""
    closed = [shop.card(state) for state in CLOSED]
    times: dict[str, list[float]] = {"unknown": [], "closed": [], "open": []}
    browser = Browser(shop)
    kinds: list[tuple[str, list[cards.Card]]] = [
        ("unknown", []),
        ("closed", closed),
        ("open", [shop.card()]),
    ]
    for _warm in range(3):
        for _kind, some in kinds:
            taken(browser, some[0].iccid if some else number())
    for turn in range(ROUNDS):
        for kind, some in SEED.sample(kinds, len(kinds)):
            typed = some[turn % len(some)].iccid if some else number()
            times[kind].append(taken(browser, typed))
    error = ((2 * ROUNDS + 1) / (12 * ROUNDS**2)) ** 0.5
    assert abs(longer(times["unknown"], times["closed"]) - 0.5) < SIGMAS * error
    assert abs(longer(times["unknown"], times["open"]) - 0.5) > SIGMAS * error


def test_only_pages_that_need_it_may_ask_for_the_camera(shop: World) -> None:
    browser = Browser(shop)
    first = browser.client.get("/")
    assert "camera=(self)" in first["Permissions-Policy"]
    assert "microphone=()" in first["Permissions-Policy"]
    assert "data-scan" in first.content.decode()
    card = browser.client.get(browser.enter(shop.card().iccid).at)
    assert "camera=()" in card["Permissions-Policy"]
    assert "geolocation=(self)" in browser.client.get("/places")["Permissions-Policy"]
