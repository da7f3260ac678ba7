"""The dialogue as data: no dead end, nothing unreachable, nothing too long for the ear.

And the engine, tried with any keys. What the acts do is tested in test_hotline.py.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest
from django.utils import translation
from hypothesis import given, strategies as st

from everline.catalogue import Policy
from everline.channels.hotline import acts, ear, flow, prompts
from everline.channels.hotline.engine import Why, move
from everline.channels.hotline.flow import FLOW, REFUSED, Line, Step
from everline.channels.hotline.scenes import LISTED_MAX, SCENES
from everline.errors import Code

LOCALES: Final = ("en", "zh-hans", "id")
SECONDS_MAX: Final = 40
WORDS_A_SECOND: Final = 2.5
SIGNS_A_SECOND: Final = 4.5
"""How fast a provider's voice speaks: words of English and Indonesian, signs of Chinese."""

ASKING: Final = [step for step in FLOW.values() if step.asks]
EYE_WORDS: Final = ("click", "below", "above", "page shows", "look at", "button", "screen")


REFUSING: Final = ("talk.refuse(", "_not_found(", "_price(", "_paid(", "_send_link_again(")
"""What an act calls that may refuse."""

NEVER_TOGETHER: Final = frozenset({"lapsed", "fresh", "unsure", "idle"})
"""Facts of scenes that stand in the place of others, which are longer."""


def ways(step: Step) -> set[str]:
    """Every step that can come directly after one."""
    found = {choice.leads for choice in step.choices} | set(step.leads.values())
    found |= {step.listing} if step.listing else set()
    found |= {step.entry.leads} if step.entry else set()
    if step.asks:
        found |= {flow.PERSON, flow.OFFER, flow.GOODBYE}
    if step.act:
        found |= {prompts.PROMPTS[code].leads for code in refusals(step.act)}
    return found


def refusals(act: str) -> set[Code]:
    """The refusals that an act may say: all of them, where it hands on what the core answered."""
    source = inspect.getsource(acts.ACTS[act])
    return set(Code) if any(name in source for name in REFUSING) else set()


def sentences(step: Step, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """Everything that a step may say, but lines that need certain facts."""
    for line in step.says:
        if not isinstance(line, Line):
            yield line
        elif line.needs not in without:
            yield line.text
    for choice in step.choices:
        yield choice.says
    if step.choices:
        yield flow.WAY_OUT


def test_every_way_leads_to_a_step_and_every_step_is_reached() -> None:
    assert {name for step in FLOW.values() for name in ways(step)} <= FLOW.keys()
    reached, fresh = set(), {flow.FIRST, flow.KNOWN, flow.TROUBLE}
    while fresh:
        reached |= fresh
        fresh = {name for each in fresh for name in ways(FLOW[each])} - reached
    assert reached == FLOW.keys()


def test_from_every_step_the_call_can_end() -> None:
    ending = {step.name for step in FLOW.values() if step.ends}
    while grown := {name for name, step in FLOW.items() if ways(step) & ending} - ending:
        ending |= grown
    assert ending == FLOW.keys()


def test_a_step_asks_or_acts_or_ends() -> None:
    for step in FLOW.values():
        assert [step.asks, bool(step.act), step.ends].count(True) == 1, step.name
        assert bool(step.leads) == bool(step.act), step.name
        assert not step.scene or step.scene in SCENES, step.name
        keys = [choice.key for choice in step.choices]
        assert len(keys) == len(set(keys)), step.name
        assert not {flow.PERSON_KEY, flow.REPEAT_KEY, "#"} & set(keys), step.name
        if step.listing:
            assert not {str(key) for key in range(1, LISTED_MAX + 1)} & set(keys), step.name


def test_every_act_and_scene_is_used_and_every_outcome_leads_somewhere() -> None:
    named = {step.act for step in FLOW.values() if step.act}
    assert named == acts.ACTS.keys()
    assert {step.scene for step in FLOW.values() if step.scene} == SCENES.keys()
    for name, act in acts.ACTS.items():
        tree = ast.parse(inspect.getsource(act))
        told = {
            node.value
            for each in ast.walk(tree)
            if isinstance(each, ast.Return) and each.value is not None
            for node in ast.walk(each.value)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
        }
        outcomes = {word for word in told if re.fullmatch(r"[a-z]+", word)} - {REFUSED}
        known = set(FLOW[name].leads)
        assert outcomes <= known | {"link"}, name


@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.name)
def test_zero_is_a_person_everywhere_and_a_star_says_it_again(step: Step) -> None:
    if step.name != "call_number":
        assert move(step, "0", frozenset(), 0, 0).step == flow.PERSON
    again = move(step, "*", frozenset(), 0, 1)
    assert (again.step, again.why, again.misses) == (step.name, Why.AGAIN, 1)


