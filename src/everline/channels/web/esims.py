"""Buying an eSIM: where it is for, a plan, then the same order as for any card, and its QR at last.

Pressing "Choose" takes an eSIM from stock for this browser; one that is not paid in time goes back.
The QR is shown to whoever has the secret address of the renewal that paid for it, and to the
holder. Ordering and paying stand in ordering.py and following.py.
"""

from typing import Final
from uuid import UUID, uuid4

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from everline import cards, catalogue, clock, renewals
from everline.cards import Card
from everline.channels.web import browser, showing
from everline.channels.web.forms import EsimForm
from everline.channels.web.holders import holds
from everline.channels.web.ordering import SOURCE, refused
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.refusals import Place
from everline.database.requests import Caller
from everline.errors import Code, Refusal
from everline.pages import words
from everline.pages.frame import see_other

QR_SCALE: Final = 6
QR_BORDER: Final = 4
"""The quiet zone around a QR, in modules (ISO/IEC 18004)."""


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Ask where the eSIM is for, and list the plans that work there."""
    policy = catalogue.policy()
    stocked = cards.currencies_in_stock()
    wanted = request.GET.get("currency", "")
    currency = wanted if wanted in stocked else next(iter(stocked), "")
    offers = catalogue.offers(currency, clock.now()) if currency else []
    covered = sorted({code for offer in offers for code in offer.countries})
    country = request.GET.get("country", "")
    chosen = country if country in covered else ""
    shown = [offer for offer in offers if chosen in offer.countries] if chosen else []
    context = {
        "currencies": stocked if len(stocked) > 1 else [],
        "currency": currency,
        "countries": words.countries(covered),
        "chosen_country": chosen,
        "place": words.country(chosen) if chosen else "",
        "groups": showing.groups(shown, policy),
        "request_id": uuid4(),
    }
    return page(request, "esim.html", context, policy=policy)


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take an eSIM from stock, once for a form, and lead to the price details of the plan."""
    form = EsimForm(request.POST)
    if not form.is_valid():
        return see_other("web:esim")
    sent = form.cleaned_data
    found = _unpaid(request, sent["currency"])
    if found is not None:
        return see_other("web:order", found.id, sent["plan"])
    if catalogue.version_on_sale(sent["plan"], sent["currency"], clock.now()) is None:
        return refused(request, Refusal(Code.PLAN_UNKNOWN), Place(catalogue.policy()), status=404)
    caller = Caller(CHANNEL, SOURCE, str(sent["request_id"]))
    answer = cards.take_esim(caller, sent["currency"], clock.now())
    if answer.refusal is not None:
        return refused(request, answer.refusal, Place(catalogue.policy()))
    assert answer.id is not None
    browser.remember_esim(request, answer.id)
    return see_other("web:order", answer.id, sent["plan"])


@require_safe
def of_renewal(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Show the QR to whoever has the address of the renewal that bought the eSIM."""
    renewal = renewals.find(renewal_id)
    card = cards.find_by_id(renewal.card_id) if renewal else None
    if card is None or not is_buyers(card, renewal_id):
        raise Http404
    return _show(request, card)


@require_safe
def of_card(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Show the QR to the holder of an eSIM."""
    card = cards.find_by_id(card_id)
    if card is None or not card.has_profile or not holds(request, card.account_id):
        raise Http404
    return _show(request, card)


def is_buyers(card: Card, renewal_id: UUID) -> bool:
    """Tell whether a renewal is the one by which an eSIM was bought on a page.

    Who renews it later, or an eSIM that came on a carrier, gets no QR: it may be somebody else's.
    """
    is_bought = card.taken_at is not None and card.has_profile
    return is_bought and cards.first_renewal_id(card) == renewal_id


def profile(card: Card) -> dict[str, str]:
    """Give an eSIM's activation code, LPA:1$…, as text and as a QR."""
    code = cards.activation_code(card)
    drawn = segno.make(code, error="m", micro=False)
    picture = drawn.svg_data_uri(scale=QR_SCALE, border=QR_BORDER, light="#fff", dark="#000")
    return {"code": code, "qr": picture}


def _unpaid(request: HttpRequest, currency: str) -> Card | None:
    """Find an eSIM that this browser took before and has not paid, so that one is enough."""
    for each in browser.esims_taken(request):
        card = cards.find_by_id(each)
        if card is None or card.state != "activated" or card.currency != currency:
            continue
        if card.taken_at is not None and cards.first_renewal_id(card) is None:
            return card
    return None


def _show(request: HttpRequest, card: Card) -> HttpResponse:
    """Show the QR, the same as text, and the steps of installing."""
    context = {
        "card": card,
        **profile(card),
        "smdp_address": card.smdp_address,
        "matching_id": card.matching_id,
        "is_unbound": card.state == "activated",
    }
    return page(request, "esim_profile.html", context)
