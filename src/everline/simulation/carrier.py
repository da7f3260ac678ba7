"""A network in this process: an adapter of the real protocol, with books of its own.

It can lose a request, do it and lose the answer, refuse, and be away for hours. What it has applied
is compared with what was paid by checks.py.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from everline.provisioning import Applied, NetworkOrder, NotFound, Refused, Reversed, Unknown
from everline.provisioning.network import ApplyOutcome, QueryOutcome, ReverseOutcome
from everline.simulation.faults import Faults

NAME: Final = "simulated"


class Carrier:
    """The adapter and its network; `orders` are its own books: reference -> state."""

    def __init__(
        self, faults: Faults, now: Callable[[], datetime], card_of: Callable[[str], int]
    ) -> None:
        self._faults = faults
        self._now = now
        self._card_of = card_of
        self._cards: dict[str, int] = {}
        self.orders: dict[str, str] = {}
        self.applied = 0
        """How often data was put on a card."""

    def apply(self, order: NetworkOrder) -> ApplyOutcome:
        """Put an entitlement on a card, or give the outcome that this order already has."""
        fault = self._fault(order.iccid)
        if fault in {"away", "lost"}:
            return Unknown("no answer")
        if order.reference not in self.orders:
            self._cards[order.reference] = self._card_of(order.iccid)
            self.orders[order.reference] = "refused" if fault == "refused" else "applied"
            self.applied += self.orders[order.reference] == "applied"
        if fault == "taken":
            return Unknown("no answer")
        if self.orders[order.reference] == "applied":
            return Applied(order.reference)
        return Refused("card_not_on_network")

    def query(self, reference: str) -> QueryOutcome:
        """Ask what became of an order; one that was taken back counts as refused."""
        if self._faults.is_away("network", self._now()):
            return Unknown("no answer")
        state = self.orders.get(reference)
        if state is None:
            return NotFound(reference)
        return Applied(reference) if state == "applied" else Refused(state)

    def reverse(self, reference: str) -> ReverseOutcome:
        """Take an order back; a reference never seen is closed for ever."""
        if self._faults.is_away("network", self._now()):
            return Unknown("no answer")
        self.orders[reference] = "reversed"
        return Reversed(reference)

    def eid_of(self, iccid: str) -> str | None:
        """Tell of no chip: no eSIM of a run waits to be installed."""
        del iccid
        return None

    def _fault(self, iccid: str) -> str | None:
        if self._faults.is_away("network", self._now()):
            return "away"
        return self._faults.draw("network", self._card_of(iccid))
