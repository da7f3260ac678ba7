"""How often one address may look things up, so that nobody tries numbers and codes through.

Card numbers, codes at the official check and the one-time codes of devices are counted together.
A bucket of tokens for each address, in the memory of this process: several web servers allow that
many each. The API needs no such limit: without a key it tells nothing of any card.
"""

import ipaddress
import math
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

MINUTE_SECONDS: Final = 60
ADDRESSES_MAX: Final = 50_000
"""Addresses remembered at once; the one that was not seen for longest is forgotten first."""

NETWORK_BITS: Final = 64
"""Of an IPv6 address: one household or one attacker has all addresses of such a network."""


class Buckets:
    """One bucket an address: full at first, filled again at an even pace."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, address: str, per_minute: int, at: datetime) -> int:
        """Take one token and give 0, or give the seconds until there is one.

        Counted in 60ths of a token, so that a second fills `per_minute` of them.
        """
        full = per_minute * MINUTE_SECONDS
        with self._lock:
            seen_at, left = self._left.pop(address, (at, full))
            passed = max(math.floor((at - seen_at).total_seconds()), 0)
            left = min(left + passed * per_minute, full)
            is_allowed = left >= MINUTE_SECONDS
            # A part of a second is kept for the next time, unless the bucket is full anyway.
            since = at if left == full or at < seen_at else seen_at + timedelta(seconds=passed)
            self._left[address] = (since, left - MINUTE_SECONDS if is_allowed else left)
            while len(self._left) > ADDRESSES_MAX:
                self._left.popitem(last=False)
        return 0 if is_allowed else -((left - MINUTE_SECONDS) // per_minute)


_LOOK_UPS: Final = Buckets()


def seconds_to_wait(request: HttpRequest, at: datetime) -> int:
    """Count a look-up of whoever sends this request; 0 when it may be done now."""
    per_minute: int = settings.LOOK_UPS_PER_MINUTE
    return _LOOK_UPS.take(network_of(request), per_minute, at) if per_minute else 0


def too_many(answer: HttpResponse, seconds: int) -> HttpResponse:
    """Tell programs too when there is a token again (RFC 6585, 4)."""
    answer.status_code = 429
    answer["Retry-After"] = str(seconds)
    return answer


def network_of(request: HttpRequest) -> str:
    """Name the network that a request comes from: its address, or what our proxies say it is.

    Each proxy adds the address that it was called from at the right, so what stands further left
    than their number was written by the caller and is not believed.
    """
    told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    named = told[-settings.PROXIES] if 0 < settings.PROXIES <= len(told) else ""
    for text in (named, request.META.get("REMOTE_ADDR", "")):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if isinstance(address, ipaddress.IPv4Address):
            return str(address)
        return str(ipaddress.ip_network((address, NETWORK_BITS), strict=False))
    return ""
