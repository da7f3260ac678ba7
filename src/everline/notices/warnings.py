"""The words of warnings: what is to come for a card, and what one can do before it comes.

They are no confirmations: no receipt stands behind them, and each leads to where the card can be
helped, as far as this process can sign an address. What is written when stands in warnings.sql;
confirmations are worded in wording.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import get_language, gettext as _

from everline import clock, ids
from everline.catalogue import Policy
from everline.errors import SENTENCES, Code
from everline.money import Money
from everline.notices.wording import Words, clean, short_subject, speaking
from everline.trust import addresses


@dataclass(frozen=True, slots=True)
class _Said:
    """The facts of a card as they are said in the present language; "" is not known."""

    card: str
    ending: str
    plan: str
    amount: str
    balance: str
    missing: str
    ends: str
    gone: str
    why: str


@dataclass(frozen=True, slots=True)
class _Warning:
    """One warning in words: `short` is all of it for a telephone."""

    subject: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    link_text: str
    short: str


def word_warning(
    template: str,
    facts: Mapping[str, Any],
    plan_names: Mapping[str, str],
    locale: str,
    *,
    policy: Policy,
    public_address: str,
) -> Words:
    """Word a warning. A locale that we do not speak is answered in English."""
    with speaking(locale):
        said = _said(facts, plan_names, policy)
        link = public_address.rstrip("/") + _path(template, facts)
        values = {
            "card": said.card,
            "ending": said.ending,
            "plan": said.plan,
            "amount": said.amount,
            "missing": said.missing,
            "end": said.ends,
            "gone": said.gone,
            "why": said.why,
            "operator": clean(policy.name),
            "link": link,
        }
        told = WRITERS[template](said, values)
        return Words(
            locale=get_language() or "en",
            subject=short_subject(told.subject),
            lead=told.lead,
            facts=tuple((label, value) for label, value in told.facts if value),
            link=link,
            link_text=told.link_text,
            short=told.short,
            operator=clean(policy.name),
            domain=clean(policy.domain),
        )


def _path(template: str, facts: Mapping[str, Any]) -> str:
    """Tell the page that helps: the top-up when money is short, the plan when a term ends."""
    if not addresses.can_sign():
        return "/"
    card = f"/cards/{addresses.token('crd', UUID(facts['card']))}"
    if template == "auto_short" or facts.get("reason") == Code.BALANCE_SHORT:
        return f"{card}/top-up"
    return f"{card}/plans/{facts['plan']}" if template == "ending_soon" else card


def _said(facts: Mapping[str, Any], names: Mapping[str, str], policy: Policy) -> _Said:
    """Put facts into words: money and instants by the locale, numbers masked."""
    locale = get_language() or "en"
    by_locale = {name.lower(): text for name, text in names.items()}

    def money(amount: int | None) -> str:
        currency = facts.get("currency", "")
        if amount is None:
            return ""
        return Money(amount, currency).format(locale, policy.currency_digits.get(currency))

    def instant(name: str) -> str:
        found = facts.get(name)
        zone = facts["zone"]
        return clock.format_instant(datetime.fromisoformat(found), zone, locale) if found else ""

    total, balance = facts.get("total"), facts.get("balance")
    missing = None if total is None or balance is None else max(0, total - balance)
    reason = facts.get("reason")
    return _Said(
        card=ids.Iccid(facts["iccid"]).masked,
        ending=f"*{facts['iccid'][-4:]}",
        plan=clean(by_locale.get(locale) or by_locale.get("en") or facts["plan"]),
        amount=money(total),
        balance=money(balance),
        missing=money(missing),
        ends=instant("ends_at"),
        gone=instant("gone_at"),
        why=_(SENTENCES[Code(reason)]) if reason else "",
    )


def _short(said: _Said, values: Mapping[str, str]) -> _Warning:
    """Tell that the balance will not suffice, how much is missing and when service stops."""
    return _Warning(
        subject=_("Balance too low for auto-renewal: %(missing)s missing") % values,
        lead=_(
            "The balance of your data card %(card)s is too low for its next auto-renewal. Service"
            " stops on %(end)s unless it is topped up or renewed before."
        )
        % values,
        facts=(*_card(said), (_("Balance"), said.balance), (_("Missing"), said.missing)),
        link_text=_("Top up the balance"),
        short=_(
            "%(operator)s: %(missing)s missing for the auto-renewal of card %(ending)s. Service"
            " stops on %(end)s. %(link)s"
        )
        % values,
    )


def _failed(said: _Said, values: Mapping[str, str]) -> _Warning:
    """Tell that automatic renewal was tried and refused, and why; it is tried again."""
    return _Warning(
        subject=_("Auto-renewal of card %(card)s did not work") % values,
        lead=_(
            "We tried to renew your data card %(card)s, and nothing was charged. %(why)s We try"
            " again until service stops on %(end)s."
        )
        % values,
        facts=(*_card(said), (_("Balance"), said.balance)),
        link_text=_("Top up or renew"),
        short=_(
            "%(operator)s: auto-renewal of card %(ending)s did not work. %(why)s Service stops on"
            " %(end)s. %(link)s"
        )
        % values,
    )


def _ending(said: _Said, values: Mapping[str, str]) -> _Warning:
    """Tell that service ends soon, and until when the card can still be renewed after that."""
    return _Warning(
        subject=_("Service ends soon: %(end)s") % values,
        lead=_("Your data card %(card)s works until %(end)s. Renew it before to stay online.")
        % values,
        facts=(
            (_("Card number (ICCID)"), said.card),
            (_("Plan"), said.plan),
            (_("Valid until"), said.ends),
            (_("Renewable until"), said.gone),
        ),
        link_text=_("Renew"),
        short=_("%(operator)s: card %(ending)s works until %(end)s. Renew: %(link)s") % values,
    )


def _number_ends(said: _Said, values: Mapping[str, str]) -> _Warning:
    """Tell that the number is given away soon."""
    return _Warning(
        subject=_("The number of card %(card)s is given away on %(gone)s") % values,
        lead=_(
            "Your data card %(card)s has lapsed. It can be renewed until %(gone)s; then it ends"
            " and its number is given to somebody else."
        )
        % values,
        facts=(
            (_("Card number (ICCID)"), said.card),
            (_("Last plan"), said.plan),
            (_("Lapsed since"), said.ends),
            (_("Renewable until"), said.gone),
        ),
        link_text=_("Renew"),
        short=_(
            "%(operator)s: card %(ending)s has lapsed. Renew it before %(gone)s or its number is"
            " given away. %(link)s"
        )
        % values,
    )


def _card(said: _Said) -> tuple[tuple[str, str], ...]:
    """Give the facts of an automatic renewal."""
    return (
        (_("Card number (ICCID)"), said.card),
        (_("Plan"), said.plan),
        (_("Amount"), said.amount),
        (_("Valid until"), said.ends),
    )


WRITERS: Final = {
    "auto_short": _short,
    "auto_failed": _failed,
    "ending_soon": _ending,
    "number_ends": _number_ends,
    "number_ends_soon": _number_ends,
}
