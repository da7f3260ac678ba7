"""The demo's sign-ins: a password, a PIN and an API key of this folder's own, shown at each start.

Files of an operator hold neither passwords nor keys, so the demo makes them: once, at random, kept
in EVERLINE_HOME for its owner alone. Nothing here runs in production.
"""

import random
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from everline import cards, ids, trust
from everline.cli.panel import CARDS
from everline.config.secret_files import keep_secret
from everline.database.requests import Caller
from everline.ids import InvalidNumberError
from everline.people import keys, terminals
from everline.people.models import Partner, Person, Terminal
from everline.trust.pins import read_pin

HOLDER: Final = "putri@customers.senandi.example"
STAFF: Final = (
    ("Owner", "owner@senandi.example"),
    ("Finance", "finance@senandi.example"),
    ("Support", "support@senandi.example"),
    ("Manager", "manager@senandi.example"),
    ("Clerk", "clerk@senandi.example"),
)
PARTNER: Final = "PASARKITA"
KIOSKS_MAX: Final = 200
CARDS_WITH_PIN: Final = tuple(number for number, _shows in CARDS[:2])
"""Those that are held already; the third is in its carrier yet."""

_PASSWORD: Final = "demo.password"  # noqa: S105  The name of a file.
_KEY: Final = "demo.api-key"
_PIN: Final = "demo.pin"


def prepare(home: Path, at: datetime) -> list[tuple[str, str]]:
    """Make what is missing and list all, as title and what to type, for those who are loaded."""
    found = []
    password = keep_secret(home / _PASSWORD, _new_password())
    if Person.objects.filter(email=HOLDER).exists():
        found.append(("Holder", f"{HOLDER}  (a code, in the outbox)"))
    for title, email in STAFF:
        person = Person.objects.filter(email=email).first()
        if person is None:
            continue
        if not person.check_password(password):
            person.set_password(password)
            person.save(update_fields=["password"])
        found.append((title, f"{email}  {password}"))
    kept = _pin(home, at)
    if kept:
        found.append(("Service PIN", kept))
    partner = Partner.objects.filter(code=PARTNER).first()
    if partner is not None:
        found.append(("API key", f"{_key(home, partner, at)}  ({partner.name})"))
    return found


def enrol_kiosks(at: datetime) -> int:
    """Enrol the kiosks that the demo's stores list, so that /verify knows them; gives how many.

    Nobody keeps their keys: whoever tries one opens a code for it, as for any kiosk.
    """
    waiting = Terminal.objects.filter(kind="kiosk", enrolled_at=None, revoked_at=None)
    codes = [terminals.open_enrolment(row.id, at) for row in waiting[:KIOSKS_MAX]]
    return sum(terminals.enrol(code, at) is not None for code in codes)


def api_key(home: Path) -> str:
    """Give the partner's API key that is kept here; "" when there is none."""
    with suppress(FileNotFoundError):
        return (home / _KEY).read_text(encoding="ascii").strip()
    return ""


def _pin(home: Path, at: datetime) -> str:
    """Give the PIN of the cards that are shown, and set it where there is none yet."""
    is_new = not (home / _PIN).exists()
    pin = keep_secret(home / _PIN, _new_pin())
    held = [card for number in CARDS_WITH_PIN if (card := cards.find(number))]
    for card in held:
        if is_new or not trust.has_pin(card.account_id):
            trust.set_pin(Caller("office", "demo", str(uuid4())), card.account_id, pin, at)
    return pin if held else ""


def _new_pin() -> str:
    """Make a PIN that nobody refuses as a pattern; the demo's cards end in repeated digits."""
    while True:
        pin = f"{secrets.randbelow(10_000):04d}"
        with suppress(InvalidNumberError):
            return read_pin(pin, CARDS_WITH_PIN)


def _new_password() -> str:
    code = ids.spoken_code(random.SystemRandom()).lower()
    return f"{code[:4]}-{code[4:]}"


def _key(home: Path, partner: Partner, at: datetime) -> str:
    """Give the key that is kept here; another one when the database does not know it."""
    with suppress(FileNotFoundError):
        kept = (home / _KEY).read_text(encoding="ascii").strip()
        holder = keys.find(keys.digest(kept), at)
        if holder is not None and holder.partner_id == partner.id:
            return kept
        (home / _KEY).unlink()
    return keep_secret(home / _KEY, keys.make(partner.id, at))
