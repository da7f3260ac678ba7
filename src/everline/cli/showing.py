"""How the command line shows a card and what came of a renewal: as tables, or as JSON.

Amounts are written for people in tables and in minor units in JSON; instants carry their zone.
Which exit code an outcome has is decided here too, as speech.py lists them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.table import Table

from everline import cards, catalogue, clock, ids, ledger, renewals
from everline.cli.speech import Exit, out
from everline.database.requests import Answer
from everline.money import Money

LATEST: Final = 5
LOCALE: Final = "en"
UNITS: Final = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))

STATES: Final = {
    "awaiting_payment": "Waits for payment.",
    "placed": "Placed; not paid yet.",
    "held": "Held for review; nothing was charged.",
    "paid": "Paid, being delivered.",
    "delivered": "Renewed.",
    "refused": "Refused after payment; the money goes back.",
    "cancelled": "Cancelled.",
    "expired": "Not paid in time.",
    "reversing": "Being taken back; the money goes back.",
    "reversed": "Taken back; the money went back.",
}
UNSURE: Final = frozenset({"created", "sent", "unknown", "superseded", "parked"})
"""States of an attempt in which money may still move."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the operator's command line tells of a card."""

    status: cards.Status
    balance: Money
    waiting: renewals.Renewal | None
    latest: tuple[renewals.Renewal, ...]
    digits: int | None
    at: datetime

    def as_json(self) -> dict[str, Any]:
        """Give it for programs."""
        card = self.status.card
        return {
            "iccid": card.iccid,
            "state": card.state,
            "kind": card.kind,
            "msisdn": card.msisdn,
            "zone": card.zone,
            "currency": card.currency,
            "balance": self.balance.amount,
            "valid_until": _iso(self.status.valid_until),
            "present": _term(self.status.present) if self.status.present else None,
            "queued": [_term(term) for term in self.status.queued],
            "last_ended_at": _iso(self.status.last_ended_at),
            "devices": [
                {"kind": device.kind, "number": device.number, "bound_at": _iso(device.bound_at)}
                for device in self.status.devices
            ],
            "open_renewal": _renewal(self.waiting) if self.waiting else None,
            "latest_renewals": [_renewal(renewal) for renewal in self.latest],
        }

    def print(self) -> None:
        """Write it for people."""
        card, status = self.status.card, self.status
        table = _grid()
        table.add_row("Card", f"{card.iccid}  ({card.kind}, {card.state})")
        if card.msisdn:
            table.add_row("Telephone number", card.msisdn)
        ended = _instant(status.last_ended_at, card.zone)
        until = _instant(status.valid_until, card.zone) or (f"lapsed {ended}" if ended else "-")
        table.add_row("Valid until", until)
        if status.present:
            table.add_row("Plan", status.present.plan_code)
            table.add_row("Data left", _data(status.present.left_bytes))
        for term in status.queued:
            starts = _instant(term.starts_at, card.zone)
            table.add_row("Then", f"{term.plan_code}, from {starts}")
        table.add_row("Balance", self.balance.format(LOCALE, self.digits))
        for device in status.devices:
            table.add_row("Device", f"{device.kind.upper()} {device.number}")
        if self.waiting:
            sentence = _outcome(self.waiting)[0]
            table.add_row("Open renewal", f"{_receipt(self.waiting)}: {sentence}")
        for number, renewal in enumerate(self.latest):
            title = "" if number else "Latest renewals"
            placed = _instant(renewal.placed_at, card.zone)
            table.add_row(title, f"{placed}  {renewal.plan_code}  {renewal.state}")
        out.print(table)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a renewal: the stored answer, and the renewal as it is now."""

    request_id: str
    answer: Answer
    renewal: renewals.Renewal | None

    @property
    def code(self) -> Exit:
        """The exit code that says it."""
        if self.answer.reason or self.renewal is None:
            return Exit.REFUSED
        return _outcome(self.renewal)[1]

    def as_json(self) -> dict[str, Any]:
        """Give it for programs."""
        refusal = self.answer.refusal
        return {
            "request_id": self.request_id,
            "outcome": self.answer.outcome,
            "replayed": self.answer.replayed,
            "reason": self.answer.reason,
            "message": refusal.sentence if refusal else self._sentence,
            "facts": self.answer.facts,
            "renewal": _renewal(self.renewal) if self.renewal else None,
        }

    def print(self) -> None:
        """Write it for people."""
        refusal = self.answer.refusal
        if refusal:
            again = " (as answered before)" if self.answer.replayed else ""
            out.print(f"Refused{again}: {refusal.sentence}", style="yellow")
            for name, value in refusal.facts.items():
                out.print(f"  {name}: {value}", style="dim", markup=False)
            return
        renewal = self.renewal
        assert renewal is not None
        style = {Exit.DONE: "green", Exit.UNSURE: "yellow"}.get(self.code, "red")
        out.print(self._sentence, style=style)
        table = _grid()
        table.add_row("Receipt", _receipt(renewal))
        table.add_row("Plan", renewal.plan_code)
        digits = catalogue.policy().currency_digits.get(renewal.currency)
        total = Money(renewal.total, renewal.currency).format(LOCALE, digits)
        table.add_row("Total, tax included", total)
        table.add_row("Paid by", renewal.masked_means or renewal.means)
        table.add_row("Starts", _instant(renewal.starts_at, renewal.zone))
        table.add_row("Valid until", _instant(renewal.ends_at, renewal.zone))
        if self.answer.replayed:
            table.add_row("Replayed", "this request was answered before; nothing new was charged")
        out.print(table)

    @property
    def _sentence(self) -> str:
        return _outcome(self.renewal)[0] if self.renewal else ""


def look(card: cards.Card, at: datetime) -> Shown:
    """Read all that is shown of a card."""
    return Shown(
        status=cards.status(card, at),
        balance=Money(ledger.spendable(card.account_id, "balance", card.currency), card.currency),
        waiting=renewals.find_open(card.id),
        latest=tuple(renewals.of_card(card.id, LATEST)),
        digits=catalogue.policy().currency_digits.get(card.currency),
        at=at,
    )


def _outcome(renewal: renewals.Renewal) -> tuple[str, Exit]:
    """Say in a sentence how a renewal stands, and the exit code of it."""
    if renewal.state in {"paid", "delivered"}:
        return STATES[renewal.state], Exit.DONE
    if renewal.state == "awaiting_payment":
        if renewal.page_url and renewal.attempt_state in {"sent", "unknown"}:
            return f"The bank asks for a confirmation: open {renewal.page_url}", Exit.UNSURE
        if renewal.attempt_state in UNSURE:
            return "We are checking the payment. Do not pay again.", Exit.UNSURE
    if renewal.state in {"awaiting_payment", "cancelled"} and renewal.attempt_state == "failed":
        why = f" ({renewal.attempt_reason})" if renewal.attempt_reason else ""
        return f"The payment was declined{why}. Nothing was charged.", Exit.REFUSED
    return STATES[renewal.state], Exit.REFUSED


def _renewal(renewal: renewals.Renewal) -> dict[str, Any]:
    return {
        "id": _receipt(renewal),
        "iccid": renewal.iccid,
        "state": renewal.state,
        "reason": renewal.reason,
        "channel": renewal.channel,
        "plan": renewal.plan_code,
        "means": renewal.means,
        "masked_means": renewal.masked_means,
        "total": renewal.total,
        "tax": renewal.tax,
        "currency": renewal.currency,
        "starts_at": _iso(renewal.starts_at),
        "ends_at": _iso(renewal.ends_at),
        "zone": renewal.zone,
        "placed_at": _iso(renewal.placed_at),
        "paid_at": _iso(renewal.paid_at),
        "delivered_at": _iso(renewal.delivered_at),
        "payment": renewal.attempt_state,
        "payment_reason": renewal.attempt_reason,
        "payment_page": renewal.page_url,
        "refund": renewal.refund_state,
    }


def _term(term: cards.Term) -> dict[str, Any]:
    return {
        "plan": term.plan_code,
        "state": term.state,
        "starts_at": _iso(term.starts_at),
        "ends_at": _iso(term.ends_at),
        "allowance_bytes": term.allowance_bytes,
        "used_bytes": term.used_bytes,
        "left_bytes": term.left_bytes,
    }


def _receipt(renewal: renewals.Renewal) -> str:
    return ids.outside("rnw", renewal.id)


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _instant(at: datetime | None, zone: str) -> str:
    return clock.format_instant(at, zone, LOCALE) if at else ""


def _data(left: int | None) -> str:
    """Write bytes in the largest decimal unit, cut off: less is promised, never more."""
    if left is None:
        return "unlimited"
    for name, size in UNITS:
        if left >= size:
            whole, rest = divmod(left, size)
            return f"{whole}.{rest * 100 // size:02d} {name}"
    return f"{left} bytes"
