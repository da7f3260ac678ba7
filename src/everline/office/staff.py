"""Staff: who works here, in which role and at which store; invited, changed, let go.

The owner looks after everybody, a store manager after the clerks of the own store alone. How it is
written stands in people/staff.py; the link by which a password is chosen is welcome.py.
"""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from everline.loading import values
from everline.office.asking import Done, Once, Question, Sheet, ask, fill, reveal, shown_once
from everline.office.desk import NOWHERE, Desk
from everline.office.forms import DeskForm, checked
from everline.office.frame import page
from everline.office.naming import act_name, language_name, role_name
from everline.office.terminals import StoreField
from everline.people import staff
from everline.people.models import Retailer
from everline.people.roles import Ability, Role
from everline.people.staff import AT_A_STORE, Member
from everline.trust import acts

LISTED_MAX: Final = 500


class WorkForm(DeskForm):
    """A role, and for whom works at a store the store; a manager gives neither."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=lambda: [(str(role), role_name(role)) for role in Role],
    )
    store = StoreField(
        Retailer.objects.none(),
        to_field_name="code",
        label=gettext_lazy("Store"),
        help_text=gettext_lazy("For store managers and clerks alone."),
        required=False,
    )

    def __init__(self, data: Any, *, desk: Desk, **named: Any) -> None:
        super().__init__(data, **named)
        self.own = desk.own_store()
        field = self.fields["store"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Retailer.objects.filter(closed_at=None).order_by("code")
        if self.own is not None:
            del self.fields["role"], self.fields["store"]

    def clean(self) -> dict[str, Any]:
        """See that role and store fit."""
        given = super().clean() or {}
        if self.own is not None:
            return given | {"role": Role.CLERK, "store_id": self.own}
        role, store = given.get("role"), given.get("store")
        if role in AT_A_STORE and store is None and "store" not in self.errors:
            self.add_error("store", _("Choose the store at which this person works."))
        if role and role not in AT_A_STORE and store is not None:
            self.add_error("store", _("This role works at no store. Leave it empty."))
        return given | {"store_id": store.id if store else None}


class InviteForm(WorkForm):
    """Somebody new."""

    email = checked(values.email, gettext_lazy("E-mail address"))
    name = checked(values.text(120), gettext_lazy("Name"))
    locale = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)

    field_order = ("email", "name", "locale", "role", "store")


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List staff; to a manager the clerks of the own store."""
    found = staff.members(desk.own_store(), LISTED_MAX)
    context = {
        "rows": [
            {
                "it": each,
                "name": each.person.shown,
                "role": _role(each),
                "since": desk.instant(each.since) if each.since else "",
            }
            for each in found
        ],
        "is_owner": desk.may(Ability.EDIT_STAFF),
    }
    return page(request, desk, "staff.html", context)


def show_person(request: HttpRequest, desk: Desk, person_id: UUID) -> HttpResponse:
    """Show one of the staff, with what the person did last."""
    found = _member(desk, person_id)
    context = {
        "it": found,
        "role": _role(found),
        "language": language_name(found.person.locale),
        "since": desk.instant(found.since) if found.since else "",
        "is_self": found.person.id == desk.person.id,
        "edits": desk.may(Ability.EDIT_STAFF),
        "acts": [
            {"what": act_name(each.verb), "at": desk.instant(each.at)}
            for each in acts.newest(10, person_id=found.person.id)
        ]
        if desk.may(Ability.SEE_ACTS)
        else [],
    }
    return page(request, desk, "person.html", context)


