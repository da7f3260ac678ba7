"""The demo operator's files: sound, believable at any time, and fit to each other."""

import re
import runpy
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from everline.ids import Iccid
from everline.loading import (
    Card,
    Catalogue,
    Kind,
    Operator,
    Problems,
    kind_of,
    read_cards,
    read_operator,
    read_partners,
    read_people,
    read_plans,
    read_promotions,
    read_retailers,
)
from tests.written import AT

DEMO = Path(str(files("everline"))) / "demo"
ROOT = Path(__file__).resolve().parents[1]
LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
IN_STOCK_CODE = "NEW4CARD"


@pytest.fixture(scope="module")
def operator() -> Operator:
    problems = Problems()
    read = read_operator(DEMO / "operator.yaml", problems)
    assert list(map(str, problems)) == []
    assert read is not None
    return read


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    problems = Problems()
    read = read_plans(DEMO / "plans.yaml", problems, AT)
    assert list(map(str, problems)) == []
    return read


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    problems = Problems()
    read = list(read_cards(DEMO / "cards.csv", problems, AT))
    assert list(map(str, problems)) == []
    return read


def test_each_file_is_of_the_kind_it_is_named_after() -> None:
    problems = Problems()
    kinds = {path.name: kind_of(path, problems) for path in DEMO.iterdir() if path.is_file()}
    assert len(problems) == 0
    assert kinds == {
        "operator.yaml": Kind.OPERATOR,
        "plans.yaml": Kind.PLANS,
        "promotions.yaml": Kind.PROMOTIONS,
        "partners.yaml": Kind.PARTNERS,
        "retailers.csv": Kind.RETAILERS,
        "cards.csv": Kind.CARDS,
        "people.yaml": Kind.PEOPLE,
    }


@pytest.mark.parametrize(
    "at", [datetime(2024, 2, 29, tzinfo=UTC), datetime(2031, 7, 1, tzinfo=UTC)]
)
def test_the_files_are_sound_whenever_they_are_loaded(at: datetime) -> None:
    problems = Problems()
    assert sum(1 for _card in read_cards(DEMO / "cards.csv", problems, at)) == 2_000
    read_plans(DEMO / "plans.yaml", problems, at)
    read_promotions(DEMO / "promotions.yaml", problems, at)
    assert list(map(str, problems)) == []


def test_the_cards_are_what_the_program_makes(tmp_path: Path) -> None:
    program = runpy.run_path(str(ROOT / "examples" / "make_cards.py"))
    made = "".join(
        f"{line}\n" for line in program["cards_file"](2_000, 7, program["sold_plans"](None))
    )
    assert (DEMO / "cards.csv").read_text(encoding="utf-8") == made


def test_the_plans_cover_what_a_catalogue_can_say(catalogue: Catalogue) -> None:
    sold = [plan for plan in catalogue.plans if plan.retired_at is None]
    assert len(sold) >= 12
    versions = [version for plan in catalogue.plans for version in plan.versions]
    assert {version.period_unit for version in versions} == set(LONGEST)
    assert {version.on_renewal for version in versions} == {"queue", "stack", "replace"}
    assert {version.validity for version in versions} == {"rolling", "calendar"}
    assert any(version.allowance_bytes is None for version in versions)
    assert [plan.code for plan in catalogue.plans if len(plan.versions) > 1] == ["HOME-30"]
    assert {plan.successor for plan in catalogue.plans} == {None, "HOME-12"}
    for plan in catalogue.plans:
        assert set(plan.names) == {"en", "zh-Hans", "id"}


def test_everything_named_by_a_file_exists(
    operator: Operator, catalogue: Catalogue, cards: list[Card]
) -> None:
    problems = Problems()
    currencies = set(operator.currency_digits)
    prices = {
        (plan.code, price.currency)
        for plan in catalogue.plans
        for version in plan.versions
        for price in version.prices
    }
    assert {currency for _code, currency in prices} == currencies
    assert {(card.plan, card.currency) for card in cards if card.plan} <= prices
    assert {card.currency for card in cards} == currencies
    for offer in read_promotions(DEMO / "promotions.yaml", problems, AT):
        assert set(offer.plans) <= {code for code, _currency in prices}
    assert {
        partner.currency for partner in read_partners(DEMO / "partners.yaml", problems)
    } < currencies
    held = {iccid: person.email for person in read_people(DEMO / "people.yaml", problems)
            for iccid in person.cards}  # fmt: skip
    holders = {card.iccid: card.holder for card in cards}
    assert held == {iccid: holders[iccid] for iccid in held}
    assert len(held) == 3
    assert len(problems) == 0


