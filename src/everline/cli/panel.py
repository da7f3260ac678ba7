"""What the demo shows: the address, cards to try, sign-ins; and its parts' log lines, quietly.

The numbers stand in demo/cards.csv, whose head explains them; a test compares.
"""

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from everline.cli.speech import err, out, write_json

CARDS: Final = (
    ("8999907111111111112", "runs now: a renewal is added after the present plan"),
    ("8999907222222222225", "lapsed some days ago: a renewal starts at once"),
    ("8999907333333333338", "new in its carrier: activate it with start code NEW4-CARD"),
)
COLORS: Final = {"web": "green", "worker": "blue", "simulators": "magenta", "e-wallet": "yellow"}
WIDTH: Final = max(map(len, COLORS))

_line: Final = threading.Lock()


def grouped(number: str) -> str:
    """Write a card number in groups of four, as it is printed on the card."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def tell(name: str, line: str) -> None:
    """Show one line of a part, with its name before it."""
    with _line:
        err.print(
            Text.assemble((f"{name:<{WIDTH}} │ ", COLORS.get(name, "dim")), (line, "dim")),
            soft_wrap=True,
        )


@dataclass(frozen=True, slots=True)
class Guide:
    """What there is to try: card numbers with what each shows, and sign-ins with their titles."""

    cards: tuple[tuple[str, str], ...]
    sign_ins: tuple[tuple[str, str], ...]
    api_key: str = field(default="", repr=False)


def show(port: int, home: Path, guide: Guide, *, as_json: bool) -> None:
    """Show where to look and what to try, when everything answers."""
    address = f"http://localhost:{port}"
    if as_json:
        write_json(
            {
                "address": address,
                "tour": f"{address}/tour",
                "outbox": f"{address}/outbox",
                "partner_app": os.environ.get("EVERLINE_PARTNER_APP", ""),
                "cards": [{"iccid": number, "shows": what} for number, what in guide.cards],
                "sign_ins": dict(guide.sign_ins),
                "home": str(home),
            }
        )
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Tour", Text(f"{address}/tour", style="bold cyan"))
    table.add_row("Open", Text(address, style="bold cyan"))
    table.add_row("")
    for place, (number, what) in enumerate(guide.cards):
        table.add_row("" if place else "Cards", Text(grouped(number), style="bold"))
        table.add_row("", Text(what, style="dim"))
    table.add_row("")
    for title, value in guide.sign_ins:
        table.add_row(title, value)
    table.add_row("Outbox", f"{address}/outbox")
    if app := os.environ.get("EVERLINE_PARTNER_APP"):
        table.add_row("E-wallet", f"{app}  (a partner's, on the API)")
    table.add_row("Data", str(home))
    table.add_row("")
    table.add_row("Stop", "Ctrl-C")
    out.print(Panel(table, title="Everline", title_align="left", expand=False, padding=(1, 2)))