def invite(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Invite somebody: the link to choose a password is shown once."""
    if desk.own_store() == NOWHERE:
        raise Http404
    form = InviteForm(request.POST if request.method == "POST" else None, desk=desk)
    back = reverse("office:staff")
    title = _("Invite somebody") if desk.own_store() is None else _("Invite a clerk")
    lead = _("They choose a password by a link that you hand over.")

    def act(request_id: str) -> Done | HttpResponse | None:
        given = form.cleaned_data
        role = Role(given["role"])
        person, reached = staff.invite(
            UUID(request_id), given["email"], given["name"], given["locale"], role
        )
        if person is None or reached == "staff":
            form.add_error("email", _("This person works here already."))
            return None
        staff.assign(person, role, given["store_id"], desk.at)
        if reached != "again":
            facts = {"role": str(role), "request": request_id}
            desk.record("invite", ("person", person.id), facts)
        if reached == "known":
            return Done(_("This person has an account here and signs in with it as before."))
        return _link(request, desk, staff.Member(person, role, None, "", "", None), back)

    return fill(request, desk, Sheet(title, lead, _("Invite"), back), form, act=act)


def change(request: HttpRequest, desk: Desk, person_id: UUID) -> HttpResponse:
    """Give somebody another role or store."""
    found = _member(desk, person_id)
    if found.person.id == desk.person.id:
        raise Http404
    form = WorkForm(
        request.POST if request.method == "POST" else None,
        desk=desk,
        initial={"role": found.role, "store": found.store_code},
    )
    back = reverse("office:person", kwargs={"person_id": person_id})

    def act(request_id: str) -> Done:
        given = form.cleaned_data
        if not staff.assign(found.person, Role(given["role"]), given["store_id"], desk.at):
            return Done(_("Nothing was changed."))
        facts = {
            "role": [str(found.role or ""), str(given["role"])],
            "store": [found.store_code, given["store"].code if given["store"] else ""],
            "request": request_id,
        }
        desk.record("change_staff", ("person", person_id), facts)
        return Done(_("Saved."))

    sheet = Sheet(_("Role and store"), found.person.shown, _("Save"), back)
    return fill(request, desk, sheet, form, act=act)


def renew_link(request: HttpRequest, desk: Desk, person_id: UUID) -> HttpResponse:
    """End somebody's password and show a link to choose another one."""
    found = _member(desk, person_id)
    if desk.own_store() is not None and staff.holds_cards(found.person):
        raise Http404
    back = reverse("office:person", kwargs={"person_id": person_id})

    def make() -> HttpResponse:
        desk.record("renew_link", ("person", person_id))
        return _link(request, desk, found, back)

    question = Question(
        _("Make a sign-in link?"),
        _("The password ends at once; another one is chosen by the link, once."),
        _("Make a link"),
        back,
        ((_("Name"), found.person.name), (_("E-mail address"), found.person.email or "")),
    )
    return reveal(request, desk, question, make)


def end(request: HttpRequest, desk: Desk, person_id: UUID) -> HttpResponse:
    """End somebody's work: no office, no till, at once."""
    found = staff.member(person_id)
    if request.method != "POST" or found is not None:
        found = _member(desk, person_id)
    if found is not None and found.person.id == desk.person.id:
        raise Http404
    facts = ((_("Name"), found.person.name), (_("Role"), _role(found))) if found else ()
    question = Question(
        _("End this person's work?"),
        _("Tills and the office are closed to this person at once. What was done stays."),
        _("End it now"),
        reverse("office:staff"),
        facts,
        is_grave=True,
    )

    def act(request_id: str) -> Done:
        if found is None or not staff.let_go(found.person, desk.at):
            return Done(_("It had ended before."), is_good=False)
        desk.record("end_employment", ("person", person_id), {"request": request_id})
        return Done(_("This person's work has ended."))

    return ask(request, desk, question, act)


def _link(request: HttpRequest, desk: Desk, found: Member, back: str) -> HttpResponse:
    person, token = staff.new_link(found.person)
    path = reverse("office-welcome", kwargs={"uidb64": person, "token": token})
    days = settings.PASSWORD_RESET_TIMEOUT // 86400
    sentence = _("Hand it over yourself. It is good for %(count)d days and for one use.")
    return shown_once(
        request,
        desk,
        Once(
            _("Sign-in link"),
            f"{found.person.name} · {found.person.email}",
            settings.PUBLIC_ADDRESS.rstrip("/") + path,
            sentence % {"count": days},
            back,
        ),
    )


def _member(desk: Desk, person_id: UUID) -> Member:
    """Find whom somebody may look after; to a manager the clerks of the own store."""
    found = staff.member(person_id)
    own = desk.own_store()
    if found is None or (own is not None and (found.role, found.store_id) != (Role.CLERK, own)):
        raise Http404
    return found


def _role(each: Member) -> str:
    if each.role is None:
        return role_name("superuser") if each.person.is_superuser else "\N{EN DASH}"
    return role_name(each.role)
