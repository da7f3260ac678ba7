"""eSIMs that bind themselves: the network tells on which chip a profile was installed.

An eSIM that was bought here takes its first plan before it has a device. Once its profile is
downloaded the network knows the chip's EID, and the card is bound without anybody typing it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from everline import cards, database
from everline.database.requests import Caller
from everline.ids import Eid, InvalidNumberError
from everline.provisioning import network
from everline.renewals.deliver import RENEWED_BY_NETWORK

ASKED_FOR: Final = timedelta(days=30)
"""How long after it was taken the network is asked; after that the holder enters the EID."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: UUID
    iccid: str


def bind_installed(
    now: Callable[[], datetime], most: int = 100, network_name: str = RENEWED_BY_NETWORK
) -> int:
    """Bind up to `most` eSIMs whose profile was installed, the newest first; gives how many.

    Any number may call it side by side: a card is bound by one request of its own.
    """
    at = now()
    waiting = database.rows(
        _Waiting,
        "select c.id, c.iccid from cards_card c"
        " where c.state = 'activated' and c.kind = 'esim' and c.taken_at > %s and exists ("
        " select from cards_entitlement e where e.card_id = c.id and e.state = 'delivered')"
        " order by c.taken_at desc limit %s",
        [at - ASKED_FOR, most],
    )
    return sum(_bind(each, network_name, now) for each in waiting)


def _bind(card: _Waiting, network_name: str, now: Callable[[], datetime]) -> bool:
    with database.outside():
        told = network(network_name).eid_of(card.iccid)
    try:
        eid = Eid.parse(told) if told else None
    except InvalidNumberError:
        eid = None
    if eid is None:
        return False
    caller = Caller("line", "network", f"installed:{card.id}")
    answer = cards.bind(caller, card.id, eid, now())
    return answer.refusal is None and not answer.replayed
