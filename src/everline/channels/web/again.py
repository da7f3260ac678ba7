"""The same again: the plan that a card had last, quoted, with one button that pays it.

Every reminder leads here. The button sends the order that ordering.py takes, so pressing twice is
one renewal; by what it is paid is chosen here: the balance where it suffices and is one's own, else
a bank card. What is kept for the card has its buttons below, for the holder alone. A plan that is
no longer sold is followed to what came in its place.
"""

from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from everline import cards, catalogue, clock
from everline.cards import Card
from everline.catalogue import Offer
from everline.channels.web.ordering import DOORS, Checkout, look, own_address, refused
from everline.channels.web.pages import page
from everline.channels.web.paying import buttons
from everline.pages import words
from everline.pages.frame import see_other


@require_safe
def show(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Show what the same plan costs this card now, with one button."""
    at = clock.now()
    card = cards.find_by_id(card_id)
    if card is None:
        raise Http404
    last = cards.last_plan(card.id)
    offer = catalogue.sold_in_place(last, card.currency, at) if last else None
    if offer is None:
        return see_other("web:card", card.id)
    policy = catalogue.policy()
    checkout = look(request, request.GET, card=card, offer=offer, policy=policy, at=at)
    refusal = checkout.quote.refusal
    if refusal is not None and refusal.code in DOORS:
        return see_other(DOORS[refusal.code], card.id, query=f"?plan={offer.code}")
    if refusal is not None:
        return refused(request, refusal, checkout.where)
    shown = _shown(request, checkout, card, offer, is_other=offer.code != last)
    return page(request, "again.html", shown, policy=policy)


def _shown(
    request: HttpRequest, checkout: Checkout, card: Card, offer: Offer, *, is_other: bool
) -> dict[str, object]:
    quote, policy = checkout.quote, checkout.policy
    assert quote.total is not None
    assert quote.starts_at is not None
    assert quote.ends_at is not None
    total = words.money(quote.total, quote.currency, policy)
    means = _means(checkout)
    return {
        "card": card,
        "offer": offer,
        "is_other": is_other,
        "plan": words.name(offer.names),
        "data": words.allowance(quote.allowance_bytes, quote.fair_use_bytes),
        "starts_at": words.instant(quote.starts_at, quote.zone) if quote.waits else "",
        "ends_at": words.instant(quote.ends_at, quote.zone),
        "fate": words.fate(quote),
        "total": total,
        "means": means,
        "kept_means": buttons(checkout.kept_means),
        "balance": words.money(checkout.balance, quote.currency, policy)
        if means == "balance" and checkout.balance is not None
        else "",
        "repeated": checkout.repeated,
        "sent": {
            "request_id": uuid4(),
            "plan_version": offer.plan_version_id,
            "total": quote.total,
            "ends_at": quote.ends_at.isoformat(),
            "means": means or "gateway",
            "contact": own_address(request),
        },
    }


def _means(checkout: Checkout) -> str:
    """Choose by what one button pays; "" when a person must choose."""
    assert checkout.quote.total is not None
    if checkout.quote.total == 0:
        return "balance"
    is_enough = checkout.balance is not None and checkout.balance >= checkout.quote.total
    if is_enough and "balance" in checkout.means:
        return "balance"
    if "gateway" in checkout.means:
        return "gateway"
    return ""
