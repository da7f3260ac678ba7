"""A gateway in this process: an adapter of the real protocol, whose bank keeps books of its own.

It can lose a request, do it and lose the answer, know its mind hours later, send callbacks twice,
tell of disputes, and be away. Whether it has the money is in its own entries, which checks.py
compares with ours.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Final

from everline.errors import MisuseError
from everline.money import Money
from everline.payments.gateways import (
    AUTHENTICATION_REQUIRED,
    DAY_SECONDS,
    NOTHING_KNOWN,
    Abilities,
    ActionNeeded,
    Charge,
    Dispute,
    Failed,
    Hint,
    Kept,
    Known,
    Opened,
    Outcome,
    Pending,
    RefundOutcome,
    Setup,
    SetupOutcome,
    Succeeded,
    Unknown,
)
from everline.simulation.chance import stream
from everline.simulation.faults import Faults

NAME: Final = "simulated"
ABILITIES: Final = Abilities(
    name=NAME,
    currencies=None,
    supports_token=True,
    has_page=True,
    ask_again_seconds=(60, 300, 3600, *(DAY_SECONDS,) * 5),
    concurrency_max=1,
)
LATE_HOURS: Final = (1, 20)
SOFT: Final = ("insufficient_funds", "try_again_later", "issuer_unavailable")
WANTS_A_PERSON: Final = 15
"""How many of a thousand charges without anybody there their bank wants confirmed."""

HARD: Final = ("card_expired", "card_reported_lost")
DISPUTED: Final = 4
"""How many of a thousand charges their holders let their bank take back, some days later."""

DISPUTES_UNTOLD: Final = 4
"""One in so many is never told of by a callback."""

DISPUTE_DAYS: Final = (2, 20)
ANSWER_DAYS: Final = 7


@dataclass(slots=True)
class Plastic:
    """A bank card as its bank sees it: mostly good, sometimes without money, one day dead."""

    card: int
    token: str
    short_per_thousand: int
    dead_from: datetime
    dead_reason: str


@dataclass(slots=True)
class Entry:
    """One charge in the bank's own books; what was taken and not given back is `kept`."""

    key: str
    card: int
    amount: Money
    state: str
    at: datetime
    expires_at: datetime
    reason: str = ""
    is_hard: bool = False
    known_at: datetime | None = None
    token: str = ""
    keeps: bool = False
    is_unattended: bool = False
    refunds: dict[str, Money] = field(default_factory=dict)

    @property
    def taken(self) -> int:
        """What it has taken, in minor units."""
        return self.amount.amount if self.state == "succeeded" else 0

    @property
    def given_back(self) -> int:
        """What it has given back, in minor units."""
        return sum(each.amount for each in self.refunds.values())


@dataclass(slots=True)
class Given:
    """A bank card that is given to be kept: its token, empty until somebody gave it."""

    expires_at: datetime
    token: str = ""


