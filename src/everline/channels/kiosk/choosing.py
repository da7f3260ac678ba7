"""Choosing: the plans of a card, what one costs, and topping up. One press opens the payment.

The form carries its request id and all that was shown, so pressing twice is one sale. The payment
is followed in paying.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Concatenate, Final, ParamSpec
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from everline import cards, catalogue, clock, renewals, topups
from everline.cards import Card, Status
from everline.catalogue import Offer, Policy
from everline.channels.kiosk import sales, visits
from everline.channels.kiosk.finding import next_page
from everline.channels.kiosk.forms import OrderForm, SaleForm
from everline.channels.kiosk.frame import page
from everline.channels.kiosk.refusals import explain
from everline.channels.kiosk.visits import CHANNEL, Sale, Visit, in_visit
from everline.errors import Code, Refusal
from everline.pages import words
from everline.pages.again import renewed_before
from everline.pages.frame import see_other
from everline.pages.reading import promo_code
from everline.renewals import Quote

CLOSED: Final = {
    "suspended": Code.CARD_SUSPENDED,
    "lost": Code.CARD_LOST,
    "terminated": Code.CARD_TERMINATED,
}
QUOTED_MAX: Final = 24
FIRST: Final = 4
"""How many plans are shown at first: more than these nobody compares standing."""

SHOWN_ANEW: Final = frozenset({Code.QUOTE_CHANGED, Code.REQUEST_REUSED})
_METHODS: Final = ["GET", "HEAD", "POST"]
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Choice:
    """One plan in the list."""

    code: str
    name: str
    data: str
    period: str
    price: str
    ends_at: str
    is_same: bool


Chosen = Callable[Concatenate[HttpRequest, Visit, Card, _P], HttpResponse]


def with_card(view: Chosen[_P]) -> Callable[..., HttpResponse]:
    """Let a view be reached with a card that can be renewed; others lead to the step before."""

    @in_visit
    def guarded(
        request: HttpRequest, visit: Visit, /, *args: _P.args, **kwargs: _P.kwargs
    ) -> HttpResponse:
        found = cards.find_by_id(visit.card_id) if visit.card_id else None
        if found is None:
            return see_other("kiosk:card")
        if next_page(found) != "kiosk:plans":
            return see_other(next_page(found))
        return view(request, visit, found, *args, **kwargs)

    return guarded


@require_safe
@with_card
def plans(request: HttpRequest, visit: Visit, card: Card) -> HttpResponse:
    """Show how the card stands and what it can be renewed with."""
    at, policy = clock.now(), catalogue.policy()
    if card.state in CLOSED:
        return refused(request, visit, card, Refusal(CLOSED[card.state]))
    waiting = renewals.find_open(card.id)
    if waiting is not None:
        facts = {"channel": waiting.channel, "since": waiting.placed_at.isoformat()}
        return refused(request, visit, card, Refusal(Code.RENEWAL_OPEN, facts), is_open=True)
    status = cards.status(card, at)
    choices = _choices(card, status, policy)
    context = {
        "card": card,
        "standing": _standing(card, status),
        "choices": choices[:FIRST],
        "further": choices[FIRST:],
        "amounts": topups.offered(card.currency).amounts,
    }
    back = reverse("kiosk:card")
    return page(request, "plans.html", context, visit=visit, step=2, back=back, policy=policy)


def _standing(card: Card, status: Status) -> str:
    if status.valid_until is not None:
        return _("Valid until %(until)s") % {"until": words.instant(status.valid_until, card.zone)}
    if status.last_ended_at is not None:
        return _("Lapsed since %(ended)s") % {
            "ended": words.instant(status.last_ended_at, card.zone)
        }
    return _("Ready for its first plan")


def _choices(card: Card, status: Status, policy: Policy) -> list[Choice]:
    """List the plans with price and new end for this card; the same plan again comes first."""
    at = clock.now()
    last = renewals.of_card(card.id, 1)
    same = status.present.plan_code if status.present else last[0].plan_code if last else None
    offers = sorted(
        catalogue.offers(card.currency, at)[:QUOTED_MAX], key=lambda offer: offer.code != same
    )
    versions = [offer.plan_version_id for offer in offers]
    quotes = renewals.quote_plans(card.id, versions, CHANNEL, at)
    listed = []
    for offer in offers:
        quote = quotes[offer.plan_version_id]
        if quote.refusal is None and quote.ends_at is not None and quote.total is not None:
            listed.append(
                Choice(
                    code=offer.code,
                    name=words.name(offer.names),
                    data=words.allowance(offer.allowance_bytes, offer.fair_use_bytes),
                    period=words.period(offer.period_unit, offer.period_count),
                    price=words.money(quote.total, quote.currency, policy),
                    ends_at=words.instant(quote.ends_at, quote.zone),
                    is_same=offer.code == same,
                )
            )
    return listed


@require_http_methods(_METHODS)
@with_card
def order(request: HttpRequest, visit: Visit, card: Card, plan: str) -> HttpResponse:
    """Show what a plan costs this card and gives, and open its payment."""
    at, policy = clock.now(), catalogue.policy()
    offer = catalogue.version_on_sale(plan, card.currency, at)
    if offer is None:
        return refused(request, visit, card, Refusal(Code.PLAN_UNKNOWN), status=404)
    promo = promo_code(request.POST.get("promo", ""))
    quote, problem = _quote(card, offer, promo, at)
    is_tried = "apply" in request.POST
    sent = request.POST if request.method == "POST" and not is_tried else None
    anew = OrderForm(initial={"contact": request.POST.get("contact", "")})
    form = OrderForm(sent) if sent else anew
    repeated = renewed_before(card.id, offer.code, form.data.get("request_id", ""), at)
    if form.is_valid() and repeated and not form.cleaned_data["again"]:
        form.add_error("again", _("Tick this to buy the same plan once more."))
    if form.is_valid():
        answer = sales.place_renewal(visit, card, offer, form.cleaned_data, at)
        if answer.refusal is None:
            assert answer.id is not None
            return _opened(request, visit, Sale("renewal", answer.id), plan)
        is_promo = answer.refusal.code.startswith("promotion_")
        # Somebody else may just have renewed: what was quoted before the order is old now.
        quote, problem = _quote(card, offer, promo, at)
        repeated = renewed_before(card.id, offer.code, form.data.get("request_id", ""), at)
        if (is_promo or answer.refusal.code in SHOWN_ANEW) and quote.refusal is None:
            told = None if is_promo else explain(answer.refusal, policy, card, plan)
            shown = {"explained": told, "repeated": repeated, "promo": promo}
            shown["promo_problem"] = _(answer.refusal.sentence) if is_promo else problem
            return _details(request, visit, offer, quote, form=anew, shown=shown, status=409)
        return refused(request, visit, card, answer.refusal, plan=plan)
    if quote.refusal is not None:
        return refused(request, visit, card, quote.refusal, plan=plan)
    status = 422 if form.errors else 200
    shown = {"repeated": repeated, "promo": promo, "promo_problem": problem}
    return _details(request, visit, offer, quote, form=form, shown=shown, status=status)


def _quote(card: Card, offer: Offer, promo: str, at: datetime) -> tuple[Quote, str]:
    """Ask for the quote; a promo code that does not apply is set aside, with the reason."""
    (quote,) = renewals.quote([card.id], offer.plan_version_id, promo or None, CHANNEL, at)
    if promo and quote.refusal and quote.refusal.code.startswith("promotion_"):
        why = _(quote.refusal.sentence)
        (quote,) = renewals.quote([card.id], offer.plan_version_id, None, CHANNEL, at)
        return quote, why
    return quote, ""


def _details(
    request: HttpRequest,
    visit: Visit,
    offer: Offer,
    quote: Quote,
    *,
    form: OrderForm,
    shown: dict[str, Any],
    status: int,
) -> HttpResponse:
    """Show the price details with the two ways to pay."""
    assert quote.total is not None
    assert quote.tax is not None
    assert quote.ends_at is not None
    policy = catalogue.policy()
    keeps = form.is_bound and not form.errors.keys() - {"contact", "again", "promo"}
    bonus = quote.bonus_bytes
    context = {
        "plan": words.name(offer.names),
        "data": words.allowance(quote.allowance_bytes, quote.fair_use_bytes),
        "bonus": words.data(bonus) if bonus else "",
        "fate": words.fate(quote),
        "ends_at": words.instant(quote.ends_at, quote.zone),
        "total": words.money(quote.total, quote.currency, policy),
        "tax": words.tax(quote.tax, quote.currency, policy),
        "discount": words.money(-quote.discount, quote.currency, policy) if quote.discount else "",
        "form": form,
        "is_free": quote.total == 0,
        "takes_promo": True,
        "means": sales.means(quote.means or [], quote.currency, quote.total),
        "action": reverse("kiosk:order", args=[offer.code]),
        "sent": {
            "request_id": form.data["request_id"] if keeps else uuid4(),
            "plan_version": offer.plan_version_id,
            "total": quote.total,
            "ends_at": quote.ends_at.isoformat(),
        },
    } | shown
    back = reverse("kiosk:plans")
    return page(
        request, "order.html", context, visit=visit, step=3, back=back, status=status, policy=policy
    )


@require_safe
@with_card
def amounts(request: HttpRequest, visit: Visit, card: Card) -> HttpResponse:
    """Ask how much is to be put onto the balance."""
    policy = catalogue.policy()
    context = {
        "card": card,
        "offered": [
            (each, words.money(each, card.currency, policy))
            for each in topups.offered(card.currency).amounts
        ],
    }
    back = reverse("kiosk:plans")
    return page(request, "amounts.html", context, visit=visit, step=2, back=back, policy=policy)


@require_http_methods(_METHODS)
@with_card
def top_up(request: HttpRequest, visit: Visit, card: Card, minor: int) -> HttpResponse:
    """Show what is put onto the balance, and open its payment."""
    at, policy = clock.now(), catalogue.policy()
    if minor not in topups.offered(card.currency).amounts:
        raise Http404
    form = SaleForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        answer = sales.place_top_up(visit, card, minor, form.cleaned_data, at)
        if answer.refusal is None:
            assert answer.id is not None
            return _opened(request, visit, Sale("top_up", answer.id), "")
        return refused(request, visit, card, answer.refusal)
    keeps = form.is_bound and not form.errors.keys() - {"contact"}
    context = {
        "plan": _("Onto the balance"),
        "data": card.masked,
        "total": words.money(minor, card.currency, policy),
        "form": form,
        "means": sales.means(sales.channel_means(), card.currency),
        "action": reverse("kiosk:top-up", args=[minor]),
        "sent": {"request_id": form.data["request_id"] if keeps else uuid4()},
    }
    back = reverse("kiosk:amounts")
    status = 422 if form.errors else 200
    return page(
        request, "order.html", context, visit=visit, step=3, back=back, status=status, policy=policy
    )


def _opened(request: HttpRequest, visit: Visit, sale: Sale, plan: str) -> HttpResponse:
    """Keep what is being paid before it is sent, send it, and follow it."""
    visit = visits.keep(request, replace(visit, sale=sale, plan=plan))
    request.session.save()  # Should the answer be lost, the visit still knows its sale.
    sales.send(visit, sale)
    return see_other("kiosk:pay")


def refused(
    request: HttpRequest,
    visit: Visit,
    card: Card,
    refusal: Refusal,
    *,
    plan: str = "",
    is_open: bool = False,
    status: int = 409,
) -> HttpResponse:
    """Say why not, and what to do next."""
    policy = catalogue.policy()
    told = explain(refusal, policy, card, plan)
    if is_open:
        told = replace(told, url=reverse("kiosk:card"), step=_("Enter the code of the renewal"))
    return page(
        request,
        "refused.html",
        {"explained": told, "card": card},
        visit=visit,
        step=2,
        back=reverse("kiosk:card"),
        status=200 if is_open else status,
        policy=policy,
    )
