"""What the core should do, in plain Python: cards, terms, renewals, attempts, refunds, balances.

It is written from the promises and not from the SQL: no table, no lock, no ledger. test_machine.py
lets both live through the same events and compares. Plans are of whole days, as calendars have
tests of their own.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

QUOTE: Final = timedelta(minutes=15)
TO_PAY: Final = timedelta(minutes=30)
TO_DELIVER: Final = timedelta(minutes=30)
SUPERSEDED_AFTER: Final = timedelta(minutes=10)
TERMS_AHEAD_MAX: Final = 6
IN_FLIGHT: Final = frozenset({"created", "sent", "unknown"})


@dataclass(frozen=True, slots=True)
class Plan:
    days: int
    price: int
    on_renewal: str


@dataclass(slots=True, eq=False)
class Term:
    starts_at: datetime
    ends_at: datetime
    planned_ends_at: datetime
    closed_by: "Term | None" = None


@dataclass(slots=True, eq=False)
class Attempt:
    state: str
    superseded_at: datetime


@dataclass(slots=True, eq=False)
class Refund:
    attempt: Attempt
    state: str = "created"


@dataclass(slots=True, eq=False)
class Renewal:
    plan: Plan
    means: str
    state: str
    placed_at: datetime
    starts_at: datetime
    ends_at: datetime
    deadline_at: datetime | None
    term: Term | None = None
    attempts: list[Attempt] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    is_sold: bool = False
    """Its money is with us and was not given back."""

    @property
    def in_flight(self) -> bool:
        return any(attempt.state in IN_FLIGHT for attempt in self.attempts)


@dataclass(slots=True, eq=False)
class Card:
    balance: int = 0
    is_suspended: bool = False
    terms: list[Term] = field(default_factory=list)
    renewals: list[Renewal] = field(default_factory=list)

    @property
    def open(self) -> Renewal | None:
        waiting = [each for each in self.renewals if each.state == "awaiting_payment"]
        assert len(waiting) <= 1
        return waiting[0] if waiting else None

    def live(self, at: datetime) -> list[Term]:
        return sorted(
            (term for term in self.terms if term.ends_at > at), key=lambda term: term.starts_at
        )

    def present(self, at: datetime) -> Term | None:
        return next((term for term in self.live(at) if term.starts_at <= at), None)

    def interval(self, plan: Plan, at: datetime) -> tuple[datetime, datetime]:
        """When a term bought now begins and ends."""
        live, present = self.live(at), self.present(at)
        starts_at = live[-1].ends_at if live and plan.on_renewal == "queue" else at
        ends_at = starts_at + timedelta(days=plan.days)
        if plan.on_renewal == "stack" and present is not None:
            ends_at = max(ends_at, present.ends_at)
        return starts_at, ends_at

    def why_not(self, plan: Plan, at: datetime) -> str | None:
        """What forbids a sale, but for the money."""
        if self.open is not None:
            return "renewal_open"
        if self.is_suspended:
            return "card_suspended"
        live = self.live(at)
        queued = sum(term.starts_at > at for term in live)
        if plan.on_renewal != "queue":
            if any(term.starts_at == at for term in live):
                return "term_paid"
            return "term_queued" if queued else None
        return "too_far_ahead" if queued >= TERMS_AHEAD_MAX else None

    def grant(self, renewal: Renewal, at: datetime) -> None:
        renewal.term = Term(renewal.starts_at, renewal.ends_at, renewal.ends_at)
        present = self.present(at)
        if renewal.plan.on_renewal != "queue" and present is not None:
            present.ends_at, present.closed_by = at, renewal.term
        self.terms.append(renewal.term)
        renewal.state, renewal.deadline_at, renewal.is_sold = "paid", at + TO_DELIVER, True

    def renew(self, plan: Plan, at: datetime) -> str:
        """Buy from the balance: an outcome or the reason of a refusal."""
        why = self.why_not(plan, at)
        if why is not None:
            return why
        if self.balance < plan.price:
            return "balance_short"
        self.balance -= plan.price
        renewal = Renewal(plan, "balance", "", at, *self.interval(plan, at), None)
        self.renewals.append(renewal)
        self.grant(renewal, at)
        return "renewed"

    def place(self, plan: Plan, at: datetime) -> str:
        """Open a renewal that a gateway is to pay, with an attempt that is sent."""
        why = self.why_not(plan, at)
        if why is not None:
            return why
        present = self.present(at)
        soonest = max(present.ends_at if present else at, at + timedelta(minutes=5))
        renewal = Renewal(
            plan, "gateway", "awaiting_payment", at, *self.interval(plan, at), at + TO_PAY
        )
        renewal.attempts.append(Attempt("sent", min(at + SUPERSEDED_AFTER, soonest)))
        self.renewals.append(renewal)
        return "placed"

    def retry(self, renewal: Renewal, at: datetime) -> str:
        if renewal.state != "awaiting_payment" or _is_over(renewal, at):
            return "renewal_state"
        if renewal.in_flight:
            return "payment_unsure"
        renewal.attempts.append(Attempt("sent", at + SUPERSEDED_AFTER))
        return "placed"

    def hear(
        self, renewal: Renewal, attempt: Attempt, said: str, at: datetime, *, is_last: bool
    ) -> None:
        """Believe an explicit yes or no; be patient with everything else."""
        if said == "succeeded" and attempt.state != "succeeded":
            attempt.state = "succeeded"
            self._captured(renewal, attempt, at)
        elif said == "failed" and attempt.state != "succeeded":
            attempt.state = "failed"
        elif said == "unknown" and attempt.state in {"sent", "unknown", "superseded"}:
            if is_last:
                attempt.state = "parked"
            elif attempt.state != "superseded":
                is_over = at >= attempt.superseded_at
                attempt.state = "superseded" if is_over else "unknown"

    def _captured(self, renewal: Renewal, attempt: Attempt, at: datetime) -> None:
        if renewal.state == "awaiting_payment" and not self.is_suspended:
            starts_at, ends_at = self.interval(renewal.plan, at)
            if at > renewal.placed_at + QUOTE or starts_at not in {at, renewal.starts_at}:
                renewal.ends_at = max(renewal.ends_at, ends_at)
            renewal.starts_at = starts_at
            self.grant(renewal, at)
            return
        if renewal.state == "awaiting_payment":
            renewal.state, renewal.deadline_at = "refused", None
        renewal.refunds.append(Refund(attempt))

    def cancel(self, renewal: Renewal) -> str:
        if renewal.state != "awaiting_payment":
            return "renewal_state"
        for attempt in renewal.attempts:
            if attempt.state in IN_FLIGHT:
                attempt.state = "superseded"
        renewal.state, renewal.deadline_at = "cancelled", None
        return "cancelled"

    def sweep(self, at: datetime) -> None:
        """Do what deadlines ask for."""
        for renewal in self.renewals:
            if _is_over(renewal, at):
                if renewal.state == "paid":
                    self.take_back(renewal)
                elif not renewal.in_flight:
                    renewal.state, renewal.deadline_at = "expired", None

    def deliver(self, renewal: Renewal, said: str) -> None:
        if renewal.state == "paid" and said == "done":
            renewal.state, renewal.deadline_at = "delivered", None
        elif renewal.state == "paid" and said == "refused":
            self.take_back(renewal)

    def reverse(self, renewal: Renewal) -> str:
        if renewal.state not in {"paid", "delivered"}:
            return "renewal_state"
        self.take_back(renewal)
        return "reversing"

    def take_back(self, renewal: Renewal) -> None:
        was, renewal.state, renewal.deadline_at = renewal.state, "reversing", None
        gone = renewal.term
        assert gone is not None
        self.terms.remove(gone)
        behind = min(
            (term for term in self.terms if term.starts_at >= gone.starts_at),
            key=lambda term: term.starts_at,
            default=None,
        )
        for term in self.terms:
            if term.closed_by is gone:
                is_cut = behind is not None and behind.starts_at < term.planned_ends_at
                term.closed_by = behind if is_cut else None
                term.ends_at = behind.starts_at if behind and is_cut else term.planned_ends_at
        if was == "paid":
            self.money_back(renewal)

    def money_back(self, renewal: Renewal) -> None:
        if renewal.state != "reversing" or not renewal.is_sold:
            return
        renewal.is_sold = False
        if renewal.means == "balance":
            self.balance += renewal.plan.price
            renewal.state = "reversed"
            return
        refunded = {refund.attempt for refund in renewal.refunds}
        (paid_by,) = [
            attempt
            for attempt in renewal.attempts
            if attempt.state == "succeeded" and attempt not in refunded
        ]
        renewal.refunds.append(Refund(paid_by))

    def refunded(self, renewal: Renewal, refund: Refund) -> None:
        refund.state = "succeeded"
        if (
            renewal.state == "reversing"
            and not renewal.is_sold
            and all(each.state == "succeeded" for each in renewal.refunds)
        ):
            renewal.state = "reversed"


def _is_over(renewal: Renewal, at: datetime) -> bool:
    return renewal.deadline_at is not None and renewal.deadline_at <= at
