"""Choosing a plan: the price details before paying, and the order that accepts them.

The form carries its request id and all that was shown, so pressing twice is one renewal, and a
price or end that changed meanwhile is refused by the core. The payment is followed in following.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_http_methods

from everline import autorenewal, cards, catalogue, clock, ledger, payments, renewals
from everline.cards import Card
from everline.catalogue import Offer, Policy
from everline.channels.web import browser
from everline.channels.web.forms import OrderForm, PromoForm
from everline.channels.web.holders import holds, is_held
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.paying import gateway_for, keeps, named_for, refusal_of, shown
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Answer, Caller
from everline.errors import Code, Refusal
from everline.pages import words
from everline.pages.again import renewed_before
from everline.pages.frame import see_other
from everline.pages.reading import promo_code
from everline.pages.refusals import Explained
from everline.payments import Abilities
from everline.renewals import Order, Quote

SOURCE: Final = "page"
"""Within this time the same plan for the same card is bought again only by somebody who says so."""

LEFT: Final = "left"
"""What the address of coming back is asked with by somebody who turned away at the gateway."""

DOORS: Final = {Code.CARD_NOT_ACTIVE: "web:activate", Code.CARD_NOT_BOUND: "web:bind"}
"""Refusals that are a step which is missing; the step leads back to the plan."""

SHOWN_ANEW: Final = frozenset(
    {
        Code.QUOTE_CHANGED,
        Code.REQUEST_REUSED,
        Code.BALANCE_SHORT,
        Code.MEANS_NOT_ALLOWED,
        Code.PROMOTION_UNKNOWN,
        Code.PROMOTION_CLOSED,
        Code.PROMOTION_NOT_FOR_THIS,
        Code.PROMOTION_USED,
        Code.PROMOTION_SPENT,
        Code.METHOD_UNKNOWN,
    }
)
"""Refusals after which the price details are shown anew; others end in a page of their own."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """What is bought for whom, at an instant."""

    card: Card
    offer: Offer
    policy: Policy
    quote: Quote
    promo: str
    promo_refusal: Refusal | None
    is_holder: bool
    balance: int | None
    repeated: str
    may_mandate: bool

    @property
    def where(self) -> Place:
        """Where one stands, for the wording of refusals."""
        return Place(self.policy, self.card, self.offer.code)

    @property
    def means(self) -> list[str]:
        """How this can be paid here: the channel's means that this deployment and person have."""
        allowed = self.quote.means or []
        if self.quote.total == 0:
            return ["balance"]
        has_cards = gateway_for(self.quote.currency) is not None
        found = ["gateway"] if "gateway" in allowed and has_cards else []
        return [*found, "balance"] if "balance" in allowed and self.is_holder else found

    @property
    def kept_means(self) -> list[payments.Method]:
        """The kept means that its holder can pay with in one tap; nothing to anybody else."""
        is_able = self.is_holder and "gateway" in (self.quote.means or []) and self.quote.total
        return payments.usable_methods(self.card.account_id, self.quote.currency) if is_able else []

    @property
    def may_keep(self) -> bool:
        """Whether the bank card may be kept: for its holder, or for a mandate that is given now."""
        currency = self.quote.currency
        is_able = keeps(gateway_for(currency), currency) and "gateway" in self.means
        return is_able and (self.is_holder or self.may_mandate)

    @property
    def named_gateways(self) -> list[Abilities]:
        """The gateways that customers know by a name and that this can be paid by."""
        is_allowed = "gateway" in (self.quote.means or []) and self.quote.total
        return named_for(self.quote.currency) if is_allowed else []


@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, card_id: UUID, plan: str) -> HttpResponse:
    """Show what a plan costs this card now and what it gives; take the order."""
    at = clock.now()
    card = cards.find_by_id(card_id)
    if card is None:
        raise Http404
    policy = catalogue.policy()
    offer = catalogue.version_on_sale(plan, card.currency, at)
    if offer is None:
        return refused(request, Refusal(Code.PLAN_UNKNOWN), Place(policy, card), status=404)
    typed = request.POST if request.method == "POST" else request.GET
    checkout = look(request, typed, card=card, offer=offer, policy=policy, at=at)
    form = OrderForm(
        request.POST if request.method == "POST" else None,
        initial={"contact": own_address(request)},
    )
    if form.is_valid():
        sent = form.cleaned_data
        if sent["keep"] and not (checkout.is_holder or sent["auto"]):
            form.add_error("keep", _("Without an account it is kept for auto-renewal alone."))
        elif sent["again"] or not checkout.repeated:
            return take(request, checkout, form, at)
        else:
            form.add_error("again", _("Tick this to buy the same plan once more."))
    refusal = checkout.quote.refusal
    if refusal is not None and refusal.code in DOORS:
        return see_other(DOORS[refusal.code], card.id, query=f"?plan={offer.code}")
    if refusal is not None:
        return refused(request, refusal, checkout.where)
    keeps_id = form.is_bound and not form.was_tampered
    status = 422 if form.errors else 200
    return details(request, checkout, form, keeps_id=keeps_id, status=status)


