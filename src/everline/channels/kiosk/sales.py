"""What a kiosk sells: placing, sending, stopping and leaving, by card terminal or by phone.

Both are gateways to the core. The reader of a kiosk bears the kiosk's own code. A payment that may
still move is never given up here: the core settles it, whoever has gone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse

from everline import clock, payments, renewals, topups
from everline.cards import Card
from everline.catalogue import Offer
from everline.channels.kiosk.visits import CHANNEL, Sale, Visit
from everline.database.requests import Answer
from everline.errors import Code
from everline.renewals import Contact, Renewal
from everline.topups import TopUp
from everline.trust.models import Channel

READER: Final = "terminal"
"""The gateway whose readers stand beside kiosks."""

ASK_SECONDS: Final = 1
REFUSED: Final = Answer(None, "refused", Code.MEANS_NOT_ALLOWED, {}, None, replayed=False)


def phone_gateway(currency: str) -> str | None:
    """Choose the gateway whose page a phone opens; None when there is none."""
    return next((each.name for each in payments.by_page(currency)), None)


def is_payable() -> bool:
    """Tell whether any gateway is set up by which a kiosk could take money."""
    return bool(payments.installed())


def channel_means() -> list[str]:
    """Read by which means the operator lets kiosks be paid."""
    row = Channel.objects.filter(code=CHANNEL, is_open=True).first()
    return list(row.means) if row else []


def means(allowed: Sequence[str], currency: str, total: int | None = None) -> list[str]:
    """Give the ways to pay here: those that the operator allows and that are set up."""
    if total == 0:
        return ["nothing"]
    if "gateway" not in allowed:
        return []
    reader = payments.installed().get(READER)
    found = ["card"] if reader is not None and reader.abilities.takes(currency) else []
    return [*found, "phone"] if phone_gateway(currency) else found


def route(visit: Visit, by: str, currency: str) -> tuple[str, str | None] | None:
    """Give the gateway of a way to pay, and its token; None when there is none."""
    if by == "card" and READER in payments.installed():
        return READER, visit.terminal.code
    name = phone_gateway(currency) if by == "phone" else None
    return (name, None) if name else None


def place_renewal(
    visit: Visit, card: Card, offer: Offer, sent: Mapping[str, Any], at: datetime
) -> Answer:
    """Open a renewal at what was shown; one that costs nothing is done at once."""
    order = renewals.Order(
        account_id=card.account_id,
        card_id=card.id,
        plan_code=offer.code,
        plan_version_id=sent["plan_version"],
        promotion=sent["promo"] or None,
        quoted_total=sent["total"],
        quoted_end=sent["ends_at"],
        contact=sent["contact"],
    )
    caller = visit.caller(sent["request_id"])
    if sent["total"] == 0:
        return renewals.renew(caller, order, _payer_of_nothing(visit, card), at)
    way = route(visit, sent["by"], card.currency)
    return renewals.place(caller, order, *way, at) if way else REFUSED


def _payer_of_nothing(visit: Visit, card: Card) -> UUID:
    """Name the account from which nothing is taken: one that the operator allows at kiosks."""
    return card.account_id if "balance" in channel_means() else visit.terminal.account_id


def place_top_up(
    visit: Visit, card: Card, amount: int, sent: Mapping[str, Any], at: datetime
) -> Answer:
    """Open a top-up."""
    way = route(visit, sent["by"], card.currency)
    contact: Contact = sent["contact"]
    order = topups.Order(card.account_id, card.id, amount, card.currency, contact)
    return topups.place(visit.caller(sent["request_id"]), order, *way, at) if way else REFUSED


def find(sale: Sale) -> Renewal | TopUp | None:
    """Read what is being paid."""
    return renewals.find(sale.id) if sale.kind == "renewal" else topups.find(sale.id)


def send(visit: Visit, sale: Sale) -> None:
    """Send the latest attempt to its gateway; without one, or sent again, it does nothing."""
    if payments.first_attempt(sale.id) is None:
        return
    back = (
        reverse("web:returned", args=[sale.id]) if sale.kind == "renewal" else reverse("web:home")
    )
    renewals.pay(
        sale.id,
        return_url=settings.PUBLIC_ADDRESS + back,
        notify_address=settings.PUBLIC_ADDRESS,
        locale=visit.locale,
        now=clock.now,
    )


def ask(sale: Sale) -> None:
    """Ask the gateway what became of the latest attempt, once a second at most.

    One without the gateway's reference is still being sent: a gateway closes what it never heard
    of. The janitor asks about those.
    """
    attempt = payments.first_attempt(sale.id)
    if attempt is None or attempt.state not in {"sent", "unknown", "superseded", "parked"}:
        return
    if attempt.state == "sent" and not attempt.reference:
        return
    if cache.add(f"asked-kiosk-{attempt.id}", 1, ASK_SECONDS):
        renewals.ask_renewal(sale.id, clock.now)


def cancel(visit: Visit, sale: Sale, request_id: object, at: datetime) -> Answer:
    """End what waits for its payment; money that still comes goes back by itself."""
    verb = renewals.cancel if sale.kind == "renewal" else topups.cancel
    return verb(visit.caller(request_id), sale.id, at)


def abandon(visit: Visit) -> None:
    """Take an amount off the card terminal that nobody has paid, so that no next person pays it.

    Only when the reader says that nothing was taken is the sale ended; anything else is left to the
    core, which delivers or gives back. What waits for a phone goes on waiting for it.
    """
    sale = visit.sale
    attempt = payments.first_attempt(sale.id) if sale else None
    if sale is None or attempt is None or attempt.gateway != READER:
        return
    settled = renewals.stop(sale.id, clock.now)
    if settled is not None and settled.attempt_state == "failed":
        cancel(visit, sale, _left(sale.id), clock.now())


def _left(sale_id: UUID) -> UUID:
    """Make the request id of leaving a sale: leaving it twice is one request."""
    return uuid5(sale_id, "left")


def held_by_code(sale: Sale, found: Renewal | TopUp) -> str:
    """Give the address that a phone opens to pay: the renewal's page, or the gateway's own."""
    if sale.kind == "renewal":
        return settings.PUBLIC_ADDRESS + reverse("web:renewal", args=[sale.id])
    return found.page_url or ""
