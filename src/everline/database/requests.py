"""What a caller sends with every write, and what it gets back: request and answer.

The caller makes the request id and stores it before sending. The hash covers everything that was
asked for, so the same id with another input is refused.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from everline.errors import Code, Refusal


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a channel, the source in it (a partner, a till, a browser), its request id."""

    channel: str
    source: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb answered; `replayed` says that this request was answered before."""

    id: UUID | None
    outcome: str
    reason: str | None
    facts: dict[str, Any] | None
    valid_until: datetime | None
    replayed: bool

    @property
    def refusal(self) -> Refusal | None:
        """The refusal, or None when the answer is a success."""
        return Refusal(Code(self.reason), self.facts or {}) if self.reason else None


def request_hash(verb: str, **asked: Any) -> bytes:
    """Give the SHA-256 of what was asked, in a form that does not depend on order."""
    text = json.dumps({"verb": verb, **asked}, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()
