"""Following a top-up: paying, waiting while the payment is checked, and the receipt.

As for renewals in following.py: the address is a secret of whoever opened the top-up, and what
each state says stands in pages/topup_states.py.
"""

from dataclasses import replace
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everline import catalogue, clock, renewals, topups
from everline.cards import find_by_id
from everline.channels.web import browser
from everline.channels.web.following import ASK_EVERY_SECONDS, ASK_ON_RETURN_SECONDS, has_left
from everline.channels.web.forms import PayForm, RequestForm
from everline.channels.web.ordering import LEFT, SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.paying import gateway_for, named_for, offered
from everline.channels.web.refusals import Place, explain
from everline.channels.web.showing import Followed
from everline.channels.web.topping_up import may_follow, place, send
from everline.database.requests import Caller
from everline.errors import Refusal
from everline.ids import Iccid
from everline.notices import Contact
from everline.pages import receipts, states, topup_states, words
from everline.pages.frame import see_other
from everline.topups import TopUp


@require_safe
def show(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """Show where a top-up stands; asks the gateway once in a while as long as that is not known."""
    top_up = _find(top_up_id)
    is_known_there = top_up.attempt_state == "unknown" or (
        top_up.attempt_state == "sent" and top_up.attempt_reference
    )
    is_poll = bool(request.headers.get("HX-Request"))
    if top_up.state == "awaiting_payment" and is_known_there and not is_poll:
        top_up = _ask(top_up, "show", ASK_EVERY_SECONDS)
    return _show(request, top_up, may_act=True)


@require_safe
def receipt(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """Show a top-up to whoever has its receipt's number; nothing can be done from there."""
    top_up = _find(top_up_id)
    if may_follow(request, top_up):
        return see_other("web:topup", top_up_id)
    return _show(request, top_up, may_act=False)


def _show(request: HttpRequest, top_up: TopUp, *, may_act: bool) -> HttpResponse:
    policy = catalogue.policy()
    has_returned = browser.has_returned(request, top_up.attempt_id)
    face = topup_states.face(top_up, policy, has_returned=has_returned)
    context: dict[str, object] = {
        "polled": request.path,
        "face": face if may_act else replace(face, goes_on=False, pays=False, cancels=False),
        "followed": Followed(
            pay=reverse("web:topup-pay", args=[top_up.id]),
            cancel=reverse("web:topup-cancel", args=[top_up.id]),
            cancel_text=_("Cancel this top-up"),
            start_over=reverse("web:top-up", args=[top_up.card_id]),
            start_over_text=_("Top up again"),
            card=reverse("web:card", args=[top_up.card_id]),
            page_url=top_up.page_url or "",
            is_paid=top_up.paid_at is not None,
            is_done=top_up.state == "paid",
            is_top_up=True,
        ),
        "rows": list(topup_states.rows(top_up, policy)),
        "pdf": reverse("web:topup-pdf", args=[top_up.id])
        if top_up.paid_at is not None or top_up.refund_state
        else "",
        "total": words.money(top_up.amount, top_up.currency, policy),
        "masked": Iccid(top_up.iccid).masked,
        "request_id": uuid4(),
        "has_cards": gateway_for(top_up.currency) is not None,
        "named_gateways": named_for(top_up.currency),
    }
    if may_act:
        address = reverse("web:topup-send-receipt", args=[top_up.id])
        context |= receipts.asked(top_up, address)
    if may_act and face.pays:
        context |= offered(request, top_up.account_id, top_up.currency)
    return page(request, "renewal.html", context, policy=policy)


@require_safe
def payment(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """Lead to the gateway's page, as for a renewal."""
    top_up = _find(top_up_id)
    if top_up.state != "awaiting_payment" or top_up.attempt_state != "sent":
        return see_other("web:topup", top_up_id)
    if not top_up.page_url or browser.has_returned(request, top_up.attempt_id):
        return see_other("web:topup", top_up_id)
    policy = catalogue.policy()
    total = words.money(top_up.amount, top_up.currency, policy)
    name = states.name_of(top_up.gateway)
    context = {"page_url": top_up.page_url, "total": total, "name": name, "is_top_up": True}
    return page(request, "payment.html", context, policy=policy)


@require_safe
def returned(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """Come back from the gateway's page: ask what happened there, then show it."""
    top_up = _find(top_up_id)
    if LEFT in request.GET and has_left(top_up_id, top_up.attempt_id):
        return see_other("web:topup", top_up_id)
    if top_up.attempt_id is not None:
        _ask(top_up, "returned", ASK_ON_RETURN_SECONDS)
        browser.remember_return(request, top_up.attempt_id)
    return see_other("web:topup", top_up_id)


@require_POST
def pay(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """Send an attempt that never left; after one that failed a new top-up takes its place."""
    top_up = _find(top_up_id)
    form = PayForm(request.POST)
    if not form.is_valid() or top_up.state not in {"awaiting_payment", "cancelled"}:
        return see_other("web:topup", top_up_id)
    if top_up.state == "awaiting_payment" and top_up.attempt_state == "created":
        return send(top_up_id)
    wanted = topups.Order(
        top_up.account_id,
        top_up.card_id,
        top_up.amount,
        top_up.currency,
        Contact(**(top_up.contact or {})),
    )
    answer = place(request, wanted, form.cleaned_data)
    if isinstance(answer, Refusal):
        return _told(request, top_up, answer)
    browser.remember_top_up(request, answer)
    return send(answer)


@require_POST
def cancel(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """End a top-up that waits for its payment."""
    top_up = _find(top_up_id)
    form = RequestForm(request.POST)
    if form.is_valid():
        caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
        refusal = topups.cancel(caller, top_up_id, clock.now()).refusal
        if refusal is not None:
            return _told(request, top_up, refusal)
    return see_other("web:topup", top_up_id)


def _told(request: HttpRequest, top_up: TopUp, refusal: Refusal) -> HttpResponse:
    """Keep a refusal for the next page."""
    where = Place(catalogue.policy(), find_by_id(top_up.card_id))
    messages.error(request, explain(refusal, where).sentence)
    return see_other("web:topup", top_up.id)


def _find(top_up_id: UUID) -> TopUp:
    top_up = topups.find(top_up_id)
    if top_up is None:
        raise Http404
    return top_up


def _ask(top_up: TopUp, occasion: str, seconds: int) -> TopUp:
    """Ask the gateway, unless that was done a moment ago, and read the top-up again."""
    if not cache.add(f"asked-{occasion}-{top_up.attempt_id}", 1, seconds):
        return top_up
    renewals.ask_renewal(top_up.id, clock.now)
    return _find(top_up.id)
