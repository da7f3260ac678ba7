"""Selling: the price details, the document, the cash; one press renews or tops up.

The form carries its request id and all that was shown, so pressing twice is one sale. The row that
says who sold it for which cash is written first, and is healed by the second press if need be.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from everline import cards, catalogue, clock, ids, renewals, topups
from everline.cards import Card
from everline.catalogue import Offer, Policy
from everline.channels.store import cash, documents, sales
from everline.channels.store.counter import find_card, standing
from everline.channels.store.forms import (
    AmountForm,
    CashForm,
    SaleForm,
    TopUpForm,
)
from everline.channels.store.frame import page
from everline.channels.store.models import Sale
from everline.channels.store.refusals import explain
from everline.channels.store.tills import CHANNEL, Shift, at_till
from everline.database.requests import Answer
from everline.errors import Code, Refusal
from everline.pages import words
from everline.pages.again import renewed_before
from everline.pages.frame import see_other
from everline.pages.reading import promo_code
from everline.pages.refusals import Explained
from everline.renewals import Quote

DOORS: Final = {Code.CARD_NOT_ACTIVE: "store:activate", Code.CARD_NOT_BOUND: "store:bind"}
TYPED: Final = frozenset({"pay", "tendered", "seen", "ending", "contact", "again"})
"""Fields in which a clerk can make a mistake; any other one that is wrong was tampered with."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the counter took: the cash, or none, and what became of the document."""

    given: cash.Given | None
    document: str


@dataclass(frozen=True, slots=True)
class Counter:
    """A card at a till, at an instant."""

    shift: Shift
    card: Card
    policy: Policy
    at: datetime

    def money(self, amount: int) -> str:
        """Write an amount in the card's currency."""
        return words.money(amount, self.card.currency, self.policy)


@require_http_methods(["GET", "HEAD", "POST"])
@at_till
def order(request: HttpRequest, shift: Shift, card_id: UUID, plan: str) -> HttpResponse:
    """Show what a plan costs this card and gives, and sell it."""
    at = clock.now()
    here = Counter(shift, find_card(card_id), catalogue.policy(), at)
    offer = catalogue.version_on_sale(plan, here.card.currency, at)
    if offer is None:
        return refused(request, here, Refusal(Code.PLAN_UNKNOWN), status=404)
    typed = request.POST if request.method == "POST" else request.GET
    promo = promo_code(typed.get("promo", ""))
    quote, promo_refusal = _quote(here, offer, promo)
    form = SaleForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        taken = take(here, form, form.cleaned_data["total"])
        repeated = renewed_before(here.card.id, offer.code, form.data["request_id"], at)
        if repeated and not form.cleaned_data["again"]:
            form.add_error("again", _("Tick this to sell the same plan once more."))
        if taken is not None and not form.errors:
            return _sell(request, here, offer, quote, form=form, taken=taken)
    if quote.refusal is not None:
        return turned_away(request, here, offer, quote.refusal)
    keeps = form.is_bound and not form.errors.keys() - TYPED
    shown = {
        "promo": "" if promo_refusal else promo,
        "promo_problem": _(promo_refusal.sentence) if promo_refusal else "",
        "request_id": form.data.get("request_id") if keeps else uuid4(),
    }
    return details(
        request, here, offer, quote, form=form, shown=shown, status=422 if form.errors else 200
    )


def _quote(here: Counter, offer: Offer, promo: str) -> tuple[Quote, Refusal | None]:
    """Ask for the quote; a promo code that does not apply is set aside, with the reason."""
    version = offer.plan_version_id
    (quote,) = renewals.quote([here.card.id], version, promo or None, CHANNEL, here.at)
    refusal = quote.refusal
    if promo and refusal and refusal.code.startswith("promotion_"):
        (quote,) = renewals.quote([here.card.id], version, None, CHANNEL, here.at)
        return quote, refusal
    return quote, None


