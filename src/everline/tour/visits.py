"""Visits: each browser has a card of its own, so that visitors do not disturb each other.

A card is laid by a verb of the demo, then bound, funded, given a PIN and a holder by the verbs and
tables that all cards have. There are 240 at most; after that the one left longest ago is given
again. What the visitor then does stands in devices.py.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from everline import cards, database, ids, topups, trust
from everline.cards import Card
from everline.database.requests import Caller
from everline.ids import Imei, InvalidNumberError
from everline.notices import Contact
from everline.people.models import Holding, Partner, Person
from everline.tour.models import Visit
from everline.trust.pins import read_pin

PLAN: Final = "HOME-12"
"""The plan that the tour renews: a month in rupiah that waits its turn after the present one."""

CURRENCY: Final = "IDR"
ZONE: Final = "Asia/Jakarta"
BALANCE: Final = 45_000_000
"""What the card's balance is topped up with: Rp 450,000."""

USED_BYTES: Final = 7_400_000_000
CARDS_MAX: Final = 240
KEPT: Final = "tour"
_PREFIX: Final = "89999079"
_PHONE: Final = "+999079"


class FullError(Exception):
    """There is no card left to give now."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is on the tour: a card, the holder's e-mail address, and where the browser is."""

    card: Card
    email: str
    language: str
    network: str

    @property
    def pin(self) -> str:
        """The card's service PIN, made from the server's key, so that it is kept nowhere."""
        return pin_of(self.card)


def secret_of(what: str, of: object) -> str:
    """Make a secret of the tour's own from the server's key: always the same, never stored."""
    text = f"everline.tour.{what}:{of}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()[:32]


def pin_of(card: Card) -> str:
    """Make a card's PIN."""
    for turn in range(100):
        pin = f"{int(secret_of(f'pin-{turn}', card.id), 16) % 10_000:04d}"
        try:
            return read_pin(pin, (card.iccid, card.msisdn or ""))
        except InvalidNumberError:
            continue
    raise AssertionError("a hundred PINs were all patterns")


def lay(at: datetime) -> Card:
    """Lay a card with a month that ends in 36 hours, a device, a balance, a PIN and a holder.

    Raises FullError when there are too many already and all of them are in use.
    """
    card_id = ids.uuid7(at)
    body = f"{_PREFIX}{secrets.randbelow(10**10):010d}"
    account = database.value(
        "select lay_tour_card(%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            card_id,
            body + ids.luhn_digit(body),
            f"{_PHONE}{secrets.randbelow(10**8):08d}",
            PLAN,
            CURRENCY,
            ZONE,
            CARDS_MAX,
            at,
        ],
    )
    if account is None:
        return _given_again(at)
    card = _card(card_id)
    imei = f"00449907{secrets.randbelow(10**6):06d}"
    device = Imei.parse(imei + ids.luhn_digit(imei))
    cards.bind(Caller("office", "tour", str(uuid4())), card.id, device, at)
    cards.record_usage(card.id, USED_BYTES, at)
    trust.set_pin(Caller("office", "tour", str(uuid4())), card.account_id, pin_of(card), at)
    person = Person.objects.create(
        id=ids.uuid7(at), email=_email(card), password=make_password(None)
    )
    Holding.objects.create(
        id=ids.uuid7(at), account_id=card.account_id, person=person, starts_at=at
    )
    _top_up(card, at)
    return _card(card_id)


def begin(request: HttpRequest, at: datetime) -> Card:
    """Give this browser a new card, and forget what was done with the last one."""
    card = lay(at)
    request.session[KEPT] = {"card": str(card.id)}
    return card


def find(request: HttpRequest, at: datetime) -> Card | None:
    """Find the card of this browser; None before it has one. That it is in use is noted."""
    kept = request.session.get(KEPT)
    if not kept:
        return None
    card = cards.find_by_id(UUID(kept["card"]))
    if card is None or not Visit.objects.filter(card_id=card.id).update(seen_at=at):
        return None
    return card


def visitor(request: HttpRequest, card: Card, language: str) -> Visitor:
    """Say who is on the tour."""
    return Visitor(card, _email(card), language, request.META.get("REMOTE_ADDR", ""))


def _given_again(at: datetime) -> Card:
    given = database.value("select give_tour_card(%s)", [at])
    if given is None:
        raise FullError
    return _card(given)


def _top_up(card: Card, at: datetime) -> None:
    """Put money onto the card's balance from a partner's deposit, as an e-wallet does."""
    partner = Partner.objects.filter(currency=card.currency).order_by("code").first()
    if partner is None:
        return
    order = topups.Order(card.account_id, card.id, BALANCE, card.currency, Contact())
    topups.top_up(Caller("partner", "tour", str(uuid4())), order, partner.account_id, at)


def _email(card: Card) -> str:
    return f"tour-{card.iccid[-11:-1]}@customers.senandi.example"


def _card(card_id: UUID) -> Card:
    card = cards.find_by_id(card_id)
    assert card is not None
    return card
