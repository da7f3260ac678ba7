"""Where a confirmation goes, as an order carries it to the verb that writes the notice.

It is part of what was asked, so it counts in the request's hash. Who is told what is in the verbs.
"""

from dataclasses import dataclass
from typing import Final

from psycopg.types.json import Jsonb


@dataclass(frozen=True, slots=True)
class Contact:
    """Where the confirmation goes: e-mail, phone (E.164) or both, in a language."""

    email: str = ""
    phone: str = ""
    locale: str = "en"

    @property
    def asked(self) -> dict[str, str] | None:
        """Who is to be told, and in which language; None when nobody asked to be told."""
        if not (self.email or self.phone):
            return None
        return {"email": self.email, "phone": self.phone, "locale": self.locale}

    def as_json(self) -> Jsonb | None:
        """Give the contact as the verbs keep it."""
        return Jsonb(self.asked) if self.asked else None


NOBODY: Final = Contact()
"""Nobody asked to be told."""
