"""Stores and partners: listed, shown, added, changed, ended and taken up again.

They are written by loading/firms.py, as files write them; a code and a currency stay for good.
Their deposits are in deposits.py, API keys in api_keys.py, tills and kiosks in terminals.py.
"""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from everline import ledger
from everline.loading.firms import Noun, end_firm, publish_firm
from everline.office import api_keys, deposits
from everline.office.asking import Done, Question, Sheet, ask, fill
from everline.office.desk import Desk
from everline.office.firm_forms import FirmForm, PartnerForm, StoreForm
from everline.office.firms import Firm, address, find, subject
from everline.office.frame import page
from everline.office.naming import role_name
from everline.pages import hours
from everline.people.models import Employment, Partner, Retailer, Terminal
from everline.people.roles import Ability, Role

LISTED_MAX: Final = 500


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List stores and partners."""
    stores = list(Retailer.objects.order_by("code")[:LISTED_MAX])
    partners = list(Partner.objects.order_by("code")[:LISTED_MAX])
    left: dict[UUID, int] = {}
    if desk.may(Ability.SEE_MONEY):
        firms: list[Firm] = [*stores, *partners]
        accounts = [each.account_id for each in firms]
        left = ledger.spendable_each(accounts, "deposit")
    context = {
        "stores": [_row(desk, each, left) for each in stores],
        "partners": [_row(desk, each, left) for each in partners],
        "sees_money": desk.may(Ability.SEE_MONEY),
        "edits": desk.may(Ability.EDIT_PLACES),
    }
    return page(request, desk, "places.html", context)


def _row(desk: Desk, each: Firm, left: dict[UUID, int]) -> dict[str, object]:
    return {
        "it": each,
        "kind": hours.kind(each.kind) if isinstance(each, Retailer) else "",
        "share": share(each),
        "deposit": desk.money(left.get(each.account_id, 0), each.currency),
        "closed": desk.instant(each.closed_at) if each.closed_at else "",
    }


def share(each: Firm) -> str:
    """Write a commission in percent."""
    return f"{Decimal(each.commission_basis_points).scaleb(-2).normalize():f} %"


def show_store(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """Show a store: its facts, deposit, tills and people."""
    store = find("retailer", firm_id)
    assert isinstance(store, Retailer)
    context = {
        "firm": store,
        "noun": "store",
        "kind": hours.kind(store.kind),
        "hours": hours.in_words(store.opening_hours),
        "terminals": [
            {
                "it": each,
                "kind": _("Till") if each.kind == "till" else _("Kiosk"),
                "seen": desk.instant(each.last_seen_at),
                "revoked": each.revoked_at is not None,
            }
            for each in Terminal.objects.filter(retailer=store).order_by("code")[:LISTED_MAX]
        ],
        "people": _people(desk, store) if desk.may(Ability.EDIT_STAFF) else [],
    }
    return page(request, desk, "firm.html", context | _common(request, desk, store))


def show_partner(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """Show a partner: its facts, deposit and API keys."""
    partner = find("partner", firm_id)
    makes = desk.may(Ability.MAKE_KEYS)
    context = {
        "firm": partner,
        "noun": "partner",
        "keys": api_keys.of_partner(desk, partner.id) if makes else [],
        "makes_keys": makes,
    }
    return page(request, desk, "firm.html", context | _common(request, desk, partner))


def _common(request: HttpRequest, desk: Desk, firm: Firm) -> dict[str, object]:
    sees_money = desk.may(Ability.SEE_MONEY)
    return {
        "share": share(firm),
        "closed": desk.instant(firm.closed_at) if firm.closed_at else "",
        "edits": desk.may(Ability.EDIT_PLACES),
        "sees_money": sees_money,
        "books": desk.may(Ability.BOOK_DEPOSIT),
        "account": deposits.of_firm(request, desk, firm) if sees_money else None,
        "reads_acts": desk.may(Ability.SEE_ACTS),
    }


def _people(desk: Desk, store: Retailer) -> list[dict[str, object]]:
    found = Employment.objects.filter(retailer=store, ends_at=None).select_related("person")
    return [
        {
            "id": each.person.id,
            "name": each.person.shown,
            "roles": ", ".join(
                role_name(role)
                for role in Role
                if role in set(each.person.groups.values_list("name", flat=True))
            ),
            "since": desk.instant(each.starts_at),
        }
        for each in found.order_by("person__name")[:LISTED_MAX]
    ]


def add_store(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Add a store."""
    return _write(request, desk, "retailer", None)


