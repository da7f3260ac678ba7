"""The one table of the office: each screen and act with its address and the abilities it needs.

access.py holds it; tests/test_office_roles.py walks it with every role.
"""

from dataclasses import dataclass
from typing import Final

from django.urls import path
from django.views.decorators.http import require_http_methods

from everline.office import (
    api_keys,
    automatic,
    banners,
    card,
    day_end,
    deposits,
    home,
    journal,
    offers,
    places,
    plan_versions,
    plans,
    queues,
    renewal,
    search,
    staff,
    terminals,
    today,
)
from everline.office.access import View, guarded
from everline.people.roles import Ability

_READ: Final = ("GET", "HEAD")
_BOTH: Final = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class Screen:
    """One address: its view, and everything that somebody must be able to do to open it."""

    name: str
    address: str
    view: View
    needs: frozenset[Ability]
    methods: tuple[str, ...] = _READ


def _acts(name: str, address: str, view: View, *needs: Ability) -> Screen:
    return Screen(name, address, view, frozenset(needs), _BOTH)


def _shows(name: str, address: str, view: View, *needs: Ability) -> Screen:
    return Screen(name, address, view, frozenset(needs))


_A: Final = Ability
SCREENS: Final[tuple[Screen, ...]] = (
    _shows("home", "", home.show),
    _shows("today", "/today", today.show, _A.SEE_MONEY),
    _shows("queues", "/queues", queues.show, _A.SEE_OFFICE),
    _acts("ask", "/queues/<slug:kind>/<uuid:its_id>/ask", queues.ask_now, _A.RESOLVE_PAYMENTS),
    _acts("own", "/queues/<slug:kind>/<uuid:its_id>/own", queues.take_over, _A.RESOLVE_PAYMENTS),
    _acts("revive", "/queues/jobs/<uuid:its_id>", queues.revive, _A.RESOLVE_PAYMENTS),
    _acts("call", "/queues/calls/<uuid:its_id>", queues.call_done, _A.CALL_BACK),
    _shows("auto", "/auto-renewal", automatic.show, _A.SEE_OFFICE),
    _acts(
        "release-card", "/auto-renewal/cards/<uuid:card_id>", automatic.release_card,
        _A.SEE_CUSTOMERS, _A.CHANGE_CARD,
    ),
    _acts(
        "release-stop", "/auto-renewal/stops/<uuid:stop_id>", automatic.release_stop,
        _A.RESOLVE_PAYMENTS,
    ),
    _acts("search", "/search", search.show, _A.SEE_CUSTOMERS),
    _shows("card", "/cards/<uuid:card_id>", card.show, _A.SEE_CUSTOMERS),
    _acts(
        "pin", "/cards/<uuid:card_id>/pin", card.new_pin, _A.SEE_CUSTOMERS, _A.SET_PIN,
    ),
    _acts(
        "change", "/cards/<uuid:card_id>/<slug:event>", card.change, _A.SEE_CUSTOMERS,
        _A.CHANGE_CARD,
    ),
    _shows("renewal", "/renewals/<uuid:renewal_id>", renewal.show, _A.SEE_CUSTOMERS),
    _acts(
        "send-again", "/renewals/<uuid:renewal_id>/send", renewal.send_again, _A.SEE_CUSTOMERS,
        _A.SEND_RECEIPT,
    ),
    _acts(
        "reverse", "/renewals/<uuid:renewal_id>/reverse", queues.take_back, _A.SEE_CUSTOMERS,
        _A.REVERSE_RENEWAL,
    ),
    _shows("plans", "/plans", plans.show, _A.SEE_OFFICE),
    _acts("add-plan", "/plans/new", plan_versions.add_plan, _A.EDIT_PLANS),
    _shows("plan", "/plans/<slug:code>", plans.show_plan, _A.SEE_OFFICE),
    _acts("version", "/plans/<slug:code>/version", plan_versions.add_version, _A.EDIT_PLANS),
    _acts("retire", "/plans/<slug:code>/end", plans.retire, _A.EDIT_PLANS),
    _acts("keep", "/plans/<slug:code>/keep", plans.keep, _A.EDIT_PLANS),
    _acts("offer", "/offers/new", offers.add, _A.EDIT_PLANS),
    _shows("places", "/places", places.show, _A.SEE_OFFICE),
    _acts("add-store", "/stores/new", places.add_store, _A.EDIT_PLACES),
    _shows("store", "/stores/<uuid:firm_id>", places.show_store, _A.SEE_OFFICE),
    _acts("edit-store", "/stores/<uuid:firm_id>/edit", places.edit_store, _A.EDIT_PLACES),
    _acts("end-store", "/stores/<uuid:firm_id>/end", places.end_store, _A.EDIT_PLACES),
    _acts("resume-store", "/stores/<uuid:firm_id>/resume", places.resume_store, _A.EDIT_PLACES),
    _acts("fund-store", "/stores/<uuid:firm_id>/fund", deposits.fund_store, _A.BOOK_DEPOSIT),
    _acts("add-partner", "/partners/new", places.add_partner, _A.EDIT_PLACES),
    _shows("partner", "/partners/<uuid:firm_id>", places.show_partner, _A.SEE_OFFICE),
    _acts("edit-partner", "/partners/<uuid:firm_id>/edit", places.edit_partner, _A.EDIT_PLACES),
    _acts("end-partner", "/partners/<uuid:firm_id>/end", places.end_partner, _A.EDIT_PLACES),
    _acts(
        "resume-partner", "/partners/<uuid:firm_id>/resume", places.resume_partner, _A.EDIT_PLACES
    ),
    _acts("fund-partner", "/partners/<uuid:firm_id>/fund", deposits.fund_partner, _A.BOOK_DEPOSIT),
    _acts("make-key", "/partners/<uuid:partner_id>/keys", api_keys.make_key, _A.MAKE_KEYS),
    _acts("revoke-key", "/keys/<uuid:key_id>/revoke", api_keys.revoke_key, _A.MAKE_KEYS),
    _acts("terminals", "/terminals", terminals.show, _A.ENROL_TERMINAL),
    _acts("enrol", "/terminals/<uuid:terminal_id>/enrol", terminals.enrol, _A.ENROL_TERMINAL),
    _acts("revoke", "/terminals/<uuid:terminal_id>/revoke", terminals.revoke, _A.ENROL_TERMINAL),
    _shows("staff", "/staff", staff.show, _A.EDIT_CLERKS),
    _acts("invite", "/staff/new", staff.invite, _A.EDIT_CLERKS),
    _shows("person", "/staff/<uuid:person_id>", staff.show_person, _A.EDIT_CLERKS),
    _acts("change-staff", "/staff/<uuid:person_id>/role", staff.change, _A.EDIT_STAFF),
    _acts("renew-link", "/staff/<uuid:person_id>/link", staff.renew_link, _A.EDIT_CLERKS),
    _acts("end-staff", "/staff/<uuid:person_id>/end", staff.end, _A.EDIT_CLERKS),
    _acts("banners", "/banners", banners.show, _A.EDIT_BANNERS),
    _acts("end-banner", "/banners/<uuid:banner_id>/end", banners.end, _A.EDIT_BANNERS),
    _shows("day-end", "/day-end", day_end.show, _A.EXPORT_DAY),
    _shows("day-file", "/day-end/<slug:kind>.csv", day_end.download, _A.EXPORT_DAY),
    _shows("acts", "/acts", journal.show, _A.SEE_ACTS),
)  # fmt: skip

app_name = "office"
urlpatterns = [
    path(
        f"office{screen.address}",
        require_http_methods(list(screen.methods))(guarded(screen.view, screen.needs)),
        name=screen.name,
    )
    for screen in SCREENS
]
