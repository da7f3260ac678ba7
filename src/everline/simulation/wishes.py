"""What a person wants of a channel, kept before it is sent, and sent as the channels send it.

A wish has its request id before anything leaves, so it can be pressed twice, lost and sent again.
Each is sent within one step of ours, which may be killed. Who wishes what and when is in people.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from everline import payments, renewals, topups
from everline.catalogue import version_on_sale
from everline.database.requests import Answer, Caller
from everline.payments import NOTHING_KEPT, KeptMeans
from everline.renewals import Contact, Order
from everline.simulation import bank
from everline.simulation.town import Person, Shop

Now = Callable[[], datetime]
ADDRESS: Final = "https://renew.example"
BY_DEPOSIT: Final = frozenset({"store", "kiosk", "partner"})


@dataclass(slots=True)
class Wish:
    """A renewal or a top-up that somebody asks a channel for.

    `token` is the bank card that it is paid with, empty for the bank's own page; `payer` a shop
    that pays from its deposit; neither: the card's own balance.
    """

    caller: Caller
    order: Order | topups.Order
    by: str
    token: str | None = None
    payer: Shop | None = None
    keeps: bool = False
    """Whether the bank card is to be kept for charges to come."""
    presses: int = 1
    tries: int = 0

    @property
    def is_top_up(self) -> bool:
        """Whether it is money for the balance, and no term."""
        return isinstance(self.order, topups.Order)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the channel answered: all presses' answers, and the attempt that it left."""

    answers: list[Answer]
    attempt: payments.Attempt | None

    @property
    def answer(self) -> Answer:
        """The first answer."""
        return self.answers[0]


def contact_of(person: Person) -> Contact:
    """Say where a person is told."""
    return Contact(email=person.email, locale=person.locale)


def quoted(person: Person, channel: str, at: datetime) -> renewals.Quote | None:
    """Read what the plan costs this card now, as a page shows it before anything is pressed."""
    offer = version_on_sale(person.plan.code, person.currency, at)
    if offer is None:
        return None
    found = renewals.quote([person.card_id], offer.plan_version_id, None, channel, at)
    return found[0] if found else None


def send(wish: Wish, now: Now) -> Heard:
    """Send a wish through its channel, as often as it is pressed."""
    answers = [_send(wish, now()) for _press in range(wish.presses)]
    found = answers[0].id
    attempt = None
    if found is not None and wish.by == "gateway" and answers[0].outcome == "placed":
        pay(found, now)
        attempt = payments.first_attempt(found)
    return Heard(answers, attempt)


def pay(purpose: UUID, now: Now) -> None:
    """Let a channel's page send the attempt to its gateway."""
    renewals.pay(
        purpose, return_url=f"{ADDRESS}/back", notify_address=ADDRESS, locale="en", now=now
    )


def _send(wish: Wish, at: datetime) -> Answer:
    order = wish.order
    kept = KeptMeans(words_version=payments.KEEP_VERSION) if wish.keeps else NOTHING_KEPT
    if isinstance(order, topups.Order):
        if wish.payer is not None:
            return topups.top_up(wish.caller, order, wish.payer.account_id, at)
        return topups.place(wish.caller, order, bank.NAME, wish.token, at, kept=kept)
    if wish.by == "gateway":
        return renewals.place(wish.caller, order, bank.NAME, wish.token, at, kept=kept)
    payer = wish.payer.account_id if wish.payer else order.account_id
    return renewals.renew(wish.caller, order, payer, at)
