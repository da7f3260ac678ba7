"""The sender of push messages: sealed for one browser (RFC 8291), signed as ours (RFC 8292).

A browser names the address to write to, so somebody may name one of our own house: only https to
hosts whose every address is public is called, at the address that was looked up, and no redirect is
followed. A device that its service does not know any more is told of by GoneError.
"""

import base64
import hashlib
import ipaddress
import json
import socket
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from everline.errors import FaultError
from everline.notices.push import HTTPS_PORT, Device, decoded, is_endpoint
from everline.notices.senders import GoneError, Letter, RefusedError

if TYPE_CHECKING:
    from py_vapid import Vapid02

TIMEOUT_SECONDS: Final = 10.0
KEPT_SECONDS: Final = 86_400
"""How long a push service keeps a message for a device that is off; then it would come too late."""

TEXT_LENGTH_MAX: Final = 600
TOPIC_LENGTH: Final = 32
GONE: Final = frozenset({404, 410})
AGAIN: Final = frozenset({408, 425, 429})

Look = Callable[[str], list[str]]


def new_key() -> str:
    """Make the private key by which push services know the operator, in base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _encoded(number.to_bytes(32, "big"))


def public_key(private: str) -> str:
    """Give the public half, as a browser takes it when it subscribes."""
    number = int.from_bytes(decoded(private), "big")
    point = ec.derive_private_key(number, ec.SECP256R1()).public_key()
    return _encoded(
        point.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    )


_source: Final[dict[str, Callable[[], str]]] = {}


def install_key(read: Callable[[], str]) -> None:
    """Say where the private key is; the composition root calls it."""
    _source["key"] = read


def browser_key() -> str:
    """Give the public key of this deployment, as a page gives it to a browser."""
    return public_key(_source["key"]())


def addresses_of(host: str) -> list[str]:
    """Look up the addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class WebPush:
    """Push messages with the operator's key.

    `open_to` holds origins that are called as they stand, for push services of one's own.
    """

    def __init__(
        self,
        key: Callable[[], str],
        *,
        open_to: frozenset[str] = frozenset(),
        look: Look = addresses_of,
    ) -> None:
        self._key, self._open_to, self._look = key, open_to, look

    def send(self, letter: Letter) -> None:
        """Seal a letter and hand it to the push service of its device."""
        device = letter.device
        assert device is not None, "a push message has a device"
        address, headers, extensions = self._place(device)
        body, signed = self._sealed(device, letter)
        headers |= signed
        try:
            with (
                httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client,
                client.stream(
                    "POST", address, content=body, headers=headers, extensions=extensions
                ) as answer,
            ):
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FaultError("push", type(error).__name__) from None
        if status in GONE:
            raise GoneError(f"the push service answers {status}")
        if status in AGAIN or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise FaultError("push", f"the push service answers {status}")
        if not httpx.codes.is_success(status):
            raise RefusedError(f"the push service answers {status}")

    def _place(self, device: Device) -> tuple[str, dict[str, str], dict[str, str]]:
        """Give the address to call, with the host that is meant: looked up once and judged."""
        if device.origin in self._open_to:
            return device.endpoint, {}, {}
        if not is_endpoint(device.endpoint):
            raise RefusedError("not an address of a push service")
        parts = urlsplit(device.endpoint)
        host = parts.hostname or ""
        try:
            found = self._look(host)
        except (OSError, UnicodeError) as error:
            raise FaultError("push", type(error).__name__) from None
        if not found or not all(_is_public(each) for each in found):
            raise RefusedError("the push service is at no public address")
        literal = f"[{found[0]}]" if ":" in found[0] else found[0]
        called = parts._replace(netloc=literal).geturl()
        return called, {"Host": host}, {"sni_hostname": host}

    def _sealed(self, device: Device, letter: Letter) -> tuple[bytes, dict[str, str]]:
        from pywebpush import WebPusher  # noqa: PLC0415  It brings two HTTP clients along.

        told = {
            "title": letter.subject[:TEXT_LENGTH_MAX],
            "body": letter.text[:TEXT_LENGTH_MAX],
            "url": letter.link,
            "tag": letter.key,
        }
        keys = {"p256dh": device.public_key, "auth": device.secret}
        sealed = WebPusher({"endpoint": device.endpoint, "keys": keys}).encode(
            json.dumps(told, ensure_ascii=False).encode(), content_encoding="aes128gcm"
        )
        ours = f"mailto:{letter.sender}" if letter.sender else f"https://{letter.domain}"
        claims = {"aud": device.origin, "sub": ours}
        return sealed["body"], {
            **self._vapid.sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_SECONDS),
            "Topic": hashlib.sha256(letter.key.encode()).hexdigest()[:TOPIC_LENGTH],
            "Urgency": "normal",
        }

    @cached_property
    def _vapid(self) -> "Vapid02":
        from py_vapid import Vapid02  # noqa: PLC0415  The same.

        return Vapid02.from_raw(self._key().encode())


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if inner is not None:
        found = inner
    return found.is_global and not found.is_multicast


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
