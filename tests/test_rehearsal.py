"""`everline simulate` and its report: what is said, what it costs to be wrong, and what is left."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from everline.cli import simulating
from everline.cli.speech import Exit
from everline.config.plugs import KINDS, sweeps
from everline.database.addresses import Addresses
from everline.errors import MisuseError
from everline.simulation import Ground, Outside, Setting, run
from everline.simulation.halves import HALVED_FROM
from everline.simulation.lived import COUNTED
from everline.simulation.prices import parse_prices
from everline.simulation.report import report_page
from everline.simulation.shrink import FAULTS
from tests.command import everline_process

OUTSIDE = Outside(KINDS, sweeps(one_at_a_time=True))
DAYS = Setting(seed=5, numbers=tuple(range(1, 31)), days=17)


@pytest.fixture
def ground(logins: Addresses, template: str) -> Ground:
    return Ground(logins, template)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main>")[2]).split())


def test_a_report_is_whole_in_each_language_and_compares_prices(ground: Ground) -> None:
    outcome = run(ground, OUTSIDE, DAYS, wants_figures=True)
    assert outcome.is_clean, outcome.violations
    page = report_page(outcome, None, "en")
    assert "30 cards over 17 days" in words(page)
    assert "Renewals by channel" in words(page)
    assert not re.findall(r"<script|https?://|url\(|@import|src=", page)
    said = {language: words(report_page(outcome, None, language)) for language in ("zh-hans", "id")}
    assert "各渠道续费" in said["zh-hans"]
    assert "Perpanjangan per kanal" in said["id"]
    for named in re.findall(r"\b[a-z]+\.[a-z]+\b", words(page)):
        assert named not in outcome.faults, "a fault is shown by its code"
    tried = replace(DAYS, prices=("HOME-12=99000", "WEEK-8=49000:IDR"))
    dearer = run(ground, OUTSIDE, tried, wants_figures=True)
    assert dearer.is_clean, dearer.violations
    assert outcome.figures is not None
    assert dearer.figures is not None
    assert sum(dearer.figures.sold["IDR"]) > sum(outcome.figures.sold["IDR"])
    assert "What the price changes" in words(report_page(outcome, dearer, "en"))


@pytest.mark.parametrize("price", ["HOME-12", "HOME-12=", "HOME-12=1e3", "home=5", "A=5:euro"])
def test_a_price_that_is_not_understood_is_told(price: str) -> None:
    with pytest.raises(MisuseError, match="Write it like"):
        parse_prices([price])


@pytest.mark.parametrize("price", ["NO-SUCH=5", "ASIA-MONTH=5", "HOME-12=5:EUR"])
def test_a_price_of_no_plan_or_currency_is_told(ground: Ground, price: str) -> None:
    with pytest.raises(MisuseError):
        run(ground, OUTSIDE, replace(DAYS, days=1, prices=(price,)))


def test_the_faults_of_the_command_are_those_of_the_simulator() -> None:
    assert simulating.FAULTS == FAULTS


def test_a_half_is_repeated_by_the_numbers_of_its_cards() -> None:
    assert simulating.written((1, 2, 3, 7, 9, 10)) == ["1-3", "7", "9-10"]
    assert simulating.numbers_of(["1-3", "7", "9-10"]) == (1, 2, 3, 7, 9, 10)


def test_the_command_makes_what_it_needs_and_leaves_nothing(tmp_path: Path) -> None:
    report = tmp_path / "r.html"
    cards = str(HALVED_FROM)
    arguments = ("--seed", "3", "--cards", cards, "--days", "1", "--report", str(report), "--json")
    said = everline_process(tmp_path, "simulate", *arguments, TMPDIR=str(tmp_path))
    assert said.code == Exit.DONE, said.err
    assert said.json["is_clean"] is True
    assert said.json["again"] == f"everline simulate --seed 3 --cards {cards} --days 1"
    assert said.json["cards"] == HALVED_FROM
    assert said.json["lived"].keys() == COUNTED.keys()
    assert report.read_text().lower().startswith("<!doctype html>")
    assert not [*tmp_path.glob("*everline*")], "the scratch server is gone"


@pytest.mark.parametrize(
    ("arguments", "way_out"),
    [
        (("--without", "rain"), "there are outage, clock"),
        (("--load", "nowhere.yaml"), "name a file"),
        (("--language", "tlh"), "write en, zh-hans or id"),
        (("--report", "no/such/folder/r.html"), "make no/such/folder first"),
        (("--card", "0"), "cards have numbers from 1"),
        (("--card", "9-3"), "cards have numbers from 1"),
        (("--card", "1-many"), "write 12, or 1-500"),
    ],
)
def test_what_is_typed_wrong_is_told_at_once(
    tmp_path: Path, arguments: tuple[str, ...], way_out: str
) -> None:
    said = everline_process(tmp_path, "simulate", *arguments)
    assert said.code == Exit.MISUSED
    assert way_out in " ".join(said.err.split())
