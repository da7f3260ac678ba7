"""The records of one's cards, with a filter, as a page and as a file for a spreadsheet.

They are read by holders/records.py. In the file an amount stands without a sign in the column of
what it was, and no cell begins with a sign that a spreadsheet takes for a formula.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final, get_args
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_safe

from everline import cards, catalogue, clock, holders
from everline.channels.web.forms import PageForm
from everline.channels.web.holders import CARDS_MAX, person_of
from everline.channels.web.pages import page
from everline.holders import Filter, Record
from everline.holders.records import Kind
from everline.ids import Iccid
from everline.money import Money
from everline.pages import words
from everline.trust import addresses

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Signs with which a spreadsheet begins to calculate (OWASP, CSV injection)."""

PAGES_MAX: Final = 1000
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""By this a spreadsheet knows that the file is UTF-8."""


class FilterForm(PageForm):
    """Which records are wanted; what cannot be read is left out."""

    card = forms.CharField(required=False, label=gettext_lazy("Card"))
    kind = forms.ChoiceField(
        required=False,
        label=gettext_lazy("What"),
        choices=[("", ""), *((each, "") for each in get_args(Kind))],
    )
    first = forms.DateField(required=False, label=gettext_lazy("From"))
    last = forms.DateField(required=False, label=gettext_lazy("To"))
    skip = forms.IntegerField(required=False, min_value=0, max_value=PAGES_MAX * holders.PAGE_MAX)


@login_required
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show the records, the newest first, a page at a time."""
    policy = catalogue.policy()
    form, wanted = _wanted(request)
    skip = form.cleaned_data.get("skip") or 0
    found = holders.records(person_of(request).id, wanted, holders.PAGE_MAX + 1, skip)
    typed = {
        name: request.GET[name]
        for name in ("card", "kind", "first", "last")
        if request.GET.get(name) and name not in form.errors
    }
    context = {
        "records": [_row(each, policy) for each in found[: holders.PAGE_MAX]],
        "cards": _cards(request),
        "kinds": [(each, _kind(each)) for each in get_args(Kind)],
        "typed": typed,
        "file_query": f"?{urlencode(typed)}" if typed else "",
        "newer": _query(typed, skip - holders.PAGE_MAX) if skip else "",
        "older": _query(typed, skip + holders.PAGE_MAX) if len(found) > holders.PAGE_MAX else "",
        "file_max": holders.FILE_MAX,
    }
    return page(request, "records.html", context, policy=policy)


@login_required
@require_safe
def file(request: HttpRequest) -> HttpResponse:
    """Give the same records as a file of comma-separated values (RFC 4180)."""
    _form, wanted = _wanted(request)
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(_head())
    for each in holders.records(person_of(request).id, wanted, holders.FILE_MAX):
        writer.writerow(map(_safe, _cells(each)))
    table = BYTE_ORDER_MARK + written.getvalue()
    answer = HttpResponse(table, content_type="text/csv; charset=utf-8")
    name = f"records-{clock.now().date().isoformat()}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _wanted(request: HttpRequest) -> tuple[FilterForm, Filter]:
    """Read the filter. A card is named by its token, and another's card gives nothing."""
    form = FilterForm(request.GET)
    form.is_valid()
    given: dict[str, Any] = form.cleaned_data
    card: UUID | None = None
    if given.get("card"):
        try:
            card = addresses.read_token("crd", given["card"])
        except ValueError:
            form.add_error("card", "")
    return form, Filter(
        card_id=card,
        kind=given.get("kind") or None,
        first_day=given.get("first"),
        last_day=given.get("last"),
    )


def _cards(request: HttpRequest) -> list[tuple[str, str]]:
    """List the cards that can be chosen, as token and number."""
    found = []
    for each in holders.held_by(person_of(request).id, CARDS_MAX):
        card = cards.find_by_id(each.card_id)
        assert card is not None
        found.append((addresses.token("crd", card.id), card.masked))
    return found


def _query(typed: dict[str, str], skip: int) -> str:
    return "?" + urlencode(typed | ({"skip": skip} if skip > 0 else {}))


def _row(each: Record, policy: catalogue.Policy) -> dict[str, Any]:
    return {
        "what": _kind(each.kind),
        "kind": each.kind,
        "plan": words.name(each.plan_names) if each.plan_names else "",
        "at": words.instant(each.at, each.zone),
        "card": Iccid(each.iccid).masked,
        "amount": words.money(each.amount, each.currency, policy),
        "means": _means(each),
        "receipt": each.receipt,
        "id": each.id,
        "is_top_up": each.plan_names is None,
    }


def _head() -> list[str]:
    return [
        _("Date"),
        _("What"),
        _("Card"),
        _("Plan"),
        _("Paid"),
        _("Given back"),
        _("Currency"),
        _("Paid by"),
        _("Receipt"),
    ]


def _cells(each: Record) -> Iterator[str]:
    amount = Money(each.amount, each.currency).plain()
    local = each.at.astimezone(clock.zone(each.zone))
    yield local.isoformat(sep=" ", timespec="minutes")
    yield _kind(each.kind)
    yield Iccid(each.iccid).masked
    yield words.name(each.plan_names) if each.plan_names else ""
    yield "" if each.kind == "refund" else amount
    yield amount if each.kind == "refund" else ""
    yield each.currency
    yield _means(each)
    yield each.receipt


def _safe(cell: str) -> str:
    """Write a cell so that no spreadsheet calculates with it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _kind(kind: Kind) -> str:
    return {
        "renewal": _("Renewal"),
        "top_up": _("Top-up"),
        "refund": _("Refund"),
    }[kind]


def _means(each: Record) -> str:
    if each.means == "balance":
        return _("Balance of the card")
    if each.means == "deposit":
        return _("Store or partner")
    return words.paid_online(each.masked_means)
