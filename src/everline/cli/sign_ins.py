"""The demo's sign-ins: passwords and an API key that are this folder's own, shown at each start.

Files of an operator hold neither passwords nor keys, so the demo makes them: once, at random, kept
in EVERLINE_HOME for its owner alone. Nothing here runs in production.
"""

import random
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from everline import ids
from everline.config.environment import keep_secret
from everline.people import keys
from everline.people.models import Partner, Person

HOLDER: Final = "putri@customers.senandi.example"
STAFF: Final = "admin@senandi.example"
PARTNER: Final = "PASARKITA"

_PASSWORD: Final = "demo.password"  # noqa: S105  The name of a file.
_KEY: Final = "demo.api-key"


def prepare(home: Path, at: datetime) -> list[tuple[str, str]]:
    """Make what is missing and list all, as title and what to type, for those who are loaded."""
    found = []
    password = keep_secret(home / _PASSWORD, _new_password())
    for title, email in (("Holder", HOLDER), ("Staff", STAFF)):
        person = Person.objects.filter(email=email).first()
        if person is None:
            continue
        if not person.check_password(password):
            person.set_password(password)
            person.save(update_fields=["password"])
        found.append((title, f"{email}  {password}"))
    partner = Partner.objects.filter(code=PARTNER).first()
    if partner is not None:
        found.append(("API key", f"{_key(home, partner, at)}  ({partner.name})"))
    return found


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
