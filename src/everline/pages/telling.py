"""What happened to a card, in words: the same for its holder, for an agent and in the terminal.

The facts are those of autorenewal/explain.py. On top stand the answers to what people ask: why it
is off, why they were charged, why it did not renew. No address, number or name stands in them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from everline.autorenewal import Account, Fact, Standing
from everline.catalogue import Policy
from everline.errors import SENTENCES, Code
from everline.pages import ladders, words

FAILED: Final = frozenset({"auto_refused", "declined", "unsure", "service_ended"})
"""What a renewal that did not come about looks like."""


@dataclass(frozen=True, slots=True)
class Line:
    """One fact in words; `is_bad` when something did not work."""

    code: str
    at: datetime
    when: str
    what: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The answers on top, and what happened, the newest first."""

    answers: tuple[str, ...]
    lines: tuple[Line, ...]


def tell(account: Account, zone: str, policy: Policy) -> Told:
    """Word all that is known of a card."""
    say = _Saying(zone, policy)
    answers = (
        say.standing(account.standing, account.facts),
        say.charged(account.facts),
        say.not_renewed(account.facts),
    )
    lines = tuple(
        Line(each.code, each.at, words.instant(each.at, zone), said, each.code in FAILED)
        for each in account.facts
        if (said := say.fact(each))
    )
    return Told(tuple(answer for answer in answers if answer), lines)


class _Saying:
    """Words facts of one card: with its zone, and amounts as the operator shows them."""

    def __init__(self, zone: str, policy: Policy) -> None:
        self._zone, self._policy = zone, policy

    def standing(self, found: Standing | None, facts: list[Fact]) -> str:
        """Say whether automatic renewal is on, and what comes next or stands against it."""
        if found is None:
            ended = next((each for each in facts if each.code == "consent_ended"), None)
            if ended is None:
                return _("Auto-renewal is off: nobody has agreed to it.")
            when = words.instant(ended.at, self._zone)
            return _("Auto-renewal is off: it was ended on %(when)s.") % {"when": when}
        if found.paused_until is not None:
            until = {"until": words.instant(found.paused_until, self._zone)}
            return _("Auto-renewal is paused: nothing is charged before %(until)s.") % until
        if found.consent_needed and found.total is not None:
            return _(
                "Auto-renewal waits: the price is now %(total)s, and no more than %(agreed)s was"
                " agreed to."
            ) % {
                "total": self._money(found.total, found.currency),
                "agreed": self._money(found.agreed_total, found.currency),
            }
        why = _reason(found.parked_reason or found.reason)
        if why:
            return _("Auto-renewal is on, but cannot charge now: %(why)s") % {"why": why}
        next_tries = ladders.sentence(found.rungs, found.term_ends_at, self._zone)
        is_on = _("Auto-renewal is on.")
        return f"{is_on} {next_tries}".rstrip()

    def charged(self, facts: list[Fact]) -> str:
        """Say what was charged last, and why."""
        last = next((each for each in facts if each.code == "paid"), None)
        if last is None:
            return ""
        said = self._values(last)
        if last.facts["channel"] == "auto":
            return (
                _(
                    "Last charged: %(total)s on %(when)s for %(plan)s, by auto-renewal, to go on"
                    " until %(end)s."
                )
                % said
            )
        return _("Last charged: %(total)s on %(when)s for %(plan)s, bought %(channel)s.") % said

    def not_renewed(self, facts: list[Fact]) -> str:
        """Say why the last renewal did not come about, if none came after it."""
        for each in facts:
            if each.code == "paid":
                return ""
            if each.code in {"auto_refused", "declined"}:
                why = _reason(each.facts["reason"]) or decline_name(each.facts["reason"])
                return _("It did not renew on %(when)s: %(why)s") % {
                    "when": words.instant(each.at, self._zone),
                    "why": why,
                }
        return ""

    def fact(self, fact: Fact) -> str:
        """Say one fact; "" for a kind that this process does not know yet."""
        sentence = _SENTENCES.get(fact.code)
        return sentence(fact.facts) % self._values(fact) if sentence else ""

    def _values(self, fact: Fact) -> dict[str, str]:
        facts = fact.facts
        names: Mapping[str, str] = facts.get("names") or {"en": ""}
        amount = facts.get("total", facts.get("amount", facts.get("needed")))
        unit, count = facts.get("period_unit"), facts.get("period_count")
        reason = facts.get("reason") or ""
        return {
            "when": words.instant(fact.at, self._zone),
            "channel": words.channel(facts.get("channel") or ""),
            "plan": words.name(names),
            "total": self._money(amount, facts.get("currency")),
            "period": words.period(unit, count) if unit and count else "",
            "means": _means(facts),
            "end": self._instant(facts.get("ends_at")),
            "until": self._instant(facts.get("until")),
            "why": _reason(reason) or decline_name(reason),
            "notice": notice_name(facts.get("template") or ""),
            "medium": medium_name(facts.get("medium") or ""),
        }

    def _money(self, amount: int | None, currency: str | None) -> str:
        return words.money(amount, currency, self._policy) if amount and currency else ""

    def _instant(self, text: str | None) -> str:
        return words.instant(datetime.fromisoformat(text), self._zone) if text else ""


