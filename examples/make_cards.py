"""Write a cards.csv of any size with believable cards: the demo's own file, or a load for a bench.

    python examples/make_cards.py 2000 cards.csv
    everline load cards.csv

The same number and seed give the same file. Every number is valid and none belongs to anybody:
card numbers begin with 89 and 999, a country code that ITU-T E.164 keeps in reserve, as do
telephone numbers; IMEIs begin with 00, which GSMA TS.06 keeps for tests. Plans and their lengths
come from plans.yaml, so that usage and terms fit them.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar

from everline.ids import luhn_digit, mod97_digits, spoken_code
from everline.loading import Plan, PlanVersion, Problems, read_plans

ISSUER = "8999907"
"""89 for telecommunications (ITU-T E.118), 999 for the country, 07 for the operator."""

SERIAL_DIGITS = 11
HOURS = {"day": 24, "week": 168, "month": 730, "quarter": 2190, "year": 8760}
SMDP_ADDRESS = "rsp.senandi.example"

# Zone, currency, and how many cards of a hundred live there.
PLACES = (
    ("Asia/Jakarta", "IDR", 41),
    ("Asia/Makassar", "IDR", 6),
    ("Asia/Jayapura", "IDR", 2),
    ("Asia/Shanghai", "CNY", 20),
    ("Asia/Singapore", "SGD", 14),
    ("Europe/Lisbon", "EUR", 8),
    ("Europe/Madrid", "EUR", 4),
    ("Europe/Berlin", "EUR", 4),
    ("Atlantic/Azores", "EUR", 1),
)
STATES = (
    ("bound", 70),
    ("in_stock", 14),
    ("activated", 5),
    ("terminated", 5),
    ("suspended", 4),
    ("lost", 2),
)
# The demo's balances in major units, the more frequent ones oftener.
BALANCES = {
    "IDR": ("0", "0", "0", "25000", "50000", "100000", "100000", "200000", "350000"),
    "CNY": ("0", "0", "0", "20.00", "50.00", "100.00", "188.80", "300.00"),
    "SGD": ("0", "0", "0", "5.00", "10.00", "25.00", "40.50", "60.00"),
    "EUR": ("0", "0", "0", "5.00", "10.00", "20.00", "29.90", "50.00"),
}
WEIGHTS = {"month": 10, "quarter": 5, "week": 4, "day": 3, "year": 2}

COLUMNS = (
    "iccid,msisdn,kind,zone,currency,state,start_code,devices,smdp_address,matching_id,"
    "plan,term_started,used_bytes,balance,holder"
)
HEAD = """\
# The cards. Load with:  everline load cards.csv
# Save as CSV in UTF-8 with commas between columns; lines that begin with # are comments. In a
# spreadsheet, format all columns as text first: else card numbers are rounded and lost.
# Loading a file again changes what differs and adds what is new; terms and balances stay.
#
# iccid         the number on the card: 18 to 20 digits, the last one a check digit
# msisdn        optional: its telephone number, + and 8 to 15 digits
# kind          sim or esim
# zone          the time zone that its terms are counted in, like Asia/Jakarta
# currency      ISO 4217, like IDR; one of those in operator.yaml
# state         in_stock (not sold), activated (sold, no device yet), bound (in a device),
#               suspended, lost, terminated
# start_code    the code printed on its carrier, 4 to 20 letters and digits; needed in_stock
# devices       IMEI (15 digits) or EID (32 digits) of each device, ";" between; needed when bound
# smdp_address  esim only: the second part of its activation code, LPA:1$smdp_address$matching_id
# matching_id   esim only: the third part
# plan          the code of the plan of its present or last term; empty if it never had one
# term_started  with plan: when that term began, in ISO 8601 (2026-11-01T09:00:00+07:00) or relative
#               to the load (load-12d06h), so that this file stays true whenever it is loaded
# used_bytes    with plan: data used in that term (1 GB is 1000000000)
# balance       optional: the card's balance as people write it, like 50000 or 12.50
# holder        optional: the e-mail address of the person who holds it
#
# Senandi Mobile and these numbers are made up. Card numbers begin with 89 (telecommunications),
# 999 (a country code that ITU-T keeps in reserve) and 07 (the operator), telephone numbers with
# +999 07; IMEIs begin with 00, which is kept for tests.
#
# To try:  8999 9071 1111 1111 112  bound and running; renewing it adds a term after the present one
#          8999 9072 2222 2222 225  lapsed a few days ago
#          8999 9073 3333 3333 338  in stock; its start code is NEW4-CARD
#          8999 9074 4444 4444 441  an eSIM in Shanghai, bound and running
"""

Row = TypeVar("Row", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class SoldPlan:
    """What the cards need to know of a plan."""

    code: str
    hours: int
    bytes_max: int
    devices_max: int
    weight: int
    retired_hours: int


def main() -> None:
    """Write the file."""
    arguments = argparse.ArgumentParser(description="Write a cards.csv of believable cards.")
    arguments.add_argument("count", type=int, help="how many cards")
    arguments.add_argument("file", type=Path, help="where to write")
    arguments.add_argument("--seed", type=int, default=7, help="another seed, another file")
    arguments.add_argument("--plans", type=Path, help="a plans.yaml (default: the demo's)")
    asked = arguments.parse_args()
    if not 4 <= asked.count < 10**SERIAL_DIGITS:  # noqa: PLR2004 the cards to try are four
        sys.exit("Ask for 4 cards or more.")
    plans = sold_plans(asked.plans)
    with asked.file.open("w", encoding="utf-8", newline="\n") as out:
        for line in cards_file(asked.count, asked.seed, plans):
            out.write(line + "\n")


def sold_plans(path: Path | None) -> dict[str, list[SoldPlan]]:
    """Read the plans that have a version in force, by currency."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    problems = Problems()
    with as_file(files("everline") / "demo" / "plans.yaml") as demo:
        catalogue = read_plans(path or demo, problems, at)
    if problems:
        sys.exit("\n".join(map(str, problems)))
    sold: dict[str, list[SoldPlan]] = {}
    for plan in sorted(catalogue.plans, key=lambda plan: plan.position):
        versions = [version for version in plan.versions if version.effective_from <= at]
        for price in versions[-1].prices if versions else ():
            sold.setdefault(price.currency, []).append(sold_plan(plan, versions[-1], at))
    return sold


