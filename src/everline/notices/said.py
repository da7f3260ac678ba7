"""The facts of a warning as they are said in one language, and what a worded warning consists of.

Money and instants by the locale, numbers masked, addresses signed as far as this process can. The
sentences stand in warnings.py and auto_warnings.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext as _

from everline import clock, ids
from everline.catalogue import Policy
from everline.errors import SENTENCES, Code
from everline.money import Money
from everline.notices.wording import clean
from everline.trust import addresses

UNITS: Final = (("GB", 9), ("MB", 6), ("kB", 3))
"""Units of data with their power of ten."""


@dataclass(frozen=True, slots=True)
class Said:
    """The facts of a card as they are said in the present language; "" is not known."""

    card: str
    ending: str
    """The card's last digits, in signs that every telephone's short alphabet has."""

    plan: str
    successor: str
    """What is sold in the place of a plan that is no longer sold."""

    amount: str
    agreed: str
    """What was agreed to be charged at most."""

    former: str
    """What the last renewal cost, where the next one is told to cost something else."""

    former_plan: str
    """The plan so far, where another one comes in its place."""

    balance: str
    missing: str
    means: str
    """From what an automatic renewal is paid."""

    ends: str
    gone: str
    ended: str
    """When a term that goes on should have ended."""

    next: str
    """When an automatic renewal is tried, or tried again."""

    left: str
    """How much data is left."""

    as_of: str
    why: str
    is_last: bool
    """Whether nothing is tried any more: the term is over."""

    operator: str
    link: str
    stop: str
    """The address that ends automatic renewal in one step."""

    @property
    def values(self) -> dict[str, str]:
        """Give all of them for a sentence."""
        return {name: str(getattr(self, name)) for name in self.__slots__} | {"end": self.ends}

    def tell(
        self, *facts: tuple[str, str], subject: str, lead: str, short: str, link_text: str
    ) -> "Told":
        """Fill sentences with the facts; the card's number leads those that are listed."""
        values = self.values
        return Told(
            subject=subject % values,
            lead=lead % values,
            facts=((_("Card number (ICCID)"), self.card), *facts),
            link_text=link_text,
            short=short % values,
        )


@dataclass(frozen=True, slots=True)
class Told:
    """One warning in words: `short` is all of it for a telephone."""

    subject: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    link_text: str
    short: str


def say(
    facts: Mapping[str, Any], names: Mapping[str, str], policy: Policy, *, link: str, stop: str = ""
) -> Said:
    """Put facts into words; `link` is where the card can be helped, `stop` ends its mandate."""
    locale = get_language() or "en"
    zone = facts["zone"]

    def money(amount: int | None) -> str:
        currency = facts.get("currency", "")
        if amount is None:
            return ""
        return Money(amount, currency).format(locale, policy.currency_digits.get(currency))

    def instant(name: str) -> str:
        found = facts.get(name)
        return clock.format_instant(datetime.fromisoformat(found), zone, locale) if found else ""

    total, balance = facts.get("total"), facts.get("balance")
    missing = None if total is None or balance is None else max(0, total - balance)
    return Said(
        card=ids.Iccid(facts["iccid"]).masked,
        ending=f"*{facts['iccid'][-4:]}",
        plan=named(names) or facts["plan"],
        successor=named(facts.get("successor") or {}),
        amount=money(total),
        agreed=money(facts.get("agreed")),
        former=money(former) if (former := facts.get("former_total")) != total else "",
        former_plan=named(facts.get("former_plan") or {}),
        balance=money(balance),
        missing=money(missing),
        means=_means(facts),
        ends=instant("ends_at"),
        gone=instant("gone_at"),
        ended=instant("ended_at"),
        next=instant("next_at"),
        left=_data(facts.get("left_bytes")),
        as_of=instant("as_of"),
        why=_why(facts.get("reason")),
        is_last=bool(facts.get("is_last")),
        operator=clean(policy.name),
        link=link,
        stop=stop,
    )


def named(names: Mapping[str, str]) -> str:
    """Choose a plan's name in the present language; "" when there is none."""
    locale = get_language() or "en"
    by_locale = {name.lower(): text for name, text in names.items()}
    return clean(by_locale.get(locale) or by_locale.get("en") or "")


def card_path(facts: Mapping[str, Any]) -> str:
    """Give the page of the card, "" where nothing can be signed."""
    if not addresses.can_sign():
        return ""
    return f"/cards/{addresses.token('crd', UUID(facts['card']))}"


def _why(reason: str | None) -> str:
    """Say why something was refused; a reason that is no refusal of ours says nothing."""
    return _(SENTENCES[Code(reason)]) if reason in set(Code) else ""


def _means(facts: Mapping[str, Any]) -> str:
    """Say from what an automatic renewal is paid."""
    kept = clean(facts.get("kept_means") or "")
    if not kept:
        return _("the card's balance")
    if facts.get("means_order") == "methods_first":
        return _("%(means)s, else the card's balance") % {"means": kept}
    return _("the card's balance, else %(means)s") % {"means": kept}


def _data(left: int | None) -> str:
    """Write bytes in the largest unit that leaves a whole number before the point."""
    if left is None:
        return ""
    unit, power = next((each for each in UNITS if left >= 10 ** each[1]), UNITS[-1])
    locale = {"zh-hans": "zh_Hans"}.get(get_language() or "en", get_language() or "en")
    number = format_decimal(Decimal(left).scaleb(-power), format="#,##0.##", locale=locale)
    return f"{number} {unit}"
