"""Stores and partners as the back office writes them, one at a time.

The same parts as a file's; the verbs stand in retailers.sql. Deposits are booked by ledger.fund and
never from here. The screens are office/places.py.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from everline import database

WRITTEN: Final = frozenset({"added", "changed", "same"})

Noun = Literal["retailer", "partner"]


def publish_firm(noun: Noun, firm: Mapping[str, Any], at: datetime) -> str:
    """Write one store or partner by its `id`, all columns at once; the code and currency stay.

    Gives added, changed or same; code_taken when another one has the code, fixed when its code or
    currency is not the stored one.
    """
    return str(database.value("select publish_firm(%s, %s, %s)", [noun, Jsonb(dict(firm)), at]))


def end_firm(firm_id: UUID, ends_at: datetime | None, at: datetime) -> bool:
    """End a store or partner at an instant, or take it up again with None; False for no change."""
    return bool(database.value("select end_firm(%s, %s, %s)", [firm_id, ends_at, at]))
