"""Automatic renewal of a card: how it stands on the card's pages, and a page of its own.

Only the holder, or the browser that just bought for a card without one, sees and changes it; to
anybody else it does not exist. What stands on the page is auto_page.py's, the box on the order's
page ordering.py's, the addresses in messages consenting.py's.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from everline import autorenewal, cards, catalogue, clock, holders
from everline.autorenewal import Standing
from everline.cards import Card
from everline.channels.web import auto_page
from everline.channels.web.auto_forms import PauseForm, SwitchForm, WishesForm
from everline.channels.web.holders import may_manage
from everline.channels.web.ordering import SOURCE, own_address
from everline.channels.web.pages import CHANNEL, page, sign_in
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Answer, Caller
from everline.pages.frame import see_other
from everline.renewals import Contact

_PAGE: Final = "web:auto-renewal"
NOBODY: Final = UUID(int=0)
"""Who is not signed in: nothing is shown of anybody who held the card before."""


@require_http_methods(["GET", "HEAD", "POST"])
def switch(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Show how automatic renewal stands; switch it on or off."""
    found = cards.find_by_id(card_id)
    if found is not None and not request.user.is_authenticated and not _may(request, found):
        # Messages lead here, and their reader may not be signed in yet.
        return HttpResponse(status=303, headers={"Location": sign_in(request)["sign_in"]})
    card = _find(request, card_id)
    if request.method != "POST":
        return _shown(request, card)
    form = SwitchForm(request.POST)
    back = _PAGE if "has_box" in request.POST else "web:card"
    if not form.is_valid():
        return see_other(back, card.id)
    sent, at = form.cleaned_data, clock.now()
    caller = Caller(CHANNEL, SOURCE, str(sent["request_id"]))
    if sent["wanted"] == "off":
        _tell(request, card, autorenewal.end_mandate(caller, card.id, at), _("It is off now."))
    elif sent["is_agreed"]:
        answer = autorenewal.give_mandate(
            caller,
            card.id,
            at,
            plan_id=catalogue.find_plan(sent["plan"]) if sent["plan"] else None,
            words_version=sent["words_version"],
            contact=Contact(email=own_address(request), locale=get_language() or "en"),
            locale=get_language() or "en",
            quoted_total=sent["agreed"],
            means_order=sent["means_order"] or autorenewal.BALANCE_FIRST,
        )
        _tell(request, card, answer, _("It is on now."))
    elif sent["has_box"]:
        messages.error(request, _("Tick the box if you agree. Nothing was switched on."))
    return see_other(back, card.id, query="" if back == _PAGE else "#auto-title")


@require_POST
def pause(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Charge nothing until a day, skip one term, or go on."""
    card = _find(request, card_id)
    form, at = PauseForm(request.POST), clock.now()
    until = form.instant(card.zone) if form.is_valid() else None
    if not form.is_valid() or (form.cleaned_data["wanted"] == "until" and until is None):
        messages.error(request, _("Choose a date."))
        return see_other(_PAGE, card.id)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    wanted = form.cleaned_data["wanted"]
    doing: Callable[[], Answer]
    if wanted == "skip":
        doing = partial(autorenewal.skip_term, caller, card.id, at)
        done = _("One term is skipped.")
    elif until is not None and wanted == "until":
        doing = partial(autorenewal.pause_mandate, caller, card.id, until, at)
        done = _("It is paused.")
    else:
        doing = partial(autorenewal.resume_mandate, caller, card.id, at)
        done = _("It goes on.")
    _tell(request, card, doing(), done)
    return see_other(_PAGE, card.id)


@require_POST
def change(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Set the order of means, the data below which it renews too, and what it may charge."""
    card = _find(request, card_id)
    form = WishesForm(request.POST, currency=card.currency)
    if not form.is_valid():
        return _shown(request, card, form, status=422)
    caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
    answer = autorenewal.change_mandate(caller, card.id, clock.now(), form.wishes)
    _tell(request, card, answer, _("Saved."))
    return see_other(_PAGE, card.id)


def shown(request: HttpRequest, card: Card, at: datetime) -> dict[str, object]:
    """Give what the card's pages say of automatic renewal; nothing to strangers."""
    if not _may(request, card):
        return {}
    return {"auto": auto_page.summary(card, autorenewal.standing(card.id, at), at)}


def _shown(
    request: HttpRequest, card: Card, form: WishesForm | None = None, status: int = 200
) -> HttpResponse:
    at, policy = clock.now(), catalogue.policy()
    standing = autorenewal.standing(card.id, at)
    seer = request.user.pk if request.user.is_authenticated else NOBODY
    since = holders.shown_from(seer, card.account_id)
    context = {
        "card": card,
        "auto": auto_page.summary(card, standing, at),
        "more": auto_page.whole(card, standing, policy, at, since=since),
        "form": form or (_wishes(card, standing) if standing else None),
    }
    return page(request, "auto_page.html", context, status=status, policy=policy)


def _wishes(card: Card, standing: Standing) -> WishesForm:
    return WishesForm(initial=auto_page.initial(card, standing), currency=card.currency)


def _tell(request: HttpRequest, card: Card, answer: Answer, done: str) -> None:
    if answer.refusal is None:
        messages.success(request, done)
    else:
        where = Place(catalogue.policy(), card)
        messages.error(request, explain(answer.refusal, where).sentence)


def _may(request: HttpRequest, card: Card) -> bool:
    return card.state not in {"in_stock", "terminated"} and may_manage(
        request, card.id, card.account_id
    )


def _find(request: HttpRequest, card_id: UUID) -> Card:
    """Find a card that one may manage; for anybody else there is none."""
    card = cards.find_by_id(card_id)
    if card is None or not _may(request, card):
        raise Http404
    return card