def look(
    request: HttpRequest,
    typed: QueryDict,
    *,
    card: Card,
    offer: Offer,
    policy: Policy,
    at: datetime,
) -> Checkout:
    """Ask for the quote; a promo code that does not apply is set aside, with the reason.

    A renewal counts as a repetition only when another request made it: pressing twice is no such.
    """
    promo = promo_code(typed.get("promo", ""))
    (quote,) = renewals.quote([card.id], offer.plan_version_id, promo or None, CHANNEL, at)
    promo_refusal = quote.refusal
    if promo and promo_refusal and promo_refusal.code.startswith("promotion_"):
        (quote,) = renewals.quote([card.id], offer.plan_version_id, None, CHANNEL, at)
    else:
        promo_refusal = None
    is_holder = holds(request, card.account_id)
    return Checkout(
        card=card,
        offer=offer,
        policy=policy,
        quote=quote,
        promo=promo,
        promo_refusal=promo_refusal,
        is_holder=is_holder,
        balance=ledger.spendable(card.account_id, "balance", card.currency) if is_holder else None,
        repeated=renewed_before(card.id, offer.code, typed.get("request_id", ""), at),
        may_mandate=(is_holder or not is_held(card.account_id)) and needs_consent(card.id, at),
    )


def needs_consent(card_id: UUID, at: datetime) -> bool:
    """Tell whether automatic renewal is off, or waits for a consent to a higher price."""
    found = autorenewal.standing(card_id, at)
    return found is None or found.consent_needed