def details(
    request: HttpRequest,
    here: Counter,
    offer: Offer,
    quote: Quote,
    *,
    form: SaleForm,
    shown: dict[str, Any],
    explained: Explained | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the price details with the cash buttons."""
    assert quote.starts_at is not None
    assert quote.ends_at is not None
    assert quote.total is not None
    assert quote.price is not None
    context = {
        "card": here.card,
        "standing": standing(here.card, cards.status(here.card, here.at)),
        "offer": offer,
        "plan": words.name(offer.names),
        "data": words.allowance(quote.allowance_bytes, quote.fair_use_bytes),
        "bonus": words.data(quote.bonus_bytes) if quote.bonus_bytes else "",
        "place": words.place(offer),
        "fate": words.fate(quote),
        "ends_at": words.instant(quote.ends_at, quote.zone),
        "price": here.money(quote.price),
        "discount": here.money(-quote.discount) if quote.discount else "",
        "tax": words.tax(quote.tax, quote.currency, here.policy),
        "promo": shown["promo"],
        "promo_problem": shown["promo_problem"],
        "repeated": renewed_before(here.card.id, offer.code, str(shown["request_id"]), here.at),
        "explained": explained,
        "sent": {
            "request_id": shown["request_id"],
            "plan_version": offer.plan_version_id,
            "total": quote.total,
            "ends_at": quote.ends_at.isoformat(),
            "promo": shown["promo"],
        },
        **counter_context(here, form, quote.total),
    }
    return page(request, "order.html", context, shift=here.shift, status=status, policy=here.policy)


def counter_context(here: Counter, form: CashForm, total: int) -> dict[str, Any]:
    """Give what the part of a page shows that takes document and cash."""
    return {
        "form": form,
        "total": here.money(total),
        "notes": [
            {
                "value": str(each.tendered),
                "tendered": here.money(each.tendered),
                "change": here.money(each.change),
            }
            for each in cash.suggestions(total, here.card.currency)
        ],
        "document": documents.wanted(here.policy, total, here.card.currency, here.card.account_id),
    }


def take(here: Counter, form: CashForm, total: int) -> Taken | None:
    """Take cash and document for a total; None with the form's errors when something is missing."""
    given = None
    try:
        tendered = form.tendered_for(total, here.card.currency)
    except ValidationError as error:
        form.add_error("tendered", error)
        return None
    if tendered is not None:
        given = cash.given(total, tendered)
        if given is None:
            missing = {"missing": here.money(total - tendered)}
            form.add_error("tendered", _("%(missing)s is missing. Ask for more.") % missing)
    wanted = documents.wanted(here.policy, total, here.card.currency, here.card.account_id)
    if wanted == documents.SEEN and not form.cleaned_data["seen"]:
        form.add_error("seen", _("Look at a document, then tick this."))
    if wanted == documents.MATCHED:
        ending = form.cleaned_data["ending"]
        if not ending or not documents.matches(here.card.account_id, ending):
            form.add_error(
                "ending",
                _("This is not how the registered name ends. Compare the document again."),
            )
    return None if form.errors else Taken(given, wanted)


def _sell(
    request: HttpRequest,
    here: Counter,
    offer: Offer,
    quote: Quote,
    *,
    form: SaleForm,
    taken: Taken,
) -> HttpResponse:
    """Renew from the store's deposit, and lead to the outcome."""
    sent = form.cleaned_data
    wanted = renewals.Order(
        account_id=here.card.account_id,
        card_id=here.card.id,
        plan_code=offer.code,
        plan_version_id=sent["plan_version"],
        promotion=sent["promo"] or None,
        quoted_total=sent["total"],
        quoted_end=sent["ends_at"],
        contact=sent["contact"],
    )
    sale = note(here.shift, str(sent["request_id"]), taken, here.at)
    caller = here.shift.caller(sent["request_id"])
    answer = renewals.renew(caller, wanted, here.shift.terminal.account_id, here.at)
    if keep(here.shift, sale, answer, "renewal", here.at):
        assert answer.id is not None
        return see_other("store:renewal", answer.id)
    refusal = answer.refusal
    assert refusal is not None
    # Somebody else may just have renewed: what was quoted before the sale is old now.
    quote, _promo_refusal = _quote(here, offer, sent["promo"])
    if refusal.code in {Code.QUOTE_CHANGED, Code.BALANCE_SHORT} and quote.refusal is None:
        told = explain(refusal, here.policy, here.card, offer.code)
        shown = {"promo": sent["promo"], "promo_problem": "", "request_id": uuid4()}
        return details(
            request, here, offer, quote, form=form, shown=shown, explained=told, status=409
        )
    return turned_away(request, here, offer, refusal)


def note(shift: Shift, request_id: str, taken: Taken, at: datetime) -> Sale:
    """Write who sells for which cash, before the core is asked; the same request has one row."""
    given = taken.given
    row = Sale(
        id=ids.uuid7(at),
        terminal_id=shift.terminal.id,
        clerk_id=shift.person.id,
        request_id=request_id,
        tendered=given.tendered if given else None,
        change=given.change if given else None,
        document=taken.document,
        at=at,
    )
    Sale.objects.bulk_create([row], ignore_conflicts=True)
    return Sale.objects.get(terminal_id=shift.terminal.id, request_id=request_id)


def keep(shift: Shift, sale: Sale, answer: Answer, kind: str, at: datetime) -> bool:
    """Write what a sale became, and record the act once; a refused one leaves no row."""
    if answer.refusal is not None:
        Sale.objects.filter(id=sale.id, renewal_id=None, topup_id=None).delete()
        return False
    empty = Sale.objects.filter(id=sale.id, renewal_id=None, topup_id=None)
    if kind == "renewal":
        is_first = empty.update(renewal_id=answer.id)
    else:
        is_first = empty.update(topup_id=answer.id)
    if is_first:
        facts = {"sale": str(sale.id), "document": sale.document}
        shift.record(f"sell_{kind}", (kind, str(answer.id)), at, facts)
    return True


def turned_away(
    request: HttpRequest, here: Counter, offer: Offer | None, refusal: Refusal
) -> HttpResponse:
    """Lead through the door that is missing, or say why not."""
    if refusal.code in DOORS:
        return see_other(DOORS[refusal.code], here.card.id)
    if refusal.code is Code.RENEWAL_OPEN and "renewal" in refusal.facts:
        sales.remember(request, UUID(refusal.facts["renewal"]))
    return refused(request, here, refusal, plan=offer.code if offer else "")


def refused(
    request: HttpRequest, here: Counter, refusal: Refusal, *, plan: str = "", status: int = 409
) -> HttpResponse:
    """Say why not, and what to do next."""
    explained = explain(refusal, here.policy, here.card, plan)
    context = {"explained": explained, "card": here.card}
    return page(
        request, "refused.html", context, shift=here.shift, status=status, policy=here.policy
    )


@require_http_methods(["GET", "HEAD", "POST"])
@at_till
def top_up(request: HttpRequest, shift: Shift, card_id: UUID) -> HttpResponse:
    """Ask for an amount, then take cash for it and put it onto the card's balance."""
    here = Counter(shift, find_card(card_id), catalogue.policy(), clock.now())
    currency = here.card.currency
    is_asked = "minor" in request.GET or "amount" in request.GET
    asked = AmountForm(currency, request.GET if is_asked else None)
    form = TopUpForm(request.POST if request.method == "POST" else None)
    chosen = asked.cleaned_data["amount"] if asked.is_valid() else 0
    if form.is_valid():
        chosen = form.cleaned_data["minor"]
        taken = take(here, form, chosen)
        if taken is not None:
            return _put(request, here, form, chosen, taken)
    elif form.is_bound and "minor" not in form.errors:
        chosen = form.cleaned_data["minor"]
    context = {
        "card": here.card,
        "standing": standing(here.card, cards.status(here.card, here.at)),
        "asked": asked,
        "offered": [
            {"minor": str(each), "amount": here.money(each)}
            for each in topups.offered(currency).amounts
        ],
        "chosen": str(chosen) if chosen else "",
        "request_id": form.data.get("request_id") or uuid4(),
        **counter_context(here, form, chosen),
    }
    status = 422 if form.errors or asked.errors else 200
    return page(request, "top_up.html", context, shift=shift, status=status, policy=here.policy)


def _put(
    request: HttpRequest, here: Counter, form: TopUpForm, amount: int, taken: Taken
) -> HttpResponse:
    """Top up from the store's deposit, and lead to the outcome."""
    card, shift = here.card, here.shift
    wanted = topups.Order(
        card.account_id, card.id, amount, card.currency, form.cleaned_data["contact"]
    )
    request_id = form.cleaned_data["request_id"]
    sale = note(shift, str(request_id), taken, here.at)
    answer = topups.top_up(shift.caller(request_id), wanted, shift.terminal.account_id, here.at)
    if keep(shift, sale, answer, "topup", here.at):
        assert answer.id is not None
        return see_other("store:top-up-sold", answer.id)
    assert answer.refusal is not None
    return turned_away(request, here, None, answer.refusal)
