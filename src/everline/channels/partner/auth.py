"""Whose key: `Authorization: Bearer evl_…`, found by its SHA-256 and remembered for a minute.

So a busy partner's requests cost no extra look into the database, and a key that is revoked stops
working within the minute, on every server. Keys are made in people/keys.py.
"""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Self

from django.views.decorators.debug import sensitive_variables
from dmr.metadata import EndpointMetadata
from dmr.openapi.objects import Reference, SecurityRequirement, SecurityScheme
from dmr.security.base import SyncAuth

from everline import clock
from everline.people import keys
from everline.people.keys import KeyHolder

if TYPE_CHECKING:
    from dmr.controller import Controller
    from dmr.endpoint import Endpoint
    from dmr.serializer import BaseSerializer

REMEMBERED: Final = timedelta(seconds=60)
"""How long an answer is trusted: the longest that a revoked key can go on working."""

REMEMBERED_MAX: Final = 10_000
"""Keys remembered at once; the one that was asked for first is forgotten first."""

SCHEME: Final = "api_key"
CHALLENGE: Final = 'Bearer realm="everline"'
_BEARER: Final = "bearer "


class Memory:
    """Keys that were found, by their SHA-256, with the instant of the finding.

    What was not found is not remembered, so a new key works at once.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, tuple[datetime, KeyHolder]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: str, at: datetime) -> KeyHolder | None:
        """Find whose key it is, from memory when that is at most `REMEMBERED` old."""
        key_hash = keys.digest(key)
        remembered = self._found.get(key_hash)
        if remembered is not None and abs(at - remembered[0]) <= REMEMBERED:
            return remembered[1]
        holder = keys.find(key_hash, at)
        with self._lock:
            self._found.pop(key_hash, None)
            if holder is not None:
                self._found[key_hash] = (at, holder)
            while len(self._found) > REMEMBERED_MAX:
                self._found.popitem(last=False)
        return holder

    def clear(self) -> None:
        """Forget every key, as when a process turns to another database."""
        with self._lock:
            self._found.clear()


MEMORY: Final = Memory()


class BearerKey(SyncAuth):
    """Authenticates a partner by its API key and gives the controller its `partner` and `at`."""

    __slots__ = ()

    @sensitive_variables()
    def __call__(
        self, endpoint: "Endpoint", controller: "Controller[BaseSerializer]"
    ) -> Self | None:
        """Find the key's partner; None, which is answered with 401, when there is none."""
        header = controller.request.META.get("HTTP_AUTHORIZATION", "")
        if header[: len(_BEARER)].lower() != _BEARER:
            return None
        key = header[len(_BEARER) :]
        if not keys.is_key(key):
            return None
        at = clock.now()
        holder = MEMORY.find(key, at)
        if holder is None:
            return None
        controller.partner = holder  # type: ignore[attr-defined]
        controller.at = at  # type: ignore[attr-defined]
        return self

    @property
    def www_authenticate_challenge(self) -> str:
        """Name the scheme on 401, as RFC 9110 (15.5.2) asks."""
        return CHALLENGE

    def security_schemes(
        self, metadata: EndpointMetadata, controller_cls: "type[Controller[BaseSerializer]]"
    ) -> dict[str, SecurityScheme | Reference]:
        """Describe the scheme."""
        return {
            SCHEME: SecurityScheme(
                type="http",
                scheme="bearer",
                bearer_format="evl_…",
                description="The API key that the operator gave you. Keep it on your servers alone;"
                " ask for a second one to change keys without a gap.",
            )
        }

    def security_requirements(
        self, metadata: EndpointMetadata, controller_cls: "type[Controller[BaseSerializer]]"
    ) -> list[SecurityRequirement]:
        """Say that the scheme is required."""
        return [{SCHEME: []}]
