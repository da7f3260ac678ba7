"""retailers.csv: authorised stores with their place, hours and deposit.

The template with a comment on each column is demo/retailers.csv; the table is Retailer (people).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from everline.loading import values
from everline.loading.hours import opening_hours
from everline.loading.problems import Flaw, FlawError, Problem, Problems
from everline.loading.rows import Layout, read_rows

KINDS: Final = ("shop", "mall_counter", "station", "airport")
COLUMNS: Final = (
    "code", "name", "kind", "city", "address", "floor_or_exit", "latitude", "longitude",
    "opening_hours", "phone", "currency", "deposit", "commission", "tills", "kiosks",
    "zone",
)  # fmt: skip
OPTIONAL: Final = frozenset({"floor_or_exit", "phone", "commission", "tills", "kiosks", "zone"})
TERMINALS_MAX: Final = 99
"""Tills, or kiosks, of one store: their codes end in two digits at most."""
RETAILERS_MAX: Final = 200_000
"""Codes are remembered to find doubles; more stores than this belong in several files."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Retailer:
    """One store; the deposit is in minor units, the place in millionths of a degree (WGS 84).

    `tills` and `kiosks` are how many of each it has; loading makes those that are missing. Without
    a `zone` nobody is told whether it is open now.
    """

    code: str
    name: str
    kind: str
    city: str
    address: str
    floor_or_exit: str
    latitude_microdegrees: int
    longitude_microdegrees: int
    opening_hours: str
    phone: str
    currency: str
    deposit: int
    commission_basis_points: int
    tills: int
    kiosks: int
    zone: str
    line: int


def read_retailers(path: Path, problems: Problems) -> Iterator[Retailer]:
    """Give the sound rows of retailers.csv one by one; everything else is a problem."""
    layout = Layout(COLUMNS, tuple(column for column in COLUMNS if column not in OPTIONAL))
    first_lines: dict[str, int] = {}
    for line, fields in read_rows(path, layout, problems):
        retailer = _retailer(path.name, line, dict(zip(COLUMNS, fields, strict=True)), problems)
        if retailer is None:
            continue
        if len(first_lines) >= RETAILERS_MAX:
            many = FlawError(Flaw.TOO_MANY, limit=RETAILERS_MAX)
            problems.add(Problem.of(many, path.name, line, "code"))
            return
        first = first_lines.setdefault(retailer.code, line)
        if first != line:
            twice = FlawError(Flaw.TWICE, value=retailer.code, first=first)
            problems.add(Problem.of(twice, path.name, line, "code"))
            continue
        yield retailer


def _retailer(name: str, line: int, fields: dict[str, str], problems: Problems) -> Retailer | None:
    """Check one row in full; None when anything in it is wrong."""
    before = problems.count

    def read(column: str, check: Callable[[str], _T], otherwise: _T) -> _T:
        value = fields[column]
        if not value:
            if column not in OPTIONAL:
                problems.add(Problem(name, line, column, Flaw.MISSING))
            return otherwise
        try:
            return check(value)
        except FlawError as error:
            problems.add(Problem.of(error, name, line, column))
            return otherwise

    currency = read("currency", values.currency, "")
    retailer = Retailer(
        code=read("code", values.code, ""),
        name=read("name", values.text(120), ""),
        kind=read("kind", values.choice(*KINDS), ""),
        city=read("city", values.text(60), ""),
        address=read("address", values.text(240), ""),
        floor_or_exit=read("floor_or_exit", values.text(60), ""),
        latitude_microdegrees=read("latitude", values.microdegrees(90), 0),
        longitude_microdegrees=read("longitude", values.microdegrees(180), 0),
        opening_hours=read("opening_hours", opening_hours, ""),
        phone=read("phone", values.phone, ""),
        currency=currency,
        deposit=read("deposit", values.amount(currency or "XXX"), 0),
        commission_basis_points=read("commission", values.commission, 0),
        tills=read("tills", values.whole(0, TERMINALS_MAX), 0),
        kiosks=read("kiosks", values.whole(0, TERMINALS_MAX), 0),
        zone=read("zone", values.zone, ""),
        line=line,
    )
    return retailer if problems.count == before else None
