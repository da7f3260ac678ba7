"""The words of one-time codes: what the code is for, how long it is good, and that nobody asks it.

They lead nowhere: a message with a code and a link is what swindlers write. A text message ends
with the line by which a telephone fills the code in on our site alone (WICG, origin-bound codes).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import get_language, gettext as _

from everline import clock
from everline.catalogue import Policy
from everline.notices.wording import Words, clean, short_subject, speaking

GONE: Final = "••••••"
"""What stands for a code that was used or is too old: it is not kept."""


@dataclass(frozen=True, slots=True)
class _Told:
    lead: str
    short: str


def word_code(
    template: str,
    facts: Mapping[str, Any],
    _plan_names: Mapping[str, str],
    locale: str,
    *,
    policy: Policy,
    public_address: str,
) -> Words:
    """Word a code. A locale that we do not speak is answered in English."""
    with speaking(locale):
        code = facts.get("code", GONE)
        until = clock.format_instant(
            datetime.fromisoformat(facts["until"]), facts["zone"], get_language() or "en"
        )
        values = {"code": code, "operator": clean(policy.name)}
        told = CODE_WRITERS[template](values)
        bound = f"\n\n@{urlsplit(public_address).hostname} #{code}"
        return Words(
            locale=get_language() or "en",
            subject=short_subject(_("%(code)s is your code for %(operator)s") % values),
            lead=told.lead,
            facts=((_("Code"), code), (_("Good until"), until)),
            link="",
            link_text="",
            short=told.short + bound,
            operator=clean(policy.name),
            domain=clean(policy.domain),
        )


def _sign_in(values: Mapping[str, str]) -> _Told:
    return _Told(
        lead=_("This code signs you in. If you did not ask for it, somebody mistyped an address."),
        short=_(
            "%(operator)s: %(code)s signs you in. It is good for 10 minutes. Tell it to nobody,"
            " not even to us."
        )
        % values,
    )


def _card(values: Mapping[str, str]) -> _Told:
    return _Told(
        lead=_(
            "This code adds your data card to an account, whose holder then sees its data and"
            " balance. If you did not ask for it, tell it to nobody."
        ),
        short=_(
            "%(operator)s: %(code)s adds this card to an account. It is good for 10 minutes. Tell"
            " it to nobody, not even to us."
        )
        % values,
    )


def _address(values: Mapping[str, str]) -> _Told:
    return _Told(
        lead=_("This code adds this address to your account, to sign in with it from now on."),
        short=_(
            "%(operator)s: %(code)s adds this number to your account. It is good for 10 minutes."
            " Tell it to nobody, not even to us."
        )
        % values,
    )


def word_way_in(
    _template: str,
    facts: Mapping[str, Any],
    _plan_names: Mapping[str, str],
    locale: str,
    *,
    policy: Policy,
    public_address: str,
) -> Words:
    """Tell somebody of a new way into the account, and where to look when it was not they."""
    with speaking(locale):
        way = {
            "email": _("An e-mail address was added to your account."),
            "phone": _("A phone number was added to your account."),
            "passkey": _("A passkey was added to your account."),
        }[facts["way"]]
        values = {"operator": clean(policy.name), "way": way}
        link = f"{public_address.rstrip('/')}/my/account"
        return Words(
            locale=get_language() or "en",
            subject=short_subject(_("A new way to sign in to %(operator)s") % values),
            lead=way + " " + _("If it was not you, look at your account and remove it."),
            facts=(),
            link=link,
            link_text=_("Look at your account"),
            short=_("%(operator)s: %(way)s Not you? Look at your account.") % values + f" {link}",
            operator=clean(policy.name),
            domain=clean(policy.domain),
        )


CODE_WRITERS: Final = {"code_sign_in": _sign_in, "code_card": _card, "code_address": _address}
