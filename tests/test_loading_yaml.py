"""Reading YAML files: plans, promotions, partners, people and the operator."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from everline.loading import (
    USES_UNIT,
    Flaw,
    Plan,
    Problems,
    read_operator,
    read_partners,
    read_people,
    read_plans,
    read_promotions,
)
from tests.written import AT, flaws, written

REGIONS = "regions:\n  - {code: home, names: {en: Indonesia}, countries: [ID, NO]}\n"
VERSION = """
        number: 1
        effective_from: load-400d
        period: {unit: month, count: 1}
        validity: rolling
        on_renewal: queue
        allowance: 30 GB
        devices_max: 3
        region: home
        prices: {EUR: {amount: 9.90, tax: 7.5%}}
"""
PLAN = f"""
  - code: HOME-30
    names: {{en: Month, zh-Hans: 月套餐, id: Bulanan}}
    versions:
      - {VERSION.strip()}
"""
PLANS = f"{REGIONS}plans:{PLAN}"
OFFER = """
  - code: HELLO10
    names: {en: Hello}
    kind: percent
    percent: 12.5%
    starts_at: load-1d
    ends_at: 2027-01-01T00:00:00+07:00
    per_card_max: 1
    budget: 500 uses
"""
OPERATOR = """
operator: {name: X, domain: x.example, senders: {email: a@x.example, sms: X12}}
currencies: {IDR: {display_digits: 0}}
policy:
  quote_minutes: 15
  payment_minutes: 30
  delivery_minutes: 30
  terms_ahead_max: 6
  lapsed_days: 90
