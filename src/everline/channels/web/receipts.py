"""Sending a receipt from the page of what was paid, and giving it as PDF to whoever has its number.

The form is pages/receipts.py, the PDF pages/paper.py; following.py and topup_pages.py lead to both.
"""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everline import catalogue, clock, ids, renewals, topups
from everline.cards import find_by_id
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Caller
from everline.ids import Iccid
from everline.pages import limits, paper, receipts
from everline.pages.frame import see_other
from everline.pages.receipts import ReceiptForm
from everline.renewals import Renewal
from everline.topups import TopUp


@require_POST
def of_renewal(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Send the receipt of a renewal."""
    return _send(request, renewals.find(renewal_id), "web:renewal", "web:renewal-receipt")


@require_POST
def of_top_up(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """Send the receipt of a top-up."""
    return _send(request, topups.find(top_up_id), "web:topup", "web:topup-send-receipt")


@require_safe
def renewal_pdf(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Give the receipt of a renewal as PDF; none while nothing was paid."""
    number, found = ids.outside("rnw", renewal_id), renewals.find(renewal_id)
    if found is None:
        raise Http404
    return _pdf(request, number, lambda: paper.of_renewal(found, catalogue.policy()))


@require_safe
def topup_pdf(request: HttpRequest, top_up_id: UUID) -> HttpResponse:
    """Give the receipt of a top-up as PDF; none while nothing was paid."""
    number, found = ids.outside("top", top_up_id), topups.find(top_up_id)
    if found is None:
        raise Http404
    return _pdf(request, number, lambda: paper.of_top_up(found, catalogue.policy()))


def _pdf(request: HttpRequest, number: str, make: Callable[[], bytes | None]) -> HttpResponse:
    """Answer with a PDF that no cache keeps; setting one takes work, so an address is counted."""
    seconds = limits.seconds_to_wait(request, clock.now())
    if seconds:
        said = HttpResponse(
            _("Too many receipts were asked for. Wait a minute."),
            content_type="text/plain; charset=utf-8",
        )
        return limits.too_many(said, seconds)
    made = make()
    if made is None:
        raise Http404
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _send(
    request: HttpRequest, sold: Renewal | TopUp | None, back: str, action: str
) -> HttpResponse:
    if sold is None:
        raise Http404
    form, at = ReceiptForm(request.POST), clock.now()
    answer = None
    if form.is_valid():
        caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
        answer = receipts.send(request, caller, sold, form, at)
    if answer is None:
        asked = receipts.asked(sold, reverse(action, args=[sold.id]), form)
        if not asked:
            return see_other(back, sold.id)
        context = asked | {
            "masked": Iccid(sold.iccid).masked,
            "back": reverse(back, args=[sold.id]),
        }
        return page(request, "receipt.html", context, status=422)
    if answer.refusal is not None:
        where = Place(catalogue.policy(), find_by_id(sold.card_id))
        messages.error(request, explain(answer.refusal, where).sentence)
    else:
        messages.success(request, receipts.told(sold))
    return see_other(back, sold.id)
