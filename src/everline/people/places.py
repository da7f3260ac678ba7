"""Authorised stores and their kiosks as everybody may see them: where they are, and how far.

How far is by the great circle (haversine) on a sphere, which is right within half a percent. What
a store's hours mean is in opening.py; deposits and commissions are nobody's business here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database

POINTS_MAX: Final = 5_000
"""Places that one search may sort; more are cut off, those with the last codes."""

CITIES_MAX: Final = 500
EARTH_METRES: Final = 6_371_009
"""The mean radius of the Earth (IUGG)."""

_MICRO: Final = 1_000_000

_WHERE: Final = (
    " from people_retailer r where (r.closed_at is null or r.closed_at > %s)"
    " and (%s = '' or r.city = %s)"
    " and (%s = '' or strpos(lower(concat_ws(' ', r.city, r.name, r.address, r.code)), %s) > 0)"
    " and (%s <> 'kiosk' or exists (select from people_terminal t where t.retailer_id = r.id"
    "   and t.kind = 'kiosk' and t.revoked_at is null))"
    " and (%s <> 'store' or not exists (select from people_terminal t"
    "   where t.retailer_id = r.id and t.revoked_at is null) or exists"
    "   (select from people_terminal t where t.retailer_id = r.id and t.kind = 'till'"
    "   and t.revoked_at is null))"
)
_PLACE: Final = (
    "select r.id, r.code, r.name, r.kind, r.city, r.address, r.floor_or_exit,"
    " r.latitude_microdegrees as latitude, r.longitude_microdegrees as longitude,"
    " r.opening_hours, r.zone, r.phone, (select count(*) from people_terminal t"
    "   where t.retailer_id = r.id and t.kind = 'kiosk' and t.revoked_at is null)::integer"
    "   as kiosks from people_retailer r where r.id = any(%s)"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A place on Earth in millionths of a degree (WGS 84)."""

    latitude: int
    longitude: int


@dataclass(frozen=True, slots=True)
class Place:
    """One store, with how many kiosks stand in it; `metres` from where was asked, if anywhere."""

    id: UUID
    code: str
    name: str
    kind: str
    city: str
    address: str
    floor_or_exit: str
    latitude: int
    longitude: int
    opening_hours: str
    zone: str
    phone: str
    kiosks: int
    metres: int | None = None

    @property
    def point(self) -> Point:
        """Where it is."""
        return Point(self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; `kind` is store, kiosk or "" for both."""

    city: str = ""
    typed: str = ""
    kind: str = ""
    centre: Point | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    id: UUID
    latitude: int
    longitude: int


@dataclass(frozen=True, slots=True)
class _City:
    city: str
    count: int


def find_places(wish: Wish, at: datetime, most: int, skipped: int) -> tuple[list[Place], int]:
    """List places, the nearest first or by city and code, and count them all; two reads."""
    typed = wish.typed.lower()
    found = database.rows(
        _Found,
        "select r.id, r.latitude_microdegrees as latitude, r.longitude_microdegrees as longitude"
        + _WHERE
        + " order by r.city, r.code limit %s",
        [at, wish.city, wish.city, typed, typed, wish.kind, wish.kind, POINTS_MAX],
    )
    centre = wish.centre
    far = {each.id: _metres(centre, each) for each in found} if centre else {}
    ordered = sorted(found, key=lambda each: far[each.id]) if centre else found
    ids = [each.id for each in ordered[skipped : skipped + most]]
    places = {place.id: place for place in database.rows(Place, _PLACE, [ids])}
    return [replace(places[each], metres=far.get(each)) for each in ids], len(found)


def cities(at: datetime) -> Sequence[tuple[str, int]]:
    """List the cities that have places, each with how many."""
    found = database.rows(
        _City,
        "select r.city, count(*)::integer as count from people_retailer r"
        " where r.closed_at is null or r.closed_at > %s group by r.city order by r.city limit %s",
        [at, CITIES_MAX],
    )
    return [(each.city, each.count) for each in found]


def metres(one: Point, other: Point) -> int:
    """Give the distance of two points in metres."""
    latitude, longitude = _radians(one.latitude), _radians(one.longitude)
    there_latitude, there_longitude = _radians(other.latitude), _radians(other.longitude)
    half = (
        math.sin((there_latitude - latitude) / 2) ** 2
        + math.cos(latitude)
        * math.cos(there_latitude)
        * math.sin((there_longitude - longitude) / 2) ** 2
    )
    return round(2 * EARTH_METRES * math.asin(min(1, math.sqrt(half))))


def _metres(centre: Point, found: _Found) -> int:
    return metres(centre, Point(found.latitude, found.longitude))


def _radians(microdegrees: int) -> float:
    return math.radians(microdegrees / _MICRO)
