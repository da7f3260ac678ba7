"""The payment: the screen follows what the card terminal or the phone does, and gives the slip.

While money may still move nobody is told that it failed, and nothing offers to pay again. What a
renewal's state means is worded in pages/states.py; here are the words for what stands beside.
"""

from dataclasses import replace
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _, gettext_noop
from django.views.decorators.http import require_POST, require_safe

from everline import cards, catalogue, clock, renewals, slips
from everline.catalogue import Policy
from everline.channels.kiosk import sales, visits
from everline.channels.kiosk.entrance import drawn
from everline.channels.kiosk.forms import PayForm, RequestForm
from everline.channels.kiosk.frame import page
from everline.channels.kiosk.refusals import explain
from everline.channels.kiosk.visits import Sale, Visit, in_visit
from everline.ids import Iccid
from everline.pages import states, words
from everline.pages.frame import see_other
from everline.pages.refusals import Explained
from everline.pages.states import Face
from everline.renewals import Renewal, grouped_code
from everline.topups import TopUp

REASONS: Final = {
    "reader_busy": gettext_noop("The card terminal is still busy with the payment before"),
    "card_removed": gettext_noop("The bank card was taken away too early"),
    "cancelled": gettext_noop("The payment was stopped"),
    "expired": gettext_noop("No bank card was held to the terminal"),
}
"""What a reader says besides what any bank says."""


