"""Taking one's data along, and ending one's account.

Both need a sign-in of a short while ago. What goes and what stays is decided in holders/leaving.py;
the page says it before anything is done.
"""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from everline import cards, catalogue, clock, holders, ledger
from everline.channels.web.forms import RequestForm
from everline.channels.web.holders import CARDS_MAX, person_of
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.securing import fresh
from everline.database.requests import Caller
from everline.pages import words
from everline.pages.frame import see_other


@fresh
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Give all that is kept of whoever is signed in, as one JSON document."""
    at = clock.now()
    answer = JsonResponse(
        holders.dossier(person_of(request).id, at),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
    )
    answer["Content-Disposition"] = f'attachment; filename="my-data-{at.date().isoformat()}.json"'
    answer["Cache-Control"] = "no-store"
    return answer


@fresh
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, and end the account of whoever is sure."""
    person = person_of(request)
    form = RequestForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and request.POST.get("sure"):
        caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
        answer = holders.erase(caller, person.id, clock.now())
        if answer.refusal is None:
            logout(request)
            messages.success(request, _("Your account is ended, and nothing names you any more."))
            return see_other("web:home")
    policy = catalogue.policy()
    held = []
    for each in holders.held_by(person.id, CARDS_MAX):
        card = cards.find_by_id(each.card_id)
        assert card is not None
        balance = ledger.spendable(card.account_id, "balance", card.currency)
        held.append((card.masked, words.money(balance, card.currency, policy)))
    context = {"held": held, "request_id": uuid4(), "is_unsure": request.method == "POST"}
    status = 422 if request.method == "POST" else 200
    return page(request, "erase.html", context, status=status, policy=policy)
