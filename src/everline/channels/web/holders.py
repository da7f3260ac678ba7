"""People who sign in, and the cards they hold: who may see what, and the list of one's cards.

Who holds an account is a row of people_holding without an end; nothing else shows usage, balance
and history. Whoever only knows a card's number is a stranger, signed in or not. A card is added in
adding.py; all that its holder sees of it is held.py.
"""

from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from everline import cards, catalogue, clock, holders, ledger, renewals
from everline.channels.web import browser, gauges, showing
from everline.channels.web.pages import page
from everline.pages import words
from everline.people.models import Holding, Person

CARDS_MAX: Final = 20
RENEWALS_MAX: Final = 5


def person_of(request: HttpRequest) -> Person:
    """Give whoever is signed in; the view has seen to it that somebody is."""
    assert isinstance(request.user, Person)
    return request.user


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
    at = clock.now()
    policy = catalogue.policy()
    shown = []
    for each in holders.held_by(person_of(request).id, CARDS_MAX):
        card = cards.find_by_id(each.card_id)
        assert card is not None
        status = cards.status(card, at)
        balance = ledger.spendable(card.account_id, "balance", card.currency)
        shown.append(
            {
                "card": card,
                "standing": showing.standing(card, status),
                "ring": gauges.ring(status.present, at) if status.present else None,
                "balance": words.money(balance, card.currency, policy),
            }
        )
    return page(request, "my_cards.html", {"held": shown}, policy=policy)
