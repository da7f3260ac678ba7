"""The words of notices, in the recipient's language; facts come from the notice's row alone.

A confirmation carries the receipt number, the masked card, the plan, the amount, the means, the new
end with its zone, and a link. How it leaves is in senders.py, warnings are worded in warnings.py.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext as _, override

from everline import clock, ids
from everline.catalogue import Policy
from everline.money import Money
from everline.notices.stopping import stop_path

LOCALES: Final = ("en", "zh-hans", "id")
SMS_LENGTH_MAX: Final = 480
"""Characters of a text message; longer ones are cut into parts by the network, and paid for."""

SUBJECT_LENGTH_MAX: Final = 150

HIDDEN: Final = re.compile(r"•+ ?")
"""The signs for hidden digits, which a telephone's short alphabet lacks."""


def speaking(locale: str) -> override:
    """Speak a recipient's language for a while; English where we do not speak it."""
    spoken = locale.lower().replace("_", "-")
    return override(spoken if spoken in LOCALES else "en")


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in words: `facts` are label and value, `short` is all of it for a telephone.

    A notice that leads nowhere has an empty `link`.
    """

    locale: str
    subject: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    link: str
    link_text: str
    short: str
    operator: str
    domain: str
    leave: str = ""
    """The address by which the recipient gets no more of these; empty where nobody can."""

    stop: str = ""
    """The address of the page that ends automatic renewal; empty for all else."""

    has_receipt: bool = False
    """Whether `link` leads to a receipt, which then stands beside it as PDF."""

    @property
    def pdf(self) -> str:
        """The address of the receipt as PDF; empty where there is none."""
        return f"{self.link}/receipt.pdf" if self.has_receipt else ""

    @property
    def stop_text(self) -> str:
        """What stands on the link that ends automatic renewal."""
        with override(self.locale):
            return _("End auto-renewal in one step")

    @property
    def text(self) -> str:
        """The whole as plain text."""
        with override(self.locale):
            lines = [self.lead, ""]
            lines += [f"{label}: {value}" for label, value in self.facts]
            lines += ["", f"{self.link_text}: {self.link}"] if self.link else []
            lines += [f"{_('Receipt as PDF')}: {self.pdf}"] if self.pdf else []
            lines += [f"{self.stop_text}: {self.stop}"] if self.stop else []
            lines += ["", self.footer]
        return "\n".join(lines) + "\n"

    @property
    def html(self) -> str:
        """The whole as a simple page, all values escaped."""
        with override(self.locale):
            return render_to_string("notices/letter.html", {"words": self}).strip()

    @property
    def footer(self) -> str:
        """Who wrote this, and what is never asked for."""
        with override(self.locale):
            return _(
                "%(operator)s, official only at %(domain)s. We never ask for a code or a bank card"
                " number in a message."
            ) % {"operator": self.operator, "domain": self.domain}


def word(
    template: str,
    facts: Mapping[str, Any],
    plan_names: Mapping[str, str],
    locale: str,
    *,
    policy: Policy,
    public_address: str,
) -> Words:
    """Word a notice. An unknown template or a missing fact is a bug and stops.

    A locale that we do not speak is answered in English.
    """
    with speaking(locale):
        return _WRITERS[template](_said(facts, plan_names, policy, public_address), policy)


@dataclass(frozen=True, slots=True)
class _Said:
    """The facts of a renewal or a top-up as they are said in the present language."""

    receipt: str
    card: str
    ending: str
    """The card's last digits, in signs that every telephone's short alphabet has."""

    plan: str
    """Empty for a top-up."""

    amount: str
    means: str
    """By what it was paid, with the end of its number as far as a gateway told it."""

    short_means: str
    """The same in signs that every telephone's short alphabet has."""

    starts: str
    ends: str
    state: str
    link: str
    deadline: str
    """Until when an open renewal can be paid; empty for all else."""

    stop: str
    """The page that ends automatic renewal, where that was it; empty for all else."""


def _said(
    facts: Mapping[str, Any], names: Mapping[str, str], policy: Policy, public_address: str
) -> _Said:
    """Put facts into words: money and instants by the locale, numbers masked."""
    locale = get_language() or "en"
    by_locale = {name.lower(): text for name, text in names.items()}
    if "topup" in facts:
        receipt = ids.outside("top", UUID(facts["topup"]))
        place = "top-ups"
    else:
        receipt = ids.outside("rnw", UUID(facts["renewal"]))
        place = "renewals"
    currency = facts["currency"]
    means = {
        "balance": _("balance"),
        "deposit": _("deposit"),
        "gateway": _("online payment"),
    }
    masked = clean(facts.get("masked_means") or "")
    return _Said(
        receipt=receipt,
        card=ids.Iccid(facts["iccid"]).masked,
        ending=f"*{facts['iccid'][-4:]}",
        plan=clean(by_locale.get(locale) or by_locale.get("en") or facts.get("plan", "")),
        amount=Money(facts["total"], currency).format(locale, policy.currency_digits.get(currency)),
        means=f"{means[facts['means']]} {masked}".rstrip(),
        short_means=f"{means[facts['means']]} {HIDDEN.sub('*', masked)}".rstrip(),
        starts=_instant(facts.get("starts_at"), facts["zone"], locale),
        ends=_instant(facts.get("ends_at"), facts["zone"], locale),
        state=facts["state"],
        link=public_address.rstrip("/") + facts.get("path", f"/{place}/{receipt}"),
        deadline=_instant(facts.get("deadline_at"), facts["zone"], locale),
        stop=f"{public_address.rstrip('/')}{stop}" if (stop := stop_path(facts)) else "",
    )


