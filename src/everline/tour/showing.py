"""What the tour's page shows of one card, read from the rows that the doors have written.

The card as rings and bars, the steps in words, the entries as pairs, and whether it is one renewal
and balanced. Nothing is remembered of an act but its name, when it began, and what was there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import get_language, gettext as _

from everline import cards, database, ledger, renewals
from everline.cards import Card, Status
from everline.catalogue import Policy
from everline.pages import words as facts
from everline.renewals import Renewal
from everline.slips import Drawn, Issuer, draw, of_renewal
from everline.tour import words
from everline.tour.misfortunes import MISFORTUNES

RING: Final = 1000
"""Into how many parts the ring of validity is divided."""

GAP: Final = 8
STEPS_MAX: Final = 12
STEPS_READ: Final = 24
MINOR: Final = frozenset({"created", "sent"})
"""States of things on their way; a long story is told without them."""

ENTRIES_MAX: Final = 8
RECENT_MAX: Final = 12
PATIENCE: Final = timedelta(days=1, minutes=2)
"""How long an act may take to open a renewal, by a clock that it may itself move a day on."""

DEVICE_OF: Final = {
    "web": "phone",
    "auto": "calendar",
    "hotline": "telephone",
    "store": "till",
    "partner": "partner",
    "kiosk": "kiosk",
}
LATER: Final = frozenset({"calendar", "day-later"})
"""Acts of which the worker makes the renewal, some seconds later."""

REFUNDS: Final = frozenset({"late-yes"})
"""Acts that end when money that came too late has gone back."""

OPEN: Final = frozenset({"placed", "awaiting_payment", "held", "paid", "reversing"})


@dataclass(frozen=True, slots=True)
class Done:
    """The act that was done last: its name, when it began, what was there, what was told."""

    name: str
    since: datetime
    before: frozenset[UUID]
    told: str
    said: str

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Done":
        """Take up what the session keeps."""
        return cls(
            name=kept["name"],
            since=datetime.fromisoformat(kept["since"]),
            before=frozenset(UUID(each) for each in kept["before"]),
            told=kept["told"],
            said=kept["said"],
        )


@dataclass(frozen=True, slots=True)
class Arc:
    """A part of the ring: where it begins, how long it is, and whose it is."""

    begins: int
    length: int
    kind: str

    @property
    def dash(self) -> str:
        """Write it as one dash and a gap as long as the ring."""
        return f"{self.length} {RING}"

    @property
    def skip(self) -> int:
        """Tell how far the dash is moved along the ring."""
        return -self.begins


@dataclass(frozen=True, slots=True)
class Step:
    """One row of history."""

    machine: str
    subject_id: UUID
    to_state: str
    at: datetime

    @property
    def text(self) -> str:
        """Say it."""
        return words.step(self.machine, self.to_state)

    def clock(self, zone: str) -> str:
        """Tell when it was, by the wall clock of the card's place."""
        return f"{self.at.astimezone(ZoneInfo(zone)):%H:%M:%S}"

    @property
    def tone(self) -> str:
        """Tell how it looks."""
        if self.to_state in {"delivered", "succeeded", "done"}:
            return "done"
        return "wait" if self.to_state == "unknown" else "step"


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer: the account to debit, the account to credit, the amount."""

    id: UUID
    debit: str
    credit: str
    amount: int


@dataclass(frozen=True, slots=True)
class _Books:
    debits: int
    credits: int
    is_replayed: bool


def context(card: Card, done: Done | None, policy: Policy, at: datetime) -> dict[str, Any]:
    """Give all that the page shows now."""
    status = cards.status(card, at)
    mine = _of_act(card, done)
    shown = mine[0] if mine else None
    books = _books(card, mine)
    balance = ledger.spendable(card.account_id, "balance", card.currency)
    steps = _steps(card, done)
    entries = _entries(card, mine)
    return {
        "masked": card.masked,
        "plan": facts.name(status.present.plan_names) if status.present else "",
        "arcs": _arcs(status, mine, at),
        "ring": RING,
        "days": max((status.valid_until - at).days, 0) if status.valid_until else 0,
        "until": facts.instant(status.valid_until, card.zone) if status.valid_until else "",
        "data": _data(status),
        "balance": facts.money(balance, card.currency, policy),
        "device": DEVICE_OF.get(shown.channel, "") if shown else "",
        "slip": _slip(shown, policy),
        "steps": [
            {"text": each.text, "tone": each.tone, "at": each.clock(card.zone)} for each in steps
        ],
        "entries": [
            {
                "debit": words.account(each.debit),
                "credit": words.account(each.credit),
                "amount": facts.money(each.amount, card.currency, policy),
            }
            for each in entries
        ],
        "debits": facts.money(books.debits, card.currency, policy),
        "credits": facts.money(books.credits, card.currency, policy),
        "is_level": books.debits == books.credits and books.is_replayed,
        "verdict": _verdict(done, mine, books, at),
        "why": _why(done, shown),
        "said": done.said if done else "",
        "act": done.name if done else "",
        "now": facts.instant(at, card.zone),
        "devices": [
            {
                "name": name,
                "title": _(title),
                "hint": _(hint),
                "figure": words.FIGURES[name],
                "app": settings.PARTNER_APP if name == "partner" else "",
            }
            for name, (title, hint) in words.DEVICES.items()
        ],
        "misfortunes": [
            {"name": name, "title": _(words.MISFORTUNES[name])} for name in MISFORTUNES
        ],
    }


def _of_act(card: Card, done: Done | None) -> list[Renewal]:
    """Find the renewals that came since the act began, the newest first."""
    if done is None:
        return []
    return [each for each in renewals.of_card(card.id, RECENT_MAX) if each.id not in done.before]


def _arcs(status: Status, mine: Sequence[Renewal], at: datetime) -> list[Arc]:
    """Lay the terms around the ring: what is over of the present one, what is left, what waits."""
    terms = (*((status.present,) if status.present else ()), *status.queued)
    if not terms:
        return []
    first = terms[0].starts_at
    whole = max(int((terms[-1].ends_at - first).total_seconds()), 1)
    new = {each.starts_at for each in mine}
    arcs = []
    for place, term in enumerate(terms):
        begins = max(term.starts_at, at) if place == 0 else term.starts_at
        start = int((begins - first).total_seconds()) * RING // whole
        end = int((term.ends_at - first).total_seconds()) * RING // whole
        kind = "present" if place == 0 else "new" if term.starts_at in new else "queued"
        kind = f"arc {kind}"
        arcs.append(Arc(start, max(end - start - GAP, GAP), kind))
    return arcs


def _data(status: Status) -> dict[str, Any]:
    """Say what is left of the present term's data, as words and in hundredths of the bar."""
    term = status.present
    if term is None or not term.allowance_bytes:
        return {"left": "", "of": "", "parts": 0}
    left = term.left_bytes or 0
    return {
        "left": facts.data(left),
        "of": facts.data(term.allowance_bytes),
        "parts": left * 100 // term.allowance_bytes,
    }


