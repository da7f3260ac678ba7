"""The doors before a first renewal: activating a card with its start code, binding it to a device.

No account is needed. Each door leads to the next step that is missing, and at last back to the
plan that was chosen. A new eSIM takes its first plan before it is bound: its chip comes after.
"""

from collections.abc import Callable
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from everline import cards, catalogue, clock
from everline.cards import Card
from everline.channels.web import browser
from everline.channels.web.forms import DeviceForm, StartCodeForm
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Answer, Caller
from everline.errors import Code
from everline.pages.frame import see_other
from everline.pages.refusals import Explained

MISTYPED = frozenset({Code.START_CODE_WRONG, Code.DEVICE_LIMIT, Code.DEVICE_BOUND})
"""Refusals that are shown beside the field, to try again."""


@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Activate a stocked card with the start code on its carrier."""
    card = _find(card_id)
    if card.state != "in_stock":
        return onward(request, card)
    if card.id in browser.esims_taken(request):
        messages.error(request, _("The eSIM was kept for you too long. Choose the plan again."))
        return see_other("web:esim")
    form = StartCodeForm(request.POST if request.method == "POST" else None)

    def act(caller: Caller) -> Answer:
        code = cards.start_code_hash(card.iccid, form.cleaned_data["start_code"])
        return cards.activate(caller, card.id, code, clock.now())

    return door(request, card, form, act, "activate.html")


@require_http_methods(["GET", "HEAD", "POST"])
def bind(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Bind an active card to its first device; further devices are the holder's affair."""
    card = _find(card_id)
    if card.state != "activated":
        return onward(request, card)
    form = DeviceForm(request.POST if request.method == "POST" else None)
    form.fields["number"].help_text = (
        _("For an eSIM: the EID, 32 digits. Dial *#06# to see it.")
        if card.kind == "esim"
        else _("The IMEI has 15 digits. Dial *#06# to see it.")
    )

    def act(caller: Caller) -> Answer:
        return cards.bind(caller, card.id, form.cleaned_data["number"], clock.now())

    return door(request, card, form, act, "bind.html")


def door(
    request: HttpRequest,
    card: Card,
    form: StartCodeForm | DeviceForm,
    act: Callable[[Caller], Answer],
    template: str,
) -> HttpResponse:
    """Show a door's form, or take it and go through."""
    explained: Explained | None = None
    policy = catalogue.policy()
    request_id: object = uuid4()
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
            refusal = act(caller).refusal
            if refusal is None:
                return onward(request, _find(card.id))
            explained = explain(refusal, Place(policy, card, _plan(request)))
            status = 409
        elif "request_id" not in form.errors:
            request_id = form.data["request_id"]
    context = {
        "card": card,
        "form": form,
        "plan": _plan(request),
        "request_id": request_id,
        "explained": explained,
        "is_mistyped": explained is not None and explained.code in MISTYPED,
    }
    return page(request, template, context, status=status, policy=policy)


def onward(request: HttpRequest, card: Card) -> HttpResponse:
    """Lead to the step that is missing, or back to what was chosen."""
    plan = _plan(request)
    query = f"?plan={plan}" if plan else ""
    if card.state == "in_stock":
        return see_other("web:activate", card.id, query=query)
    is_new_esim = card.has_profile and cards.first_renewal_id(card) is None
    if plan and (card.state == "bound" or (card.state == "activated" and is_new_esim)):
        return see_other("web:order", card.id, plan)
    if card.state == "activated" and not is_new_esim:
        return see_other("web:bind", card.id, query=query)
    return see_other("web:card", card.id)


def _find(card_id: UUID) -> Card:
    card = cards.find_by_id(card_id)
    if card is None:
        raise Http404
    return card


def _plan(request: HttpRequest) -> str:
    """Read which plan was chosen; a code has letters, digits, hyphens and underscores."""
    plan = request.GET.get("plan", "")[:40]
    return plan if plan.replace("-", "").replace("_", "").isalnum() and plan.isascii() else ""
