"""People who sign in, and the cards they hold.

Who holds an account is a row of people_holding without an end; nothing else shows usage, balance
and history. Whoever only knows a card's number is a stranger, signed in or not.
"""

from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from everline import cards, catalogue, clock, ledger, renewals
from everline.cards.models import Card
from everline.channels.web import browser, showing
from everline.channels.web.pages import page
from everline.pages import words
from everline.people.models import Holding

CARDS_MAX: Final = 20
RENEWALS_MAX: Final = 5


def holds(request: HttpRequest, account_id: UUID) -> bool:
    """Tell whether whoever is signed in holds this account now."""
    if not request.user.is_authenticated:
        return False
    return Holding.objects.filter(person=request.user, account_id=account_id, ends_at=None).exists()


def may_manage(request: HttpRequest, card_id: UUID, account_id: UUID) -> bool:
    """Tell whether somebody may switch automatic renewal: the holder, or who just bought.

    A card that has a holder is managed by nobody else. One without is managed from the browser that
    paid for one of its last renewals, as long as it remembers that.
    """
    if holds(request, account_id):
        return True
    return not is_held(account_id) and any(
        each.paid_at is not None and browser.opened(request, each.id)
        for each in renewals.of_card(card_id, RENEWALS_MAX)
    )


def is_held(account_id: UUID) -> bool:
    """Tell whether somebody holds this account now."""
    return Holding.objects.filter(account_id=account_id, ends_at=None).exists()


@login_required
@require_safe
def cards_held(request: HttpRequest) -> HttpResponse:
    """List the cards of whoever is signed in."""
    assert request.user.is_authenticated
    at = clock.now()
    policy = catalogue.policy()
    accounts = Holding.objects.filter(person=request.user, ends_at=None).values("account_id")
    held = []
    for each in Card.objects.filter(account_id__in=accounts).order_by("iccid")[:CARDS_MAX]:
        card = cards.find_by_id(each.id)
        if card is not None:
            held.append((card, cards.status(card, at)))
    balances = {
        card.id: ledger.spendable(card.account_id, "balance", card.currency) for card, _ in held
    }
    shown = [
        {
            "card": card,
            "standing": showing.standing(card, status),
            "usage": showing.usage(status.present, card.zone) if status.present else None,
            "balance": words.money(balances[card.id], card.currency, policy),
        }
        for card, status in held
    ]
    return page(request, "my_cards.html", {"held": shown}, policy=policy)