def _slip(renewal: Renewal | None, policy: Policy) -> Drawn | None:
    """Draw the slip of a renewal that was paid, as each door gives it."""
    if renewal is None or renewal.state not in {"paid", "delivered"}:
        return None
    device = DEVICE_OF.get(renewal.channel, "phone")
    issuer = Issuer(_(words.DEVICES[device][0]), "", policy.domain, renewal.source[:12])
    return draw(of_renewal(renewal, policy, issuer, public_address=settings.PUBLIC_ADDRESS))


def _steps(card: Card, done: Done | None) -> list[Step]:
    """Read the steps that were written for this card since the act began, the oldest first.

    When they are too many, those that only led to the next one are left out.
    """
    if done is None:
        return []
    found = database.rows(
        Step,
        "select h.machine, h.subject_id, h.to_state, h.at from database_history h"
        " where h.account_id = %s and h.at >= %s"
        " and h.machine in ('renewal', 'attempt', 'refund', 'order')"
        " order by h.id desc limit %s",
        [card.account_id, done.since, STEPS_READ],
    )
    if len(found) > STEPS_MAX:
        found = [each for each in found if each.to_state not in MINOR]
    return found[STEPS_MAX - 1 :: -1]


def _entries(card: Card, mine: Sequence[Renewal]) -> list[Entry]:
    """Read the transfers of the act's renewals, in the order in which they were posted."""
    return database.rows(
        Entry,
        "select t.id, d.kind as debit, c.kind as credit, t.amount from ledger_transfer t"
        " join ledger_account d on d.id = t.debit_id join ledger_account c on c.id = t.credit_id"
        " where t.account_id = %s and t.group_id = any(%s) "
        " order by t.at, t.kind <> 'capture', t.id limit %s",
        [card.account_id, [each.id for each in mine], ENTRIES_MAX],
    )