def test_the_cards_are_in_every_state_and_believable(
    catalogue: Catalogue, cards: list[Card]
) -> None:
    states = Counter(card.state for card in cards)
    assert min(states.values()) >= 20
    assert set(states) == {"in_stock", "activated", "bound", "suspended", "lost", "terminated"}
    assert {card.kind for card in cards} == {"sim", "esim"}
    assert len({card.zone for card in cards}) >= 9
    versions = {plan.code: plan.versions[0] for plan in catalogue.plans}
    running = lapsed = spent = 0
    for card in cards:
        if card.plan is None or card.term_started_at is None:
            continue
        version = versions[card.plan]
        most = version.allowance_bytes or version.fair_use_bytes or 0
        assert 0 <= card.used_bytes <= most
        assert len(card.devices) <= version.devices_max
        assert card.term_started_at >= version.effective_from
        is_running = AT - card.term_started_at < timedelta(days=LONGEST[version.period_unit])
        running += is_running and card.state == "bound"
        lapsed += not is_running and card.state == "bound"
        spent += card.used_bytes == most
    assert running > 1_000
    assert lapsed > 100
    assert spent > 20


def test_no_number_of_the_demo_belongs_to_anybody(cards: list[Card]) -> None:
    for card in cards:
        assert card.iccid.startswith("8999907")
        assert card.msisdn is None or card.msisdn.startswith("+99907")
        for kind, number in card.devices:
            assert number.startswith("00" if kind == "imei" else "89999007")
    everything = [number for card in cards for number in (card.iccid, card.msisdn, *card.devices)]
    known = [number for number in everything if number]
    assert len(known) == len(set(known))


def test_the_cards_to_try_are_what_the_file_says(cards: list[Card]) -> None:
    by_number = {card.iccid: card for card in cards}
    said = (DEMO / "cards.csv").read_text(encoding="utf-8")
    numbers = [
        Iccid.parse(number) for number in re.findall(r"^# .*(8999(?: \d+){4})", said, re.MULTILINE)
    ]
    running, lapsed, stocked, esim = (by_number[number] for number in numbers)
    assert running.plan == "HOME-30"
    assert running.state == lapsed.state == esim.state == "bound"
    assert running.term_started_at == AT - timedelta(days=12, hours=6)
    assert lapsed.plan == "HOME-12"
    assert lapsed.term_started_at == AT - timedelta(days=35, hours=4)
    assert (stocked.state, stocked.start_code) == ("in_stock", IN_STOCK_CODE)
    assert (esim.kind, esim.zone, esim.currency) == ("esim", "Asia/Shanghai", "CNY")


def test_the_stores_stand_in_three_real_cities(operator: Operator) -> None:
    problems = Problems()
    stores = list(read_retailers(DEMO / "retailers.csv", problems))
    assert list(map(str, problems)) == []
    assert len(stores) == 40
    centres = {
        "Jakarta": (-6_200_000, 106_816_000, "IDR"),
        "上海": (31_230_000, 121_473_000, "CNY"),
        "Singapore": (1_352_000, 103_820_000, "SGD"),
    }
    for store in stores:
        latitude, longitude, currency = centres[store.city]
        assert abs(store.latitude_microdegrees - latitude) < 200_000, store.code
        assert abs(store.longitude_microdegrees - longitude) < 400_000, store.code
        assert store.currency == currency
        assert store.phone.startswith("+999")
    places = [(each.latitude_microdegrees, each.longitude_microdegrees) for each in stores]
    assert len(set(places)) == 40
    assert {store.kind for store in stores} == {"shop", "mall_counter", "station", "airport"}