@require_safe
@in_visit
def follow(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show where the payment stands, and ask about it as long as that is not known."""
    if visit.sale is None:
        return see_other("kiosk:plans" if visit.card_id else "kiosk:card")
    found = _find(visit.sale)
    if found.state == "awaiting_payment":
        sales.ask(visit.sale)
        found = _find(visit.sale)
    return _show(request, visit, visit.sale, found)


def _show(
    request: HttpRequest,
    visit: Visit,
    sale: Sale,
    found: Renewal | TopUp,
    *,
    explained: Explained | None = None,
    status: int = 200,
) -> HttpResponse:
    policy = catalogue.policy()
    face, stage = _face(found, policy), _stage(found)
    amount = found.total if isinstance(found, Renewal) else found.amount
    spoken = found.spoken_code if isinstance(found, Renewal) else None
    is_open = found.state == "awaiting_payment"
    bought = ""
    if isinstance(found, Renewal):  # It may have been opened elsewhere: what is paid for is shown.
        until = {"until": words.instant(found.ends_at, found.zone)}
        valid = _("Valid until %(until)s") % until
        bought = " · ".join((words.name(found.plan_names), Iccid(found.iccid).masked, valid))
    code_url = sales.held_by_code(sale, found) if stage == "phone" else ""
    context = {
        "face": face,
        "stage": stage,
        "total": words.money(amount, found.currency, policy),
        "masked": Iccid(found.iccid).masked,
        "spoken_code": grouped_code(spoken) if spoken and is_open else "",
        "means": sales.means(sales.channel_means(), found.currency) if face.pays else [],
        "request_id": uuid4(),
        "drawn": None if stage or face.pays else slips.draw(_slip(visit, found, policy)),
        "has_code": bool(code_url),
        "explained": explained,
        "reader_screen": f"{settings.SANDBOX_ADDRESS}/reader/{visit.terminal.code}",
        "phone_page": code_url,
        "bought": bought,
    }
    return page(request, "pay.html", context, visit=visit, step=4, status=status, policy=policy)


def _stage(found: Renewal | TopUp) -> str:
    """Tell whether the person is at the card terminal (`card`) or on the phone now."""
    if found.state != "awaiting_payment" or found.attempt_state != "sent":
        return ""
    if found.gateway == sales.READER:
        return "card"
    return "phone" if found.page_url else ""


def _face(found: Renewal | TopUp, policy: Policy) -> Face:
    match _stage(found):
        case "card":
            text = _("The amount stands on its screen. This page goes on by itself.")
            return Face("note", _("Hold your bank card to the terminal"), (text,), polls=True)
        case "phone":
            text = _("Open the camera, scan the code and pay there. This page goes on by itself.")
            title = _("Scan to pay by phone")
            return Face("note", title, (text,), polls=True, cancels=True)
    is_open = found.state == "awaiting_payment"
    known = REASONS.get(found.attempt_reason or "")
    if is_open and known and found.attempt_state == "failed" and found.gateway == sales.READER:
        return Face("stop", _(known), (_("Nothing was charged."),), pays=True, cancels=True)
    if isinstance(found, Renewal):
        return states.face(found, policy, has_returned=True)
    return _top_up_face(found)


def _top_up_face(found: TopUp) -> Face:
    title, text = slips.top_up_face(found)
    if found.state != "awaiting_payment":
        return Face({"paid": "done", "reversed": "note"}.get(found.state, "stop"), title, (text,))
    if found.attempt_state == "failed":
        return Face("stop", _("Payment declined"), (text,), pays=True, cancels=True)
    checking = _("The bank has not told us the outcome yet. This page shows it by itself.")
    return Face("wait", _("Checking the payment, do not pay again"), (checking,), polls=True)


def _slip(visit: Visit, found: Renewal | TopUp, policy: Policy) -> slips.Slip:
    address = settings.PUBLIC_ADDRESS
    if isinstance(found, Renewal):
        return slips.of_renewal(found, policy, visit.issuer, public_address=address)
    return slips.of_top_up(found, policy, visit.issuer, public_address=address)


@require_POST
@in_visit
def again(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Pay once more after an attempt that failed, by the same means or by another."""
    form = PayForm(request.POST)
    if visit.sale is None or not form.is_valid():
        return see_other("kiosk:pay")
    sale, at = visit.sale, clock.now()
    found = _find(sale)
    way = sales.route(visit, form.cleaned_data["by"], found.currency)
    if way is None or "gateway" not in sales.channel_means():
        return see_other("kiosk:pay")
    request_id = form.cleaned_data["request_id"]
    card = cards.find_by_id(found.card_id)
    assert card is not None
    if isinstance(found, Renewal):
        answer = renewals.retry_payment(visit.caller(request_id), sale.id, *way, at)
    else:
        sent = {**form.cleaned_data, "contact": renewals.Contact(locale=visit.locale)}
        answer = sales.place_top_up(visit, card, found.amount, sent, at)
    if answer.refusal is not None:
        told = explain(answer.refusal, catalogue.policy(), card)
        return _show(request, visit, sale, _find(sale), explained=told, status=409)
    if isinstance(found, TopUp) and answer.id is not None:
        sale = Sale("top_up", answer.id)
        visits.keep(request, replace(visit, sale=sale))
    sales.send(visit, sale)
    return see_other("kiosk:pay")


@require_POST
@in_visit
def stop(_request: HttpRequest, visit: Visit) -> HttpResponse:
    """Take the amount off the card terminal, unless a bank card was held to it already."""
    if visit.sale is not None:
        renewals.stop(visit.sale.id, clock.now)
    return see_other("kiosk:pay")


@require_POST
@in_visit
def cancel(request: HttpRequest, visit: Visit) -> HttpResponse:
    """End what waits for its payment, because the person wants it so."""
    form = RequestForm(request.POST)
    if visit.sale is None or not form.is_valid():
        return see_other("kiosk:pay")
    sale = visit.sale
    answer = sales.cancel(visit, sale, form.cleaned_data["request_id"], clock.now())
    if answer.refusal is not None:
        told = explain(answer.refusal, catalogue.policy())
        return _show(request, visit, sale, _find(sale), explained=told, status=409)
    return see_other("kiosk:pay")


@require_safe
@in_visit
def code(_request: HttpRequest, visit: Visit) -> HttpResponse:
    """Draw the QR code that a phone opens to pay, as long as there is something to pay."""
    found = sales.find(visit.sale) if visit.sale else None
    if visit.sale is None or found is None or found.state != "awaiting_payment":
        raise Http404
    held = sales.held_by_code(visit.sale, found)
    if not held:
        raise Http404
    return drawn(held)


def _find(sale: Sale) -> Renewal | TopUp:
    found = sales.find(sale)
    if found is None:
        raise Http404
    return found