@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.name)
def test_silence_is_borne_twice(step: Step) -> None:
    misses = 0
    heard: list[str] = []
    name = step.name
    while not FLOW[name].ends and FLOW[name].asks:
        assert len(heard) < 10
        way = move(FLOW[name], None, frozenset(), 0, misses)
        heard.append(name)
        name, misses = way.step, way.misses
    assert heard[:3] == [step.name] * 3
    assert name == flow.GOODBYE


@given(
    st.sampled_from(ASKING),
    st.none() | st.text("0123456789*#", max_size=32),
    st.sets(st.sampled_from(["balance", "gateway", "joinable", "more", "same", "payable"])),
    st.integers(0, LISTED_MAX),
    st.integers(0, 2),
)
def test_any_keys_lead_somewhere(
    step: Step, keyed: str | None, holds: set[str], items: int, misses: int
) -> None:
    way = move(step, keyed, frozenset(holds), items, misses)
    assert way.step in ways(step) | {step.name}
    assert 0 <= way.misses <= flow.MISSES_MAX
    if way.step == "ask_pin":
        assert "balance" in holds
    if way.step == "cancel":
        assert "joinable" in holds


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("step", FLOW.values(), ids=lambda step: step.name)
def test_no_step_speaks_longer_than_a_caller_listens(step: Step, locale: str) -> None:
    with translation.override(locale):
        said = " ".join(
            translation.gettext(sentence) for sentence in sentences(step, NEVER_TOGETHER)
        )
        instant = ear.instant(datetime(2026, 12, 22, 3, 0, tzinfo=UTC), "Europe/Lisbon")
        item = translation.gettext("For %(plan)s, %(data)s, %(period)s, %(price)s, press %(key)s.")
    said = re.sub(r"%\((until|ended|as_of|deadline)\)s", instant, said)
    said = re.sub(r"%\(key\)s", "1", said)
    said = re.sub(r"%\(code\)s", "4 8 2 7, 3 9 1 5", said)
    if step.listing == "price_listed":
        said += LISTED_MAX * re.sub(r"%\(\w+\)s", "two words", item)
    said = re.sub(r"%\(\w+\)s", "three words here", said)
    assert seconds(said, locale) <= SECONDS_MAX, said


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", Code)
def test_every_refusal_is_said_for_the_ear(code: Code, locale: str) -> None:
    prompt = prompts.PROMPTS[code]
    assert prompt.leads in FLOW
    assert not any(word in prompt.sentence.lower() for word in EYE_WORDS)
    with translation.override(locale):
        said = translation.gettext(prompt.sentence)
    assert locale == "en" or said != prompt.sentence
    assert seconds(said, locale) <= 20


def seconds(said: str, locale: str) -> float:
    """Estimate how long it takes to say."""
    signs = len(re.findall(r"[\u4e00-\u9fff]", said))
    words = len(re.findall(r"[A-Za-z]+|\d", said))
    return words / WORDS_A_SECOND + (signs / SIGNS_A_SECOND if locale == "zh-hans" else 0)


def test_nothing_that_is_said_is_written_for_the_eye() -> None:
    for step in FLOW.values():
        for sentence in sentences(step):
            assert not any(word in sentence.lower() for word in EYE_WORDS), sentence


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "en",
            ("22 December 2026, 03:05, Jakarta time", "65,000 Indonesian rupiahs", "12.50 euros"),
        ),
        (
            "id",
            (
                "22 Desember 2026, pukul 03.05 waktu Jakarta",
                "65.000 Rupiah Indonesia",
                "12,50 Euro",
            ),
        ),
        ("zh-hans", ("雅加达时间2026年12月22日 03:05", "65,000印度尼西亚卢比", "12.50欧元")),
    ],
)
def test_facts_are_said_by_their_names(locale: str, said: tuple[str, str, str]) -> None:
    policy = Policy("", "", "", "", {"IDR": 0}, 15, 30, 30, 6, 90)
    at = datetime(2026, 12, 21, 20, 5, 59, tzinfo=UTC)
    with translation.override(locale):
        assert ear.instant(at, "Asia/Jakarta") == said[0]
        assert ear.money(6_500_000, "IDR", policy) == said[1]
        assert ear.money(1250, "EUR", policy) == said[2]
    assert ear.digits("48273915") == "4 8 2 7, 3 9 1 5"
