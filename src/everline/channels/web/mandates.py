"""Automatic renewal on the card's page: how it stands, and switching it in one step.

Only the holder, or the browser that just bought for a card without one, sees and changes it; to
anybody else this address does not exist. The box on the order's page is ordering.py's.
"""

from datetime import datetime
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_POST

from everline import autorenewal, cards, catalogue, clock
from everline.cards import Card
from everline.catalogue import Policy
from everline.channels.web.forms import SwitchForm
from everline.channels.web.holders import may_manage
from everline.channels.web.ordering import SOURCE, own_address
from everline.channels.web.pages import CHANNEL
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Caller
from everline.errors import SENTENCES, Code
from everline.pages import words
from everline.pages.frame import see_other
from everline.renewals import Contact


def shown(request: HttpRequest, card: Card, policy: Policy, at: datetime) -> dict[str, object]:
    """Give what the card's page says of automatic renewal; nothing to strangers."""
    if card.state in {"in_stock", "terminated"} or not may_manage(
        request, card.id, card.account_id
    ):
        return {}
    return {
        "auto": {
            "is_on": (standing := autorenewal.standing(card.id, at)) is not None,
            "facts": facts(standing, card, policy) if standing else [],
            "warning": warning(standing, policy) if standing else "",
            "words": autorenewal.words(),
            "words_version": autorenewal.VERSION,
            "request_id": uuid4(),
        }
    }


def facts(standing: autorenewal.Standing, card: Card, policy: Policy) -> list[tuple[str, str]]:
    """Say what is charged, when it is first tried, and from what."""
    said = []
    if standing.plan_names is not None:
        said.append((_("Plan"), words.name(standing.plan_names)))
    if standing.total is not None:
        said.append((_("Next charge"), words.money(standing.total, standing.currency, policy)))
    when = words.instant(standing.next_at, card.zone) if standing.next_at else ""
    said.append((_("First tried"), when or _("when a plan is running")))
    balance = words.money(standing.balance, standing.currency, policy)
    said.append((_("Paid from"), _("the card's balance, now %(balance)s") % {"balance": balance}))
    return said


def warning(standing: autorenewal.Standing, policy: Policy) -> str:
    """Say what stands against the next charge, as things are now."""
    if standing.reason is not None:
        return _(SENTENCES[Code(standing.reason)])
    if standing.missing:
        missing = words.money(standing.missing, standing.currency, policy)
        return _("The balance is too low by %(missing)s.") % {"missing": missing}
    return ""


@require_POST
def switch(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Switch automatic renewal on or off."""
    card = cards.find_by_id(card_id)
    if card is None or not may_manage(request, card.id, card.account_id):
        raise Http404
    form = SwitchForm(request.POST)
    wants_unseen = form.is_valid() and not (
        form.cleaned_data["wanted"] == "off" or form.cleaned_data["words_version"]
    )
    if not form.is_valid() or wants_unseen:
        return see_other("web:card", card.id)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    at = clock.now()
    if form.cleaned_data["wanted"] == "off":
        answer = autorenewal.end_mandate(caller, card.id, at)
    else:
        answer = autorenewal.give_mandate(
            caller,
            card.id,
            at,
            plan_id=None,
            words_version=form.cleaned_data["words_version"],
            contact=Contact(email=own_address(request), locale=get_language() or "en"),
        )
    if answer.refusal is not None:
        where = Place(catalogue.policy(), card)
        messages.error(request, explain(answer.refusal, where).sentence)
    return see_other("web:card", card.id, query="#auto-title")
