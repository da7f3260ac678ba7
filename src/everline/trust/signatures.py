"""Signed records: short texts that anybody can check to be ours, with the public key alone.

A text is `E1` and base64url of: 4 bytes of the key's id, 64 of an Ed25519 signature (RFC 8032), and
the record as canonical JSON. The signature covers the version, the key's id and the JSON. It fits a
QR code. The private key is never in the database: the composition root says where it is kept. What
a record means is told by official.py.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from everline import database

VERSION: Final = "E1"
RECORD_BYTES_MAX: Final = 512
TEXT_LENGTH_MAX: Final = 800
SEED_LENGTH: Final = 32
KEYS_MAX: Final = 50

_ID_LENGTH: Final = 4
_HEAD_LENGTH: Final = _ID_LENGTH + 64

Record = Mapping[str, str | int]
"""What is signed: a few names with texts and whole numbers."""


class Problem(StrEnum):
    """Why a text is no signed record of ours."""

    UNSIGNED = "unsigned"
    FORGED = "forged"
    KEY_ENDED = "key_ended"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, and when it was ended."""

    id: str
    public_key: bytes
    valid_until: datetime | None


_source: dict[str, Callable[[], str]] = {}


def install(read_seed: Callable[[], str]) -> None:
    """Say where the private key is: a function that gives its 32 bytes in base64url."""
    _source["seed"] = read_seed


def sign(record: Record, at: datetime) -> str:
    """Sign a record and make its public key known. Raises RuntimeError when the key was ended."""
    private = Ed25519PrivateKey.from_private_bytes(_seed())
    public = private.public_key().public_bytes_raw()
    key_id = _key_id(public)
    ended = database.value("select keep_signing_key(%s, %s, %s)", [key_id.hex(), public, at])
    if ended is not None:
        raise RuntimeError("the signing key was ended: put a new one in its file")
    body = _canonical(record)
    if len(body) > RECORD_BYTES_MAX:
        raise ValueError(f"a signed record has {RECORD_BYTES_MAX} bytes at most")
    signature = private.sign(_covered(key_id, body))
    return VERSION + base64.urlsafe_b64encode(key_id + signature + body).decode().rstrip("=")


def verify(text: str) -> Record | Problem:
    """Check a text with the keys in the database: one read."""
    return verify_with(text, keys())


def verify_with(text: str, known: Mapping[str, PublicKey]) -> Record | Problem:
    """Check a text with the keys given, by their ids; needs neither database nor network."""
    if not is_signed(text):
        return Problem.UNSIGNED
    body = text.removeprefix(VERSION)
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return Problem.FORGED
    key_id, signature, said = raw[:_ID_LENGTH], raw[_ID_LENGTH:_HEAD_LENGTH], raw[_HEAD_LENGTH:]
    key = known.get(key_id.hex())
    if key is None:
        return Problem.FORGED
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, _covered(key_id, said))
        record = json.loads(said)
    except (InvalidSignature, ValueError):
        return Problem.FORGED
    if key.valid_until is not None:
        # Whoever stole a private key can write any date into a record.
        return Problem.KEY_ENDED
    if not isinstance(record, dict) or _canonical(record) != said:
        return Problem.FORGED
    return record


def is_signed(text: str) -> bool:
    """Tell whether a text has the form of a signed record."""
    return (
        text.startswith(VERSION)
        and _HEAD_LENGTH < len(text) <= TEXT_LENGTH_MAX
        and text.isascii()
        and text.replace("-", "").replace("_", "").isalnum()
    )


def keys() -> dict[str, PublicKey]:
    """Give every public key by its id; others may check with them without us."""
    found = database.rows(
        PublicKey,
        "select k.id, k.public_key, k.valid_until from trust_signingkey k"
        " order by k.valid_from desc limit %s",
        [KEYS_MAX],
    )
    return {key.id: key for key in found}


def end_key(key_id: str, at: datetime) -> bool:
    """End a public key: nothing that it has signed is believed any more; False when it was."""
    return bool(database.value("select end_signing_key(%s, %s)", [key_id, at]))


def _seed() -> bytes:
    """Read the private key. Raises RuntimeError when nobody said where, or it is none."""
    if "seed" not in _source:
        raise RuntimeError("no signing key is installed")
    text = _source["seed"]()
    try:
        seed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        seed = b""
    if len(seed) != SEED_LENGTH:
        raise RuntimeError("the signing key must be 32 random bytes in base64url")
    return seed


def _key_id(public: bytes) -> bytes:
    return hashlib.sha256(public).digest()[:_ID_LENGTH]


def _covered(key_id: bytes, body: bytes) -> bytes:
    return VERSION.encode() + key_id + body


def _canonical(record: Record) -> bytes:
    """Write a record in its one form: sorted, without blanks, in UTF-8."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