channels: {web: {is_open: true, means: [gateway], amounts_max: {IDR: 100}}}
"""


def later(number: int, begins: str) -> str:
    return VERSION.replace("number: 1", f"number: {number}").replace("load-400d", begins).strip()


def plans(folder: Path, content: str) -> tuple[tuple[Plan, ...], Problems]:
    problems = Problems()
    return read_plans(written(folder, content, "plans.yaml"), problems, AT).plans, problems


def test_a_plan_is_read_in_full(tmp_path: Path) -> None:
    found, problems = plans(tmp_path, f"{PLANS}      - {later(2, 'load+45d')}\n")
    assert flaws(problems) == []
    (plan,) = found
    first, second = plan.versions
    assert (plan.code, plan.names["zh-Hans"], plan.position) == ("HOME-30", "月套餐", 1)
    assert first.effective_until == second.effective_from == AT + timedelta(days=45)
    assert second.effective_until is None
    assert first.countries == ("ID", "NO")
    assert (first.allowance_bytes, first.fair_use_bytes) == (30 * 10**9, None)
    assert [(price.currency, price.amount, price.tax_basis_points) for price in first.prices] == [
        ("EUR", 990, 750)
    ]


@pytest.mark.parametrize(
    ("old", "new", "field", "flaw"),
    [
        ("code: HOME-30", "code: home 30", "code", Flaw.NOT_CODE),
        ("code: HOME-30", "name: HOME-30", "code", Flaw.MISSING),
        ("en: Month", "fr: Mois", "names.en", Flaw.MISSING),
        ("en: Month", "en: [Month]", "names.en", Flaw.NOT_TEXT),
        ("en: Month", f"en: {'x' * 81}", "names.en", Flaw.TOO_LONG),
        ("unit: month", "unit: fortnight", "period.unit", Flaw.NOT_ONE_OF),
        ("count: 1", "count: 0", "period.count", Flaw.NOT_BETWEEN),
        ("count: 1", "count: one", "period.count", Flaw.NOT_WHOLE),
        ("count: 1", "count: 1, size: 2", "period", Flaw.KEY_UNKNOWN),
        ("period: {unit: month, count: 1}", "period: month", "period", Flaw.NOT_MAPPING),
        ("validity: rolling", "validity: forever", "validity", Flaw.NOT_ONE_OF),
        ("on_renewal: queue", "on_renewal: add", "on_renewal", Flaw.NOT_ONE_OF),
        ("30 GB", "30GiB", "allowance", Flaw.NOT_BYTES),
        ("30 GB", "0 GB", "allowance", Flaw.NOT_BETWEEN),
        ("30 GB", "2000 TB", "allowance", Flaw.NOT_BETWEEN),
        ("30 GB", "0.0000000001 GB", "allowance", Flaw.NOT_BYTES),
        ("30 GB", "unlimited", "fair_use", Flaw.NEEDS),
        ("30 GB", "30 GB\n        fair_use: 3 GB", "fair_use", Flaw.NOT_WITH),
        ("devices_max: 3", "devices_max: 21", "devices_max", Flaw.NOT_BETWEEN),
        ("devices_max: 3", "device_max: 3", "devices_max", Flaw.MISSING),
        ("region: home", "region: moon", "region", Flaw.REGION_UNKNOWN),
        ("countries: [ID, NO]", "countries: [ID, XX]", "countries[2]", Flaw.NOT_COUNTRY),
        ("countries: [ID, NO]", "countries: [ID, ID]", "countries[2]", Flaw.KEY_TWICE),
        ("countries: [ID, NO]", "countries: ID", "countries", Flaw.NOT_LIST),
        ("countries: [ID, NO]", "countries: []", "countries", Flaw.MISSING),
        ("code: home", "code: Home", "code", Flaw.NOT_WORD),
        ("amount: 9.90", "amount: -9.90", "prices.EUR.amount", Flaw.NEGATIVE),
        ("amount: 9.90", "amount: 0", "prices.EUR.amount", Flaw.NOT_BETWEEN),
        ("amount: 9.90", "amount: 9.905", "prices.EUR.amount", Flaw.AMOUNT),
        ("amount: 9.90", "amount: .inf", "prices.EUR.amount", Flaw.AMOUNT),
        ("amount: 9.90", "amount: {}", "prices.EUR.amount", Flaw.NOT_TEXT),
        ("tax: 7.5%", "tax: 0.075", "prices.EUR.tax", Flaw.NOT_PERCENT),
        ("tax: 7.5%", "tax: 101%", "prices.EUR.tax", Flaw.NOT_BETWEEN),
        ("EUR:", "EURO:", "prices.EURO", Flaw.NOT_CURRENCY),
        ("prices: {EUR: {amount: 9.90, tax: 7.5%}}", "prices: {}", "prices", Flaw.MISSING),
        ("load-400d", "last year", "effective_from", Flaw.NOT_MOMENT),
        ("load-400d", "2026-01-01", "effective_from", Flaw.NOT_MOMENT),
        ("load-400d", "load-", "effective_from", Flaw.NOT_MOMENT),
        ("load-400d", "load-99999d", "effective_from", Flaw.NOT_MOMENT),
        ("names: {en: Month", "successor: A1\n    names: {en: Month", "retired_at", Flaw.BOTH),
        ("names: {en: Month", "retired_at: load\n    names: {en: Month", "successor", Flaw.BOTH),
        ("validity: rolling", "validity: rolling\n        validity: x", "", Flaw.KEY_TWICE),
        ("en: Month", 'en: "a\\u202eb"', "names.en", Flaw.LINE_CONTROL),
    ],
)
def test_a_wrong_plan_is_named(tmp_path: Path, old: str, new: str, field: str, flaw: Flaw) -> None:
    assert old in PLANS
    found, problems = plans(tmp_path, PLANS.replace(old, new, 1))
    assert any(each == flaw and path.endswith(field) for _line, path, each in flaws(problems)), (
        flaws(problems)
    )
    assert all(line > 0 for line, _path, _flaw in flaws(problems))
    assert len(found) == (flaw == Flaw.KEY_TWICE and not field)


def test_a_problem_names_its_line_and_its_plan(tmp_path: Path) -> None:
    content = PLANS.replace("30 GB", "plenty").replace("zh-Hans: 月套餐, ", "")
    _found, problems = plans(tmp_path, content)
    line = content.splitlines().index("        allowance: plenty") + 1
    assert flaws(problems) == [(line, "plan HOME-30.versions[1].allowance", Flaw.NOT_BYTES)]


@pytest.mark.parametrize(
    ("number", "begins"),
    [(1, "load+45d"), (2, "load-400d"), (2, "load-401d"), (2, "load-399d")],
)
def test_versions_follow_each_other(tmp_path: Path, number: int, begins: str) -> None:
    found, problems = plans(tmp_path, f"{PLANS}      - {later(number, begins)}\n")
    if begins == "load-399d":
        assert (len(found), len(problems)) == (1, 0)
    else:
        assert [each[2] for each in flaws(problems)] == [Flaw.VERSION_ORDER]
        assert found == ()


def retired(code: str, successor: str, currency: str = "EUR") -> str:
    plan = PLAN.replace("HOME-30", code).replace("EUR", currency)
    return plan.replace("names:", f"retired_at: load-1d\n    successor: {successor}\n    names:")


def test_successors_stand_before_those_who_name_them(tmp_path: Path) -> None:
    old = retired("OLD-1", "OLD-2")
    found, problems = plans(tmp_path, f"{REGIONS}plans:{old}{retired('OLD-2', 'HOME-30')}{PLAN}")
    assert flaws(problems) == []
    assert [(plan.code, plan.position) for plan in found] == [
        ("HOME-30", 3), ("OLD-2", 2), ("OLD-1", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (retired("OLD-1", "GONE"), Flaw.SUCCESSOR_UNKNOWN),
        (retired("OLD-1", "OLD-1"), Flaw.SUCCESSOR_LOOP),
        (retired("OLD-1", "OLD-2") + retired("OLD-2", "OLD-1"), Flaw.SUCCESSOR_LOOP),
        (retired("OLD-1", "HOME-30", "IDR").replace("9.90", "90000"), Flaw.SUCCESSOR_PRICE),
        (PLAN, Flaw.TWICE),
    ],
)
def test_a_retired_plan_leads_to_one_that_is_sold(tmp_path: Path, content: str, flaw: Flaw) -> None:
    _found, problems = plans(tmp_path, f"{PLANS}{content}")
    assert {each[2] for each in flaws(problems)} == {flaw}


def offers(folder: Path, content: str) -> tuple[int, Problems]:
    problems = Problems()
    path = written(folder, f"promotions:{content}", "promotions.yaml")
    return len(read_promotions(path, problems, AT)), problems


def test_an_offer_is_read_in_full(tmp_path: Path) -> None:
    problems = Problems()
    path = written(tmp_path, f"promotions:{OFFER}", "promotions.yaml")
    (offer,) = read_promotions(path, problems, AT)
    assert flaws(problems) == []
    assert (offer.percent_basis_points, offer.budget, offer.budget_unit) == (1250, 500, USES_UNIT)
    assert (offer.channels, offer.plans, offer.currency) == ((), (), None)


@pytest.mark.parametrize(
    ("old", "new", "field", "flaw"),
    [
        ("kind: percent", "kind: gift", "kind", Flaw.NOT_ONE_OF),
        ("kind: percent", "kind: amount", "amount", Flaw.NEEDS),
        ("kind: percent", "kind: amount", "percent", Flaw.NOT_WITH),
        ("12.5%", "0%", "percent", Flaw.NOT_BETWEEN),
        ("12.5%", "12.345%", "percent", Flaw.NOT_PERCENT),
        ("percent: 12.5%", "amount: 5 EURO", "amount", Flaw.NOT_SUM),
        ("2027-01-01T00:00:00+07:00", "load-2d", "ends_at", Flaw.WINDOW),
        ("per_card_max: 1", "per_card_max: 0", "per_card_max", Flaw.NOT_BETWEEN),
        ("    budget: 500 uses", "", "budget", Flaw.NO_LIMIT),
        ("500 uses", "0 uses", "budget", Flaw.NOT_BETWEEN),
        ("500 uses", "-5 EUR", "budget", Flaw.NEGATIVE),
        ("500 uses", "many", "budget", Flaw.NOT_SUM),
        ("budget", "channels: [web, radio]\n    budget", "channels[2]", Flaw.NOT_ONE_OF),
        ("budget", "plans: [home]\n    budget", "plans[1]", Flaw.NOT_CODE),
        ("budget", "plans: [A1, ~]\n    budget", "plans[2]", Flaw.MISSING),
        ("budget", "pockets: 65\n    budget", "pockets", Flaw.NOT_BETWEEN),
    ],
)
def test_a_wrong_offer_is_named(tmp_path: Path, old: str, new: str, field: str, flaw: Flaw) -> None:
    count, problems = offers(tmp_path, OFFER.replace(old, new, 1))
    assert count == 0
    assert (f"promotion HELLO10.{field}", flaw) in [each[1:] for each in flaws(problems)]


def test_a_budget_of_money_fits_what_is_given(tmp_path: Path) -> None:
    data = OFFER.replace("kind: percent", "kind: bonus_data").replace(
        "percent: 12.5%", "bonus: 5 GB"
    )
    euro = OFFER.replace("kind: percent", "kind: amount").replace("percent: 12.5%", "amount: 5 EUR")
    for content, budget, count in (
        (data, "5000 IDR", 0),
        (euro, "5000 IDR", 0),
        (euro, "5000 EUR", 1),
        (euro, "1 use", 1),
    ):
        found, problems = offers(tmp_path, content.replace("500 uses", budget))
        assert found == count
        assert {each[2] for each in flaws(problems)} == ({Flaw.NOT_WITH} if not count else set())


def test_doubles_among_offers_partners_and_people(tmp_path: Path) -> None:
    count, problems = offers(tmp_path, OFFER + OFFER)
    assert (count, [each[2] for each in flaws(problems)]) == (1, [Flaw.TWICE])
    partner = "  - {code: P1, name: P, currency: EUR, deposit: 5.00}\n"
    problems = Problems()
    assert len(read_partners(written(tmp_path, f"partners:\n{partner}{partner}"), problems)) == 1
    assert [each[2] for each in flaws(problems)] == [Flaw.TWICE]
    holder = "  - {{email: {}, name: A, cards: [8999907111111111112]}}\n"
    problems = Problems()
    content = "customers:\n" + "".join(map(holder.format, ("a@x.org", "A@x.org", "b@x.org")))
    assert len(read_people(written(tmp_path, content), problems)) == 2
    assert [each[2] for each in flaws(problems)] == [Flaw.TWICE, Flaw.TWICE]


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ("customers: []", Flaw.MISSING),
        ("staff:\n  - {email: a@x.org, name: A}", Flaw.MISSING),
        ("staff:\n  - {email: a@x.org, name: A, role: boss}", Flaw.NOT_ONE_OF),
        ("staff:\n  - {email: a@x.org, name: A, role: owner, password: x}", Flaw.KEY_UNKNOWN),
        ("staff:\n  - {email: a@x.org, name: A, role: clerk}", Flaw.MISSING),
        ("staff:\n  - {email: a@x.org, name: A, role: owner, store: JKT-001}", Flaw.NOT_WITH),
        ("customers:\n  - {email: a@x.org, name: A, language: fr}", Flaw.NOT_LANGUAGE),
        ("customers:\n  - {email: a@x.org, name: A, cards: [123]}", Flaw.NUMBER),
        ("customers:\n  - just a name", Flaw.NOT_MAPPING),
    ],
)
def test_wrong_people_are_named(tmp_path: Path, content: str, flaw: Flaw) -> None:
    problems = Problems()
    read_people(written(tmp_path, content, "people.yaml"), problems)
    assert flaw in [each[2] for each in flaws(problems)]


def test_an_operator_is_read_in_full(tmp_path: Path) -> None:
    problems = Problems()
    operator = read_operator(written(tmp_path, OPERATOR, "operator.yaml"), problems)
    assert flaws(problems) == []
    assert operator is not None
    assert operator.currency_digits == {"IDR": 0}
    assert operator.automatic["auto_card_day_max"] == 3
    granted = OPERATOR.replace("lapsed_days: 90", "lapsed_days: 90\n  grace_hours: 24")
    found = read_operator(written(tmp_path, granted, "granted.yaml"), problems)
    assert found is not None
    assert (found.automatic["grace_hours"], found.automatic["bridge_bytes"]) == (24, 0)
    assert [(each.code, each.means, each.amounts_max) for each in operator.channels] == [
        ("web", ("gateway",), {"IDR": 10_000})
    ]


@pytest.mark.parametrize(
    ("old", "new", "field", "flaw"),
    [
        ("x.example,", "https://x,", "operator.domain", Flaw.NOT_HOST),
        ("sms: X12", "sms: EVERLINE MOBILE", "operator.senders.sms", Flaw.NOT_SENDER),
        ("a@x.example", "a", "operator.senders.email", Flaw.NOT_EMAIL),
        (
            "display_digits: 0",
            "display_digits: 3",
            "currencies.IDR.display_digits",
            Flaw.NOT_BETWEEN,
        ),
        ("{IDR: {display_digits: 0}}", "{}", "currencies", Flaw.MISSING),
        ("payment_minutes: 30", "payment_minutes: 0", "policy.payment_minutes", Flaw.NOT_BETWEEN),
        (
            "lapsed_days: 90",
            "lapsed_days: 90\n  auto_burst_percent: 99",
            "policy.auto_burst_percent",
            Flaw.NOT_BETWEEN,
        ),
        ("web:", "fax:", "channels.fax", Flaw.NOT_ONE_OF),
        ("is_open: true", "is_open: yes", "channels.web.is_open", Flaw.NOT_ONE_OF),
        ("[gateway]", "[cash]", "channels.web.means[1]", Flaw.NOT_ONE_OF),
        ("channels:", "topup_limits: {IDR: [5]}\nchannels:", "topup_limits", Flaw.NOT_LIMITS),
        ("channels:", "topup_limits: {IDR: [9, 5]}\nchannels:", "topup_limits", Flaw.NOT_LIMITS),
        ("channels:", "topup_limits: {EUR: [5]}\nchannels:", "topup_limits.EUR", Flaw.NOT_ONE_OF),
        ("channels:", "topup_amounts: {IDR: [x]}\nchannels:", "topup_amounts.IDR[1]", Flaw.AMOUNT),
        (
            "channels:",
            f"topup_amounts: {{IDR: {list(range(1, 10))}}}\nchannels:",
            "topup_amounts",
            Flaw.TOO_MANY,
        ),
        (
            "channels:",
            "topup_limits: {IDR: [5, 9]}\ntopup_amounts: {IDR: [4]}\nchannels:",
            "topup_amounts",
            Flaw.OUTSIDE_LIMITS,
        ),
        ("{IDR: 100}", "{EUR: 100}", "channels.web.amounts_max.EUR", Flaw.NOT_ONE_OF),
    ],
)
def test_a_wrong_operator_is_named(
    tmp_path: Path, old: str, new: str, field: str, flaw: Flaw
) -> None:
    assert old in OPERATOR
    problems = Problems()
    path = written(tmp_path, OPERATOR.replace(old, new, 1), "operator.yaml")
    assert read_operator(path, problems) is None
    assert (field, flaw) in [each[1:] for each in flaws(problems)]


def test_too_many_items_are_refused(tmp_path: Path) -> None:
    items = ",".join(["ID"] * 50_001)
    _found, problems = plans(tmp_path, PLANS.replace("[ID, NO]", f"[{items}]"))
    assert Flaw.TOO_MANY in [each[2] for each in flaws(problems)]


def test_text_stays_text(tmp_path: Path) -> None:
    content = PLANS.replace("en: Month", "en: 1e3").replace("{en: Indonesia}", "{en: on}")
    found, problems = plans(tmp_path, content)
    assert flaws(problems) == []
    assert found[0].names["en"] == "1e3"


READERS: list[Callable[[Path, Problems], object]] = [
    lambda path, problems: read_plans(path, problems, AT),
    lambda path, problems: read_promotions(path, problems, AT),
    read_partners,
    read_people,
    read_operator,
]


@pytest.mark.parametrize("content", ["plans: 5", "a: 1", "plans:\n  - 5\n  - ~\n  - []", "{}"])
@pytest.mark.parametrize("reader", READERS)
def test_a_file_of_another_shape_is_a_problem_for_every_reader(
    tmp_path: Path, reader: Callable[[Path, Problems], object], content: str
) -> None:
    problems = Problems()
    reader(written(tmp_path, content, "a.yaml"), problems)
    assert problems
    flaws(problems)
