"""One renewal, as support sees it: what was promised and paid, its steps, and its notices.

Its confirmation is sent again from here, to the same recipient or another one, one row for each. It
is taken back by queues.take_back; the card that it is of stands in card.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from everline import database, ids, renewals
from everline.ids import Iccid
from everline.loading import values
from everline.loading.problems import FlawError
from everline.notices import Contact
from everline.notices.wording import LOCALES
from everline.office.asking import Done, Sheet, fill, told
from everline.office.card import Payment
from everline.office.desk import Desk
from everline.office.forms import DeskForm
from everline.office.frame import page
from everline.office.naming import (
    channel_name,
    gateway_name,
    language_name,
    machine_name,
    means_name,
    medium_name,
    notice_name,
    reason_name,
    state_name,
)
from everline.pages import words
from everline.people.roles import Ability
from everline.renewals import Renewal

LISTED_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice of a renewal to one recipient."""

    template: str
    medium: str
    recipient: str
    locale: str
    state: str
    at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of a renewal."""

    from_state: str
    to_state: str
    at: datetime


class AgainForm(DeskForm):
    """Where a confirmation goes once more, and in which language."""

    to = forms.CharField(
        label=gettext_lazy("E-mail address or phone number"),
        help_text=gettext_lazy("A phone number in international form, like +62 812 5550 123."),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    locale = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=lambda: [(code, language_name(code)) for code in LOCALES],
    )

    def clean(self) -> dict[str, Any]:
        """Read an address or a number, whichever it looks like."""
        given = super().clean() or {}
        typed, locale = str(given.get("to") or "").strip(), given.get("locale", "en")
        if not typed:
            return given
        try:
            contact = (
                Contact(email=values.email(typed), locale=locale)
                if "@" in typed
                else Contact(phone=values.phone(typed), locale=locale)
            )
        except FlawError as error:
            self.add_error("to", _(error.template) % error.facts)
            return given
        return given | {"contact": contact}


def show(request: HttpRequest, desk: Desk, renewal_id: UUID) -> HttpResponse:
    """Show a renewal."""
    found = _find(renewal_id)
    context = {
        "it": found,
        "receipt": ids.outside("rnw", found.id),
        "card": Iccid(found.iccid).masked,
        "plan": words.name(found.plan_names),
        "state": state_name(found.state),
        "tone": _tone(found),
        "channel": channel_name(found.channel),
        "means": means_name(found.means),
        "reason": reason_name(found.reason),
        "price": desk.money(found.price, found.currency),
        "discount": desk.money(found.discount, found.currency) if found.discount else "",
        "tax": desk.money(found.tax, found.currency),
        "total": desk.money(found.total, found.currency),
        "bonus": words.data(found.bonus_bytes) if found.bonus_bytes else "",
        "starts": words.instant(found.starts_at, found.zone),
        "ends": words.instant(found.ends_at, found.zone),
        "payments": [
            {
                "it": each,
                "kind": machine_name(each.kind),
                "gateway": gateway_name(each.gateway),
                "amount": desk.money(each.amount, each.currency),
                "state": state_name(each.state),
                "reason": reason_name(each.reason),
                "at": desk.instant(each.at),
            }
            for each in _payments(found)
        ],
        "steps": [
            {
                "before": state_name(each.from_state),
                "after": state_name(each.to_state),
                "at": desk.instant(each.at),
            }
            for each in _steps(found)
        ],
        "letters": [
            {
                "what": notice_name(each.template),
                "medium": medium_name(each.medium),
                "recipient": each.recipient,
                "language": language_name(each.locale),
                "state": state_name(each.state),
                "at": desk.instant(each.sent_at or each.at),
            }
            for each in _letters(found)
        ],
        "reverses": desk.may(Ability.REVERSE_RENEWAL) and found.state in {"paid", "delivered"},
        "sends": found.state == "delivered",
    }
    return page(request, desk, "renewal.html", context)


def send_again(request: HttpRequest, desk: Desk, renewal_id: UUID) -> HttpResponse:
    """Send a renewal's confirmation to whoever asks for it."""
    found = _find(renewal_id)
    sent = [each for each in _letters(found) if each.template == "renewed"]
    form = AgainForm(
        request.POST if request.method == "POST" else None,
        initial={
            "to": sent[0].recipient if sent else "",
            "locale": sent[0].locale if sent else "en",
        },
    )
    receipt = ids.outside("rnw", found.id)
    lead = _("Whoever has it already gets the same again.")
    back = reverse("office:renewal", kwargs={"renewal_id": found.id})
    sheet = Sheet(_("Send the receipt again"), f"{receipt} · {lead}", _("Send"), back)

    def act(request_id: str) -> Done:
        contact = form.cleaned_data["contact"]
        caller = desk.caller(request_id)
        answer = renewals.send_receipt(caller, found.id, contact, desk.at, again=True)
        if answer.refusal is None and not answer.replayed:
            medium = "email" if contact.email else "sms"
            facts = {"medium": medium, "request": request_id}
            desk.record("send_receipt", ("renewal", found.id), facts)
        return told(answer, _("The receipt is on its way."))

    return fill(request, desk, sheet, form, act=act)


def _find(renewal_id: UUID) -> Renewal:
    found = renewals.find(renewal_id)
    if found is None:
        raise Http404
    return found


def _tone(found: Renewal) -> str:
    if found.state == "delivered":
        return "done"
    return "" if found.state in {"cancelled", "expired", "reversed"} else (
        "stop" if found.state == "refused" else "wait"
    )  # fmt: skip


def _steps(found: Renewal) -> list[Taken]:
    return database.rows(
        Taken,
        "select h.from_state, h.to_state, h.at from database_history h"
        " where h.subject_id = %s order by h.at, h.id limit %s",
        [found.id, LISTED_MAX],
    )


def _payments(found: Renewal) -> list[Payment]:
    return database.rows(
        Payment,
        "select w.* from (select 'attempt' as kind, a.gateway, p.amount, p.currency, a.state,"
        " a.reason, a.masked_means, a.created_at as at from payments_payment p"
        " join payments_attempt a on a.payment_id = p.id where p.purpose_id = %s"
        " union all select 'refund', a.gateway, f.amount, p.currency, f.state, f.reason, '',"
        " f.created_at from payments_payment p join payments_refund f on f.payment_id = p.id"
        " join payments_attempt a on a.id = f.attempt_id where p.purpose_id = %s"
        ") w order by w.at desc limit %s",
        [found.id, found.id, LISTED_MAX],
    )


def _letters(found: Renewal) -> list[Letter]:
    return database.rows(
        Letter,
        "select n.template, n.medium, n.recipient, n.locale, n.state, n.at, n.sent_at"
        " from notices_notice n where n.account_id = %s and n.at >= %s"
        " and n.facts ->> 'renewal' = %s order by n.id limit %s",
        [found.account_id, found.placed_at, str(found.id), LISTED_MAX],
    )
