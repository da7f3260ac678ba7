"""What the office shows of codes: each act, state, role, kind and reason has its words."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.utils.translation import override

from everline.config.plugs import KINDS
from everline.ledger.models import Account
from everline.loading.operator import CHANNELS, MEANS
from everline.notices.codes import CODE_WRITERS
from everline.notices.warnings import WRITERS as WARNINGS
from everline.notices.wording import _WRITERS as LETTERS
from everline.office import naming, offers, plan_forms
from everline.people.roles import Role
from tests.tidy.rule import SOURCE, files, read
from tests.world import World

LOCALES = ("en", "zh-hans", "id")
RECORDED = re.compile(r"\.record\(\s*(?:actor, )?\"([a-z_]+)\", \(\s*\"([a-z_]+)\"")
VERBS = re.compile(r"\bverb = (?:\"([a-z_]+)\" if .* else \"([a-z_]+)\")")
CODE = re.compile(r"[a-z]+_[a-z_]+")


def recorded() -> Iterator[tuple[str, str]]:
    """Every act that a page records, with what it is done to, read from the pages themselves."""
    for path in files():
        if path.startswith(SOURCE) and path.endswith(".py"):
            text = read(path)
            yield from RECORDED.findall(text)
            yield from ((verb, "") for pair in VERBS.findall(text) for verb in pair)


@pytest.mark.parametrize("locale", LOCALES)
def test_each_act_has_words(locale: str) -> None:
    found = set(recorded())
    assert len(found) > 30
    with override(locale):
        for verb, subject in found:
            assert naming.act_name(verb) != verb, verb
            assert not subject or naming.subject_name(subject) != subject, subject


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("namer", "codes"),
    [
        (naming.role_name, (*map(str, Role), "terminal")), (naming.channel_name, CHANNELS),
        (naming.means_name, MEANS), (naming.job_name, tuple(KINDS)),
        (naming.notice_name, (*WARNINGS, *LETTERS, *CODE_WRITERS)),
        (naming.medium_name, ("email", "sms")),
        (naming.gateway_name, ("sandbox", "terminal", "simulated")),
        (offers.kind_name, offers.KINDS),
        (naming.transfer_name, ("funding", "sale", "tax_reversed", "topup", "commission",
                                "capture", "refund", "earning", "promotion")),
        (naming.state_name, ("ready", "dead")),
        (plan_forms.period_unit, ("day", "week", "month", "quarter", "year")),
        (plan_forms.validity, ("rolling", "calendar")),
        (plan_forms.on_renewal, ("queue", "stack", "replace")),
        (naming.reason_name, ("not_sent", "never_received", "reader_busy", "insufficient_funds",
                              "lost_card", "sold_by_mistake", "not_delivered", "card_state")),
    ],
)  # fmt: skip
def test_each_code_has_words(
    namer: Callable[[str], str], codes: tuple[str, ...], locale: str
) -> None:
    with override(locale):
        said = [namer(code) for code in codes]
        assert not [word for word in said if CODE.fullmatch(word)]
        assert len(set(said)) >= len(codes) - 1
        if locale == "zh-hans":
            assert not [word for word in said if word.isascii()]


@pytest.mark.parametrize("locale", LOCALES)
def test_each_state_of_each_machine_has_words(town: World, locale: str) -> None:
    states = town.all(
        "select distinct t.to_state, t.machine from database_transition t"
        " where t.machine in ('renewal', 'attempt', 'refund', 'card', 'topup')"
    )
    assert len(states) > 20
    with override(locale):
        for state, machine in states:
            word = naming.state_name(state)
            assert not CODE.fullmatch(word), state
            assert locale != "zh-hans" or not word.isascii(), state
            assert naming.machine_name(machine) != machine


@pytest.mark.parametrize("locale", LOCALES)
def test_each_kind_of_account_has_words(town: World, locale: str) -> None:
    town.fund(town.card().account_id, "balance", 500)
    town.retailer(deposit=5)
    town.promotion(budget=5)
    with override(locale):
        for kind in set(Account.objects.values_list("kind", flat=True)):
            assert naming.account_name(kind) != kind
