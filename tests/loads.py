"""Loading as the tests do it: files of the demo and small ones, through `load`, into a database.

What became of it is read from the tables. The rows of files stand in written.py.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from everline import ids
from everline.database.addresses import Addresses
from everline.loading import Flaw, Loaded, load
from everline.loading.loaded import DEMO
from tests.written import HEADER, written

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
OPERATOR, PLANS = DEMO / "operator.yaml", DEMO / "plans.yaml"
SIM = {"kind": "sim", "smdp_address": "", "matching_id": "", "devices": "004400001047297"}
BARE = SIM | {"plan": "", "term_started": "", "used_bytes": "", "balance": "", "holder": ""}
STOCK = BARE | {"state": "in_stock", "devices": "", "start_code": "OLD4CODE"}


def run(logins: Addresses, *paths: Path, at: datetime = AT) -> Loaded:
    return load(paths, logins, lambda: at)


def sound(logins: Addresses, *paths: Path, at: datetime = AT) -> Loaded:
    loaded = run(logins, *paths, at=at)
    assert list(map(str, loaded.problems)) == [], list(map(str, loaded.problems))
    return loaded


def begun(logins: Addresses) -> Addresses:
    """Load who the operator is and what it sells."""
    sound(logins, OPERATOR, PLANS)
    return logins


def flaws(loaded: Loaded) -> list[tuple[str, int, str, Flaw]]:
    for problem in loaded.problems:
        assert "%(" not in str(problem)
    return [(each.file, each.line, each.field, each.flaw) for each in loaded.problems]


def rows(logins: Addresses, query: LiteralString, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(logins.owner) as owner:
        return owner.execute(query, parameters).fetchall()


def one(logins: Addresses, query: LiteralString, *parameters: Any) -> Any:
    return rows(logins, query, *parameters)[0][0]


def with_owner(logins: Addresses, *statements: LiteralString) -> None:
    with psycopg.connect(logins.owner) as owner:
        for statement in statements:
            owner.execute(statement)


TABLES: Sequence[LiteralString] = (
    "cards_card", "cards_device", "cards_entitlement", "catalogue_coverage", "catalogue_plan",
    "catalogue_planversion", "catalogue_policy", "catalogue_price", "catalogue_promotion",
    "catalogue_promotion_plans", "catalogue_region", "database_request", "ledger_account",
    "ledger_transfer", "people_holding", "people_partner", "people_person",
    "people_person_groups", "people_retailer", "trust_channel",
)  # fmt: skip


def everything(logins: Addresses) -> dict[str, tuple[Any, ...]]:
    return {
        table: rows(
            logins,
            f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {table} t",
        )[0]
        for table in TABLES
    }


def serial(number: int) -> str:
    body = f"8999908{number:011d}"
    return body + ids.luhn_digit(body)


def cards_file(folder: Path, *lines: str, name: str = "cards.csv") -> Path:
    return written(folder, "\n".join((HEADER, *lines)) + "\n", name)