def _books(card: Card, mine: Sequence[Renewal]) -> _Books:
    """Add both sides up, each by its own accounts, and replay the card's balance."""
    found = database.row(
        _Books,
        "select (select coalesce(sum(t.amount), 0) from ledger_transfer t join ledger_account a"
        " on a.id = t.debit_id where t.account_id = g.account_id and t.group_id = any(g.groups)"
        ")::bigint as debits,"
        " (select coalesce(sum(t.amount), 0) from ledger_transfer t join ledger_account a"
        " on a.id = t.credit_id where t.account_id = g.account_id and t.group_id = any(g.groups)"
        ")::bigint as credits,"
        " not exists (select from ledger_account a where a.account_id = g.account_id"
        " and a.floor is not null and a.balance <> (select coalesce(sum("
        "case when t.credit_id = a.id then t.amount else -t.amount end), 0)"
        " from ledger_transfer t where t.account_id = g.account_id"
        " and a.id in (t.credit_id, t.debit_id))) as is_replayed"
        " from (select %s::uuid as account_id, %s::uuid[] as groups) g",
        [card.account_id, [each.id for each in mine]],
    )
    assert found is not None
    return found


def _verdict(
    done: Done | None, mine: Sequence[Renewal], books: _Books, at: datetime
) -> dict[str, Any]:
    """Tell whether the act made one renewal and the books balance: good, wait, or the truth."""
    sold = [each for each in mine if each.state in {"paid", "delivered"}]
    is_balanced = books.debits == books.credits and books.is_replayed
    is_open = any(each.state in OPEN for each in mine)
    goes_back = _goes_back(done, mine)
    is_awaited = not mine and done is not None and done.name in LATER and at - done.since < PATIENCE
    if not is_balanced or len(sold) > 1:
        tone = "bad"
    elif sold:
        tone = "wait" if goes_back else "good"
    elif done is None or done.told in {"clock_stays", "refused"}:
        tone = "calm"
    else:
        tone = "wait" if is_open or is_awaited else "bad"
    return {
        "tone": tone,
        "renewals": len(sold),
        "is_balanced": is_balanced,
        "is_open": is_open or is_awaited or goes_back,
    }


def _goes_back(done: Done | None, mine: Sequence[Renewal]) -> bool:
    """Tell whether an act still waits for money to go back, or to come first."""
    if done is None or done.name not in REFUNDS or done.told != "done":
        return False
    return any(each.refund_state != "succeeded" for each in mine)


def _why(done: Done | None, shown: Renewal | None) -> str:
    if done is None:
        return words.why("welcome")
    if shown is not None and shown.state == "awaiting_payment" and shown.attempt_state:
        return words.why("checking")
    if shown is None and done.name not in LATER and done.told == "done":
        return words.why("lost")
    if shown is not None and _goes_back(done, [shown]):
        return words.why("late_money")
    special = {"kiosk_won", "phone_won", "clock_stays", "lost", "refused"}
    return words.why(done.told if done.told in special else done.name)


def language() -> str:
    """Tell the language of the page that is being made."""
    return get_language() or "en"