def _renewed(said: _Said, policy: Policy) -> Words:
    """Confirm a renewal that was paid and delivered."""
    values = {"card": said.card, "plan": said.plan, "end": said.ends, "link": said.link}
    values["operator"] = clean(policy.name)
    return Words(
        locale=get_language() or "en",
        subject=short_subject(_("Renewed: %(plan)s, valid until %(end)s") % values),
        lead=_("Your data card %(card)s is renewed.") % values,
        facts=(
            (_("Receipt"), said.receipt),
            (_("Card number (ICCID)"), said.card),
            (_("Plan"), said.plan),
            (_("Total paid, tax included"), said.amount),
            (_("Paid by"), said.means),
            (_("Starts"), said.starts),
            (_("Valid until"), said.ends),
        ),
        link=said.link,
        link_text=_("See the receipt"),
        short=and_its_end(
            _(
                "%(operator)s: card %(card)s is renewed with %(plan)s, %(amount)s by %(means)s,"
                " valid until %(end)s. %(link)s"
            )
            % (values | {"card": said.ending, "amount": said.amount, "means": said.short_means}),
            said.stop,
        ),
        operator=clean(policy.name),
        domain=clean(policy.domain),
        has_receipt=True,
        stop=said.stop,
    )


def _refunded(said: _Said, policy: Policy) -> Words:
    """Tell that money went back, and why, by what became of the renewal."""
    values = {"card": said.card, "amount": said.amount, "link": said.link}
    values |= {"operator": clean(policy.name), "means": said.means}
    reason = {
        "reversing": _("The renewal was taken back."),
        "reversed": _("The renewal was taken back."),
        "paid": _("It was paid twice; this is the second payment."),
        "delivered": _("It was paid twice; this is the second payment."),
    }.get(said.state, _("The payment arrived after the renewal had been closed."))
    if not said.plan:
        reason = {
            "reversed": _("The top-up was taken back."),
            "paid": _("It was paid twice; this is the second payment."),
        }.get(said.state, _("The payment arrived after the top-up had been closed."))
    return Words(
        locale=get_language() or "en",
        subject=short_subject(_("Refund: %(amount)s for card %(card)s") % values),
        lead=_("We have sent %(amount)s back for your data card %(card)s.") % values,
        facts=(
            (_("Receipt"), said.receipt),
            (_("Card number (ICCID)"), said.card),
            *(((_("Plan"), said.plan),) if said.plan else ()),
            (_("Refund"), said.amount),
            (_("Why"), reason),
            (_("Back to"), said.means),
        ),
        link=said.link,
        link_text=_("See what happened"),
        short=_("%(operator)s: %(amount)s sent back for card %(card)s. %(link)s")
        % (values | {"card": said.ending}),
        operator=clean(policy.name),
        domain=clean(policy.domain),
        has_receipt=True,
    )


def _topped_up(said: _Said, policy: Policy) -> Words:
    """Confirm a top-up. It never tells the balance: whoever paid may be somebody else."""
    values = {"card": said.card, "amount": said.amount, "link": said.link}
    values["operator"] = clean(policy.name)
    return Words(
        locale=get_language() or "en",
        subject=short_subject(_("Topped up: %(amount)s for card %(card)s") % values),
        lead=_("%(amount)s was put on the balance of the data card %(card)s.") % values,
        facts=(
            (_("Receipt"), said.receipt),
            (_("Card number (ICCID)"), said.card),
            (_("Topped up"), said.amount),
            (_("Paid by"), said.means),
        ),
        link=said.link,
        link_text=_("See the receipt"),
        short=_(
            "%(operator)s: %(amount)s was put on the balance of card %(card)s, paid by %(means)s."
            " %(link)s"
        )
        % (values | {"card": said.ending, "means": said.short_means}),
        operator=clean(policy.name),
        domain=clean(policy.domain),
        has_receipt=True,
    )


def _pay_link(said: _Said, policy: Policy) -> Words:
    """Give the address at which an open renewal is paid, as somebody asked for on the telephone."""
    values = {"card": said.card, "amount": said.amount, "link": said.link}
    values |= {"operator": clean(policy.name), "plan": said.plan, "until": said.deadline}
    return Words(
        locale=get_language() or "en",
        subject=short_subject(_("Pay %(amount)s for card %(card)s") % values),
        lead=_("You asked for a link to renew your data card %(card)s.") % values,
        facts=(
            (_("Card number (ICCID)"), said.card),
            (_("Plan"), said.plan),
            (_("Total, tax included"), said.amount),
            (_("Pay until"), said.deadline),
        ),
        link=said.link,
        link_text=_("Pay here"),
        short=_(
            "%(operator)s: to renew card %(card)s with %(plan)s, pay %(amount)s until %(until)s:"
            " %(link)s"
        )
        % (values | {"card": said.ending}),
        operator=clean(policy.name),
        domain=clean(policy.domain),
    )


_WRITERS: Final = {
    "renewed": _renewed,
    "refunded": _refunded,
    "topped_up": _topped_up,
    "pay_link": _pay_link,
}


def _instant(text: str | None, zone: str, locale: str) -> str:
    if text is None:
        return ""
    return clock.format_instant(datetime.fromisoformat(text), zone, locale)


def and_its_end(short: str, stop: str) -> str:
    """Add to a text message the address that ends automatic renewal, where it has one."""
    end_it = _("End it:")
    return f"{short} {end_it} {stop}" if stop else short


def clean(text: str) -> str:
    """Drop line breaks and other control signs from an operator's text: a header takes none."""
    return "".join(sign for sign in text if unicodedata.category(sign) not in {"Cc", "Zl", "Zp"})


def short_subject(text: str) -> str:
    """Cut a subject to its longest length."""
    return clean(text)[:SUBJECT_LENGTH_MAX]
