"""Acts of staff: who did what to what, written once and edited by nobody.

Every channel and the office record what people of the operator do by hand. Facts are what a reader
needs to understand the act; secrets are refused. Steps of renewals and cards have a history of
their own (database/database.sql), whoever took them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from everline import database

SYSTEM: Final = "system"
NEWEST_MAX: Final = 500
SECRETS: Final = frozenset({"code", "key", "password", "pin", "secret", "token"})
"""Names of facts that would give something away."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person in a role, a terminal, both (a clerk at a till), or the system."""

    role: str = SYSTEM
    person_id: UUID | None = None
    terminal_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One act, as it was recorded."""

    id: UUID
    at: datetime
    person_id: UUID | None
    terminal_id: UUID | None
    role: str
    verb: str
    subject_kind: str
    subject_id: str
    facts: dict[str, Any]


Subject = tuple[str, UUID | str]
"""What was acted on: its kind, such as terminal, and its id."""


def record(
    actor: Actor,
    verb: str,
    subject: Subject,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
) -> UUID:
    """Record an act: `verb` is a word such as `revoke`.

    Raises ValueError for facts that are named like secrets, at any depth.
    """
    given = dict(facts or {})
    _refuse_secrets(given)
    recorded = database.value(
        "select record_act(%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            actor.person_id,
            actor.terminal_id,
            actor.role,
            verb,
            subject[0],
            str(subject[1]),
            Jsonb(given),
            at,
        ],
    )
    assert isinstance(recorded, UUID)
    return recorded


def newest(
    most: int = 50,
    *,
    subject: Subject | None = None,
    person_id: UUID | None = None,
    before: datetime | None = None,
) -> list[Act]:
    """List acts, the newest first: of all, of one subject or of one person; bounded at 500."""
    kind, subject_id = (subject[0], str(subject[1])) if subject else (None, None)
    return database.rows(
        Act,
        "select a.id, a.at, a.person_id, a.terminal_id, a.role, a.verb, a.subject_kind,"
        " a.subject_id, a.facts from trust_act a"
        " where (%s::text is null or (a.subject_kind = %s and a.subject_id = %s))"
        " and (%s::uuid is null or a.person_id = %s)"
        " and (%s::timestamptz is null or a.at < %s)"
        " order by a.at desc, a.id desc limit %s",
        [
            *(kind, kind, subject_id),
            *(person_id, person_id),
            *(before, before),
            min(most, NEWEST_MAX),
        ],
    )


def _refuse_secrets(facts: Any) -> None:
    if isinstance(facts, Mapping):
        named = SECRETS & {str(name).lower() for name in facts}
        if named:
            raise ValueError(f"an act does not keep {', '.join(sorted(named))}")
        facts = facts.values()
    elif not isinstance(facts, list | tuple):
        return
    for fact in facts:
        _refuse_secrets(fact)