class Bank:
    """The adapter and its bank; `now` is the bank's own clock, which nobody steps."""

    def __init__(
        self, seed: int, faults: Faults, now: Callable[[], datetime], card_of: Callable[[str], int]
    ) -> None:
        self._seed = seed
        self._faults = faults
        self._now = now
        self._card_of = card_of
        self._plastics: dict[str, Plastic] = {}
        self._callbacks: list[tuple[datetime, int, str, str]] = []
        self.disputes: list[tuple[datetime, str]] = []
        """When each was opened or will be, and by what name."""
        self._sent = 0
        self._decided: Counter[int] = Counter()
        self.entries: dict[str, Entry] = {}
        self.giving: dict[str, int] = {}
        """Who opened which setup, by its key."""
        self._setups: dict[str, Given] = {}

    @property
    def abilities(self) -> Abilities:
        """What this gateway can do."""
        return ABILITIES

    def plastic(self, card: int, number: int) -> str:
        """Give the token of somebody's bank card, made at its first use."""
        token = f"tok_{card}_{number}"
        if token not in self._plastics:
            drawn = stream(self._seed, "plastic", card, number)
            self._plastics[token] = Plastic(
                card, token, drawn.choice((0, 5, 20, 60, 200)),
                self._now() + timedelta(days=drawn.expovariate(1 / 500)), drawn.choice(HARD),
            )  # fmt: skip
        return token

    def charge(self, charge: Charge) -> Outcome:
        """Take the money, or give the outcome that this attempt already has."""
        known = self.entries.get(charge.attempt_key)
        if self._faults.is_away("gateway", self._now()):
            return Unknown("no answer")
        if known is not None:
            return self._told(known)
        plastic = self._plastics.get(charge.token or "")
        card = plastic.card if plastic else self._card_of(charge.attempt_key)
        fault = self._faults.draw("gateway", card)
        if fault == "lost":
            return Unknown("ReadTimeout")
        entry = Entry(
            charge.attempt_key, card, charge.amount, "waiting", self._now(), charge.expires_at,
            keeps=charge.keeps, is_unattended=charge.is_unattended,
        )  # fmt: skip
        self.entries[entry.key] = entry
        if plastic is not None:
            self._decide(entry, plastic)
            if fault == "late":
                hours = self._faults.number("gateway", card, *LATE_HOURS)
                entry.known_at = self._now() + timedelta(hours=hours)
                self._call_back(entry, entry.known_at)
        if fault == "double":
            for wait in (0, 40, 4000):
                self._call_back(entry, self._now() + timedelta(seconds=wait))
        return Unknown("ReadTimeout") if fault == "taken" else self._told(entry)

    def query(self, attempt_key: str, at: datetime, known: Known = NOTHING_KNOWN) -> Outcome:
        """Ask what became of an attempt; one that never arrived is closed, and so an explicit no.

        Neither the asker's clock nor what the asker knows matters here.
        """
        del at, known
        if self._faults.is_away("gateway", self._now()):
            return Unknown("no answer")
        entry = self.entries.get(attempt_key)
        if entry is None:
            entry = self.entries[attempt_key] = Entry(
                attempt_key, self._card_of(attempt_key), Money(0, "XXX"), "failed", self._now(),
                self._now(), "never_received",
            )  # fmt: skip
        return self._told(entry)

    def refund(self, refund_key: str, attempt_reference: str, amount: Money) -> RefundOutcome:
        """Give back a part or all of a captured attempt; the key makes it happen once."""
        if self._faults.is_away("gateway", self._now()):
            return Unknown("no answer")
        entry = self.entries.get(attempt_reference.removeprefix("ch_"))
        if entry is None or entry.state != "succeeded":
            return Failed(None, "charge_unknown", hard=True)
        fault = self._faults.draw("gateway", entry.card)
        if fault == "lost":
            return Unknown("ReadTimeout")
        entry.refunds.setdefault(refund_key, amount)
        return (
            Unknown("ReadTimeout")
            if fault == "taken"
            else Succeeded(f"rf_{refund_key}", entry.refunds[refund_key], "")
        )

    def query_refund(self, refund_key: str, attempt_reference: str = "") -> RefundOutcome:
        """Ask what became of a refund."""
        entry = self.entries.get(attempt_reference.removeprefix("ch_"))
        if self._faults.is_away("gateway", self._now()) or entry is None:
            return Unknown("no answer")
        found = entry.refunds.get(refund_key)
        return Succeeded(f"rf_{refund_key}", found, "") if found else Unknown("not there")

    def set_up(self, setup: Setup) -> SetupOutcome:
        """Open the page on which a bank card is given; one page a key."""
        if self._faults.is_away("gateway", self._now()):
            return Unknown("no answer")
        fault = self._faults.draw("gateway", self.giving[setup.setup_key])
        if fault == "lost":
            return Unknown("ReadTimeout")
        self._setups.setdefault(setup.setup_key, Given(setup.expires_at))
        if fault == "taken":
            return Unknown("ReadTimeout")
        return self.query_setup(setup.setup_key, "")

    def query_setup(self, setup_key: str, reference: str) -> SetupOutcome:
        """Ask whether a bank card was given; what never arrived is an explicit no."""
        if self._faults.is_away("gateway", self._now()):
            return Unknown("no answer")
        given = self._setups.get(setup_key)
        if given is None:
            return Failed(reference, "not_found", hard=True)
        if given.token:
            return Kept(given.token, "", masked(given.token))
        if self._now() >= given.expires_at:
            return Failed(f"st_{setup_key}", "expired", hard=False)
        return ActionNeeded(f"st_{setup_key}", f"https://bank.example/give/{setup_key}")

    def forget(self, token: str, customer: str) -> bool:
        """Keep a bank card no longer: nothing is left to be kept here but its token."""
        del token, customer
        return not self._faults.is_away("gateway", self._now())

    def give(self, setup_key: str, token: str) -> str:
        """Somebody gives a bank card on the bank's own page; gives what the page says."""
        given = self._setups.get(setup_key)
        if given is None or self._faults.is_away("gateway", self._now()):
            return "away"
        if self._now() >= given.expires_at:
            return "expired"
        given.token = given.token or token
        return "given"

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Say what a callback points at; who sends it is not checked, as nobody else can."""
        del headers
        try:
            told = json.loads(body)
            return Hint(str(told["event"]), str(told["key"]), dispute=str(told["dispute"]))
        except (ValueError, KeyError) as error:
            raise MisuseError("body_wrong", "Send event and key.", field_name="body") from error

    def read_dispute(self, reference: str) -> Dispute | Unknown:
        """Read how a dispute stands: open for a week, then lost."""
        entry = self.entries.get(reference.removeprefix("dp_"))
        if entry is None or self._faults.is_away("gateway", self._now()):
            return Unknown("no answer")
        ends_at = entry.at + timedelta(days=DISPUTE_DAYS[1] + ANSWER_DAYS)
        is_open = self._now() < ends_at
        state = "to_answer" if is_open else "lost"
        return Dispute(
            reference,
            entry.key,
            entry.amount,
            "fraudulent",
            state,
            is_inquiry=False,
            answer_by=ends_at,
        )

    def disputes_since(self, since: datetime, until: datetime) -> Opened | Unknown:
        """List the disputes that were opened in a time."""
        if self._faults.is_away("gateway", self._now()):
            return Unknown("no answer")
        listed = (
            reference for at, reference in self.disputes if since <= at < min(until, self._now())
        )
        return Opened(tuple(listed), is_all=True)

    def confirm(self, attempt_key: str, token: str) -> str:
        """Somebody pays on the bank's own page; gives what the page says."""
        entry = self.entries.get(attempt_key)
        if entry is None or self._faults.is_away("gateway", self._now()):
            return "away"
        if entry.state == "waiting" and self._now() < entry.expires_at:
            self._decide(entry, self._plastics[token])
            self._call_back(entry, self._now() + timedelta(seconds=2))
        return entry.state

    def abandon(self, attempt_key: str) -> None:
        """Somebody turns away on the bank's page: the page is closed, nothing will be taken."""
        entry = self.entries.get(attempt_key)
        if entry is not None and entry.state == "waiting":
            entry.state, entry.reason = "failed", "abandoned"

    def next_callback_at(self) -> datetime | None:
        """Tell when the next callback is sent."""
        return self._callbacks[0][0] if self._callbacks else None

    def due_callbacks(self) -> list[bytes]:
        """Give the bodies of the callbacks whose time has come."""
        found = []
        while self._callbacks and self._callbacks[0][0] <= self._now():
            _at, number, key, dispute = heappop(self._callbacks)
            told = {"event": f"ev_{number}", "key": key, "dispute": dispute}
            found.append(json.dumps(told).encode())
        return found

    def _decide(self, entry: Entry, plastic: Plastic) -> None:
        """Let the card's own bank say yes or no."""
        entry.token = plastic.token
        self._decided[plastic.card] += 1
        drawn = stream(self._seed, "says", plastic.token, self._decided[plastic.card])
        if self._now() >= plastic.dead_from:
            entry.state, entry.reason, entry.is_hard = "failed", plastic.dead_reason, True
        elif drawn.randrange(1000) < plastic.short_per_thousand:
            entry.state, entry.reason = "failed", drawn.choice(SOFT)
        elif entry.is_unattended and drawn.randrange(1000) < WANTS_A_PERSON:
            entry.state, entry.reason = "failed", AUTHENTICATION_REQUIRED
        else:
            entry.state = "succeeded"
            if drawn.randrange(1000) < DISPUTED:
                opened_at = self._now() + timedelta(days=drawn.randint(*DISPUTE_DAYS))
                self.disputes.append((opened_at, f"dp_{entry.key}"))
                if drawn.randrange(DISPUTES_UNTOLD):
                    self._call_back(entry, opened_at, f"dp_{entry.key}")

    def _call_back(self, entry: Entry, at: datetime, dispute: str = "") -> None:
        self._sent += 1
        heappush(self._callbacks, (at, self._sent, entry.key, dispute))

    def _told(self, entry: Entry) -> Outcome:
        """Say how an entry stands, as far as it is known yet."""
        reference = f"ch_{entry.key}"
        if entry.state == "waiting" and self._now() >= entry.expires_at:
            entry.state, entry.reason = "failed", "expired"
        if entry.state == "waiting":
            return ActionNeeded(reference, f"https://bank.example/pay/{entry.key}")
        if entry.known_at and self._now() < entry.known_at:
            return Pending(reference)
        if entry.state == "failed":
            return Failed(reference, entry.reason, entry.is_hard)
        shown = masked(entry.token)
        kept = Kept(entry.token, "", shown) if entry.keeps else None
        return Succeeded(reference, entry.amount, shown, kept)


def masked(token: str) -> str:
    """Show a bank card as its last four digits."""
    return f"•••• {token.replace('_', '')[-4:]:>04}"