def sold_plan(plan: Plan, version: PlanVersion, at: datetime) -> SoldPlan:
    """Take from a plan what the cards need to know."""
    retired_at = min(plan.retired_at or at, at)
    return SoldPlan(
        plan.code,
        HOURS[version.period_unit] * version.period_count,
        version.allowance_bytes or version.fair_use_bytes or 0,
        version.devices_max,
        WEIGHTS[version.period_unit],
        (at - retired_at) // timedelta(hours=1),
    )


def cards_file(count: int, seed: int, plans: dict[str, list[SoldPlan]]) -> Iterator[str]:
    """Give the lines of the file: the comments, the columns, the cards to try, the others."""
    yield from HEAD.splitlines()
    yield COLUMNS
    yield from to_try()
    chance = random.Random(seed)
    for serial in range(1, count - 3):
        yield card(serial, chance, plans)


def to_try() -> Iterator[str]:
    """Give the four cards that the head of the file names, with numbers that are easy to type."""
    yield (
        f"{iccid(11111111111)},+9990711111111,sim,Asia/Jakarta,IDR,bound,,{imei(1)},,,"
        "HOME-30,load-12d06h,11400000000,150000,putri@customers.senandi.example"
    )
    yield (
        f"{iccid(22222222222)},+9990722222222,sim,Asia/Jakarta,IDR,bound,,{imei(2)},,,"
        "HOME-12,load-35d04h,9800000000,20000,putri@customers.senandi.example"
    )
    yield f"{iccid(33333333333)},+9990733333333,sim,Asia/Jakarta,IDR,in_stock,NEW4-CARD,,,,,,,,"
    yield (
        f"{iccid(44444444444)},+9990744444444,esim,Asia/Shanghai,CNY,bound,,{eid(1)},"
        f"{SMDP_ADDRESS},SNDI-4444-CHEN-JING,ASIA-MONTH,load-03d20h,2350000000,200.00,"
        "chen.jing@customers.senandi.example"
    )


