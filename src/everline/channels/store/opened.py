"""Paying at the till what was opened elsewhere: the customer tells its code, the store pays.

The renewal stays the door's that opened it; the cash and the commission are this store's.
"""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from everline import catalogue, clock, renewals
from everline.channels.store import sales
from everline.channels.store.counter import find_card
from everline.channels.store.forms import CashForm
from everline.channels.store.frame import page
from everline.channels.store.refusals import explain
from everline.channels.store.selling import Counter, counter_context, keep, note, take
from everline.channels.store.tills import Shift, at_till
from everline.ids import Iccid
from everline.pages import states
from everline.pages.frame import see_other
from everline.renewals import Renewal


@require_http_methods(["GET", "HEAD", "POST"])
@at_till
def pay(request: HttpRequest, shift: Shift, renewal_id: UUID) -> HttpResponse:
    """Take cash for an open renewal and pay it from the store's deposit."""
    found = sales.find_renewal(request, shift, renewal_id)
    if found.state != "awaiting_payment" and request.method != "POST":
        return see_other("store:renewal", renewal_id)
    here = Counter(shift, find_card(found.card_id), catalogue.policy(), clock.now())
    form = CashForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        taken = take(here, form, found.total)
        if taken is not None:
            request_id = form.cleaned_data["request_id"]
            sale = note(shift, str(request_id), taken, here.at)
            payer_id = shift.terminal.account_id
            answer = renewals.pay_open(shift.caller(request_id), renewal_id, payer_id, here.at)
            if keep(shift, sale, answer, "renewal", here.at):
                return see_other("store:renewal", renewal_id)
            assert answer.refusal is not None
            told = explain(answer.refusal, here.policy, here.card)
            return sales.show_renewal(request, shift, found, explained=told, status=409)
    return _details(request, here, found, form)


def _details(request: HttpRequest, here: Counter, found: Renewal, form: CashForm) -> HttpResponse:
    context = {
        "masked": Iccid(found.iccid).masked,
        "renewal": found,
        "rows": list(states.rows(found, here.policy)),
        "request_id": form.data.get("request_id") or uuid4(),
        **counter_context(here, form, found.total),
    }
    status = 422 if form.errors else 200
    return page(request, "pay.html", context, shift=here.shift, status=status, policy=here.policy)
