"""A partner's API keys: made and shown once, revoked; they stand on the partner's own screen.

How a key is made and kept stands in people/keys.py, the partner in places.py.
"""

from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from everline.office.asking import Done, Once, Question, ask, reveal, shown_once
from everline.office.desk import Desk
from everline.people import keys
from everline.people.models import APIKey, Partner

LISTED_MAX: Final = 100


def of_partner(desk: Desk, partner_id: UUID) -> list[dict[str, object]]:
    """List a partner's keys, the newest first, each by its last signs alone."""
    return [
        {
            "id": each.id,
            "hint": each.hint,
            "made": desk.instant(each.created_at),
            "revoked": desk.instant(each.revoked_at) if each.revoked_at else "",
        }
        for each in APIKey.objects.filter(partner_id=partner_id).order_by("-created_at")[
            :LISTED_MAX
        ]
    ]


def make_key(request: HttpRequest, desk: Desk, partner_id: UUID) -> HttpResponse:
    """Make an API key for a partner and show it this once."""
    partner = Partner.objects.filter(id=partner_id, closed_at=None).first()
    if partner is None:
        raise Http404
    back = reverse("office:partner", kwargs={"firm_id": partner.id})

    def make() -> HttpResponse:
        made = keys.make(partner.id, desk.at)
        desk.record("make_key", ("partner", partner.id), {"hint": made[-keys.HINT_LENGTH :]})
        sentence = _("Copy it now: it is shown this once. An older key stays valid beside it.")
        return shown_once(request, desk, Once(_("API key"), partner.name, made, sentence, back))

    question = Question(
        _("Make an API key?"),
        _("It is shown once. An older key stays valid beside it until it is revoked."),
        _("Make a key"),
        back,
        ((_("Partner"), partner.name),),
    )
    return reveal(request, desk, question, make)


def revoke_key(request: HttpRequest, desk: Desk, key_id: UUID) -> HttpResponse:
    """End an API key."""
    found = APIKey.objects.filter(id=key_id).select_related("partner").first()
    if found is None:
        raise Http404
    question = Question(
        _("Revoke this API key?"),
        _("It stops working within a minute."),
        _("Revoke"),
        reverse("office:partner", kwargs={"firm_id": found.partner_id}),
        ((_("Partner"), found.partner.name), (_("API key"), f"…{found.hint}")),
        is_grave=True,
    )

    def act(request_id: str) -> Done:
        if not keys.revoke(key_id, desk.at):
            return Done(_("It was revoked before."), is_good=False)
        facts = {"hint": found.hint, "request": request_id}
        desk.record("revoke_key", ("partner", found.partner_id), facts)
        return Done(_("The key is revoked."))

    return ask(request, desk, question, act)