def card(serial: int, chance: random.Random, plans: dict[str, list[SoldPlan]]) -> str:
    """Make one card."""
    zone, currency, _share = pick(chance, PLACES)
    state = pick(chance, STATES)[0]
    is_esim = chance.random() < 0.35  # noqa: PLR2004 a third are eSIMs
    has_msisdn = not is_esim or chance.random() < 0.5  # noqa: PLR2004 half of those are data alone
    fields = [
        iccid(serial),
        f"+99907{serial:08d}" if has_msisdn else "",
        "esim" if is_esim else "sim",
        zone,
        currency,
        state,
    ]
    start_code = spoken_code(chance)
    fields.append(f"{start_code[:4]}-{start_code[4:]}" if state == "in_stock" else "")
    plan = chance.choices(plans[currency], [plan.weight for plan in plans[currency]])[0]
    fields.append(devices(serial, state, plan, chance, is_esim=is_esim))
    matching = f"SNDI-{chance.getrandbits(32):08X}-{chance.getrandbits(32):08X}"
    fields += [SMDP_ADDRESS, matching] if is_esim else ["", ""]
    fields += term(state, plan, chance)
    fields.append("" if state == "in_stock" else chance.choice(BALANCES[currency]))
    is_held = state == "bound" and chance.random() < 0.02  # noqa: PLR2004 a few name their holder
    fields.append(f"holder-{serial}@customers.senandi.example" if is_held else "")
    return ",".join(fields)


def term(state: str, plan: SoldPlan, chance: random.Random) -> list[str]:
    """Make the present or last term: plan, when it began, and data used."""
    where = chance.random()
    if state in {"in_stock", "activated"} or (state == "bound" and where < 0.03):  # noqa: PLR2004
        return ["", "", ""]
    if state == "terminated":
        elapsed = plan.hours + chance.randrange(100 * 24, 300 * 24)
    elif where < 0.80:  # noqa: PLR2004 most are in the middle of their term
        elapsed = chance.randrange(1, plan.hours)
    elif where < 0.87:  # noqa: PLR2004 some end within a day
        elapsed = max(plan.hours - chance.randrange(1, 24), 1)
    elif where < 0.96:  # noqa: PLR2004 some ended within the weeks in which they can be renewed
        elapsed = plan.hours + chance.randrange(1, 60 * 24)
    else:
        elapsed = plan.hours + chance.randrange(95 * 24, 200 * 24)
    if elapsed < plan.retired_hours:
        elapsed += plan.retired_hours
    part = min(elapsed * 1000 // plan.hours, 1000)
    used = min(plan.bytes_max * part * chance.randrange(200, 1500) // 1_000_000, plan.bytes_max)
    used -= used % 1024
    if chance.random() < 0.04:  # noqa: PLR2004 a few have used it all
        used = plan.bytes_max
    return [plan.code, f"load-{elapsed // 24}d{elapsed % 24:02d}h", str(used)]


def devices(
    serial: int, state: str, plan: SoldPlan, chance: random.Random, *, is_esim: bool
) -> str:
    """Make the devices that a card in this state is bound to."""
    if state in {"in_stock", "activated", "terminated"}:
        return ""
    if is_esim:
        return eid(serial + 1000)
    shared = 1
    if chance.random() < 0.2:  # noqa: PLR2004 a fifth share their data
        shared = chance.randrange(1, plan.devices_max + 1)
    return ";".join(imei(1000 + serial * 8 + place) for place in range(shared))


def iccid(serial: int) -> str:
    """A card number of 19 digits with its check digit (ISO/IEC 7812-1)."""
    body = f"{ISSUER}{serial:0{SERIAL_DIGITS}d}"
    return body + luhn_digit(body)


def imei(serial: int) -> str:
    """An IMEI with 00 first, as tests use them, and its check digit."""
    body = f"0044{serial * 104_729 % 10**10:010d}"  # a prime, so that no two are alike
    return body + luhn_digit(body)


def eid(serial: int) -> str:
    """An EID of 32 digits with its two check digits (ISO/IEC 7064, MOD 97-10)."""
    body = f"89999007000000{serial * 2_750_159 % 10**16:016d}"  # a prime, as above
    return body + mod97_digits(body)


def pick(chance: random.Random, rows: tuple[Row, ...]) -> Row:
    """Pick a row by its share, which stands last."""
    return chance.choices(rows, [int(row[-1]) for row in rows])[0]


if __name__ == "__main__":
    main()
