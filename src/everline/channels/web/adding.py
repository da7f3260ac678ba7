"""Adding a card to one's account: its number, then the code that was sent to the card.

Whether a card is known, held by somebody or cannot be reached, the pages are the same: only the
code tells. From the page of a renewal one comes with the card named already. The verbs are in
holders/; what a held card shows is held.py.
"""

from typing import Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_http_methods

from everline import cards, clock, holders
from everline.cards import Card
from everline.channels.web.holders import holds, person_of
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.signing_forms import AddForm, ProofForm
from everline.channels.web.signing_in import tries_words, wait_words
from everline.database.requests import Answer, Caller
from everline.errors import Code
from everline.holders import codes
from everline.ids import Iccid
from everline.pages import limits
from everline.pages.frame import see_other

WAITING: Final = "adding-card"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, card_id: UUID | None = None) -> HttpResponse:
    """Ask for the number of a card, unless it is named, and send a code to the card."""
    named = cards.find_by_id(card_id) if card_id else None
    if card_id and named is None:
        raise Http404
    if named is not None and holds(request, named.account_id):
        return see_other("web:held", named.id)
    typed = request.POST.copy()
    if named is not None:
        typed["number"] = named.iccid
    form = AddForm(typed if request.method == "POST" else None)
    seconds = 0
    if form.is_valid():
        number = form.cleaned_data["number"]
        network = limits.network_of(request)
        seconds = codes.seconds_before_sending(number, network, clock.now())
        if not seconds:
            return _send(request, form, number)
        form.add_error("number", wait_words(seconds))
    context = {"form": form, "card": named, "request_id": uuid4()}
    answer = page(request, "add_card.html", context, status=422 if form.errors else 200)
    return limits.too_many(answer, seconds) if seconds else answer


def _send(request: HttpRequest, form: AddForm, number: str) -> HttpResponse:
    """Send the code and lead to where it is typed, whatever the card is."""
    found = cards.find(number)
    if found is not None and holds(request, found.account_id):
        messages.success(request, _("This card is in your account already."))
        return see_other("web:held", found.id)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    locale = get_language() or "en"
    answer = holders.send_code(caller, person_of(request).id, found, locale, clock.now())
    if answer.refusal is not None:
        return see_other("web:add-card")
    shown = number if number.startswith("+") else Iccid(number).masked
    request.session[WAITING] = {"code": str(answer.id), "number": shown}
    return see_other("web:add-card-code")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and add the card that it was sent to."""
    waiting = request.session.get(WAITING)
    if waiting is None:
        return see_other("web:add-card")
    form = ProofForm(request.POST if request.method == "POST" else None)
    seconds = 0
    if form.is_valid():
        at, network = clock.now(), limits.network_of(request)
        seconds = codes.seconds_before_trying(f"card-{waiting['number']}", network, at)
        if seconds:
            form.add_error("code", wait_words(seconds))
        else:
            caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
            answer = holders.claim(
                caller,
                person_of(request).id,
                UUID(waiting["code"]),
                form.cleaned_data["code"],
                at,
            )
            if answer.refusal is None or answer.refusal.code is not Code.CODE_WRONG:
                return _end(request, answer)
            form.add_error("code", tries_words(int(answer.refusal.facts["tries_left"])))
    context = {"form": form, "number": waiting["number"], "request_id": uuid4()}
    answered = page(request, "add_card_code.html", context, status=422 if form.errors else 200)
    return limits.too_many(answered, seconds) if seconds else answered


def _end(request: HttpRequest, answer: Answer) -> HttpResponse:
    """Lead to the card, or back to the beginning with the reason why not."""
    del request.session[WAITING]
    if answer.refusal is not None:
        messages.error(request, _(answer.refusal.sentence))
        return see_other("web:add-card")
    assert answer.id is not None
    messages.success(request, _("The card is in your account now."))
    return see_other("web:held", answer.id)


def may_add(request: HttpRequest, card: Card | None) -> bool:
    """Tell whether a page offers somebody to add a card: its holder has it already."""
    return card is not None and not holds(request, card.account_id)
