"""A store's or partner's deposit: what is left, how it moved on a day, and money that came in.

Money is booked by ledger.fund, once a request, when the operator's bank has received it. A
transfer's id begins with its time, which bounds the reading of a day as in takings.py.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _, gettext_lazy

from everline import database, ledger
from everline.ids import Iccid
from everline.loading.firms import Noun
from everline.office import takings
from everline.office.asking import Done, Sheet, fill, told
from everline.office.desk import Desk
from everline.office.firms import Firm, address, find, subject
from everline.office.forms import DeskForm, amount
from everline.office.naming import channel_name, transfer_name

MOVES_MAX: Final = 200
NOTE_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Move:
    """Money of one act that came onto a deposit, or left it: then it is below nothing."""

    at: datetime
    kind: str
    amount: int
    card_id: UUID | None
    iccid: str | None
    renewal_id: UUID | None
    channel: str | None


_MOVES: Final = (
    "select w.at, w.kind, w.amount, c.id as card_id, c.iccid, r.id as renewal_id, r.channel from ("
    " select t.group_id, max(t.at) as at, max(t.id::text) as last,"
    "  replace(t.kind, 'tax', 'sale') as kind,"
    "  sum(case when t.credit_id = a.id then t.amount else -t.amount end)::bigint as amount"
    "  from ledger_account a join ledger_transfer t on a.id in (t.debit_id, t.credit_id)"
    "  where a.account_id = %(account)s and a.kind = 'deposit' and t.kind <> 'refill'"
    "  and t.id >= %(low)s and t.id < %(high)s and t.at >= %(starts)s and t.at < %(ends)s"
    "  group by t.group_id, replace(t.kind, 'tax', 'sale')"
    " ) w left join renewals_renewal r on r.id = w.group_id"
    " left join topups_topup o on o.id = w.group_id"
    " left join cards_card c on c.id = coalesce(r.card_id, o.card_id)"
    " order by w.last desc limit %(most)s"
)


class DepositForm(DeskForm):
    """How much came in, and what the bank says of it."""

    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=gettext_lazy("Reference at the bank"),
        help_text=gettext_lazy("As the bank statement names it; it stands in the acts."),
        max_length=NOTE_MAX,
    )


def of_firm(request: HttpRequest, desk: Desk, firm: Firm) -> dict[str, object]:
    """Tell a deposit and how it moved on one day, today unless the address names another."""
    shown = _asked_day(request, desk)
    asked = takings.day(shown, desk.zone)
    given = asked.bounds | {"account": firm.account_id, "most": MOVES_MAX}
    moves = database.rows(Move, _MOVES, cast("Any", given))
    left = ledger.spendable(firm.account_id, "deposit", firm.currency)
    return {
        "left": desk.money(left, firm.currency),
        "day": shown.isoformat(),
        "before": (shown - timedelta(days=1)).isoformat(),
        "after": (shown + timedelta(days=1)).isoformat() if shown < desk.today else "",
        "moves": [
            {
                "at": desk.instant(each.at),
                "kind": transfer_name(each.kind),
                "amount": desk.money(each.amount, firm.currency),
                "is_out": each.amount < 0,
                "card": Iccid(each.iccid).masked if each.iccid else "",
                "renewal_id": each.renewal_id,
                "channel": channel_name(each.channel) if each.channel else "",
            }
            for each in moves
        ],
    }


def _asked_day(request: HttpRequest, desk: Desk) -> date:
    try:
        asked = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return desk.today
    return asked if date(2000, 1, 1) < asked <= desk.today else desk.today


def fund_store(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """Book money onto a store's deposit."""
    return _fund(request, desk, "retailer", firm_id)


def fund_partner(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """Book money onto a partner's deposit."""
    return _fund(request, desk, "partner", firm_id)


def _fund(request: HttpRequest, desk: Desk, noun: Noun, firm_id: UUID) -> HttpResponse:
    firm = find(noun, firm_id)
    form = DepositForm(request.POST if request.method == "POST" else None)
    form.fields["amount"].label = f"{_('Amount')} ({firm.currency})"
    sheet = Sheet(
        _("Top up the deposit"),
        f"{firm.name} · {firm.code}",
        _("Book it"),
        address(noun, firm.id),
        preview="office/preview_deposit.html",
    )

    def look() -> object:
        asked = amount(form, "amount", firm.currency)
        if asked is None:
            return None
        left = ledger.spendable(firm.account_id, "deposit", firm.currency)
        return {
            "amount": desk.money(asked, firm.currency),
            "before": desk.money(left, firm.currency),
            "after": desk.money(left + asked, firm.currency),
        }

    def act(request_id: str) -> Done:
        asked = amount(form, "amount", firm.currency)
        assert asked is not None
        answer = ledger.fund(
            desk.caller(request_id),
            firm.account_id,
            "deposit",
            amount=asked,
            currency=firm.currency,
            at=desk.at,
        )
        if answer.refusal is None and not answer.replayed:
            facts = {
                "amount": asked,
                "currency": firm.currency,
                "note": form.cleaned_data["note"],
                "request": request_id,
            }
            desk.record("fund_deposit", (subject(noun), firm.id), facts)
        return told(answer, _("The deposit is booked."))

    return fill(request, desk, sheet, form, act=act, look=look)
