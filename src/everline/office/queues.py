"""The queues: what waits for a person, and what a person can do about it.

What waits is read in waiting.py; each act is asked for in asking.py and recorded.
"""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from everline import clock, jobs, payments, renewals
from everline.office import waiting
from everline.office.asking import Done, Question, ask, told
from everline.office.desk import Desk
from everline.office.frame import page
from everline.office.naming import (
    dispute_name,
    dispute_reason_name,
    gateway_name,
    job_name,
    language_name,
    reason_name,
    state_name,
)
from everline.pages import words
from everline.people import return_calls
from everline.people.roles import Ability
from everline.renewals.pay import ask as ask_attempt, ask_refund


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show all queues."""
    context = {
        "unsure": [
            {
                "it": each,
                "age": age(desk, each.created_at),
                "amount": desk.money(each.amount, each.currency),
                "state": state_name(each.state),
                "gateway": gateway_name(each.gateway),
                "reason": reason_name(each.reason),
                "next": desk.instant(each.ask_at),
                "by": desk.instant(each.owner_by),
                "is_late": each.owner_by is not None and each.owner_by < desk.at,
            }
            for each in waiting.unsure()
        ],
        "undelivered": [
            {
                "it": each,
                "age": age(desk, each.paid_at),
                "amount": desk.money(each.total, each.currency),
                "plan": words.name(each.plan_names),
                "by": desk.instant(each.deadline_at),
                "is_late": each.deadline_at is not None and each.deadline_at < desk.at,
                "state": state_name(each.order_state) if each.order_state else "",
                "said": reason_name(each.said or ""),
            }
            for each in waiting.undelivered()
        ],
        "disputed": [
            {
                "it": each,
                "age": age(desk, each.told_at),
                "amount": desk.money(each.amount, each.currency) if each.amount else "",
                "gateway": gateway_name(each.gateway),
                "reason": dispute_reason_name(each.reason),
                "state": dispute_name(each.state, is_inquiry=each.is_inquiry),
                "by": desk.instant(each.answer_by),
                "is_late": each.state == "to_answer"
                and each.answer_by is not None
                and each.answer_by < desk.at,
            }
            for each in waiting.disputed(desk.at)
        ],
        "dead": [
            {"it": each, "kind": job_name(each.kind), "age": age(desk, each.created_at)}
            for each in waiting.dead()
        ],
        "calls": [
            {
                "it": each,
                "age": age(desk, each.asked_at),
                "language": language_name(each.locale),
            }
            for each in (return_calls.waiting() if desk.may(Ability.CALL_BACK) else [])
        ],
        "resolves": desk.may(Ability.RESOLVE_PAYMENTS),
        "reverses": desk.may(Ability.SEE_CUSTOMERS, Ability.REVERSE_RENEWAL),
        "calls_back": desk.may(Ability.CALL_BACK),
    }
    return page(request, desk, "queues.html", context)


def age(desk: Desk, since: datetime) -> str:
    """Say how long something waits, in its largest unit."""
    seconds = max(0, int((desk.at - since).total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60
    if days:
        return _("%(count)s d") % {"count": days}
    return _("%(count)s h") % {"count": hours} if hours else _("%(count)s min") % {"count": minutes}


def _unsure(kind: str, its_id: UUID) -> waiting.Unsure:
    found = [each for each in waiting.unsure() if (each.kind, each.id) == (kind, its_id)]
    if not found:
        raise Http404
    return found[0]


def ask_now(request: HttpRequest, desk: Desk, kind: str, its_id: UUID) -> HttpResponse:
    """Ask the gateway at once what became of a payment or refund, and settle what it says."""
    back = reverse("office:queues")
    if request.method == "POST":
        question = Question("", "", "", back)
    else:
        question = Question(
            _("Ask the gateway now?"),
            _("A clear yes or no settles it. Without one it goes on waiting."),
            _("Ask now"),
            back,
            _facts(desk, _unsure(kind, its_id)),
        )

    def act(request_id: str) -> Done:
        if kind == "attempt":
            attempt = payments.find_attempt(its_id)
            if attempt is None:
                raise Http404
            if attempt.gateway not in payments.installed():
                return Done(_("This gateway is not set up here."), is_good=False)
            state = ask_attempt(attempt, clock.now).attempt_state
        else:
            reached = ask_refund(its_id, clock.now)
            if reached is None:
                raise Http404
            state = reached
        facts = {"state": state, "request": request_id}
        desk.record("ask_gateway", (kind, its_id), facts)
        return Done(_("The gateway was asked: %(state)s.") % {"state": state_name(state)})

    return ask(request, desk, question, act)


def take_over(request: HttpRequest, desk: Desk, kind: str, its_id: UUID) -> HttpResponse:
    """Make a parked payment or refund one's own, for a day."""
    question = Question(
        _("Take this over?"),
        _("It is then yours, with a day to find out what became of the money."),
        _("Take over"),
        reverse("office:queues"),
        _facts(desk, _unsure(kind, its_id)),
    )

    def act(request_id: str) -> Done:
        owner = desk.person.name or desk.role
        if not payments.own_parked(kind, its_id, owner, desk.at):
            return Done(_("It no longer waits for a person."), is_good=False)
        desk.record("take_over", (kind, its_id), {"request": request_id})
        return Done(_("It is yours now."))

    return ask(request, desk, question, act)


