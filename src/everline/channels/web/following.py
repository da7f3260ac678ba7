"""Following a renewal: paying, waiting while the payment is checked, and the receipt.

The address is a secret of whoever opened the renewal. Reading the page asks the gateway at most
once in a while; everything else is the worker's. What each state says stands in states.py.
"""

from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_POST, require_safe

from everline import catalogue, clock, ledger, renewals
from everline.cards import find_by_id
from everline.catalogue import Policy
from everline.channels.web import browser
from everline.channels.web.esims import is_buyers
from everline.channels.web.forms import PayForm, RequestForm
from everline.channels.web.holders import holds
from everline.channels.web.ordering import LEFT, SOURCE, send
from everline.channels.web.pages import CHANNEL, page, sign_in
from everline.channels.web.paying import chosen, gateway_for, named_for, offered, refusal_of
from everline.channels.web.refusals import Place, explain
from everline.channels.web.showing import Followed
from everline.database.requests import Answer, Caller
from everline.errors import Code
from everline.ids import Iccid
from everline.pages import receipts, states, words
from everline.pages.frame import is_stranger, kept_page, see_other
from everline.pages.skeletons import mark
from everline.renewals import Renewal

KEPT: Final = frozenset({"paid", "delivered"})
"""States in which a page has no more than its facts, and is filled in from memory for strangers."""

ASK_EVERY_SECONDS: Final = 10
ASK_ON_RETURN_SECONDS: Final = 2


