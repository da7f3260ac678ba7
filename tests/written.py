"""Files to load, as an operator writes them: a sound row of each kind, to be spoiled by tests."""

from datetime import UTC, datetime
from pathlib import Path

from everline import ids
from everline.loading import Card, Flaw, Problems, read_cards
from everline.loading.cards import COLUMNS
from everline.loading.retailers import COLUMNS as RETAILER_COLUMNS

AT = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)
HEADER = ",".join(COLUMNS)
RETAILER_HEADER = ",".join(RETAILER_COLUMNS)
SOUND = {
    "iccid": "8999907000000000017",
    "msisdn": "+9990700000001",
    "kind": "esim",
    "zone": "Asia/Jakarta",
    "currency": "IDR",
    "state": "bound",
    "devices": "89999007000000000000000000100291",
    "smdp_address": "RSP.senandi.example",
    "matching_id": "SNDI-4444-CHEN",
    "plan": "HOME-30",
    "term_started": "load-12d06h",
    "used_bytes": "1500000000",
    "balance": "50000.50",
    "holder": "Putri@Customers.Example.org",
}
STORE = {
    "code": "JKT-001",
    "name": "Senandi Sabang",
    "kind": "shop",
    "city": "Jakarta",
    "address": '"Jl. Sabang 41, Menteng"',
    "floor_or_exit": "Lantai 1",
    "latitude": "-6.185310",
    "longitude": "106.82506",
    "opening_hours": "Mo-Sa 09:00-21:00; Su off",
    "phone": "+999 21 5550-101",
    "currency": "IDR",
    "deposit": "25000000",
}


def row(**changes: str) -> str:
    return ",".join((SOUND | changes).get(column, "") for column in COLUMNS)


def store(**changes: str) -> str:
    return ",".join((STORE | changes).get(column, "") for column in RETAILER_COLUMNS)


def written(folder: Path, content: str | bytes, name: str = "cards.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def cards(path: Path) -> tuple[list[Card], Problems]:
    problems = Problems()
    return list(read_cards(path, problems, AT)), problems


def flaws(problems: Problems) -> list[tuple[int, str, Flaw]]:
    for problem in problems:
        assert "%(" not in str(problem)
    return [(problem.line, problem.field, problem.flaw) for problem in problems]


def numbers(count: int) -> list[str]:
    bodies = [f"899990700000000{serial:03d}" for serial in range(1, count + 1)]
    return [body + ids.luhn_digit(body) for body in bodies]
