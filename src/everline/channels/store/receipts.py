"""Sending a receipt from the till, to where the customer says, when the slip is not enough.

The form is pages/receipts.py; sales.py shows it beside the slip. Where it went is not recorded.
"""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from everline import catalogue, clock
from everline.channels.store import sales
from everline.channels.store.frame import page
from everline.channels.store.refusals import explain
from everline.channels.store.tills import Shift, at_till
from everline.ids import Iccid
from everline.pages import receipts
from everline.pages.frame import see_other
from everline.pages.receipts import ReceiptForm


@require_POST
@at_till
def send(request: HttpRequest, shift: Shift, kind: str, inner: UUID) -> HttpResponse:
    """Send the receipt of a sale of this store."""
    is_renewal = kind == "renewals"
    sold = (
        sales.find_renewal(request, shift, inner) if is_renewal else sales.find_top_up(shift, inner)
    )
    back = "store:renewal" if is_renewal else "store:top-up-sold"
    form, at = ReceiptForm(request.POST), clock.now()
    answer = None
    if form.is_valid():
        caller = shift.caller(form.cleaned_data["request_id"])
        answer = receipts.send(request, caller, sold, form, at)
    if answer is None:
        asked = receipts.asked(sold, request.path, form)
        if not asked:
            return see_other(back, inner)
        context = asked | {"masked": Iccid(sold.iccid).masked, "back": reverse(back, args=[inner])}
        return page(request, "receipt.html", context, shift=shift, status=422)
    if answer.refusal is not None:
        messages.error(request, explain(answer.refusal, catalogue.policy()).sentence)
    else:
        shift.record("send_receipt", ("renewal" if is_renewal else "topup", inner), at)
        messages.success(request, receipts.told(sold))
    return see_other(back, inner)