def revive(request: HttpRequest, desk: Desk, its_id: UUID) -> HttpResponse:
    """Give a dead job a new set of tries."""
    found = [each for each in waiting.dead() if each.id == its_id]
    if not found and request.method != "POST":
        raise Http404
    facts = tuple((_("Last error"), each.last_error) for each in found)
    question = Question(
        _("Try again?"),
        _("The job gets a new set of tries; a worker takes it at once."),
        _("Try again"),
        reverse("office:queues"),
        facts,
    )

    def act(request_id: str) -> Done:
        if not jobs.revive(its_id, desk.at):
            return Done(_("This job is not dead any more."), is_good=False)
        desk.record("revive", ("job", its_id), {"request": request_id})
        return Done(_("The job has new tries."))

    return ask(request, desk, question, act)


def take_back(request: HttpRequest, desk: Desk, renewal_id: UUID) -> HttpResponse:
    """Reverse a renewal: the network takes the term back, then the money goes back."""
    found = renewals.find(renewal_id)
    if found is None:
        raise Http404
    facts = (
        (_("Card number"), found.iccid[-4:].rjust(8, "•")),
        (_("Plan"), words.name(found.plan_names)),
        (_("Total, tax included"), desk.money(found.total, found.currency)),
    )
    question = Question(
        _("Refund this renewal?"),
        _("The plan is taken back from the network and the money goes back to who paid."),
        _("Refund now"),
        (request.GET.get("from") == "queues" and reverse("office:queues"))
        or reverse("office:card", kwargs={"card_id": found.card_id}),
        facts,
        is_grave=True,
    )  # fmt: skip

    def act(request_id: str) -> Done:
        answer = renewals.reverse(desk.caller(request_id), renewal_id, "office", desk.at)
        if answer.refusal is None and not answer.replayed:
            desk.record("reverse", ("renewal", renewal_id), {"request": request_id})
        return told(answer, _("The money is on its way back."))

    return ask(request, desk, question, act)


def call_done(request: HttpRequest, desk: Desk, its_id: UUID) -> HttpResponse:
    """Write that somebody was called back."""
    found = [each for each in return_calls.waiting() if each.id == its_id]
    if not found and request.method != "POST":
        raise Http404
    facts = tuple((_("Phone number"), each.phone) for each in found)
    question = Question(
        _("Was this person called back?"),
        _("The call leaves the queue."),
        _("Yes, it is done"),
        reverse("office:queues"),
        facts,
    )

    def act(request_id: str) -> Done:
        if not return_calls.done(its_id, desk.person.id, desk.at):
            return Done(_("Somebody else has done it."), is_good=False)
        desk.record("call_back", ("return_call", its_id), {"request": request_id})
        return Done(_("The call is done."))

    return ask(request, desk, question, act)


def _facts(desk: Desk, each: waiting.Unsure) -> tuple[tuple[str, str], ...]:
    return (
        (_("Card number"), each.masked),
        (_("Amount"), desk.money(each.amount, each.currency)),
        (_("Gateway"), gateway_name(each.gateway)),
        (_("State"), state_name(each.state)),
        (_("Key at the gateway"), each.key),
    )
