"""The guides below docs: what they name is there, what they list is all of it, what they give runs.

docs/ledger.md has its own tests in test_ledger_page.py; pages that are generated, in test_docs.py;
links and titles of all pages, in tests/tidy/docs.py.
"""

import re
from pathlib import Path

import psycopg
import pytest

from everline.cli import app
from everline.cli.panel import CARDS
from everline.database import verbs
from everline.loading import Problems, read_operator
from everline.money import Money
from everline.office.audit import INVARIANTS
from everline.simulators.numbers import CONDUCTS
from tests.world import World

ROOT = Path(__file__).resolve().parent.parent
DOCS, PACKAGE = ROOT / "docs", ROOT / "src" / "everline"

NAMED = re.compile(r"\[`(?P<name>\w+)`\]\((?P<target>[^)#]+\.(?:py|sql))\)")
"""A link from the name of a function, verb, class or constant to the file that defines it."""


def named(text: str) -> list[tuple[str, str]]:
    """List the functions that a page names, with the files that it says they are in."""
    return [(found["name"], found["target"]) for found in NAMED.finditer(text)]


def defines(text: str, name: str) -> bool:
    """Tell whether a file of Python or SQL defines this name."""
    made = rf"(?m)^\s*(?:(?:def|class|create .*(?:function|type)) {name}\b|{name}: Final)"
    return re.search(made, text) is not None


def rows(page: str, title: str) -> list[list[str]]:
    """Read the table below one heading of a page, without its head and without code marks."""
    part = re.search(rf"(?ms)^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", (DOCS / page).read_text())
    assert part, f"{page} has no section {title!r}"
    lines = [line for line in part[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]


def first_names(page: str, title: str) -> list[str]:
    """List what the first column of a table names as code."""
    return [name for row in rows(page, title) for name in re.findall(r"`([^`]+)`", row[0])]


def statements(page: str) -> list[str]:
    """List the statements of SQL that a page gives to copy."""
    blocks = re.findall(r"(?ms)^```sql\n(.*?)^```", (DOCS / page).read_text())
    return [each for block in blocks for each in re.split(r";\s*(?:--.*)?\n", block) if each]


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_what_a_page_names_is_where_it_says(page: str) -> None:
    lost = [
        f"{name} is not in {target}"
        for name, target in named((DOCS / page).read_text())
        if not defines((DOCS / target).read_text(), name)
    ]
    assert not lost, "\n".join(lost)


def test_a_name_that_moved_is_seen() -> None:
    assert named("see [`pay`](../a.py) and [pay](../b.py)") == [("pay", "../a.py")]
    assert defines("create or replace function pay(x uuid)", "pay")
    assert defines("STEPS: Final = {}", "STEPS")
    assert not defines("def pay_again() -> None:", "pay")


def test_the_journey_names_its_steps() -> None:
    told = {name for name, _ in named((DOCS / "journey.md").read_text())}
    assert told >= {"renew", "take", "place", "pay", "receive", "settle_attempt", "deliver", "send"}


def test_every_variable_of_the_environment_is_listed() -> None:
    form = re.compile(r"[\"']((?:EVERLINE|DATABASE|SANDBOX)_[A-Z_]+)[\"']")
    read = {name for path in PACKAGE.rglob("*.py") for name in form.findall(path.read_text())}
    assert set(first_names("operating.md", "Environment")) == read


def test_every_invariant_says_what_to_do() -> None:
    told = rows("operating.md", "The audit")
    assert [row[0].strip("`") for row in told] == [each.name for each in INVARIANTS]
    assert all(row[1] and row[2] for row in told)


def test_every_line_of_the_doctor_is_explained() -> None:
    text = (PACKAGE / "config" / "doctor.py").read_text()
    checked = set(re.findall(r"Check\(\s*f?\"([a-z-]+(?: [a-z-]+)*)", text))
    told = set(first_names("operating.md", "The doctor"))
    assert {name for name in checked if name not in told} == set()


def test_the_numbers_to_try_are_those_of_the_demo() -> None:
    shown = set(re.findall(r"(?m)^\| (\d{4}(?: \d{3,4})+) \|", (ROOT / "README.md").read_text()))
    known = {number for number, _ in CARDS} | {conduct.number for conduct in CONDUCTS}
    assert {number.replace(" ", "") for number in shown} == known


def test_the_commands_that_pages_show_are_there() -> None:
    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    for page in (ROOT / "README.md", *DOCS.rglob("*.md")):
        parts = re.findall(r"(?ms)^```sh\n.*?^```|`[^`\n]+`", page.read_text())
        shown = {name for part in parts for name in re.findall(r"\beverline ([a-z]+)", part)}
        assert shown <= known, f"{page.name}: {', '.join(sorted(shown - known))}"


def test_what_the_channels_of_the_demo_may_do() -> None:
    problems = Problems()
    operator = read_operator(PACKAGE / "demo" / "operator.yaml", problems)
    assert operator is not None
    known = {
        channel.code: (
            ", ".join(channel.means),
            ", ".join(
                f"{currency} {Money(amount, currency).plain().removesuffix('.00')}"
                for currency, amount in channel.amounts_max.items()
            )
            or "–",
        )
        for channel in operator.channels
    }
    told = [row for row in rows("channels.md", "What each may do") if len(row) == 3]
    assert {row[0].strip("`"): (row[1], row[2]) for row in told if "`" in row[0]} == known


def test_what_verbs_write_has_foreign_keys_to_locked_rows_alone(world: World) -> None:
    """Decision 0012: a key to a row that many share makes that row hot."""
    signing_in = ("auth_", "django_", "people_", "account_", "mfa_", "usersessions_")
    people_fill = (*signing_in, "catalogue_", "trust_")
    found = world.all(
        "select c.conrelid::regclass::text, c.confrelid::regclass::text from pg_constraint c"
        " where c.contype = 'f' and c.conparentid = 0 order by 1, 2"
    )
    assert [(table, other) for table, other in found if not table.startswith(people_fill)] == [
        ("autorenewal_mandate", "cards_card"),
        ("autorenewal_mandate", "catalogue_plan"),
        ("cards_device", "cards_card"),
        ("ledger_hold", "ledger_account"),
        ("ledger_rollup", "ledger_account"),
        ("notices_device", "cards_card"),
        ("payments_attempt", "payments_payment"),
        ("payments_dispute", "payments_attempt"),
        ("payments_refund", "payments_attempt"),
        ("payments_refund", "payments_payment"),
        ("topups_topup", "cards_card"),
    ]


def test_the_statements_of_the_operating_guide_run(world: World) -> None:
    ran = 0
    with psycopg.connect(world.logins.app, autocommit=True) as app:
        for statement in statements("operating.md"):
            text = re.sub(r"verbs_\w+", verbs.schema(), statement)
            if not text.lstrip().startswith(("select", "set")):
                continue
            if re.match(r"select settle", text):
                with pytest.raises(psycopg.errors.NoDataFound):
                    app.execute(text.replace("now()", f"'{world.at}'").encode())
            else:
                app.execute(text.encode())
            ran += 1
    assert ran >= 3
