"""API keys: made and shown once, kept as a SHA-256, found by it.

A key is `evl_` and 43 letters, digits, hyphens or underscores: 256 random bits. No part of it is
kept but the last four characters, so that people can tell two keys apart. Whose turn it is to ask
for one, and for how long an answer may be remembered, decides channels/partner/auth.py.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database, ids
from everline.people.models import APIKey

PREFIX: Final = "evl_"
HINT_LENGTH: Final = 4
_FORM: Final = re.compile(r"evl_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """The partner whose key was shown; `account_id` holds its deposit."""

    partner_id: UUID
    account_id: UUID
    code: str
    currency: str


def make(partner_id: UUID, at: datetime) -> str:
    """Make a key for a partner and give it back, this once; an older key stays valid beside it."""
    key = PREFIX + secrets.token_urlsafe(32)
    APIKey.objects.create(
        id=ids.uuid7(at),
        partner_id=partner_id,
        key_hash=digest(key),
        hint=key[-HINT_LENGTH:],
        created_at=at,
    )
    return key


def revoke(key_id: UUID, at: datetime) -> bool:
    """End a key at `at`; False when it is not known or had ended before.

    Servers may remember it as valid for up to a minute more.
    """
    return bool(APIKey.objects.filter(id=key_id, revoked_at=None).update(revoked_at=at))


def is_key(text: str) -> bool:
    """Tell whether a text has the form of a key, so that others cost no look into the database."""
    return _FORM.fullmatch(text) is not None


def digest(key: str) -> bytes:
    """Give the SHA-256 of a key: its bits are random, so neither salt nor slowness adds to it."""
    return hashlib.sha256(key.encode()).digest()


def find(key_hash: bytes, at: datetime) -> KeyHolder | None:
    """Find whose key it is by its SHA-256: one read. None when unknown, revoked, or closed."""
    return database.row(
        KeyHolder,
        "select p.id as partner_id, p.account_id, p.code, p.currency"
        " from people_apikey k join people_partner p on p.id = k.partner_id"
        " where k.key_hash = %s and (k.revoked_at is null or k.revoked_at > %s)"
        " and (p.closed_at is null or p.closed_at > %s)",
        [key_hash, at, at],
    )
