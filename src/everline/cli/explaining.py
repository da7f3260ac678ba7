"""How the command line explains a card: in the words of its holder's page, or as JSON.

The facts are those of autorenewal/explain.py, worded in pages/telling.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import override
from rich.table import Table
from rich.text import Text

from everline import autorenewal, cards, catalogue
from everline.autorenewal import Account
from everline.cli.speech import out
from everline.pages import telling
from everline.pages.telling import Told


@dataclass(frozen=True, slots=True)
class Explained:
    """All that is known of a card's renewals, as facts and in words."""

    card: cards.Card
    account: Account
    told: Told

    def as_json(self) -> dict[str, Any]:
        """Give it for programs: codes and minor units, with the words beside."""
        standing = self.account.standing
        said = {(each.at, each.code): each.what for each in self.told.lines}
        return {
            "iccid": self.card.iccid,
            "answers": list(self.told.answers),
            "rungs": [each.isoformat() for each in standing.rungs] if standing else [],
            "reason": standing.parked_reason or standing.reason if standing else None,
            "facts": [
                {
                    "at": each.at.isoformat(),
                    "code": each.code,
                    "facts": each.facts,
                    "said": said.get((each.at, each.code), ""),
                }
                for each in self.account.facts
            ],
        }

    def print(self) -> None:
        """Write it for people: the answers, then the facts, the newest first."""
        for answer in self.told.answers:
            out.print(answer, markup=False)
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for each in self.told.lines:
            table.add_row(each.when, Text(each.what), style="yellow" if each.is_bad else "")
        out.print()
        out.print(table)


def look(card: cards.Card, at: datetime, most: int) -> Explained:
    """Read and word all that is known of a card."""
    account = autorenewal.explain(card.id, at, most=most)
    with override("en"):
        return Explained(card, account, telling.tell(account, card.zone, catalogue.policy()))
