"""Reminders by push for one card on one device: switched on where the browser asks, off anywhere.

The browser's own question is the consent; the card's page stays what it is. A session remembers
which reminder is this browser's, so that it can be switched off without script.
"""

from typing import Final
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_http_methods

from everline import cards, catalogue, clock, notices
from everline.cards import Card
from everline.channels.web import browser
from everline.channels.web.forms import RequestForm
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Answer, Caller
from everline.pages import limits
from everline.pages.frame import see_other

ENDPOINT_LENGTH_MAX: Final = 1000
KEY_LENGTH_MAX: Final = 100


class ReminderForm(RequestForm):
    """What a browser tells of itself when it subscribes; nothing of it is typed."""

    wanted = forms.ChoiceField(choices=[("on", ""), ("off", "")])
    endpoint = forms.CharField(required=False, max_length=ENDPOINT_LENGTH_MAX)
    public_key = forms.CharField(required=False, max_length=KEY_LENGTH_MAX)
    secret = forms.CharField(required=False, max_length=KEY_LENGTH_MAX)


@require_http_methods(["GET", "HEAD", "POST"])
def switch(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Show whether this browser is reminded of a card, and switch it."""
    card = cards.find_by_id(card_id)
    if card is None:
        raise Http404
    if request.method == "POST":
        return _switched(request, card)
    return _shown(request, card)


def _shown(request: HttpRequest, card: Card, *, status: int = 200) -> HttpResponse:
    context = {
        "card": card,
        "is_on": _own(request, card) is not None,
        "browser_key": notices.browser_key(),
        "request_id": uuid4(),
    }
    return page(request, "reminders.html", context, status=status)


def _switched(request: HttpRequest, card: Card) -> HttpResponse:
    form = ReminderForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This browser could not be understood. Try another one."))
        return _shown(request, card, status=422)
    sent, at = form.cleaned_data, clock.now()
    caller = Caller(CHANNEL, SOURCE, str(sent["request_id"]))
    if sent["wanted"] == "off":
        own = _own(request, card)
        if own is not None:
            answer = notices.forget_device(caller, card.id, own, at)
            browser.forget_reminder(request, card.id)
            _tell(request, card, answer, _("Reminders are off on this device."))
        return see_other("web:reminders", card.id)
    device = notices.Device(sent["endpoint"], sent["public_key"], sent["secret"])
    if not device.is_well_formed:
        messages.error(request, _("This browser could not be understood. Try another one."))
        return _shown(request, card, status=422)
    seconds = limits.seconds_to_wait(request, at)
    if seconds:
        messages.error(request, _("That was too often. Wait a minute."))
        return limits.too_many(_shown(request, card), seconds)
    answer = notices.remind_device(caller, card.id, device, get_language() or "en", at)
    if answer.refusal is None and answer.id is not None:
        browser.remember_reminder(request, card.id, answer.id)
    _tell(request, card, answer, _("Reminders are on on this device."))
    return see_other("web:reminders", card.id)


def _tell(request: HttpRequest, card: Card, answer: Answer, done: str) -> None:
    if answer.refusal is None:
        messages.success(request, done)
    else:
        where = Place(catalogue.policy(), card)
        messages.error(request, explain(answer.refusal, where).sentence)


def _own(request: HttpRequest, card: Card) -> UUID | None:
    """Find the reminder that this browser switched on, while it is kept."""
    own = browser.reminder_of(request, card.id)
    return own if own is not None and notices.is_reminded(card.id, own) else None
