"""Ending automatic renewal from a message, or agreeing to a new price.

Ending takes one step and no signing in. The page shows one button; programs that look through mail
open every link, and that changes nothing. The address opens nothing else, and an old one ends what
was agreed to anew since, but not what somebody gave after it had ended (autorenewal/tracing.py).

Agreeing has an address of its own. Whoever holds the card in an account agrees there, signed in;
for a card that is in nobody's account the mailbox to which the message went is all there is.
"""

from uuid import UUID, uuid4

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from everline import autorenewal, cards, catalogue, clock
from everline.autorenewal import Standing, Traced
from everline.cards import Card
from everline.channels.web.forms import RequestForm
from everline.channels.web.holders import is_held
from everline.channels.web.pages import CHANNEL, page
from everline.channels.web.refusals import Place, explain
from everline.database.requests import Answer, Caller
from everline.money import AMOUNT_MAX
from everline.pages import words
from everline.pages.frame import see_other
from everline.renewals import Contact

LINK = "link"
"""The source of what is asked by a link in a message."""


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, mandate_id: UUID) -> HttpResponse:
    """End a mandate by one press.

    Nobody else knows the address and it can do no more, so no token of a form is asked for.
    """
    return _end(request, autorenewal.trace(mandate_id))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def end_of_renewal(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """End the mandate by which a renewal was made, by one press."""
    return _end(request, autorenewal.trace_renewal(renewal_id))


def _end(request: HttpRequest, traced: Traced | None) -> HttpResponse:
    card = cards.find_by_id(traced.card_id) if traced else None
    if traced is None or card is None:
        raise Http404
    is_on, at = traced.is_on, clock.now()
    if request.method == "POST" and is_on:
        # The same press twice is the same request: it is named by what it ends.
        caller = Caller(CHANNEL, LINK, f"{traced.id}:end")
        is_on = autorenewal.end_mandate(caller, card.id, at).refusal is not None
    until = cards.status(card, at).valid_until
    context = {
        "card": card,
        "is_on": is_on,
        "until": words.instant(until, card.zone) if until else "",
    }
    return page(request, "auto_end.html", context)


class AgreeForm(RequestForm):
    """The amount that was shown, and the box."""

    agreed = forms.IntegerField(min_value=1, max_value=AMOUNT_MAX)
    agrees = forms.BooleanField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def agree(request: HttpRequest, mandate_id: UUID) -> HttpResponse:
    """Agree to a new price: on the card's own page for whoever holds it, else here."""
    traced = autorenewal.trace(mandate_id)
    card = cards.find_by_id(traced.card_id) if traced else None
    if traced is None or card is None:
        raise Http404
    if is_held(card.account_id):
        return see_other("web:auto-renewal", card.id)
    at = clock.now()
    standing = autorenewal.standing(card.id, at)
    if not traced.is_on or standing is None or not standing.consent_needed:
        return see_other("web:card", card.id)
    form = AgreeForm(request.POST if request.method == "POST" else None)
    error = ""
    if form.is_valid():
        if not form.cleaned_data["agrees"]:
            error = _("Tick the box if you agree. Nothing was switched on.")
        else:
            answer = _give(traced, standing, card, form)
            if answer.refusal is None:
                return page(request, "auto_agreed.html", {"card": card})
            error = explain(answer.refusal, Place(catalogue.policy(), card)).sentence
    policy = catalogue.policy()
    assert standing.total is not None
    context = {
        "card": card,
        "plan": words.name(standing.plan_names or {"en": standing.plan_code or ""}),
        "amount": words.money(standing.total, standing.currency, policy),
        "before": words.money(standing.agreed_total, standing.currency, policy)
        if standing.agreed_total
        else "",
        "total": standing.total,
        "until": words.instant(standing.term_ends_at, card.zone) if standing.term_ends_at else "",
        "words": autorenewal.words(),
        "request_id": uuid4(),
        "error": error,
    }
    status = 422 if request.method == "POST" else 200
    return page(request, "auto_agree.html", context, status=status, policy=policy)


def _give(traced: Traced, standing: Standing, card: Card, form: AgreeForm) -> Answer:
    """Keep the new consent: where the messages go and the order of means stay as they were."""
    code = standing.plan_code or ""
    keeps = traced.plan_id is None and cards.last_plan(card.id) == code
    return autorenewal.give_mandate(
        Caller(CHANNEL, LINK, str(form.cleaned_data["request_id"])),
        card.id,
        clock.now(),
        plan_id=None if keeps else catalogue.find_plan(code),
        words_version=autorenewal.VERSION,
        contact=Contact(**(traced.contact or {})),
        locale=get_language() or "en",
        quoted_total=form.cleaned_data["agreed"],
        means_order=traced.means_order,
    )
