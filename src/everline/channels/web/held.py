"""A card as its holder sees it: data, validity, devices, money, and what can be done with it.

To anybody else these addresses do not exist. Renewing and topping up lead into the flow that
everybody uses, where the balance is one means of paying more. Each act is one verb with the request
id of its form; the pictures are made in gauges.py, records in recording.py.
"""

from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everline import cards, catalogue, clock, holders, ledger, payments, renewals
from everline.cards import Card, Device, Status
from everline.catalogue import Policy
from everline.channels.web import allauths, esims, gauges, mandates, pins, showing
from everline.channels.web.forms import DeviceForm, RequestForm
from everline.channels.web.holders import holds, person_of
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Answer, Caller
from everline.pages import words
from everline.pages.frame import see_other
from everline.trust import addresses

HISTORY_MAX = 5
IN_USE = frozenset({"activated", "bound", "suspended"})
"""States in which a card can be reported lost."""

DIGITS_SHOWN = 4


@login_required
@require_safe
def show(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Show all that the holder of a card may see."""
    return _show(request, find_held(request, card_id))


def _show(
    request: HttpRequest, card: Card, form: DeviceForm | None = None, status: int = 200
) -> HttpResponse:
    at, policy = clock.now(), catalogue.policy()
    found = cards.status(card, at)
    balance = ledger.spendable(card.account_id, "balance", card.currency)
    context = {
        "card": card,
        "token": addresses.token("crd", card.id),
        "is_holder": True,
        "standing": showing.standing(card, found),
        "renewable": showing.renewable(card, found, at),
        "ring": gauges.ring(found.present, at, card.zone) if found.present else None,
        "line": gauges.line(card, found, at),
        "balance": words.money(balance, card.currency, policy),
        "is_lost": card.state == "lost",
        "may_lose": card.state in IN_USE,
        "may_bind": card.state in {"activated", "bound"},
        "profile": esims.profile(card) if card.has_profile and card.state != "terminated" else None,
        "history": _history(request, card, policy),
        "kept_means": payments.methods_of(card.account_id),
        "form": form or DeviceForm(),
        "request_id": uuid4(),
        **_devices(card, found),
        **pins.shown(request, card.account_id),
        **mandates.shown(request, card, at),
    }
    return page(request, "held.html", context, status=status, policy=policy)


def _devices(card: Card, found: Status) -> dict[str, object]:
    """Give the devices that share the card, and how many more may."""
    most = found.present.devices_max if found.present else 1
    return {
        "devices": [
            {
                "kind": "EID" if each.kind == "eid" else "IMEI",
                "number": f"… {each.number[-DIGITS_SHOWN:]}",
                "key": _key(each),
                "since": words.instant(each.bound_at, card.zone),
            }
            for each in found.devices
        ],
        "devices_most": words.devices(most),
        "has_room": len(found.devices) < most,
    }


def _key(device: Device) -> str:
    """Name a device in a form by when it was bound and its end: its number stands in no page."""
    return f"{device.bound_at.isoformat()}-{device.number[-DIGITS_SHOWN:]}"


def _history(request: HttpRequest, card: Card, policy: Policy) -> list[dict[str, object]]:
    since = holders.shown_from(person_of(request).id, card.account_id)
    return [
        {
            "id": each.id,
            "at": words.instant(each.placed_at, each.zone),
            "plan": words.name(each.plan_names),
            "total": words.money(each.total, each.currency, policy),
            "is_paid": each.paid_at is not None,
        }
        for each in renewals.of_card(card.id, HISTORY_MAX)
        if since is None or each.placed_at >= since
    ]


@login_required
@require_POST
def bind(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Bind one more device."""
    card = find_held(request, card_id)
    form = DeviceForm(request.POST)
    if not form.is_valid():
        return _show(request, card, form, status=422)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    answer = cards.bind(caller, card.id, form.cleaned_data["number"], clock.now())
    return _told(request, card, answer, _("The device is bound."), "#devices-title")


@login_required
@require_POST
def unbind(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Free a device."""
    card = find_held(request, card_id)
    form, at = RequestForm(request.POST), clock.now()
    wanted = next(
        (
            each
            for each in cards.status(card, at).devices
            if _key(each) == request.POST.get("device")
        ),
        None,
    )
    if not form.is_valid() or wanted is None:
        return see_other("web:held", card.id)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    answer = cards.unbind(caller, card.id, wanted.number, at)
    return _told(request, card, answer, _("The device is unbound."), "#devices-title")


@login_required
@require_POST
def lose(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Suspend a card that is lost: nothing is used or bought on it meanwhile."""
    card = find_held(request, card_id)
    return _change(request, card, "lose", _("The card is suspended as lost."))


@login_required
@require_POST
def resume(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Resume a card that was lost; who finds a telephone that is signed in cannot."""
    card = find_held(request, card_id)
    if not allauths.is_fresh(request):
        back = {"next": reverse("web:held", args=[card.id])}
        return see_other("web:sign-in", query=f"?{urlencode(back)}")
    if card.state != "lost":
        return see_other("web:held", card.id)
    return _change(request, card, "resume", _("The card works again."))


@login_required
@require_POST
def give_up(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Take the card off the account."""
    card = find_held(request, card_id)
    form = RequestForm(request.POST)
    if not form.is_valid() or "sure" not in request.POST:
        return see_other("web:held", card.id)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    answer = holders.give_up(caller, person_of(request).id, card.id, clock.now())
    if answer.refusal is None:
        messages.success(request, _("The card is no longer in your account."))
    return see_other("web:my-cards")


def _change(request: HttpRequest, card: Card, event: str, done: str) -> HttpResponse:
    form = RequestForm(request.POST)
    if not form.is_valid():
        return see_other("web:held", card.id)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    return _told(request, card, cards.change(caller, card.id, event, clock.now()), done)


def _told(
    request: HttpRequest, card: Card, answer: Answer, done: str, place: str = ""
) -> HttpResponse:
    """Lead back to the card, with what was done or why not."""
    if answer.refusal is None:
        messages.success(request, done)
        return see_other("web:held", card.id, query=place)
    told = explain(answer.refusal, Place(catalogue.policy(), card))
    messages.error(request, " ".join((told.sentence, *told.details)))
    return see_other("web:held", card.id, query=place)


def find_held(request: HttpRequest, card_id: UUID) -> Card:
    """Find a card that whoever is signed in holds; for anybody else there is none."""
    card = cards.find_by_id(card_id)
    if card is None or not holds(request, card.account_id):
        raise Http404
    return card
