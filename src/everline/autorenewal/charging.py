"""Charging due cards by kept means: claim and mark, call side by side, settle, each in sets.

Nobody sits before these charges. A worker may be killed anywhere: what was marked and has no answer
is asked about by the janitor, and is never sent again. What follows a decline is decided by the
verb that settles it. Threads wait for the gateways, because an adapter is one and the same for
people and for this: docs/decisions/0021.
"""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from psycopg.types.json import Jsonb

from everline import database, payments
from everline.payments import Abilities, Said
from everline.renewals.pay import Now, settle

CHARGES_MOST: Final = 5_000
CLAIM_SECONDS: Final = 10.0
"""How long one call goes on taking charges; then it ends what it has in hand."""

AHEAD: Final = 2
"""How many times its concurrency a gateway has in hand, so that no thread waits for a claim."""

STALE_MOST: Final = 200

_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Charge(payments.Attempt):
    """An attempt that was marked as sent, with what its gateway is told; call in `wait_ms`."""

    description: str
    deadline_at: datetime
    locale: str
    wait_ms: int


_CHARGE: Final = (
    payments.ATTEMPT + ", l.code || ' ' || right(c.iccid, 4) as description, r.deadline_at,"
    " coalesce(r.contact ->> 'locale', 'en') as locale, d.wait_ms"
    " from claim_charges(%s, %s, %s, %s, %s) d join payments_attempt a on a.id = d.attempt"
    " join payments_payment p on p.id = a.payment_id"
    " left join payments_method m on m.id = a.method_id"
    " join renewals_renewal r on r.id = p.purpose_id join cards_card c on c.id = r.card_id"
    " join catalogue_planversion v on v.id = r.plan_version_id"
    " join catalogue_plan l on l.id = v.plan_id order by d.wait_ms"
)


class _Line:
    """What is in hand with one gateway, in as many threads as it may be called at once."""

    def __init__(self, abilities: Abilities, threads: ThreadPoolExecutor) -> None:
        self.abilities = abilities
        self.threads = threads
        self.in_hand = 0
        self.left = CHARGES_MOST
        self.is_empty = False

    def claim(self, at: datetime) -> list[Charge]:
        """Take as many charges as there is room for, once there is room for half a round."""
        most = self.abilities.concurrency_max
        room = min(most * AHEAD - self.in_hand, self.left)
        if self.is_empty or room < min(most // 2 + 1, self.left) or room == 0:
            return []
        claimed = database.rows(
            Charge,
            _CHARGE,
            [
                self.abilities.name,
                room,
                self.abilities.rate_max,
                self.abilities.supersede_after_seconds,
                at,
            ],
        )
        self.is_empty = not claimed
        self.in_hand += len(claimed)
        self.left -= len(claimed)
        return claimed


def charge_due(now: Now, most: int = CHARGES_MOST, *, notify_address: str) -> int:
    """Charge what the due sweep has placed, up to `most` by each gateway; gives how many.

    Each gateway is called as often at once as its abilities allow, in this process, and as often a
    second, over all workers. Any number may run side by side: each claims other attempts.
    `notify_address` is our public address, under which callbacks arrive.
    """
    database.value("select give_up_charges(%s, %s)", [now(), STALE_MOST])
    ends = time.monotonic() + CLAIM_SECONDS
    running: dict[Future[Said | None], tuple[Charge, _Line]] = {}
    charged = 0
    with ExitStack() as opened:
        lines = [_open(each.abilities, most, opened) for each in _chargeable()]
        while True:
            for line in lines if time.monotonic() < ends else ():
                for charge in line.claim(now()):
                    future = line.threads.submit(_call, charge, notify_address, now)
                    running[future] = charge, line
            if not running:
                return charged
            done, _rest = wait(running, return_when=FIRST_COMPLETED)
            told = []
            for future in done:
                charge, line = running.pop(future)
                line.in_hand -= 1
                if (said := future.result()) is not None:
                    told.append((charge, said))
            _settle(told, now())
            charged += len(done)


def _chargeable() -> Iterable[payments.Gateway]:
    return [each for each in payments.installed().values() if each.abilities.supports_token]


def _open(abilities: Abilities, most: int, opened: ExitStack) -> _Line:
    threads = ThreadPoolExecutor(abilities.concurrency_max, thread_name_prefix="charge")
    line = _Line(abilities, opened.enter_context(threads))
    line.left = most
    return line


def _call(charge: Charge, notify_address: str, now: Now) -> Said | None:
    """Call the gateway; None for a bug of its adapter, which leaves the charge to the janitor."""
    if charge.wait_ms:
        time.sleep(charge.wait_ms / 1000)
    try:
        return payments.charge(
            charge,
            description=charge.description,
            return_url="",
            notify_url=f"{notify_address}/callbacks/{charge.gateway}",
            expires_at=charge.deadline_at,
            locale=charge.locale,
            at=now(),
        )
    except Exception:
        _logger.exception("attempt %s got no answer from %s", charge.id, charge.gateway)
        return None


def _settle(told: list[tuple[Charge, Said]], at: datetime) -> None:
    """Settle all in one call; when that fails each by itself. What still fails is asked about."""
    if not told:
        return
    try:
        database.value("select count(*) from settle_charges(%s, %s)", [_as_json(told), at])
    except psycopg.Error as error:
        _logger.warning("charges are settled one by one: %s", type(error).__name__)
    else:
        return
    for charge, said in told:
        try:
            settle(charge.id, said, at)
        except psycopg.Error:
            _logger.exception("attempt %s could not be settled", charge.id)


def _as_json(told: list[tuple[Charge, Said]]) -> Jsonb:
    return Jsonb(
        [
            {
                "attempt": str(charge.id),
                "outcome": said.outcome,
                "reference": said.reference,
                "page_url": said.page_url,
                "masked_means": said.masked_means,
                "reason": said.reason,
                "is_hard": said.is_hard,
                "next_ask_at": said.next_ask_at and said.next_ask_at.isoformat(),
            }
            for charge, said in told
        ]
    )
