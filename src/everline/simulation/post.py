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

REMINDERS: Final = frozenset({"ending_week", "ending_days", "ending_day", "ending_soon"})
AHEAD: Final = frozenset({"auto_ahead", "auto_changed", "auto_short"})
"""Templates that tell of a charge to come."""

OF_A_CHARGE: Final = AHEAD | {"auto_consent", "auto_failed"}
LONGER: Final = frozenset({"auto_prolonged", "auto_grace"})
MARKS: Final = {"data_low": 0.8, "data_out": 1}
NUMBER: Final = frozenset({"number_ends", "number_ends_soon"})

_NOTICE: Final = (
    "select n.id, n.template, n.recipient, n.medium, n.fact_id, n.facts, n.account_id, r.state,"
    " c.zone, c.state as card_state, c.next_rung_at is not null as is_armed, m.total as agreed,"
    " t.ends_at, t.share, m.below_bytes, m.paused_until > %(at)s as is_paused_now,"
    " m.paused_until > least(c.next_rung_at, t.ends_at) and k.counts as is_paused,"
    " m.paused_until > t.ends_at and k.counts as is_paused_at_end,"
    " coalesce((select sum(a.balance - a.held) from ledger_account a"
    "  where a.account_id = c.account_id and a.kind = 'balance' and a.pocket = 0), 0) as balance"
    " from notices_notice n left join cards_card c on c.account_id = n.account_id"
    " left join renewals_renewal r on r.id = n.fact_id"
    " left join autorenewal_mandate m on m.card_id = c.id and m.ended_at is null"
    " left join lateral (select e.ends_at, e.used_bytes::float"
    "  / nullif(e.allowance_bytes + e.carried_bytes, 0) as share from cards_entitlement e"
    "  where e.card_id = c.id and e.state <> 'cancelled' order by e.ends_at desc limit 1) t on true"
    " cross join lateral (select (m.is_skip and t.ends_at >= m.paused_until) is not true as counts)"
    "  k where n.id = %(id)s"
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
        told = self._reader.execute(
            _NOTICE, {"id": ids.inside("ntc", letter.key), "at": self._now()}
        ).fetchone()
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
        if template not in REMINDERS | OF_A_CHARGE | LONGER | MARKS.keys() | NUMBER:
            return None
        if told["card_state"] == "terminated":
            return "the card is terminated"
        ends_at = datetime.fromisoformat(told["facts"]["ends_at"])
        if told["ends_at"] is not None and told["ends_at"] > ends_at:
            return "the card was renewed meanwhile"
        if template not in NUMBER | {"auto_failed", "auto_consent"} and ends_at <= self._now():
            return "its term is over"
        return self._against(template, told) or self._night(told)

    def _against(self, template: str, told: dict[str, Any]) -> str | None:
        """Say what stands against a warning, by its kind."""
        if template in REMINDERS and told["is_armed"] and not told["is_paused_at_end"]:
            return "the card renews by itself"
        if template in OF_A_CHARGE and not told["is_armed"]:
            return "the card does not renew by itself"
        if template in AHEAD and told["is_paused"]:
            return "automatic renewal is paused"
        if template == "auto_short" and told["balance"] >= told["facts"]["total"]:
            return "the balance suffices"
        if template == "auto_consent" and (told["agreed"] or 0) >= told["facts"]["total"]:
            return "it was agreed to"
        if template in MARKS and (told["share"] or 0) < MARKS[template]:
            return f"{told['share']:.2f} of the data is used"
        if template in MARKS and told["below_bytes"] and not told["is_paused_now"]:
            return "data is renewed by itself"
        return None

    def _night(self, told: dict[str, Any]) -> str | None:
        """Say that a warning came at night, though the morning would have been early enough."""
        local = self._now().astimezone(ZoneInfo(told["zone"]))
        facts = told["facts"]
        # What waits for a consent after a try in vain names no further try.
        ends_at = datetime.fromisoformat(facts.get(_latest(told["template"]), facts["ends_at"]))
        morning = local.replace(hour=8, minute=0, second=0, microsecond=0)
        if local.hour not in QUIET:
            return None
        if local.hour >= min(QUIET - set(range(8))):
            morning += ONE_DAY
        return f"sent at {local:%H:%M} of its place" if morning < ends_at else None


def _latest(template: str) -> str:
    """Name the instant by which a warning must be read."""
    if template in NUMBER:
        return "gone_at"
    return "next_at" if template in {"auto_ahead", "auto_changed", "auto_consent"} else "ends_at"


def person_of(recipient: str) -> int:
    """Tell whose address this is: those of a run have the person's number in them."""
    return int("".join(sign for sign in recipient.partition("@")[0] if sign.isdigit())[-6:])