def details(
    request: HttpRequest,
    checkout: Checkout,
    form: OrderForm,
    *,
    keeps_id: bool = False,
    explained: Explained | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the price details with a form whose request id is new, unless nothing was sent yet."""
    quote, policy = checkout.quote, checkout.policy
    assert quote.ends_at is not None
    assert quote.starts_at is not None
    assert quote.price is not None
    assert quote.total is not None
    promo = "" if checkout.promo_refusal else checkout.promo
    bonus = quote.bonus_bytes
    period = words.period(checkout.offer.period_unit, checkout.offer.period_count)
    promo_form = PromoForm({"promo": checkout.promo})
    if checkout.promo_refusal:
        promo_form.add_error("promo", _(checkout.promo_refusal.sentence))

    def money(amount: int) -> str:
        return words.money(amount, quote.currency, policy)

    context = {
        "card": checkout.card,
        "offer": checkout.offer,
        "plan": words.name(checkout.offer.names),
        "data": words.allowance(quote.allowance_bytes, quote.fair_use_bytes),
        "bonus": words.data(bonus) if bonus else "",
        "period": period,
        "place": words.place(checkout.offer),
        "devices": words.devices(checkout.offer.devices_max),
        "fate": words.fate(quote),
        "starts_at": words.instant(quote.starts_at, quote.zone),
        "ends_at": words.instant(quote.ends_at, quote.zone),
        "is_queued": bool(quote.waits),
        "price": money(quote.price),
        "discount": money(-quote.discount) if quote.discount else "",
        "total": money(quote.total),
        "is_free": quote.total == 0,
        "tax": words.tax(quote.tax, quote.currency, policy),
        "promo_applied": promo,
        "promo_form": promo_form,
        "means": checkout.means,
        "named_gateways": checkout.named_gateways,
        "is_holder": checkout.is_holder,
        "balance": None if checkout.balance is None else money(checkout.balance),
        "is_short": checkout.balance is not None and checkout.balance < quote.total,
        "repeated": checkout.repeated,
        "form": form,
        "explained": explained,
        "sent": {
            "request_id": form.data["request_id"] if keeps_id else uuid4(),
            "plan_version": checkout.offer.plan_version_id,
            "total": quote.total,
            "ends_at": quote.ends_at.isoformat(),
            "promo": promo,
            "words_version": autorenewal.VERSION,
            "agreed": quote.price,
        },
        "chosen_means": form.data.get("means", ""),
        "consent": autorenewal.words() if checkout.may_mandate else (),
        "each_term": _("%(price)s for %(period)s")
        % {"price": money(quote.price), "period": period},
        "wants_auto": bool(form.data.get("auto")),
        **_kept(checkout, form),
    }
    return page(request, "order.html", context, status=status, policy=policy)


def _kept(checkout: Checkout, form: OrderForm) -> dict[str, object]:
    wants_keep = bool(form.data.get("keep"))
    return shown(checkout.kept_means, may_keep=checkout.may_keep, wants_keep=wants_keep)


def take(request: HttpRequest, checkout: Checkout, form: OrderForm, at: datetime) -> HttpResponse:
    """Place the order, pay, and lead on to where it is followed."""
    sent = form.cleaned_data
    caller = Caller(CHANNEL, SOURCE, str(sent["request_id"]))
    wanted = Order(
        account_id=checkout.card.account_id,
        card_id=checkout.card.id,
        plan_code=checkout.offer.code,
        plan_version_id=sent["plan_version"],
        promotion=sent["promo"] or None,
        quoted_total=sent["total"],
        quoted_end=sent["ends_at"],
        contact=sent["contact"],
    )
    gateway = gateway_for(checkout.quote.currency, sent["means"])
    if sent["method"]:
        answer = by_kept_means(checkout, caller, wanted, sent["method"], at)
    elif sent["means"] == "balance" and (checkout.is_holder or sent["total"] == 0):
        answer = renewals.renew(caller, wanted, checkout.card.account_id, at)
    elif gateway is not None:
        agreed = sent["keep_version"] if sent["keep"] and checkout.may_keep else ""
        kept = payments.KeptMeans(words_version=agreed)
        answer = renewals.place(caller, wanted, gateway, None, at, kept=kept)
    else:
        answer = Answer(None, "refused", Code.MEANS_NOT_ALLOWED, {}, None, replayed=False)
    if answer.refusal is not None:
        return turned_away(request, checkout, form, answer.refusal)
    assert answer.id is not None
    browser.remember_renewal(request, answer.id)
    if sent["auto"] and checkout.may_mandate:
        _agree(request, checkout, sent, at)
    if sent["means"] == "balance" and not sent["method"]:
        return see_other("web:renewal", answer.id)
    return send(answer.id)


def _agree(request: HttpRequest, checkout: Checkout, sent: dict[str, Any], at: datetime) -> None:
    """Keep the consent that was given with an order: to this plan at the amount that was shown.

    Its request id comes from the order's: the same form sent twice is one mandate.
    """
    agreed = autorenewal.give_mandate(
        Caller(CHANNEL, SOURCE, f"{sent['request_id']}:auto"),
        checkout.card.id,
        at,
        plan_id=catalogue.find_plan(checkout.offer.code),
        words_version=sent["words_version"],
        contact=sent["contact"],
        locale=get_language() or "en",
        quoted_total=sent["agreed"],
    )
    if agreed.refusal is not None:
        is_off = _("Auto-renewal was not switched on.")
        told = explain(agreed.refusal, checkout.where).sentence
        messages.warning(request, f"{is_off} {told}")


def by_kept_means(
    checkout: Checkout, caller: Caller, wanted: Order, method_id: UUID, at: datetime
) -> Answer:
    """Place an order that a kept means of the card pays, for its holder alone."""
    gateway = next((each.gateway for each in checkout.kept_means if each.id == method_id), None)
    if gateway is None:
        return refusal_of(caller, Code.METHOD_UNKNOWN)
    kept = payments.KeptMeans(method_id=method_id)
    return renewals.place(caller, wanted, gateway, None, at, kept=kept)


def send(renewal_id: UUID) -> HttpResponse:
    """Send the latest attempt of a renewal to its gateway, and lead to the page of one or other."""
    back = settings.PUBLIC_ADDRESS + reverse("web:returned", args=[renewal_id])
    renewals.pay(
        renewal_id,
        return_url=back,
        cancel_url=f"{back}?{LEFT}",
        notify_address=settings.PUBLIC_ADDRESS,
        locale=get_language() or "en",
        now=clock.now,
    )
    return see_other("web:payment", renewal_id)


def turned_away(
    request: HttpRequest, checkout: Checkout, form: OrderForm, refusal: Refusal
) -> HttpResponse:
    """Answer a refused order: with new details where they help, else with the way on."""
    if refusal.code in SHOWN_ANEW and checkout.quote.refusal is None:
        told = explain(refusal, checkout.where)
        card, offer, policy = checkout.card, checkout.offer, checkout.policy
        anew = look(
            request, request.POST, card=card, offer=offer, policy=policy, at=clock.now()
        )  # Somebody else may just have renewed: what was quoted before the order is old now.
        if anew.quote.refusal is None:
            return details(request, anew, form, explained=told, status=409)
    where = checkout.where
    if refusal.code is Code.RENEWAL_OPEN and "renewal" in refusal.facts:
        open_id = UUID(refusal.facts["renewal"])
        if browser.opened(request, open_id) or checkout.is_holder:
            where = Place(where.policy, where.card, where.plan, joinable=open_id)
    return refused(request, refusal, where)


def refused(
    request: HttpRequest, refusal: Refusal, where: Place, *, status: int = 409
) -> HttpResponse:
    """Say why not, and what to do next."""
    context = {"explained": explain(refusal, where), "card": where.card}
    return page(request, "refused.html", context, status=status, policy=where.policy)


def own_address(request: HttpRequest) -> str:
    """Give the address of somebody who is signed in, by e-mail or else by telephone."""
    if not request.user.is_authenticated:
        return ""
    return request.user.email or request.user.phone or ""
