"""Addresses that nobody can guess: the outside id of a card or an order, with a signature.

A card's number is personal and stands in no address. Whoever has such an address sees what anybody
with the number sees, and no more. Which page is where is the channels' affair.
"""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing

from everline import ids

SIGNATURE_LENGTH: Final = 16
"""Characters of base 64, so 96 bits: short enough for an address, too many to guess."""

SEEING: Final = "web"
"""The purpose of most addresses: to see what anybody with the number sees, and to buy."""

STOPPING: Final = "stop"
"""To end automatic renewal in one step, and nothing else."""


class _Signer(signing.Signer):
    """Django's signer, with a shorter signature."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        """Sign a value."""
        return super().signature(value, key)[:SIGNATURE_LENGTH]


def can_sign() -> bool:
    """Tell whether this process has the key: a command and a worker may run without it."""
    return bool(settings.CAN_SIGN)


def token(prefix: ids.Prefix, inner: UUID, purpose: str = SEEING) -> str:
    """Write an id as it stands in an address; one for a purpose opens nothing else."""
    return _signer(prefix, purpose).sign(ids.outside(prefix, inner))


def read_token(prefix: ids.Prefix, written: str, purpose: str = SEEING) -> UUID:
    """Read a token. Raises ValueError when the signature, the purpose or the id is wrong."""
    try:
        return ids.inside(prefix, _signer(prefix, purpose).unsign(written))
    except signing.BadSignature as error:
        raise ValueError("the signature is wrong") from error


def _signer(prefix: ids.Prefix, purpose: str) -> _Signer:
    return _Signer(sep=".", salt=f"everline.{purpose}.{prefix}")
