"""Kept means of payment on the card's pages: their order, one more, one fewer, and what is broken.

Only the holder sees and changes them; to anybody else these addresses do not exist. One is given on
the payment company's own page, where nothing is paid; no token ever stands in a page. Paying with
one is ordering.py's.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_POST, require_safe

from everline import catalogue, clock, payments, renewals
from everline.cards import Card
from everline.channels.web import browser
from everline.channels.web.forms import GiveMeansForm, MeansForm
from everline.channels.web.held import find_held
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Answer, Caller
from everline.pages import states, words
from everline.pages.frame import see_other

METHODS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """One kept means as the page shows it."""

    id: UUID
    name: str
    masked: str
    since: str
    broken: str
    is_first: bool
    is_last: bool


@login_required
@require_safe
def show(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Show what is kept for a card, in the order in which it is tried."""
    card = find_held(request, card_id)
    keepers = payments.keepers(card.currency)
    kept = listed(card)
    context = {
        "card": card,
        "methods": kept,
        "keepers": keepers if len(kept) < METHODS_MAX else [],
        "is_full": len(kept) >= METHODS_MAX,
        "words": payments.keep_words(),
        "words_version": payments.KEEP_VERSION,
        "request_id": uuid4(),
    }
    return page(request, "means.html", context)


def listed(card: Card) -> list[Shown]:
    """Give the kept means of a card in words."""
    found = payments.methods_of(card.account_id)
    return [
        Shown(
            id=each.id,
            name=states.name_of(each.gateway) or _("Bank card"),
            masked=each.masked_means,
            since=words.instant(each.kept_at, card.zone),
            broken="" if each.is_active else states.why_broken(each.reason),
            is_first=number == 0,
            is_last=number == len(found) - 1,
        )
        for number, each in enumerate(found)
    ]


@login_required
@require_POST
def add(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Begin to keep one more: lead to the payment company, where nothing is paid."""
    card = find_held(request, card_id)
    form = GiveMeansForm(request.POST)
    names = {each.name for each in payments.keepers(card.currency)}
    if not form.is_valid() or form.cleaned_data["gateway"] not in names:
        return see_other("web:means", card.id)
    sent = form.cleaned_data
    answer = payments.begin_setup(
        Caller(CHANNEL, SOURCE, str(sent["request_id"])),
        card.id,
        sent["gateway"],
        sent["words_version"],
        clock.now(),
    )
    if answer.refusal is not None or answer.id is None:
        return _told(request, card, answer, "")
    renewals.set_up(
        answer.id,
        currency=card.currency,
        return_url=settings.PUBLIC_ADDRESS + reverse("web:means-returned", args=[card.id]),
        notify_address=settings.PUBLIC_ADDRESS,
        locale=get_language() or "en",
        now=clock.now,
    )
    browser.remember_setup(request, card.id, answer.id)
    return see_other("web:means-page", card.id)


@login_required
@require_safe
def lead(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Lead to the payment company's page, from a page of our own as for every payment."""
    card = find_held(request, card_id)
    setup = _remembered(request, card)
    if setup is None or setup.state != "open":
        return see_other("web:means", card.id)
    if not setup.page_url:
        messages.error(request, _("The payment company does not answer. Try again in a minute."))
        return see_other("web:means", card.id)
    context = {"page_url": setup.page_url, "name": states.name_of(setup.gateway), "keeps": True}
    return page(request, "payment.html", context, policy=catalogue.policy())


@login_required
@require_safe
def returned(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Come back from the payment company: ask what came of it, and say so."""
    card = find_held(request, card_id)
    setup = _remembered(request, card)
    if setup is not None and setup.state == "open":
        setup = renewals.ask_setup(setup.id, clock.now)
    if setup is not None and setup.state == "kept":
        messages.success(request, _("The means of payment is kept for this card."))
    elif setup is not None and setup.state == "failed":
        messages.error(request, _("Nothing was kept, and nothing was charged."))
    elif setup is not None:
        messages.info(request, _("It is not known yet whether it is kept. Look here again soon."))
    return see_other("web:means", card.id)


@login_required
@require_POST
def move(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Move one a place up or down in the order."""
    card = find_held(request, card_id)
    form = MeansForm(request.POST)
    order = [each.id for each in payments.methods_of(card.account_id)]
    if not form.is_valid() or form.cleaned_data["method"] not in order:
        return see_other("web:means", card.id)
    here = order.index(form.cleaned_data["method"])
    there = here + (1 if form.cleaned_data["to"] == "down" else -1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    answer = payments.order_methods(caller, card.id, order, clock.now())
    return _told(request, card, answer, "")


@login_required
@require_POST
def remove(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Take one away."""
    card = find_held(request, card_id)
    form = MeansForm(request.POST)
    if not form.is_valid():
        return see_other("web:means", card.id)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    answer = payments.end_method(caller, card.id, form.cleaned_data["method"], clock.now())
    return _told(request, card, answer, _("It is taken away and charged no more."))


def _told(request: HttpRequest, card: Card, answer: Answer, done: str) -> HttpResponse:
    """Lead back to the list, with what was done or why not."""
    if answer.refusal is not None:
        told = explain(answer.refusal, Place(catalogue.policy(), card))
        messages.error(request, told.sentence)
    elif done:
        messages.success(request, done)
    return see_other("web:means", card.id)


def _remembered(request: HttpRequest, card: Card) -> payments.Setup | None:
    """Find the setup that this browser began for a card last."""
    setup_id = browser.setup_of(request, card.id)
    setup = payments.find_setup(setup_id) if setup_id else None
    return setup if setup is not None and setup.account_id == card.account_id else None
