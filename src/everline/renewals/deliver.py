"""Delivering what was paid, and taking back what was not delivered: the jobs around a network.

The order is written before it is sent, so one that may have been sent is asked about first. What
the network neither confirms nor refuses is tried again by the queue until the deadline, when the
money goes back by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from everline import database
from everline.errors import FaultError
from everline.provisioning import (
    Applied,
    NetworkOrder,
    NotFound,
    Refused,
    Reversed,
    Unknown,
    network,
)

Now = Callable[[], datetime]
RENEWED_BY_NETWORK: Final = "simulated"


@dataclass(frozen=True, slots=True)
class _Delivery:
    reference: str | None
    is_new: bool | None
    order_state: str | None
    renewal_state: str
    iccid: str
    starts_at: datetime
    ends_at: datetime
    allowance_bytes: int | None
    fair_use_bytes: int | None
    replaces: bool
    applied_state: str | None


def deliver(renewal_id: UUID, now: Now, network_name: str = RENEWED_BY_NETWORK) -> str:
    """Apply a paid renewal's entitlement on its network; gives the renewal's state.

    Raises FaultError while the network is silent: the queue tries again.
    """
    asked = _begin(renewal_id, "apply", network_name, now())
    if asked is None or asked.renewal_state != "paid":
        return asked.renewal_state if asked else "unknown"
    assert asked.reference is not None
    adapter = network(network_name)
    with database.outside():
        outcome = NotFound(asked.reference) if asked.is_new else adapter.query(asked.reference)
        if isinstance(outcome, NotFound):
            outcome = adapter.apply(
                NetworkOrder(
                    reference=asked.reference,
                    iccid=asked.iccid,
                    starts_at=asked.starts_at,
                    ends_at=asked.ends_at,
                    allowance_bytes=asked.allowance_bytes,
                    fair_use_bytes=asked.fair_use_bytes,
                    replaces=asked.replaces,
                )
            )
    said, reason = _worded(outcome)
    state = database.value("select deliver(%s, %s, %s, %s)", [renewal_id, said, reason, now()])
    if isinstance(outcome, Unknown):
        raise FaultError(network_name, outcome.detail)
    return str(state)


def withdraw(renewal_id: UUID, now: Now, network_name: str = RENEWED_BY_NETWORK) -> str:
    """Take a renewal's entitlement off its network; gives the renewal's state.

    Raises FaultError while the network is silent or will not: the queue tries again, and a person
    finds the job among the dead ones when its tries are used up.
    """
    asked = _begin(renewal_id, "reverse", network_name, now())
    if asked is None:
        return "unknown"
    said, reason = "done", ""
    outcome: Reversed | Refused | Unknown = Reversed(f"{renewal_id}-apply")
    if asked.applied_state not in {None, "refused"} and asked.order_state != "done":
        with database.outside():
            outcome = network(network_name).reverse(f"{renewal_id}-apply")
        said, reason = _worded(outcome)
    state = database.value("select withdrawn(%s, %s, %s, %s)", [renewal_id, said, reason, now()])
    if isinstance(outcome, Unknown):
        raise FaultError(network_name, outcome.detail)
    if isinstance(outcome, Refused):
        raise FaultError(network_name, f"will not take it back: {outcome.reason}")
    return str(state)


def expire_due(now: Now, most: int = 100) -> int:
    """End the renewals and top-ups whose time to pay is over, and take back overdue deliveries."""
    late = database.rows(
        _Late,
        "select l.id, l.verb from ("
        " select r.id, r.deadline_at, case r.state when 'paid' then 'give_up_delivery'"
        "   else 'expire' end as verb from renewals_renewal r where r.deadline_at <= %s"
        " union all select o.id, o.deadline_at, 'expire_top_up' from topups_topup o"
        "   where o.deadline_at <= %s) l"
        " where l.verb = 'give_up_delivery' or not exists (select from payments_payment p"
        "   join payments_attempt a on a.payment_id = p.id"
        "   where p.purpose_id = l.id and a.state in ('created', 'sent', 'unknown'))"
        " order by l.deadline_at limit %s",
        [now(), now(), most],
    )
    for each in late:
        database.value(_END[each.verb], [each.id, now()])
    return len(late)


@dataclass(frozen=True, slots=True)
class _Late:
    id: UUID
    verb: str


_END: Final[Mapping[str, LiteralString]] = {
    "expire": "select expire(%s, %s)",
    "expire_top_up": "select expire_top_up(%s, %s)",
    "give_up_delivery": "select give_up_delivery(%s, %s)",
}


def _begin(renewal_id: UUID, action: str, network_name: str, at: datetime) -> _Delivery | None:
    return database.row(
        _Delivery,
        "select * from begin_delivery(%s, %s, %s, %s) d where d.iccid is not null",
        [renewal_id, action, network_name, at],
    )


def _worded(outcome: Applied | Refused | Reversed | NotFound | Unknown) -> tuple[str, str]:
    match outcome:
        case Applied() | Reversed():
            return "done", ""
        case Refused():
            return "refused", outcome.reason
    return "unknown", ""
