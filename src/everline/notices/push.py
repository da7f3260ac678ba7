"""The devices that are reminded by push: what a browser tells of itself, kept by a verb.

Switching it on in a browser is the consent, for one card and one device. What is sent stands in
push.sql, how it leaves in webpush.py.
"""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from everline import database
from everline.database.requests import Answer, Caller, request_hash

ENDPOINT_LENGTH_MAX: Final = 1000
SECRET_LENGTH: Final = 16
HTTPS_PORT: Final = 443


@dataclass(frozen=True, slots=True)
class Device:
    """A browser as the Push API describes it: where to write to, and what to seal it with."""

    endpoint: str = field(repr=False)
    public_key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def origin(self) -> str:
        """The scheme, host and port of the push service."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_well_formed(self) -> bool:
        """Whether it is an address at a named host by https, with keys that are keys."""
        return is_endpoint(self.endpoint) and is_key(self.public_key) and is_secret(self.secret)


def is_endpoint(address: str) -> bool:
    """Tell whether an address may be one of a push service: https, a name with a dot, its port."""
    if len(address) > ENDPOINT_LENGTH_MAX or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    is_named = "." in host.strip(".") and not host.rpartition(".")[2].isdigit() and ":" not in host
    return (
        parts.scheme == "https"
        and "@" not in parts.netloc
        and port in {None, HTTPS_PORT}
        and is_named
        and " " not in address
    )


def is_key(text: str) -> bool:
    """Tell whether this is a point of the curve, as a browser writes its key."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(text))
    except ValueError:
        return False
    return True


def is_secret(text: str) -> bool:
    """Tell whether this is a browser's secret."""
    try:
        return len(decoded(text)) == SECRET_LENGTH
    except ValueError:
        return False


def decoded(text: str) -> bytes:
    """Read base64url with or without its padding. Raises ValueError."""
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("no base64url") from error


def remind_device(
    caller: Caller, card_id: UUID, device: Device, locale: str, at: datetime
) -> Answer:
    """Have a device reminded before a card ends; the answer's id is that of the reminder.

    Refuses card_unknown, card_terminated. Locks the card.
    """
    answer = database.row(
        Answer,
        "select * from remind_device(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("remind_device", card=card_id, endpoint=device.endpoint),
            card_id,
            device.endpoint,
            device.public_key,
            device.secret,
            locale,
            at,
        ],
    )
    assert answer is not None
    return answer


def forget_device(caller: Caller, card_id: UUID, reminder_id: UUID, at: datetime) -> Answer:
    """End the reminders of a card on one device. Refuses card_unknown. Locks the card."""
    answer = database.row(
        Answer,
        "select * from forget_device(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("forget_device", card=card_id, reminder=reminder_id),
            card_id,
            reminder_id,
            at,
        ],
    )
    assert answer is not None
    return answer


def is_reminded(card_id: UUID, reminder_id: UUID) -> bool:
    """Tell whether a reminder of a card is still kept."""
    return bool(
        database.value(
            "select exists (select from notices_device d where d.id = %s and d.card_id = %s)",
            [reminder_id, card_id],
        )
    )


def device_of(reminder_id: UUID) -> Device | None:
    """Find the device of a reminder; None when it was switched off or is gone."""
    return database.row(
        Device,
        "select d.endpoint, d.public_key, d.secret from notices_device d where d.id = %s",
        [reminder_id],
    )
