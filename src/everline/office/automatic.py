"""Automatic renewal, as the office watches it: figures, breakers, hours that are over, outages.

A parked card, and the stop of everything, are released here, by a verb and on a person's word. What
one card was tried and why is told on the card's own screen.
"""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from everline import autorenewal
from everline.autorenewal import Gauges, Parked
from everline.office.asking import Done, Question, ask, told
from everline.office.desk import Desk
from everline.office.frame import page
from everline.office.naming import role_name
from everline.office.queues import age
from everline.people.roles import Ability


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show how automatic renewal stands."""
    stop = autorenewal.stopped()
    context = {
        "figures": _figures(desk, autorenewal.gauges(desk.at)),
        "stop": stop and {"it": stop, "since": desk.instant(stop.since)},
        "parked": [
            {"it": each, "age": age(desk, each.since), "why": _why(each),
             "owner": role_name(each.owner)}
            for each in autorenewal.parked()
        ],
        "hours": [
            {"it": each, "hour": desk.instant(each.hour)}
            for each in autorenewal.hours(desk.at) if each.expected or each.untried
        ],
        "outages": [
            {"it": each, "from": desk.instant(each.from_at), "until": desk.instant(each.until_at)}
            for each in autorenewal.outages()
        ],
        "releases_stop": desk.may(Ability.RESOLVE_PAYMENTS),
        "releases_cards": desk.may(Ability.SEE_CUSTOMERS, Ability.CHANGE_CARD),
        "sees_cards": desk.may(Ability.SEE_CUSTOMERS),
    }  # fmt: skip
    return page(request, desk, "automatic.html", context)


def release_card(request: HttpRequest, desk: Desk, card_id: UUID) -> HttpResponse:
    """Release a parked card."""
    found = autorenewal.find_parked(card_id)
    if found is None and request.method != "POST":
        raise Http404
    facts = () if found is None else (
        (_("Card number"), found.masked), (_("Why"), _why(found)),
        (_("Since"), desk.instant(found.since)),
    )  # fmt: skip
    question = Question(
        _("Release this card?"),
        _("What was due meanwhile is charged now, unless its term is over. See first why it was"
          " charged so often."),
        _("Release"),
        reverse("office:auto"),
        facts,
        is_grave=True,
    )  # fmt: skip

    def act(request_id: str) -> Done:
        answer = autorenewal.release_card(desk.caller(request_id), card_id, desk.at)
        if answer.refusal is None and not answer.replayed:
            desk.record("release_card", ("card", card_id), {"request": request_id})
        return told(answer, _("The card renews by itself again."))

    return ask(request, desk, question, act)


def release_stop(request: HttpRequest, desk: Desk, stop_id: UUID) -> HttpResponse:
    """Let automatic charges go on."""
    found = autorenewal.stopped()
    if request.method != "POST" and (found is None or found.id != stop_id):
        raise Http404
    facts = () if found is None else (
        (_("Charged in an hour"), str(found.charged)),
        (_("Foreseen by the ladders"), str(found.expected)),
        (_("Allowed"), str(found.allowed)),
        (_("Since"), desk.instant(found.since)),
    )  # fmt: skip
    question = Question(
        _("Let automatic charges go on?"),
        _("Everything that is due is charged now, but for terms that ended meanwhile. Find out"
          " first why so many charges came at once."),
        _("Let them go on"),
        reverse("office:auto"),
        facts,
        is_grave=True,
    )  # fmt: skip

    def act(request_id: str) -> Done:
        answer = autorenewal.release_stop(desk.caller(request_id), stop_id, desk.at)
        if answer.refusal is None and not answer.replayed:
            desk.record("release_stop", ("stop", stop_id), {"request": request_id})
        return told(answer, _("Automatic charges go on."))

    return ask(request, desk, question, act)


def _why(parked: Parked) -> str:
    """Say why a card was parked."""
    if parked.reason == "card_day_max":
        return _("%(count)s automatic charges in 24 hours") % {
            "count": parked.facts.get("charges", "?")
        }
    return parked.reason


def _figures(desk: Desk, known: Gauges) -> list[dict[str, Any]]:
    """Put the figures into words."""
    oldest = age(desk, known.oldest_due_at) if known.oldest_due_at else "\N{EN DASH}"
    beat = age(desk, known.beat_at) if known.beat_at else "\N{EN DASH}"
    return [
        {"label": _("Due now"), "value": known.due},
        {"label": _("The oldest waits for"), "value": oldest},
        {"label": _("Charged in the last hour"), "value": known.charged},
        {"label": _("Refused in the last hour"), "value": known.refused},
        {"label": _("Foreseen for this hour"), "value": known.expected or 0},
        {"label": _("Due and not tried, two days"), "value": known.untried},
        {"label": _("Parked cards"), "value": known.parked},
        {"label": _("Last run"), "value": beat},
    ]
