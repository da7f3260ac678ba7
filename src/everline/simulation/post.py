"""Senders in this process: every letter reaches its person at once, and is held against the facts.

A message that contradicts the state that the database shows at that instant is noted as a
violation, and so is a second one of the same fact. Letters may be lost and come again, under the
same key. What a person does when it arrives is told by people.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from everline import ids
from everline.errors import FaultError
from everline.notices.senders import Letter
from everline.simulation.faults import Faults

QUIET: Final = frozenset({*range(21, 24), *range(8)})
"""The hours of the card's place in which nobody is warned, as demo/operator.yaml has them."""

ONE_DAY: Final = timedelta(days=1)

BEFORE_THE_END: Final = frozenset({"ending_soon", "auto_short", "auto_failed", "auto_ahead"})
"""Templates that are about a term's end, and wrong once a later term was bought."""

_NOTICE: Final = (
    "select n.id, n.template, n.recipient, n.medium, n.fact_id, n.facts, n.account_id, r.state,"
    " c.zone, c.state as card_state, c.next_rung_at is not null as is_armed,"
    " exists (select from cards_entitlement e where e.card_id = c.id and e.state <> 'cancelled'"
    "  and e.ends_at > (n.facts ->> 'ends_at')::timestamptz) as is_renewed"
    " from notices_notice n left join cards_card c on c.account_id = n.account_id"
    " left join renewals_renewal r on r.id = n.fact_id where n.id = %s"
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as its person reads it."""

    card: int
    template: str
    facts: dict[str, Any]


class Post:
    """The sender of every medium."""

    def __init__(
        self,
        reader: psycopg.Connection,
        faults: Faults,
        now: Callable[[], datetime],
        arrive: Callable[[Arrived], None],
        wrong: Callable[[int, str, str], None],
    ) -> None:
        self._reader = reader.cursor(row_factory=dict_row)
        self._faults = faults
        self._now = now
        self._arrive = arrive
        self._wrong = wrong
        self._said: dict[tuple[UUID, str, str], UUID] = {}

    def send(self, letter: Letter) -> None:
        """Take a letter, compare it with the state, and give it to its person."""
        card = person_of(letter.recipient)
        if self._faults.is_away("sender", self._now()):
            raise FaultError("sender", "no answer")
        if self._faults.draw("sender", card) == "lost":
            raise FaultError("sender", "ReadTimeout")
        told = self._reader.execute(_NOTICE, [ids.inside("ntc", letter.key)]).fetchone()
        assert told is not None, letter.key
        contradiction = self._contradiction(told)
        if contradiction:
            self._wrong(card, "messages_are_true", f"{told['template']}: {contradiction}")
        key = (told["fact_id"], told["template"], letter.recipient)
        if self._said.setdefault(key, told["id"]) != told["id"]:
            self._wrong(card, "one_message_a_fact", f"{told['template']} twice")
        self._arrive(Arrived(card, told["template"], told["facts"]))

    def _contradiction(self, told: dict[str, Any]) -> str | None:
        """Say what the database has against a message; None when it is true."""
        template, state = told["template"], told["state"]
        if template == "renewed" and state not in {"delivered", "reversing", "reversed"}:
            return f"the renewal is {state}"
        if template == "refunded" and state in {"paid", "delivered"}:
            return f"the renewal is {state}"
        if template not in BEFORE_THE_END:
            return None
        if told["card_state"] == "terminated":
            return "the card is terminated"
        if told["is_renewed"]:
            return "the card was renewed meanwhile"
        if template == "ending_soon" and told["is_armed"]:
            return "the card renews by itself"
        return self._night(told)

    def _night(self, told: dict[str, Any]) -> str | None:
        """Say that a warning came at night, though the morning would have been early enough."""
        local = self._now().astimezone(ZoneInfo(told["zone"]))
        ends_at = datetime.fromisoformat(told["facts"]["ends_at"])
        morning = local.replace(hour=8, minute=0, second=0, microsecond=0)
        if local.hour not in QUIET:
            return None
        if local.hour >= min(QUIET - set(range(8))):
            morning += ONE_DAY
        return f"sent at {local:%H:%M} of its place" if morning < ends_at else None


def person_of(recipient: str) -> int:
    """Tell whose address this is: those of a run have the person's number in them."""
    return int("".join(sign for sign in recipient.partition("@")[0] if sign.isdigit())[-6:])
