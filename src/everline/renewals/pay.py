"""Paying through a gateway: mark as sent, call, settle; and the janitor, who asks again.

What is paid for is a renewal or a top-up; both go the same way, by the id of either.
Outside calls take time, so these functions take the clock itself, `now`, and read it after each.
Every path ends in the one verb `settle`, whoever learned of the outcome: the page, the callback or
the janitor.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database, payments

Now = Callable[[], datetime]

_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """The states that a settlement reached: the attempt's, and its renewal's or top-up's."""

    attempt_state: str
    purpose_state: str


@dataclass(frozen=True, slots=True)
class _Purpose:
    """What a gateway is told that it is asked to pay, and until when."""

    description: str
    deadline_at: datetime | None


_PURPOSE = (
    "select p.code || ' ' || right(c.iccid, 4) as description, r.deadline_at"
    " from renewals_renewal r join cards_card c on c.id = r.card_id"
    " join catalogue_planversion v on v.id = r.plan_version_id"
    " join catalogue_plan p on p.id = v.plan_id where r.id = %s"
    " union all select 'top-up ' || right(c.iccid, 4), o.deadline_at"
    " from topups_topup o join cards_card c on c.id = o.card_id where o.id = %s"
)

_WANTED = (
    "select coalesce(r.state, o.state) = 'awaiting_payment' and not exists ("
    "  select from payments_attempt a where a.payment_id = p.id and a.number > %s)"
    " from payments_payment p left join renewals_renewal r on r.id = p.purpose_id"
    " left join topups_topup o on o.id = p.purpose_id where p.purpose_id = %s"
)


def pay(
    purpose_id: UUID,
    *,
    return_url: str,
    notify_address: str,
    locale: str,
    now: Now,
    cancel_url: str = "",
) -> Settled | None:
    """Send the latest attempt of a renewal or top-up to its gateway and settle what comes back.

    None when there was nothing to send: another caller sent it, or it is settled.
    `notify_address` is our public address, under which callbacks arrive; who turns away at the
    gateway comes back to `cancel_url`, or to `return_url` without one.
    """
    purpose = database.row(_Purpose, _PURPOSE, [purpose_id, purpose_id])
    waiting = payments.first_attempt(purpose_id)
    if purpose is None or waiting is None:
        return None
    attempt = payments.mark_sent(waiting.id, now())
    if attempt is None:
        return None
    said = payments.charge(
        attempt,
        description=purpose.description,
        return_url=return_url,
        notify_url=f"{notify_address}/callbacks/{attempt.gateway}",
        expires_at=purpose.deadline_at or now(),
        locale=locale,
        at=now(),
        cancel_url=cancel_url,
    )
    return settle(attempt.id, said, now())


def ask(attempt: payments.Attempt, now: Now) -> Settled:
    """Ask the gateway what became of an attempt, and settle it."""
    said = payments.ask(attempt, now(), may_take=_is_wanted(attempt))
    return settle(attempt.id, said, now())


def _is_wanted(attempt: payments.Attempt) -> bool:
    """Tell whether its money may still be taken: what it pays for is open, and nothing else pays.

    One that is on its way is what its purpose waits for; else both are read.
    """
    if attempt.state in {"sent", "unknown"}:
        return True
    return bool(database.value(_WANTED, [attempt.number, attempt.purpose_id]))


def ask_renewal(purpose_id: UUID, now: Now) -> Settled | None:
    """Ask about the latest attempt of a renewal or top-up, for who comes back from the gateway."""
    attempt = payments.first_attempt(purpose_id)
    if attempt is None or attempt.state not in {"sent", "unknown", "superseded", "parked"}:
        return None
    return ask(attempt, now) if _is_set_up("attempt", attempt) else None


def stop(purpose_id: UUID, now: Now) -> Settled | None:
    """End the latest attempt of a renewal or top-up where nobody has begun to pay.

    None when its gateway cannot be told, or when it was not sent or is settled. What the gateway
    says is settled: whoever has paid meanwhile has paid.
    """
    attempt = payments.first_attempt(purpose_id)
    if attempt is None or attempt.state not in {"sent", "unknown"}:
        return None
    said = payments.stop(attempt, now()) if _is_set_up("attempt", attempt) else None
    return settle(attempt.id, said, now()) if said else None


def ask_all(now: Now, most: int = 20) -> int:
    """Be the janitor once: ask about the attempts and refunds whose time has come.

    One whose gateway is not set up is told and left to the next time; the others are asked.
    """
    attempts = payments.claim_asks(now(), most)
    for attempt in attempts:
        if attempt.state == "created" or _is_set_up("attempt", attempt):
            ask(attempt, now)
    refunds = payments.claim_refunds(now(), most)
    for refund in refunds:
        if _is_set_up("refund", refund):
            said = payments.ask_refund(refund, now())
            database.value(
                "select settle_refund(%s, %s, %s, %s, %s, %s)",
                [refund.id, said.outcome, said.reference, said.reason, said.next_ask_at, now()],
            )
    return len(attempts) + len(refunds)


def ask_refund(refund_id: UUID, now: Now) -> str | None:
    """Ask about one refund at once, for a person who looks after it; gives its state.

    One whose gateway is not set up stays as it is. None when it is not known.
    """
    refund = payments.find_refund(refund_id)
    if refund is None or not _is_set_up("refund", refund):
        return refund.state if refund else None
    said = payments.ask_refund(refund, now())
    reached = database.value(
        "select settle_refund(%s, %s, %s, %s, %s, %s)",
        [refund.id, said.outcome, said.reference, said.reason, said.next_ask_at, now()],
    )
    return str(reached)


def _is_set_up(noun: str, asked: payments.Attempt | payments.Refund) -> bool:
    """Tell whether a gateway can be asked; that it cannot is logged, and the doctor sees it too."""
    if asked.gateway in payments.installed():
        return True
    _logger.error(
        "%s %s cannot be asked about: gateway %s is not set up", noun, asked.id, asked.gateway
    )
    return False


def settle(attempt_id: UUID, said: payments.Said, at: datetime) -> Settled:
    """Write what a gateway said, and all that follows from it, in one verb call."""
    settled = database.row(
        Settled,
        "select * from settle(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            attempt_id,
            said.outcome,
            said.reference,
            said.page_url,
            said.masked_means,
            said.reason,
            said.is_hard,
            said.kept_json,
            said.next_ask_at,
            at,
        ],
    )
    assert settled is not None
    return settled
