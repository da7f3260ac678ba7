"""Search: one field for whatever somebody tells on the telephone.

A card number, a telephone number, a receipt, a spoken code or a customer number; what is found
leads to the card's page, card.py. What is typed goes by POST, so that it stands in no address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from everline import cards, database, ids, renewals, topups
from everline.ids import CustomerNumber, Iccid, InvalidNumberError, Msisdn
from everline.office.desk import Desk
from everline.office.frame import page
from everline.office.naming import state_name
from everline.pages.frame import see_other

TYPED_MAX: Final = 100
FOUND_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A card of a person."""

    id: UUID
    iccid: str
    state: str


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show the field; lead to the card that is meant, or list those of a person."""
    if request.method != "POST":
        return page(request, desk, "search.html")
    typed = request.POST.get("query", "")[:TYPED_MAX].replace("\0", "").strip()
    found = find(typed, desk)
    desk.record("search", ("search", "card"), {"kind": _kind(typed), "found": len(found)})
    if len(found) == 1:
        return see_other("office:card", found[0].id)
    listed = [
        {"id": each.id, "masked": Iccid(each.iccid).masked, "state": state_name(each.state)}
        for each in found
    ]
    text = "" if found else _("Nothing was found. Check the number and enter all of it.")
    context = {"found": listed, "problem": text}
    return page(request, desk, "search.html", context, status=200 if found else 422)


def find(typed: str, desk: Desk) -> list[Found]:
    """Find cards by what was typed; none when it means nothing."""
    prefix = typed[:4].lower()
    card_id: UUID | None = None
    if prefix in {"rnw_", "top_", "crd_"}:
        card_id = _by_receipt(typed)
    else:
        for reader in (Iccid.parse, Msisdn.parse):
            number = _parsed(reader, typed)
            card = cards.find(number) if number else None
            card_id = card.id if card else card_id
        opened = renewals.find_by_code(typed, desk.at)
        card_id = card_id or (opened.card_id if opened else None)
    if card_id is not None:
        found = cards.find_by_id(card_id)
        return [Found(found.id, found.iccid, found.state)] if found else []
    customer = _parsed(CustomerNumber.parse, typed)
    return _held_by(CustomerNumber(customer)) if customer else []


def _by_receipt(typed: str) -> UUID | None:
    try:
        if typed[:3].lower() == "rnw":
            renewal = renewals.find(ids.inside("rnw", typed))
            return renewal.card_id if renewal else None
        if typed[:3].lower() == "top":
            top_up = topups.find(ids.inside("top", typed))
            return top_up.card_id if top_up else None
        return ids.inside("crd", typed)
    except InvalidNumberError:
        return None


def _held_by(number: CustomerNumber) -> list[Found]:
    return database.rows(
        Found,
        "select c.id, c.iccid, c.state from people_person p"
        " join people_holding h on h.person_id = p.id and h.ends_at is null"
        " join cards_card c on c.account_id = h.account_id"
        " where p.customer_number = %s order by c.iccid limit %s",
        [number.inner, FOUND_MAX],
    )


def _parsed(reader: Callable[[str], object], typed: str) -> str | None:
    try:
        return str(reader(typed))
    except InvalidNumberError:
        return None


def _kind(typed: str) -> str:
    """Say what was typed without keeping it: numbers of people stay out of the audit log."""
    if typed[:4].lower() in {"rnw_", "top_", "crd_"}:
        return typed[:3].lower()
    return "number" if any(sign.isdecimal() for sign in typed) else "text"
