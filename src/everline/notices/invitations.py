"""The words of messages about offers: the link that confirms, and an offer that has started.

Both lead out in one step. What is written to whom stands in consents.sql; confirmations of what was
bought are worded in wording.py, warnings in warnings.py.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language, gettext as _

from everline import clock, ids
from everline.catalogue import Policy
from everline.notices.wording import Words, clean, short_subject, speaking


def word_invitation(
    template: str,
    facts: Mapping[str, Any],
    plan_names: Mapping[str, str],
    locale: str,
    *,
    policy: Policy,
    public_address: str,
) -> Words:
    """Word a message about offers. A locale that we do not speak is answered in English."""
    del plan_names  # An offer names itself; all writers are called alike.
    with speaking(locale):
        return INVITATIONS[template](facts, policy, public_address.rstrip("/"))


def leaving(facts: Mapping[str, Any], public_address: str) -> str:
    """Give the address by which a recipient leaves."""
    consent = ids.outside("ntc", UUID(facts["consent"]))
    return f"{public_address.rstrip('/')}/offers/leave/{consent}"


def _confirm(facts: Mapping[str, Any], policy: Policy, home: str) -> Words:
    """Ask whether it was the mailbox's owner who wanted messages."""
    consent = ids.outside("ntc", UUID(facts["consent"]))
    link = f"{home}/offers/confirm/{consent}"
    operator = clean(policy.name)
    said = {"operator": operator, "link": link}
    return Words(
        locale=get_language() or "en",
        subject=short_subject(_("Confirm that you want offers from %(operator)s") % said),
        lead=_(
            "Somebody asked that offers of %(operator)s be sent to you. Confirm it within seven"
            " days; if it was not you, do nothing and we write no more."
        )
        % said,
        facts=(),
        link=link,
        link_text=_("Yes, send me offers"),
        short=_("%(operator)s: confirm that you want our offers: %(link)s") % said,
        operator=operator,
        domain=clean(policy.domain),
    )


def _started(facts: Mapping[str, Any], policy: Policy, home: str) -> Words:
    """Tell that an offer has started, its code, and until when."""
    locale = get_language() or "en"
    by_locale = {name.lower(): text for name, text in facts["names"].items()}
    name = clean(by_locale.get(locale) or by_locale.get("en") or facts["code"])
    ends_at = datetime.fromisoformat(facts["ends_at"])
    said = {
        "operator": clean(policy.name),
        "offer": name,
        "code": clean(facts["code"]),
        "until": clock.format_instant(ends_at, settings.ZONE, locale),
        "link": f"{home}/offers",
        "leave": leaving(facts, home),
    }
    return Words(
        locale=locale,
        subject=short_subject(name),
        lead=_("A new offer of %(operator)s: %(offer)s.") % said,
        facts=(
            (_("Offer"), name),
            (_("Promo code"), said["code"]),
            (_("Until"), said["until"]),
            (_("No more offers"), said["leave"]),
        ),
        link=said["link"],
        link_text=_("See the offer and its conditions"),
        short=_("%(operator)s: %(offer)s, code %(code)s, until %(until)s. %(link)s Stop: %(leave)s")
        % said,
        operator=said["operator"],
        domain=clean(policy.domain),
        leave=said["leave"],
    )


INVITATIONS: Final[dict[str, Callable[[Mapping[str, Any], Policy, str], Words]]] = {
    "offers_confirm": _confirm,
    "offer_started": _started,
}
