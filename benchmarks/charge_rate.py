"""Due cards paid by kept means, against a gateway that answers after 200 ms.

The claim: charges a second are bounded by what the gateway bears at once, and not by us: at least
four fifths of concurrency divided by latency, with every row written as durably as in production.
The sweep, its threads, the sandbox's adapter and the verbs are those of the worker, in one process;
the bank is slow_bank.py in another one, on the same processors.
"""

import argparse
import http.client
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks import ground
from benchmarks.ground import Ground, circumstances

LATENCY_MS: Final = 200
FULL: Final = {"cards": 20_000, "most": 32, "round": 1_600}
QUICK: Final = {"cards": 300, "most": 32, "round": 60}
STEPS: Final = (8, 16, 32, 64)
"""How many calls at once the shorter rounds allow."""

DUE: Final = """
set search_path = {verbs}, public;
insert into trust_channel (code, is_open, means, amount_max)
values ('auto', true, '{{balance,deposit,gateway}}', '{{}}') on conflict do nothing;
update database_deployment set mode = 'simulation';
update ledger_account set balance = 0 where kind = 'balance';
insert into autorenewal_mandate (id, account_id, card_id, channel, words_version, given_at)
select bench.id('8007', n), bench.id('8002', n), bench.id('8001', n), 'web', 'bench', now()
from generate_series(1, {cards}) n on conflict do nothing;
insert into payments_method (
    id, account_id, gateway, token, masked_means, position, state, channel, kept_at
)
select bench.id('8008', n), bench.id('8002', n), 'sandbox', 'tok_' || n, '', 1, 'active', 'web',
    now()
from generate_series(1, {cards}) n on conflict do nothing;
update cards_card c
set next_rung_at = now() - interval '1 minute', rung_ends_at = now() + interval '1 day'
from generate_series({first}, {last}) n where c.id = bench.id('8001', n);
"""


@contextmanager
def slow_bank() -> Iterator[str]:
    """Run the bank beside us; gives its address."""
    command = [sys.executable, str(ground.HERE / "slow_bank.py"), str(LATENCY_MS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def placed(count: int) -> float:
    """Let the due sweep place them all; gives how many a second."""
    from everline import autorenewal

    began, done = time.perf_counter(), 0
    while done < count:
        swept = autorenewal.renew_due(datetime.now(UTC))
        if not swept.placed:
            raise SystemExit(f"{done} of {count} cards were placed: {swept}")
        done += swept.placed
    return count / (time.perf_counter() - began)


def charged(bank: str, count: int, at_once: int) -> dict[str, Any]:
    """Charge all that was placed, so many at once; a charge that does not pay ends the run."""
    from everline import autorenewal, database
    from everline.payments import gateways
    from everline.payments.gateways.sandbox import ABILITIES, Sandbox

    class Slow(Sandbox):
        """The sandbox's adapter, allowed as many calls at once as this round tries."""

        abilities = replace(ABILITIES, concurrency_max=at_once)

    adapter = Slow(bank, "bench")
    gateways.install({"sandbox": adapter})
    paid = "select count(*) from renewals_renewal where channel = 'auto' and state = 'paid'"
    before, spent = database.value(paid), _cpu_seconds()
    began, done = time.perf_counter(), 0
    while charges := autorenewal.charge_due(lambda: datetime.now(UTC), notify_address=bank):
        done += charges
    seconds = time.perf_counter() - began
    adapter.close()
    now_paid = database.value(paid) - before
    if now_paid != count:
        raise SystemExit(f"of {count} charges {done} were made and {now_paid} paid")
    counted = _counted(bank)
    bound = at_once * 1000 / LATENCY_MS
    return {
        "at_once": at_once,
        "charges": count,
        "seconds": round(seconds, 1),
        "rate": round(count / seconds, 1),
        "bound": bound,
        "ratio": round(count / seconds / bound, 3),
        "most_at_the_bank": counted["most"],
        "our_cpu_ms_a_charge": round((_cpu_seconds() - spent) * 1000 / count, 2),
    }


def _counted(bank: str) -> dict[str, int]:
    """Ask the bank what it has counted since it was asked last."""
    connection = http.client.HTTPConnection(bank.removeprefix("http://"))
    connection.request("GET", "/")
    told: dict[str, int] = json.loads(connection.getresponse().read())
    connection.close()
    return told


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(prepared: Ground, size: dict[str, int]) -> dict[str, Any]:
    """Make cards due round by round, place them, and charge them."""
    rounds = [(step, size["round"]) for step in STEPS] + [(size["most"], size["cards"])]
    found, place_rates, first = [], [], 1
    with slow_bank() as bank:
        for at_once, count in rounds:
            last = first + count - 1
            prepared.run(
                DUE.format(verbs=prepared.verbs, cards=prepared.cards, first=first, last=last)
            )
            prepared.settle()
            with ground.console.status(f"{count:,} charges, {at_once} at once"):
                place_rates.append(placed(count))
                found.append(charged(bank, count, at_once))
            first = last + 1
    return {
        "bench": "charge",
        "latency_ms": LATENCY_MS,
        "charged": found,
        "placed_a_second": round(place_rates[-1], 0),
        "size": size,
        **circumstances(prepared),
    }


def main() -> None:
    """Measure and print one JSON document."""
    reader = argparse.ArgumentParser(prog="everline bench charge", description=__doc__)
    reader.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    reader.add_argument("--home", type=Path, help="a folder to keep the prepared server in")
    for name, value in FULL.items():
        reader.add_argument(f"--{name}", type=int, help=f"{value:,}; quick: {QUICK[name]:,}")
    given = reader.parse_args()
    size: dict[str, int] = {
        name: getattr(given, name) or (QUICK if given.quick else FULL)[name] for name in FULL
    }
    needed = size["cards"] + len(STEPS) * size["round"]
    with ground.prepared(needed, given.home) as prepared:
        ground.report(**measure(prepared, size))


if __name__ == "__main__":
    main()
