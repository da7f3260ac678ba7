"""Gates of the table of authorisation: who is let in, and what everybody else gets.

address_table.py and office_table.py use them; the speakers' names are those of speakers.py.
"""

from dataclasses import dataclass, field
from typing import Final

OPEN: Final = "let in"
Answer = str | int


@dataclass(frozen=True, slots=True)
class Gate:
    """What everybody gets, and what some get instead: OPEN, a status, or a door's address."""

    others: Answer
    named: dict[str, Answer] = field(default_factory=dict)

    def but(self, speakers: str, answer: Answer) -> "Gate":
        """Make a gate that answers some speakers otherwise."""
        return Gate(self.others, self.named | dict.fromkeys(speakers.split(), answer))

    def answer(self, speaker: str) -> Answer:
        """Say what a speaker gets."""
        return self.named.get(speaker, self.others)


@dataclass(frozen=True, slots=True)
class Row:
    """One address with its methods."""

    address: str
    methods: tuple[str, ...]
    gate: Gate


def rows(gate: Gate, *lines: str) -> list[Row]:
    """Read lines such as `GET POST /till`."""
    return [
        Row(address, tuple(methods.split()), gate)
        for methods, _space, address in (line.rpartition(" ") for line in lines)
    ]


STAFF: Final = "clerk_at_home manager other_manager support finance owner"
"""Whoever is signed in with an ability; `ended` is signed in too, and may nothing any more."""

SIGNED_IN: Final = f"{STAFF} ended holder other_holder"
AT_TILLS: Final = "clerk till_manager other_clerk"


def office(speakers: str) -> Gate:
    """Let some of the staff in; whoever is signed in otherwise is told no, others sign in first."""
    return Gate("/sign-in/password").but(SIGNED_IN, 403).but(speakers, OPEN)


PUBLIC: Final = Gate(OPEN)
HOLDER: Final = Gate(404).but("holder", OPEN)
ANYBODYS: Final = Gate("/sign-in").but(SIGNED_IN, OPEN)
HELD: Final = ANYBODYS.but(SIGNED_IN, 404).but("holder", OPEN)
FRESH: Final = Gate("/sign-in").but(STAFF, 403).but("holder other_holder", OPEN)
"""Whoever has signed in a short while ago, and is no staff."""

TILL: Final = (
    Gate("/till/enrol")
    .but(AT_TILLS, OPEN)
    .but("till left_clerk", "/till/sign-in")
    .but("locked_clerk", "/till/unlock")
)
OWN_SALE: Final = TILL.but("other_clerk", 404)
KIOSK: Final = Gate("/kiosk/enrol").but("kiosk visitor other_kiosk", OPEN)
VISIT: Final = KIOSK.but("kiosk other_kiosk", "/kiosk")
API: Final = Gate(401).but("partner other_partner", OPEN)
OWN_ORDER: Final = API.but("other_partner", 404)
