"""The service PIN of a card, set and changed by its holder; and the holder's customer number.

Both are for the hotline: the number says who calls, the PIN that it is really they. To anybody
else this address does not exist. What makes a PIN good, and how it is kept, stands in trust.
"""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from everline import cards, clock, trust
from everline.channels.web.forms import PinForm
from everline.channels.web.holders import holds
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.database.requests import Caller
from everline.ids import CustomerNumber, InvalidNumberError
from everline.pages.frame import see_other
from everline.pages.reading import explained


def shown(request: HttpRequest, account_id: UUID) -> dict[str, object]:
    """Give what the card's page shows its holder; the caller has seen that it is the holder."""
    assert request.user.is_authenticated
    return {
        "customer_number": CustomerNumber.of(request.user.customer_number).spaced,
        "has_pin": trust.has_pin(account_id),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Set or change the PIN."""
    card = cards.find_by_id(card_id)
    if card is None or not holds(request, card.account_id):
        raise Http404
    form = PinForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
        try:
            answer = trust.set_pin(caller, card.account_id, form.cleaned_data["pin"], clock.now())
        except InvalidNumberError as error:
            form.add_error("pin", explained(error))
        else:
            if answer.refusal is None:
                messages.success(request, _("The service PIN is set. It is good from now on."))
                return see_other("web:card", card.id, query="#hotline-title")
            form.add_error("pin", _(answer.refusal.sentence))
    context = {
        "card": card,
        "form": form,
        "request_id": uuid4(),
        "has_pin": trust.has_pin(card.account_id),
    }
    return page(request, "pin.html", context, status=422 if form.errors else 200)