def _agreed(facts: Mapping[str, Any]) -> str:
    if facts.get("total") is None:
        return _("Agreed to auto-renewal %(channel)s, at the price of each day.")
    return _("Agreed to auto-renewal %(channel)s: at most %(total)s for %(period)s.")


def _agreed_anew(facts: Mapping[str, Any]) -> str:
    if facts.get("total") is None:
        return _("Agreed anew to auto-renewal %(channel)s, at the price of each day.")
    return _("Agreed anew to auto-renewal %(channel)s: at most %(total)s for %(period)s.")


def _paid(facts: Mapping[str, Any]) -> str:
    if facts["channel"] == "auto":
        return _("Auto-renewal took %(total)s from %(means)s for %(plan)s, valid until %(end)s.")
    return _("Renewed %(channel)s: %(total)s from %(means)s for %(plan)s, valid until %(end)s.")


def _told(facts: Mapping[str, Any]) -> str:
    return {
        "sent": _("Told %(medium)s: %(notice)s."),
        "waiting": _("To be told %(medium)s: %(notice)s."),
        "failed": _("Could not be told %(medium)s: %(notice)s."),
    }.get(facts["state"], _("Not told any more %(medium)s, as it was no longer true: %(notice)s."))


_SENTENCES: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "consent_given": _agreed,
    "consent_renewed": _agreed_anew,
    "consent_ended": lambda _facts: _("Auto-renewal was ended."),
    "mandate_changed": lambda _facts: _("What auto-renewal may charge was changed %(channel)s."),
    "mandate_paused": lambda _facts: _("Auto-renewal was paused until %(until)s."),
    "mandate_resumed": lambda _facts: _("The pause was ended."),
    "term_skipped": lambda _facts: _("One term is skipped, until %(until)s."),
    "auto_refused": lambda _facts: _("Auto-renewal was tried, and nothing was charged: %(why)s"),
    "paid": _paid,
    "renewal_delivered": lambda _facts: _("%(plan)s was delivered to the card."),
    "renewal_refused": lambda _facts: _("%(plan)s could not be delivered."),
    "renewal_cancelled": lambda _facts: _("A renewal with %(plan)s was cancelled."),
    "renewal_expired": lambda _facts: _("A renewal with %(plan)s was not paid in time."),
    "renewal_held": lambda _facts: _("A renewal with %(plan)s is being reviewed."),
    "renewal_reversed": lambda _facts: _("A renewal with %(plan)s was taken back."),
    "declined": lambda _facts: _("A payment of %(total)s by %(means)s was declined: %(why)s"),
    "unsure": lambda _facts: _("A payment of %(total)s by %(means)s is not sure yet."),
    "money_back": lambda _facts: _("%(total)s went back to %(means)s."),
    "service_ended": lambda _facts: _("Service ended with %(plan)s."),
    "term_prolonged": lambda _facts: _("%(plan)s went on at no cost."),
    "notice": _told,
}
"""How each kind of fact is said."""


def _reason(code: str | None) -> str:
    """Say a refusal; "" for what is none of ours."""
    return _(SENTENCES[Code(code)]) if code in set(Code) else ""


def _means(facts: Mapping[str, Any]) -> str:
    """Say by what it was paid, masked."""
    kind = facts.get("means") or "gateway"
    if kind == "gateway":
        return words.paid_online(facts.get("masked"))
    return {"balance": _("the balance"), "deposit": _("a deposit")}.get(kind, kind)


def decline_name(code: str) -> str:
    """Say why a payment was declined, as far as gateways say it."""
    return {
        "insufficient_funds": _("not enough money"),
        "lost_card": _("bank card reported lost"),
        "expired": _("not paid in time"),
        "cancelled": _("cancelled by the payer"),
        "authentication_required": _("the bank wants you to confirm it"),
        "expired_card": _("the bank card has expired"),
    }.get(code, _("the bank said no"))


def medium_name(code: str) -> str:
    """Say by which medium somebody was told."""
    return {
        "email": _("by e-mail"),
        "sms": _("by text message"),
        "push": _("by push message"),
    }.get(code, code)


def notice_name(code: str) -> str:
    """Name what a notice says."""
    return {
        "renewed": _("Confirmation of a renewal"),
        "refunded": _("Refund"),
        "topped_up": _("Confirmation of a top-up"),
        "pay_link": _("Link to pay"),
        "auto_short": _("Balance too low for auto-renewal"),
        "auto_failed": _("Auto-renewal failed"),
        "auto_ahead": _("What auto-renewal will take"),
        "auto_changed": _("Auto-renewal changes"),
        "auto_consent": _("Auto-renewal waits for consent"),
        "auto_prolonged": _("Plan goes on after an outage"),
        "auto_grace": _("Plan goes on for a while"),
        "ending_week": _("Plan ends in a week"),
        "ending_days": _("Plan ends in three days"),
        "ending_day": _("Plan ends in a day"),
        "ending_soon": _("Plan ends soon"),
        "data_low": _("Most data is used"),
        "data_out": _("All data is used"),
        "number_ends": _("Number has ended"),
        "number_ends_soon": _("Number ends soon"),
        "code_sign_in": _("Code to sign in"),
        "code_card": _("Code to add a card"),
        "code_address": _("Code to add an address"),
    }.get(code, code)
