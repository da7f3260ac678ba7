"""Where the time of a renewal goes: the verb is cut off after one stage, then after the next.

`python -m benchmarks.renew_stages` prints, as JSON, the processor's microseconds that the server
spends on a whole call up to each stage, and what each stage adds. One connection, fresh cards, no
waiting for the disk, so it is work alone; Linux, which counts it. What it does to the rate is in
renew_rate.py.
"""

import argparse
import random
import statistics
from pathlib import Path
from typing import Any, Final

import psycopg

import everline
from benchmarks import ground
from benchmarks.ground import Ground

SOURCE: Final = Path(everline.__file__).parent / "renewals" / "renewals.sql"
ANSWER: Final = (
    "    return row(renewal_id, 'renewed', null, null, renew.quoted_end, false)::answer;\n"
)
STAGES: Final = (
    ("a call that does nothing", "    if not claim("),
    ("claim the request", "    select c.* into locked"),
    ("lock the card", "    if found then\n        offer := priced("),
    (
        "find the term and the price, and an open renewal",
        "        if offer.open_id is not null then",
    ),
    ("compare with the quote", "    if why.reason is null and offer.promotion_id is not null"),
    ("take the money", "    if why.reason is not null then\n        return refuse"),
    ("write the renewal and its history", "    written := grant_term("),
    ("write transfers, term and job", "    return row(renewal_id, 'renewed', null"),
)
CALLS: Final = 20
QUERY: Final = (
    "select * from bench.{name}('web', 'stages', gen_random_uuid()::text, '\\x01',"
    " bench.id('8002', %(n)s), bench.id('8001', %(n)s), bench.id('8000', 2), null, 1000,"
    " bench.next_end(%(n)s), bench.id('8002', %(n)s), null, now())"
)


def cut(name: str, before: str) -> str:
    """Give the verb under another name, ending before a statement."""
    text = SOURCE.read_text()
    start = text.index("create or replace function renew(")
    body = text[start : text.index("end $$;", start) + len("end $$;")]
    assert body.count(before) == 1, before
    body = body.replace(before, ANSWER + before)
    return body.replace("function renew(", f"function bench.{name}(").replace("renew.", f"{name}.")


def measure(prepared: Ground, rounds: int) -> dict[str, Any]:
    """Call each cut verb in turn, in another order each round, and compare their lower quartiles.

    The lower quartile, because another program on the machine can only add to a time.
    """
    names = [f"stage_{number}" for number in range(len(STAGES))]
    with psycopg.connect(prepared.logins.owner, autocommit=True) as owner:
        owner.execute(f"set search_path = {prepared.verbs}, public".encode())
        for name, (_, before) in zip(names, STAGES, strict=True):
            owner.execute(cut(name, before).encode())
    prepared.settle()
    taken: dict[str, list[float]] = {name: [] for name in names}
    base = prepared.dealt()
    if base + CALLS * len(names) * (rounds + 1) > prepared.cards:
        raise SystemExit("The cards are used up: ask for fewer rounds, or a new home.")
    prepared.deal(base + CALLS * len(names) * (rounds + 1))
    with psycopg.connect(
        prepared.logins.admin,
        options=f"{prepared.session} -c synchronous_commit=off",
        autocommit=True,
        prepare_threshold=0,
    ) as connection:
        clock = Path(f"/proc/{connection.info.backend_pid}/schedstat")
        for number in range(rounds + 1):
            random.shuffle(names)
            for name in names:
                began = int(clock.read_text().split()[0])
                for place in range(base, base + CALLS):
                    asked = QUERY.format(name=name).encode()
                    found = connection.execute(asked, {"n": ground.card(place, prepared.cards)})
                    assert found.fetchone()
                base += CALLS
                if number:
                    spent = int(clock.read_text().split()[0]) - began
                    taken[name].append(spent / CALLS / 1000)
    return _told({name: statistics.quantiles(spent, n=4)[0] for name, spent in taken.items()})


def _told(quartiles: dict[str, float]) -> dict[str, Any]:
    stages, before = [], 0.0
    for number, (words, _) in enumerate(STAGES):
        spent = quartiles[f"stage_{number}"]
        stages.append({"stage": words, "microseconds": round(spent - before), "sum": round(spent)})
        before = spent
    return {"stages": stages}


def main() -> None:
    """Measure and print one JSON document."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--cards", type=int, default=200_000, help="200,000 unless given")
    reader.add_argument("--rounds", type=int, default=100, help="100 unless given")
    reader.add_argument("--home", type=Path, help="a folder to keep the prepared server in")
    given = reader.parse_args()
    with ground.prepared(given.cards, given.home) as prepared:
        ground.report(**measure(prepared, given.rounds), **ground.circumstances(prepared))


if __name__ == "__main__":
    main()
