"""Tills and kiosks: added, let in by a one-time code, revoked.

A store manager looks after those of the own store alone. How a device proves itself stands in
people/terminals.py; stores themselves are in places.py.
"""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from everline import ids
from everline.office.asking import Done, Once, Question, ask, reveal, shown_once
from everline.office.desk import Desk
from everline.office.frame import page
from everline.pages.frame import see_other
from everline.people import terminals
from everline.people.models import Retailer, Terminal

LISTED_MAX: Final = 500


class StoreField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Not generic when run.
    """A choice of stores, by their codes and names."""

    def label_from_instance(self, obj: Any) -> str:
        """Name a store."""
        return f"{obj.code} · {obj.name}"


class TerminalForm(forms.Form):
    """A till or kiosk: where it stands and what it is called."""

    use_required_attribute = False

    retailer = StoreField(
        Retailer.objects.none(), to_field_name="code", label=gettext_lazy("Store")
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[("till", gettext_lazy("Till")), ("kiosk", gettext_lazy("Kiosk"))],
    )
    code = forms.RegexField(
        r"^[A-Z0-9-]{2,40}$",
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Capital letters, digits and hyphens, like JKT-002-T3."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    place_note = forms.CharField(
        label=gettext_lazy("Where it stands"), max_length=60, required=False
    )

    def __init__(self, *given: Any, stores: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        field = self.fields["retailer"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = stores

    def clean_code(self) -> str:
        """Refuse a code that another terminal has."""
        code = str(self.cleaned_data["code"])
        if Terminal.objects.filter(code=code).exists():
            raise forms.ValidationError(_("Another terminal has this code. Choose another one."))
        return code


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List tills and kiosks, and add one."""
    stores = Retailer.objects.filter(closed_at=None).order_by("code")
    found = Terminal.objects.select_related("retailer").order_by("retailer__code", "code")
    own = desk.own_store()
    if own is not None:
        stores, found = stores.filter(id=own), found.filter(retailer_id=own)
    form = TerminalForm(request.POST if request.method == "POST" else None, stores=stores)
    if request.method == "POST" and form.is_valid():
        made = Terminal.objects.create(id=ids.uuid7(desk.at), **form.cleaned_data)
        desk.record("add_terminal", ("terminal", made.id), {"name": made.name})
        return see_other("office:terminals")
    rows = [
        {
            "it": each,
            "kind": _("Till") if each.kind == "till" else _("Kiosk"),
            "seen": desk.instant(each.last_seen_at),
            "enrolled": desk.instant(each.enrolled_at),
            "revoked": desk.instant(each.revoked_at) if each.revoked_at else "",
        }
        for each in found[:LISTED_MAX]
    ]
    context = {"rows": rows, "form": form}
    return page(request, desk, "terminals.html", context, status=422 if form.errors else 200)


def _terminal(desk: Desk, terminal_id: UUID) -> Terminal:
    found = Terminal.objects.filter(id=terminal_id).select_related("retailer").first()
    own = desk.own_store()
    if found is None or (own is not None and found.retailer_id != own):
        raise Http404
    return found


def enrol(request: HttpRequest, desk: Desk, terminal_id: UUID) -> HttpResponse:
    """Open an enrolment: a one-time code, shown this once."""
    found = _terminal(desk, terminal_id)
    if found.revoked_at is not None:
        raise Http404
    back = reverse("office:terminals")

    def make() -> HttpResponse:
        code = terminals.open_enrolment(found.id, desk.at)
        desk.record("open_enrolment", ("terminal", found.id))
        sentence = _("Type it into the device within %(count)d minutes. It is shown this once.") % {
            "count": terminals.CODE_MINUTES
        }
        return shown_once(request, desk, Once(_("One-time code"), found.code, code, sentence, back))

    question = Question(
        _("Make a one-time code?"),
        _("Whoever types it in first makes that device this terminal; its old key ends then."),
        _("Make a code"),
        back,
        ((_("Store"), found.retailer.name), (_("Code"), found.code)),
    )
    return reveal(request, desk, question, make)


def revoke(request: HttpRequest, desk: Desk, terminal_id: UUID) -> HttpResponse:
    """End a terminal's key at once."""
    found = _terminal(desk, terminal_id)
    question = Question(
        _("Revoke this terminal?"),
        _("The device stops selling at once and for good."),
        _("Revoke"),
        reverse("office:terminals"),
        ((_("Store"), found.retailer.name), (_("Code"), found.code)),
        is_grave=True,
    )

    def act(request_id: str) -> Done:
        if not terminals.revoke(found.id, desk.at):
            return Done(_("It was revoked before."), is_good=False)
        desk.record("revoke", ("terminal", found.id), {"request": request_id})
        return Done(_("The terminal is revoked."))

    return ask(request, desk, question, act)
