"""One card, as support sees it: its state, terms, money, steps in words, and what can be done.

It is found by search.py. A renewal is taken back by queues.take_back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_noop

from everline import autorenewal, cards, catalogue, database, ids, ledger, renewals, trust
from everline.autorenewal.models import Mandate
from everline.cards import Card
from everline.office.asking import Done, Once, Question, ask, read_request_id, shown_once, told
from everline.office.desk import Desk
from everline.office.frame import page
from everline.office.naming import (
    act_name,
    channel_name,
    gateway_name,
    machine_name,
    medium_name,
    notice_name,
    reason_name,
    role_name,
    state_name,
)
from everline.pages import telling, words
from everline.people.models import Holding
from everline.people.roles import Ability
from everline.trust import acts, pins

STEPS_MAX: Final = 100
RENEWALS_MAX: Final = 20
CHANGES: Final = {
    "suspend": (gettext_noop("Suspend"), gettext_noop("The line stops until it is resumed.")),
    "lose": (
        gettext_noop("Report as lost"),
        gettext_noop("The line stops and nobody can renew it until it is found."),
    ),
    "resume": (gettext_noop("Resume"), gettext_noop("The line works again.")),
}
_OPEN_TO: Final = {
    "activated": ("suspend", "lose"),
    "bound": ("suspend", "lose"),
    "suspended": ("resume", "lose"),
    "lost": ("resume",),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one machine."""

    machine: str
    subject_id: UUID
    from_state: str
    to_state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to pay, or one refund."""

    kind: str
    gateway: str
    amount: int
    currency: str
    state: str
    reason: str
    masked_means: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """One notice."""

    template: str
    medium: str
    state: str
    at: datetime


def show(request: HttpRequest, desk: Desk, card_id: UUID) -> HttpResponse:
    """Show a card."""
    card = _find(card_id)
    status = cards.status(card, desk.at)
    mandate = Mandate.objects.filter(card_id=card.id, ended_at=None).first()
    held = Holding.objects.filter(account_id=card.account_id, ends_at=None)
    holder = held.select_related("person").first()
    balance = ledger.spendable(card.account_id, "balance", card.currency)
    terms = (*((status.present,) if status.present else ()), *status.queued)
    context = {
        "card": card,
        "state": state_name(card.state),
        "balance": desk.money(balance, card.currency),
        "holder": holder.person.name if holder else "",
        "number": ids.CustomerNumber.of(holder.person.customer_number).spaced if holder else "",
        "terms": [
            {
                "plan": words.name(term.plan_names),
                "starts": words.instant(term.starts_at, card.zone),
                "ends": words.instant(term.ends_at, card.zone),
                "data": words.allowance(term.allowance_bytes, term.fair_use_bytes),
                "used": words.data(term.used_bytes),
            }
            for term in terms
        ],
        "devices": status.devices,
        "mandate": desk.instant(mandate.given_at) if mandate else "",
        "told": telling.tell(
            autorenewal.explain(card.id, desk.at), card.zone, catalogue.policy()
        ),
        "renewals": _renewals(desk, card),
        "payments": [
            {"it": each, "amount": desk.money(each.amount, each.currency),
             "kind": machine_name(each.kind), "state": state_name(each.state),
             "gateway": gateway_name(each.gateway), "reason": reason_name(each.reason),
             "at": desk.instant(each.at)}
            for each in _payments(card)
        ],
        "notices": [
            {"what": notice_name(each.template), "medium": medium_name(each.medium),
             "state": state_name(each.state), "at": desk.instant(each.at)}
            for each in _notices(card)
        ],
        "steps": [
            {"what": machine_name(each.machine), "before": state_name(each.from_state),
             "after": state_name(each.to_state), "at": desk.instant(each.at)}
            for each in _steps(card)
        ],
        "acts": [
            {"what": act_name(each.verb), "role": role_name(each.role),
             "at": desk.instant(each.at)}
            for each in acts.newest(20, subject=("card", card.id))
        ],
        "changes": [
            {"event": event, "label": _(CHANGES[event][0])}
            for event in _OPEN_TO.get(card.state, ())
        ]
        if desk.may(Ability.CHANGE_CARD)
        else [],
        "sets_pin": desk.may(Ability.SET_PIN) and card.state in _OPEN_TO,
        "has_pin": trust.has_pin(card.account_id),
    }  # fmt: skip
    return page(request, desk, "card.html", context)


def change(request: HttpRequest, desk: Desk, card_id: UUID, event: str) -> HttpResponse:
    """Suspend a card, report it as lost, or let it work again."""
    card = _find(card_id)
    if event not in CHANGES:
        raise Http404
    label, sentence = CHANGES[event]
    question = Question(
        f"{_(label)}?",
        _(sentence),
        _(label),
        reverse("office:card", kwargs={"card_id": card_id}),
        ((_("Card number"), card.masked), (_("State"), state_name(card.state))),
        is_grave=event != "resume",
    )

    def act(request_id: str) -> Done:
        answer = cards.change(desk.caller(request_id), card_id, event, desk.at)
        if answer.refusal is None and not answer.replayed:
            desk.record(event, ("card", card_id), {"request": request_id})
        return told(answer, _("The card was changed."))

    return ask(request, desk, question, act)


def new_pin(request: HttpRequest, desk: Desk, card_id: UUID) -> HttpResponse:
    """Set a service PIN by chance and show it once; the old one ends, as does a lock."""
    card = _find(card_id)
    if card.state not in _OPEN_TO:
        raise Http404
    back = reverse("office:card", kwargs={"card_id": card_id})
    question = Question(
        _("Make a new service PIN?"),
        _("Make sure first that it is the holder who asks. The old PIN ends at once."),
        _("Make a PIN"),
        back,
        ((_("Card number"), card.masked),),
    )
    request_id = read_request_id(request)
    if request.method != "POST" or request_id is None:
        return ask(request, desk, question, lambda _request_id: Done(""))
    pin = pins.pin_of(request_id, (card.iccid, card.msisdn or ""))
    answer = trust.set_pin(desk.caller(request_id), card.account_id, pin, desk.at)
    if answer.refusal is not None:
        return ask(request, desk, question, lambda _request_id: told(answer, ""))
    if not answer.replayed:
        desk.record("set_pin", ("card", card_id), {"request": request_id})
    sentence = _("Tell it to the holder and to nobody else. It can be changed on the website.")
    return shown_once(request, desk, Once(_("Service PIN"), card.masked, pin, sentence, back))


def _find(card_id: UUID) -> Card:
    card = cards.find_by_id(card_id)
    if card is None:
        raise Http404
    return card


def _renewals(desk: Desk, card: Card) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "receipt": ids.outside("rnw", each.id),
            "at": desk.instant(each.placed_at),
            "plan": words.name(each.plan_names),
            "channel": channel_name(each.channel),
            "total": desk.money(each.total, each.currency),
            "state": state_name(each.state),
        }
        for each in renewals.of_card(card.id, RENEWALS_MAX)
    ]


def _steps(card: Card) -> list[Step]:
    return database.rows(
        Step,
        "select h.machine, h.subject_id, h.from_state, h.to_state, h.at from database_history h"
        " where h.subject_id in (select r.id from renewals_renewal r where r.card_id = %s"
        "  union all select o.id from topups_topup o where o.card_id = %s"
        "  union all select t.id from payments_attempt t"
        "   join payments_payment p on p.id = t.payment_id join renewals_renewal r"
        "   on r.id = p.purpose_id where r.card_id = %s union all select %s)"
        " order by h.at desc, h.id desc limit %s",
        [card.id, card.id, card.id, card.id, STEPS_MAX],
    )


def _payments(card: Card) -> list[Payment]:
    return database.rows(
        Payment,
        "select w.* from (select 'attempt' as kind, a.gateway, p.amount, p.currency, a.state,"
        " a.reason, a.masked_means, a.created_at as at from renewals_renewal r"
        " join payments_payment p on p.purpose_id = r.id"
        " join payments_attempt a on a.payment_id = p.id where r.card_id = %s"
        " union all select 'refund', a.gateway, f.amount, p.currency, f.state, f.reason, '',"
        " f.created_at from renewals_renewal r join payments_payment p on p.purpose_id = r.id"
        " join payments_refund f on f.payment_id = p.id"
        " join payments_attempt a on a.id = f.attempt_id where r.card_id = %s"
        ") w order by w.at desc limit %s",
        [card.id, card.id, STEPS_MAX],
    )


def _notices(card: Card) -> list[Sent]:
    return database.rows(
        Sent,
        "select n.template, n.medium, n.state, n.at from notices_notice n"
        " where n.fact_id in (select r.id from renewals_renewal r where r.card_id = %s"
        " union all select e.id from cards_entitlement e where e.card_id = %s)"
        " order by n.at desc limit %s",
        [card.id, card.id, STEPS_MAX],
    )
