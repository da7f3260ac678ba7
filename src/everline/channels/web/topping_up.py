"""Topping a card's balance up: the amount, where the confirmation goes, and on to the payment.

Anybody who knows the number may put money on a card; only its holder sees the balance. The form
carries its request id, so pressing twice is one top-up. It is followed in topup_pages.py.
"""

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from everline import cards, catalogue, clock, ledger, renewals, topups
from everline.cards import Card
from everline.catalogue import Policy
from everline.channels.web import browser
from everline.channels.web.forms import TopUpForm, outside
from everline.channels.web.holders import holds
from everline.channels.web.ordering import LEFT, SOURCE, own_address, refused
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.paying import chosen, gateway_for, named_for, offered, refusal_of
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Caller
from everline.errors import Code, Refusal
from everline.pages import words
from everline.pages.frame import see_other
from everline.pages.refusals import Explained

CLOSED = {
    "in_stock": Code.CARD_NOT_ACTIVE,
    "lost": Code.CARD_LOST,
    "terminated": Code.CARD_TERMINATED,
}
"""States in which no money can be put on a card, with the refusal that says so."""


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Ask how much, and open the top-up."""
    card = cards.find_by_id(card_id)
    if card is None:
        raise Http404
    policy = catalogue.policy()
    if card.state in CLOSED:
        return refused(request, Refusal(CLOSED[card.state]), Place(policy, card))
    form = TopUpForm(
        request.POST if request.method == "POST" else None,
        card=card,
        policy=policy,
        initial={"contact": own_address(request)},
    )
    if form.is_valid():
        return _take(request, card, policy, form)
    return _ask(request, card, policy, form, status=422 if form.errors else 200)


def _ask(
    request: HttpRequest,
    card: Card,
    policy: Policy,
    form: TopUpForm,
    *,
    status: int,
    explained: Explained | None = None,
) -> HttpResponse:
    """Show the form; its request id is a new one unless nothing was sent yet."""
    keeps_id = form.is_bound and explained is None and "request_id" not in form.errors
    context: dict[str, object] = {
        "card": card,
        "form": form,
        "amounts": [
            (str(each), words.money(each, card.currency, policy)) for each in form.offered.amounts
        ],
        "chosen": form.data.get("chosen", ""),
        "limits": outside(form.offered, card.currency, policy),
        "has_gateway": gateway_for(card.currency) is not None,
        "named_gateways": named_for(card.currency),
        "request_id": form.data["request_id"] if keeps_id else uuid4(),
        "explained": explained,
        "open": _open(request, card),
    } | offered(request, card.account_id, card.currency, wants_keep=bool(form.data.get("keep")))
    if holds(request, card.account_id):
        balance = ledger.spendable(card.account_id, "balance", card.currency)
        context["balance"] = words.money(balance, card.currency, policy)
    return page(request, "top_up.html", context, status=status, policy=policy)


def _open(request: HttpRequest, card: Card) -> UUID | None:
    """Give the open top-up of a card to whoever may go on with it."""
    waiting = topups.find_open(card.id)
    return waiting.id if waiting and may_follow(request, waiting) else None


def may_follow(request: HttpRequest, top_up: topups.TopUp) -> bool:
    """Tell whether this browser opened a top-up, or its holder is looking."""
    return browser.opened_top_up(request, top_up.id) or holds(request, top_up.account_id)


def _take(request: HttpRequest, card: Card, policy: Policy, form: TopUpForm) -> HttpResponse:
    """Open the top-up, and lead on to its payment."""
    sent = form.cleaned_data
    wanted = topups.Order(card.account_id, card.id, sent["amount"], card.currency, sent["contact"])
    answer = place(request, wanted, sent)
    if isinstance(answer, Refusal):
        told = explain(answer, Place(policy, card, joinable_top_up=_open(request, card)))
        return _ask(request, card, policy, form, status=409, explained=told)
    browser.remember_top_up(request, answer)
    return send(answer)


def place(request: HttpRequest, wanted: topups.Order, sent: dict[str, Any]) -> UUID | Refusal:
    """Open a top-up that a gateway is to pay, by what was sent; gives its id."""
    caller = Caller(CHANNEL, SOURCE, str(sent["request_id"]))
    way = chosen(request, wanted.account_id, wanted.currency, sent)
    if isinstance(way, Code):
        answer = refusal_of(caller, way)
    else:
        gateway, kept = way
        answer = topups.place(caller, wanted, gateway, None, clock.now(), kept=kept)
    if answer.refusal is not None:
        return answer.refusal
    assert answer.id is not None
    return answer.id


def send(top_up_id: UUID) -> HttpResponse:
    """Send the latest attempt to its gateway, and lead to the page of one or other."""
    back = settings.PUBLIC_ADDRESS + reverse("web:topup-returned", args=[top_up_id])
    renewals.pay(
        top_up_id,
        return_url=back,
        cancel_url=f"{back}?{LEFT}",
        notify_address=settings.PUBLIC_ADDRESS,
        locale=get_language() or "en",
        now=clock.now,
    )
    return see_other("web:topup-payment", top_up_id)