def add_partner(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Add a partner."""
    return _write(request, desk, "partner", None)


def edit_store(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """Change a store."""
    return _write(request, desk, "retailer", find("retailer", firm_id))


def edit_partner(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """Change a partner."""
    return _write(request, desk, "partner", find("partner", firm_id))


def end_store(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """End a store."""
    return _end(request, desk, "retailer", firm_id, ends=True)


def end_partner(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """End a partner."""
    return _end(request, desk, "partner", firm_id, ends=True)


def resume_store(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """Take a store up again."""
    return _end(request, desk, "retailer", firm_id, ends=False)


def resume_partner(request: HttpRequest, desk: Desk, firm_id: UUID) -> HttpResponse:
    """Take a partner up again."""
    return _end(request, desk, "partner", firm_id, ends=False)


def _write(request: HttpRequest, desk: Desk, noun: Noun, stored: Firm | None) -> HttpResponse:
    kind: type[FirmForm] = StoreForm if noun == "retailer" else PartnerForm
    form = kind(
        request.POST if request.method == "POST" else None,
        stored=stored,
        currencies=sorted(desk.policy.currency_digits),
    )
    title = stored.name if stored else _("New store") if noun == "retailer" else _("New partner")
    lead = _("The code and the currency stay for good.") if stored is None else ""
    back = address(noun, stored.id) if stored else reverse("office:places")
    sheet = Sheet(title, lead, _("Save"), back)

    def act(request_id: str) -> Done | None:
        firm_id = stored.id if stored else UUID(request_id)
        reached = publish_firm(noun, form.document(firm_id), desk.at)
        if reached == "code_taken":
            form.add_error("code", _("Another one has this code. Choose another one."))
            return None
        if reached == "fixed":
            form.add_error(None, _("The code and the currency stay for good."))
            return None
        if reached != "same":
            facts = form.differences()
            verb = "add_firm" if reached == "added" else "change_firm"
            desk.record(verb, (subject(noun), firm_id), facts)
        return Done(_("Saved.") if reached != "same" else _("Nothing was changed."))

    return fill(request, desk, sheet, form, act=act)


def _end(
    request: HttpRequest, desk: Desk, noun: Noun, firm_id: UUID, *, ends: bool
) -> HttpResponse:
    firm = find(noun, firm_id)
    facts: tuple[tuple[str, Any], ...] = ((_("Code"), firm.code), (_("Name"), firm.name))
    back = address(noun, firm.id)
    if ends:
        sentence = _("Its tills, kiosks and keys stop at once. The deposit stays in the books.")
        question = Question(_("End this?"), sentence, _("End it now"), back, facts, is_grave=True)
    else:
        sentence = _("Its tills, kiosks and keys work again, as far as they were not revoked.")
        question = Question(_("Take this up again?"), sentence, _("Take it up"), back, facts)

    def act(request_id: str) -> Done:
        if not end_firm(firm.id, desk.at if ends else None, desk.at):
            return Done(_("It was so before."), is_good=False)
        verb = "end_firm" if ends else "resume_firm"
        desk.record(verb, (subject(noun), firm.id), {"request": request_id})
        return Done(_("It has ended.") if ends else _("It is authorised again."))

    return ask(request, desk, question, act)
