"""Methods: means of payment that gateways keep for a card's account, and their order.

One is kept by an attempt that succeeds (attempts.py) or by a setup (setups.py). A token is read
here for one call, to forget it, and by the query of attempts.py for charges; nothing shows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.errors import FaultError
from everline.payments import gateways
from everline.payments.gateways import gateway, installed


@dataclass(frozen=True, slots=True)
class KeptMeans:
    """What a purchase has to do with kept means: which one pays, or that its means is to be kept.

    `words_version` is the version of the words that were agreed to, of consent.py; '' keeps
    nothing.
    """

    method_id: UUID | None = None
    words_version: str = ""

    def hashed(self, gateway_name: str, token: str | None) -> str:
        """Name the way of paying for the hash of its request; without kept means as ever."""
        plain = f"{gateway_name}:{token}"
        return plain if self == NOTHING_KEPT else f"{plain}:{self.method_id}:{self.words_version}"


NOTHING_KEPT: Final = KeptMeans()


@dataclass(frozen=True, slots=True)
class Method:
    """A kept means as its holder sees it; `reason` says why a broken one is charged no more."""

    id: UUID
    gateway: str
    masked_means: str
    state: str
    reason: str
    channel: str
    kept_at: datetime

    @property
    def is_active(self) -> bool:
        """Whether it may be charged."""
        return self.state == "active"


@dataclass(frozen=True, slots=True)
class _Ended:
    gateway: str
    token: str = field(repr=False)
    customer: str = field(repr=False)
    is_shared: bool


_METHOD: Final = (
    "select m.id, m.gateway, m.masked_means, m.state, m.reason, m.channel, m.kept_at"
    " from payments_method m where "
)


def methods_of(account_id: UUID) -> list[Method]:
    """List what is kept for an account, in the order in which it is tried; broken ones too."""
    return database.rows(
        Method,
        _METHOD + "m.account_id = %s and m.ended_at is null order by m.position, m.id",
        [account_id],
    )


def usable_methods(account_id: UUID, currency: str) -> list[Method]:
    """List those that may be charged now in a currency, by gateways of this deployment."""
    able = {name for name, each in installed().items() if each.abilities.takes(currency)}
    return [each for each in methods_of(account_id) if each.is_active and each.gateway in able]


def end_method(caller: Caller, card_id: UUID, method_id: UUID, at: datetime) -> Answer:
    """Take a kept means away; its gateway is told by a job. Refuses card_unknown, method_unknown.

    A charge that is on its way with it stands. Locks the card.
    """
    answer = database.row(
        Answer,
        "select * from end_method(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("end_method", card=card_id, method=method_id),
            card_id,
            method_id,
            at,
        ],
    )
    assert answer is not None
    return answer


def order_methods(
    caller: Caller, card_id: UUID, method_ids: Sequence[UUID], at: datetime
) -> Answer:
    """Set the order in which a card's means are tried; others come after. Refuses card_unknown."""
    answer = database.row(
        Answer,
        "select * from order_methods(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("order_methods", card=card_id, methods=[str(each) for each in method_ids]),
            card_id,
            list(method_ids),
            at,
        ],
    )
    assert answer is not None
    return answer


def forget(method_id: UUID) -> None:
    """Tell the gateway to keep an ended method no longer, and wipe its token; the job's handler.

    Raises FaultError when it must be told again. One that is kept anew meanwhile stays there.
    """
    ended = database.row(
        _Ended,
        "select m.gateway, m.token, m.customer, exists (select from payments_method k"
        " where k.gateway = m.gateway and k.token = m.token and k.ended_at is null) as is_shared"
        " from payments_method m where m.id = %s and m.state = 'ended' and m.token <> ''",
        [method_id],
    )
    if ended is None:
        return
    adapter = gateway(ended.gateway)
    if isinstance(adapter, gateways.Keeping) and not ended.is_shared:
        with database.outside():
            is_gone = adapter.forget(ended.token, ended.customer)
        if not is_gone:
            raise FaultError(ended.gateway, "it keeps a means of payment that was taken away")
    database.value("select forget_method(%s)", [method_id])
