"""Reading cards: by number, and what they may use at an instant.

Nothing is written here; changes.py does that. What a stranger may see of this is decided by the
channels.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from everline import database
from everline.ids import Iccid

_CARD = (
    "select c.id, c.account_id, c.iccid, c.msisdn, c.kind, c.zone, c.currency, c.state,"
    " c.smdp_address, c.matching_id, c.taken_at from cards_card c where "
)


@dataclass(frozen=True, slots=True)
class Card:
    """A card as the core knows it. `zone` is where its days begin and end."""

    id: UUID
    account_id: UUID
    iccid: str
    msisdn: str | None
    kind: str
    zone: str
    currency: str
    state: str
    smdp_address: str
    matching_id: str
    taken_at: datetime | None

    @property
    def has_profile(self) -> bool:
        """Whether this is an eSIM whose profile can be downloaded."""
        return self.kind == "esim" and bool(self.smdp_address and self.matching_id)

    @property
    def masked(self) -> str:
        """The number as it may be shown to a stranger."""
        return Iccid(self.iccid).masked


@dataclass(frozen=True, slots=True)
class Term:
    """One entitlement: [starts_at, ends_at) with an allowance; None is unlimited."""

    id: UUID
    plan_version_id: UUID
    plan_code: str
    plan_names: dict[str, str]
    state: str
    starts_at: datetime
    ends_at: datetime
    allowance_bytes: int | None
    fair_use_bytes: int | None
    used_bytes: int
    used_as_of: datetime | None
    devices_max: int

    @property
    def left_bytes(self) -> int | None:
        """Bytes left of the allowance, leftovers carried over included; None is unlimited."""
        return (
            None if self.allowance_bytes is None else max(0, self.allowance_bytes - self.used_bytes)
        )


@dataclass(frozen=True, slots=True)
class Device:
    """A device bound to a card: `kind` imei or eid."""

    kind: str
    number: str
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """What a card may use at an instant: the present term, those queued, the devices.

    `renewable_until` is when the number of a card in use is given away if nobody renews it.
    """

    card: Card
    present: Term | None
    queued: tuple[Term, ...]
    last_ended_at: datetime | None
    renewable_until: datetime | None
    devices: tuple[Device, ...]

    @property
    def valid_until(self) -> datetime | None:
        """The end of the last term that is paid for; None when the card has lapsed or never ran."""
        terms = (*((self.present,) if self.present else ()), *self.queued)
        return terms[-1].ends_at if terms else None


def find(number: str) -> Card | None:
    """Find a card by ICCID, or by phone number with its plus sign, both as parsed by ids."""
    if number.startswith("+"):
        return database.row(Card, _CARD + "c.msisdn = %s and c.state <> 'terminated'", [number])
    return database.row(Card, _CARD + "c.iccid = %s", [number])


def last_plan(card_id: UUID) -> str | None:
    """Tell the code of the plan that a card has, will have or had last; None before the first."""
    found: str | None = database.value(
        "select p.code from cards_entitlement e"
        " join catalogue_planversion v on v.id = e.plan_version_id"
        " join catalogue_plan p on p.id = v.plan_id"
        " where e.card_id = %s and e.state <> 'cancelled' order by e.ends_at desc limit 1",
        [card_id],
    )
    return found


def find_by_id(card_id: UUID) -> Card | None:
    """Find a card by its id."""
    return database.row(Card, _CARD + "c.id = %s", [card_id])


def status(card: Card, at: datetime) -> Status:
    """Tell what a card may use at `at`: four reads, locks nothing."""
    terms = database.rows(
        Term,
        "select e.id, e.plan_version_id, p.code as plan_code, p.names as plan_names, e.state,"
        " e.starts_at, e.ends_at, e.allowance_bytes + e.carried_bytes as allowance_bytes,"
        " e.fair_use_bytes, e.used_bytes, e.used_as_of, e.devices_max from cards_entitlement e"
        " join catalogue_planversion v on v.id = e.plan_version_id"
        " join catalogue_plan p on p.id = v.plan_id"
        " where e.card_id = %s and e.ends_at > %s and e.state <> 'cancelled' order by e.starts_at",
        [card.id, at],
    )
    present = next((term for term in terms if term.starts_at <= at), None)
    return Status(
        card=card,
        present=present,
        queued=tuple(term for term in terms if term.starts_at > at),
        last_ended_at=database.value(
            "select max(e.ends_at) from cards_entitlement e"
            " where e.card_id = %s and e.ends_at <= %s and e.state <> 'cancelled'",
            [card.id, at],
        ),
        renewable_until=database.value(
            "select max(e.ends_at) + make_interval(hours => 24 * coalesce("
            "(select p.lapsed_days from catalogue_policy p where p.id = 1), 90))"
            " from cards_entitlement e join cards_card c on c.id = e.card_id"
            " where e.card_id = %s and e.state <> 'cancelled'"
            " and c.state in ('activated', 'bound', 'suspended')",
            [card.id],
        ),
        devices=tuple(
            database.rows(
                Device,
                "select d.kind, d.number, d.bound_at from cards_device d"
                " where d.card_id = %s and d.unbound_at is null order by d.bound_at, d.id",
                [card.id],
            )
        ),
    )
