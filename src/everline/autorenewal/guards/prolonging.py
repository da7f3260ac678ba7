"""Terms that go on at no cost: the grace after a failed renewal, and telling networks of both.

Which terms go on is decided in prolonging.sql and outages.sql. The order is written before it is
sent, so one that may have been sent is asked about first; a network that is silent or will not is
asked again by the queue, and a person finds the job among the dead ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database
from everline.errors import FaultError
from everline.jobs.rounds import go_round
from everline.provisioning import Applied, NetworkOrder, NotFound, Refused, Unknown, network
from everline.renewals.deliver import RENEWED_BY_NETWORK

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Longer:
    reference: str
    is_new: bool
    order_state: str
    iccid: str
    from_at: datetime
    until_at: datetime
    left_bytes: int | None
    fair_use_bytes: int | None


def begin_grace(at: datetime, most: int = 500) -> int:
    """Let terms go on whose automatic renewal failed to the end; gives how many.

    It looks at `most` terms a call.
    """
    return go_round("select done, is_over from begin_grace(%s, %s)", at, most)


def prolong(longer_id: UUID, now: Now, network_name: str = RENEWED_BY_NETWORK) -> str:
    """Let a term go on on its network; gives the order's state, "over" when nothing is to ask.

    Raises FaultError while the network is silent or will not.
    """
    asked = database.row(
        _Longer, "select * from begin_prolonging(%s, %s, %s)", [longer_id, network_name, now()]
    )
    if asked is None or asked.order_state in {"done", "refused"}:
        return asked.order_state if asked else "over"
    adapter = network(network_name)
    with database.outside():
        outcome = NotFound(asked.reference) if asked.is_new else adapter.query(asked.reference)
        if isinstance(outcome, NotFound):
            outcome = adapter.apply(
                NetworkOrder(
                    reference=asked.reference,
                    iccid=asked.iccid,
                    starts_at=asked.from_at,
                    ends_at=asked.until_at,
                    allowance_bytes=asked.left_bytes,
                    fair_use_bytes=asked.fair_use_bytes,
                )
            )
    said, reason = ("done", "") if isinstance(outcome, Applied) else ("unknown", "")
    if isinstance(outcome, Refused):
        said, reason = "refused", outcome.reason
    state = database.value("select prolonged(%s, %s, %s, %s)", [longer_id, said, reason, now()])
    if isinstance(outcome, Unknown):
        raise FaultError(network_name, outcome.detail)
    if isinstance(outcome, Refused):
        raise FaultError(network_name, f"will not let it go on: {outcome.reason}")
    return str(state)
