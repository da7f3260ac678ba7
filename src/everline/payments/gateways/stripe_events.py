"""What Stripe tells of by itself: the event of a webhook, and disputes, which are read again.

Of an event only what it points at is read, since nothing that it says is believed. How its
signature is verified is in stripe.py. Statuses are those of Stripe's published OpenAPI description.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
import stripe

from everline.errors import FaultError
from everline.payments.gateways import REFERENCE_LENGTH_MAX, Dispute, Opened
from everline.payments.gateways.stripe_answers import ATTEMPT, KEY_LENGTH_MAX, Intent
from everline.payments.gateways.stripe_money import money_of
from everline.payments.gateways.stripe_wire import SYSTEM, Problem, read

PAGES_MAX: Final = 10
PAGE: Final = 100
"""How many disputes Stripe lists at once: docs.stripe.com/api/disputes/list."""

INQUIRY: Final = "warning_"
"""With this the statuses of a dispute begin that is a bank's question yet, and takes no money."""

DISPUTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "needs_response": "to_answer",
        "appeal_needs_response": "to_answer",
        "under_review": "under_review",
        "appeal_under_review": "under_review",
        "won": "won",
        "lost": "lost",
        "prevented": "closed",
        "closed": "closed",
    }
)
"""How disputes stand, in our words."""


class _Evidence(msgspec.Struct, frozen=True):
    due_by: int | None = None


class DisputeRead(msgspec.Struct, frozen=True):
    """A dispute, with the payment that it is about."""

    id: str
    status: str
    amount: int
    currency: str
    reason: str = ""
    evidence_details: _Evidence | None = None
    payment_intent: Intent | str | None = None


class _Named(msgspec.Struct, frozen=True):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=REFERENCE_LENGTH_MAX)]


class _Listed(msgspec.Struct, frozen=True):
    data: tuple[_Named, ...]
    has_more: bool


class _Object(msgspec.Struct, frozen=True):
    id: str = ""
    object: str = ""
    status: str | None = None
    metadata: dict[str, str] | None = None


class _Data(msgspec.Struct, frozen=True):
    object: _Object


class Event(msgspec.Struct, frozen=True):
    """A webhook's event, of whose object only what it points at is read."""

    id: str
    type: str
    data: _Data

    @property
    def attempt_key(self) -> str:
        """Our key, which payments, their pages and their charges bear; '' for others."""
        key = (self.data.object.metadata or {}).get(ATTEMPT, "")
        return key if len(key) <= KEY_LENGTH_MAX else ""

    @property
    def dispute(self) -> str:
        """Which dispute it is about; '' for anything else."""
        about = self.data.object
        return about.id if about.object == "dispute" else ""

    @property
    def kept(self) -> bytes:
        """What of the event is kept: what it points at, and no person."""
        about = self.data.object
        metadata = {ATTEMPT: self.attempt_key} if self.attempt_key else {}
        told = {"id": about.id, "object": about.object, "status": about.status}
        return msgspec.json.encode(
            {
                "id": self.id,
                "type": self.type,
                "data": {"object": {**told, "metadata": metadata}},
            }
        )


def dispute_of(told: DisputeRead) -> Dispute:
    """Say how a dispute stands; raises FaultError when it is not understood."""
    state = DISPUTES.get(told.status.removeprefix(INQUIRY), "")
    money = money_of(told.amount, told.currency)
    if not state or money is None:
        raise FaultError(SYSTEM, "the dispute is not understood")
    due = told.evidence_details.due_by if told.evidence_details else None
    about = told.payment_intent
    key = about.metadata.get(ATTEMPT, "") if isinstance(about, Intent) else ""
    return Dispute(
        reference=told.id,
        attempt_key=key if len(key) <= KEY_LENGTH_MAX else "",
        amount=money,
        reason=Problem(code=told.reason).word or "general",
        state=state,
        is_inquiry=told.status.startswith(INQUIRY),
        answer_by=datetime.fromtimestamp(due, UTC) if due else None,
    )


def opened(v1: stripe.V1Services, since: datetime, until: datetime) -> Opened:
    """List the disputes that were opened in a time, the newest first, at most a thousand."""
    found: list[str] = []
    for _page in range(PAGES_MAX):
        asked: stripe.params.DisputeListParams = {
            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
            "limit": PAGE,
        }
        if found:
            asked["starting_after"] = found[-1]
        told = read(v1.disputes.list(asked), _Listed)
        found += [each.id for each in told.data]
        if not (told.has_more and told.data):
            return Opened(tuple(found), is_all=not told.has_more)
    return Opened(tuple(found), is_all=False)
