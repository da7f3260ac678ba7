"""A channel as the conformance suite sees it: somebody comes in, asks for a renewal, is told.

A door speaks only as its people do: pages by forms, programs by HTTP. It keeps what it sent, so
that the same request can be sent again, as after a double press or a lost answer.
"""

from dataclasses import dataclass
from typing import Protocol

from everline.cards import Card
from everline.errors import Code
from tests.world import Plan


@dataclass(frozen=True, slots=True)
class Told:
    """What the person was told: the state of the renewal or the refusal's code, and the words."""

    outcome: str
    text: str
    code: str | None = None


class Door(Protocol):
    """One channel, in one language. `means` are those it can be paid by.

    `beforehand` counts the renewals that its people had when they came: a mandate needs a term.
    `contact` is where the confirmation goes, as far as the person is asked.
    """

    means: frozenset[str]
    beforehand: int
    contact: str

    def funds(self, card: Card, amount: int) -> None:
        """Let there be money to pay for this card: on its balance or the payer's deposit."""
        ...

    def ask(self, card: Card, plan: Plan) -> str:
        """Choose a plan for a card and accept what is shown; gives the request's name."""
        ...

    def send(self, request: str, *, listens: bool = True) -> Told:
        """Send a request, paid from what `funds` gave; without listening, the answer is lost."""
        ...

    def pay_by_bank(self, card: Card, plan: Plan, number: str) -> Told:
        """Renew by a bank card of this number, where the channel takes bank cards."""
        ...

    def look(self, card: Card) -> Told:
        """Look where the last renewal of this door stands."""
        ...

    def sentence(self, code: Code) -> str:
        """Give the English sentence with which this channel says a refusal."""
        ...

    def look_up(self, number: str) -> Told:
        """Enter a card number that may not exist."""
        ...