@require_safe
def show(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Show where a renewal stands; asks the gateway once in a while as long as that is not known.

    An attempt without the gateway's reference is still being sent by somebody, and is not asked
    about: a gateway closes what it has never heard of.
    """
    if is_stranger(request) and (kept := _to_stranger(request, renewal_id, may_act=True)):
        return kept
    renewal = _find(renewal_id)
    is_poll = bool(request.headers.get("HX-Request"))
    is_known_there = renewal.attempt_state == "unknown" or (
        renewal.attempt_state == "sent" and renewal.attempt_reference
    )
    if renewal.state == "awaiting_payment" and is_known_there and not is_poll:
        renewal = _ask(renewal, "show", ASK_EVERY_SECONDS)
    return _show(request, renewal, may_act=True)


@require_safe
def receipt(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Show a renewal to whoever has its receipt's number; nothing can be done from there."""
    if is_stranger(request) and (kept := _to_stranger(request, renewal_id, may_act=False)):
        return kept
    renewal = _find(renewal_id)
    if browser.opened(request, renewal_id) or holds(request, renewal.account_id):
        return see_other("web:renewal", renewal_id)
    return _show(request, renewal, may_act=False)


def _to_stranger(request: HttpRequest, renewal_id: UUID, *, may_act: bool) -> HttpResponse | None:
    """Show a paid renewal to somebody of whom nothing is known: one read, and a page that is kept.

    None where there is more to show or to ask than that.
    """
    seen = renewals.look_at_renewal(renewal_id, CHANNEL, get_language() or "en", clock.now())
    if seen is None or seen.renewal.state not in KEPT or seen.renewal.card_kind == "esim":
        return None
    renewal, around = seen.renewal, seen.around
    face = states.face(renewal, around.policy, has_returned=False)
    rows = list(states.rows(renewal, around.policy))
    card_at = reverse("web:card", args=[renewal.card_id])
    slots = {
        "polled": request.path,
        "card_at": card_at,
        "pdf": reverse("web:renewal-pdf", args=[renewal.id]),
        "receipt_action": reverse("web:renewal-receipt", args=[renewal.id]),
        "receipt_request_id": str(uuid4()),
        **{f"row{number}": row.value for number, row in enumerate(rows)},
        **{f"sentence{number}": text for number, text in enumerate(face.sentences)},
    } | sign_in(request)
    marked = replace(
        face, sentences=tuple(mark(f"sentence{n}") for n in range(len(face.sentences)))
    )
    labels = tuple(replace(row, value=mark(f"row{n}")) for n, row in enumerate(rows))

    def context() -> dict[str, object]:
        there = mark("card_at")
        shown: dict[str, object] = {
            "face": marked,
            "rows": labels,
            "followed": Followed(
                pay="",
                cancel="",
                cancel_text="",
                start_over=there,
                start_over_text=_("Back to the plans"),
                card=there,
                page_url="",
                is_paid=renewal.paid_at is not None,
                is_done=renewal.state == "delivered",
            ),
        }
        return shown | (receipts.asked(renewal, "") if may_act else {})

    shape = (marked, labels, renewal.state, renewal.has_contact, may_act)
    return kept_page(
        request,
        "web/renewal.html",
        shape,
        slots,
        context,
        policy=around.policy,
        banners=around.banners,
    )


def _show(request: HttpRequest, renewal: Renewal, *, may_act: bool) -> HttpResponse:
    policy = catalogue.policy()
    has_returned = browser.has_returned(request, renewal.attempt_id)
    face = states.face(renewal, policy, has_returned=has_returned)
    context: dict[str, object] = {
        "polled": request.path,
        "face": face if may_act else replace(face, goes_on=False, pays=False, cancels=False),
        "followed": Followed(
            pay=reverse("web:pay", args=[renewal.id]),
            cancel=reverse("web:cancel", args=[renewal.id]),
            cancel_text=_("Cancel this renewal"),
            start_over=reverse("web:card", args=[renewal.card_id]),
            start_over_text=_("Back to the plans"),
            card=reverse("web:card", args=[renewal.card_id]),
            page_url=renewal.page_url or "",
            is_paid=renewal.paid_at is not None,
            is_done=renewal.state == "delivered",
        ),
        "esim": reverse("web:renewal-esim", args=[renewal.id])
        if may_act and _has_esim(renewal)
        else "",
        "code": renewals.grouped_code(renewal.spoken_code or "")
        if may_act and renewal.state == "awaiting_payment"
        else "",
        "rows": list(states.rows(renewal, policy)),
        "pdf": reverse("web:renewal-pdf", args=[renewal.id])
        if renewal.paid_at is not None or renewal.refund_state
        else "",
        "total": words.money(renewal.total, renewal.currency, policy),
        "masked": Iccid(renewal.iccid).masked,
        "request_id": uuid4(),
        "has_cards": gateway_for(renewal.currency) is not None,
        "named_gateways": named_for(renewal.currency),
    }
    if may_act and renewal.state in {"paid", "delivered"}:
        is_own = holds(request, renewal.account_id)
        place = "web:held" if is_own else "web:add-this-card"
        context["keeping"] = reverse(place, args=[renewal.card_id])
        context["is_own"] = is_own
    if may_act:
        address = reverse("web:renewal-receipt", args=[renewal.id])
        context |= receipts.asked(renewal, address)
    if may_act and face.pays:
        context |= _own_balance(request, renewal, policy)
        context |= offered(request, renewal.account_id, renewal.currency)
    return page(request, "renewal.html", context, policy=policy)


@require_safe
def payment(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Lead to the gateway's page.

    A page of its own and not a redirect, because the policy of our forms (form-action) also holds
    for where their answers redirect to, and a gateway's address is not known before.
    """
    renewal = _find(renewal_id)
    if renewal.state != "awaiting_payment" or renewal.attempt_state != "sent":
        return see_other("web:renewal", renewal_id)
    if not renewal.page_url or browser.has_returned(request, renewal.attempt_id):
        return see_other("web:renewal", renewal_id)
    policy = catalogue.policy()
    total = words.money(renewal.total, renewal.currency, policy)
    name = states.name_of(renewal.gateway)
    context = {"page_url": renewal.page_url, "total": total, "name": name}
    return page(request, "payment.html", context, policy=policy)


@require_safe
def returned(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Come back from the gateway's page: ask what happened there, then show it.

    Who turned away says so by the address; where the gateway can be told, the attempt ends by it.
    """
    renewal = _find(renewal_id)
    if LEFT in request.GET and has_left(renewal_id, renewal.attempt_id):
        return see_other("web:renewal", renewal_id)
    if renewal.attempt_id is not None:
        _ask(renewal, "returned", ASK_ON_RETURN_SECONDS)
        browser.remember_return(request, renewal.attempt_id)
    return see_other("web:renewal", renewal_id)


def has_left(purpose_id: UUID, attempt_id: UUID | None) -> bool:
    """End the attempt of somebody who turned away; False where the gateway cannot be told.

    It is told once in a while at most, however often the address is opened.
    """
    if not cache.add(f"asked-left-{attempt_id}", 1, ASK_ON_RETURN_SECONDS):
        return True
    return renewals.stop(purpose_id, clock.now) is not None


@require_POST
def pay(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Pay again after an attempt that failed, or send one that never left."""
    renewal = _find(renewal_id)
    form = PayForm(request.POST)
    if not form.is_valid():
        return see_other("web:renewal", renewal_id)
    if renewal.state == "awaiting_payment" and renewal.attempt_state == "created":
        return send(renewal_id)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    way = chosen(request, renewal.account_id, renewal.currency, form.cleaned_data)
    if isinstance(way, Code):
        answer = refusal_of(caller, way)
    else:
        gateway, kept = way
        answer = renewals.retry_payment(caller, renewal_id, gateway, None, clock.now(), kept=kept)
    return _told(request, renewal, answer) or send(renewal_id)


@require_POST
def pay_from_balance(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Pay an open renewal from its card's balance; only the card's holder may."""
    renewal = _find(renewal_id)
    if not holds(request, renewal.account_id):
        raise Http404
    form = RequestForm(request.POST)
    if form.is_valid():
        caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
        answer = renewals.pay_open(caller, renewal_id, renewal.account_id, clock.now())
        _told(request, renewal, answer)
    return see_other("web:renewal", renewal_id)


@require_POST
def cancel(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """End a renewal that waits for its payment."""
    renewal = _find(renewal_id)
    form = RequestForm(request.POST)
    if form.is_valid():
        caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
        _told(request, renewal, renewals.cancel(caller, renewal_id, clock.now()))
    return see_other("web:renewal", renewal_id)


def _own_balance(request: HttpRequest, renewal: Renewal, policy: Policy) -> dict[str, object]:
    """Give the card's holder the way to pay from its balance, and nobody else a word of it."""
    if not holds(request, renewal.account_id):
        return {}
    balance = ledger.spendable(renewal.account_id, "balance", renewal.currency)
    return {
        "pay_balance": reverse("web:pay-balance", args=[renewal.id]),
        "balance": words.money(balance, renewal.currency, policy),
        "is_short": balance < renewal.total,
    }


def _has_esim(renewal: Renewal) -> bool:
    """Tell whether this renewal bought an eSIM whose QR can be shown now."""
    if renewal.state not in {"paid", "delivered"} or renewal.card_kind != "esim":
        return False
    card = find_by_id(renewal.card_id)
    return card is not None and is_buyers(card, renewal.id)


def _find(renewal_id: UUID) -> Renewal:
    renewal = renewals.find(renewal_id)
    if renewal is None:
        raise Http404
    return renewal


def _ask(renewal: Renewal, occasion: str, seconds: int) -> Renewal:
    """Ask the gateway, unless that was done a moment ago, and read the renewal again."""
    if not cache.add(f"asked-{occasion}-{renewal.attempt_id}", 1, seconds):
        return renewal
    renewals.ask_renewal(renewal.id, clock.now)
    return _find(renewal.id)


def _told(request: HttpRequest, renewal: Renewal, answer: Answer) -> HttpResponse | None:
    """Keep a refusal for the next page; None when there is none."""
    if answer.refusal is None:
        return None
    where = Place(catalogue.policy(), find_by_id(renewal.card_id))
    messages.error(request, explain(answer.refusal, where).sentence)
    return see_other("web:renewal", renewal.id)
