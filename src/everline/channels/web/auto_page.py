"""What the pages say of a card's automatic renewal: how it stands, and what one may set.

`summary` stands on the card's own pages, `whole` on the page of automatic renewal. The views are
mandates.py, the ladder is worded in pages/ladders.py.
"""

from datetime import datetime
from uuid import uuid4

from django.utils.translation import get_language, gettext as _

from everline import autorenewal, cards, catalogue, payments
from everline.autorenewal import Standing
from everline.cards import Card
from everline.catalogue import Offer, Policy
from everline.channels.web.auto_forms import MEGABYTE, ORDERS, pause_days
from everline.errors import SENTENCES, Code
from everline.money import Money
from everline.pages import ladders, telling, words

HALTED = frozenset({"auto_paused", "consent_needed"})
"""What keeps it still that is not a failure: the page says it by itself."""


def summary(card: Card, standing: Standing | None, at: datetime) -> dict[str, object]:
    """Give what stands on the card's pages: on or off, what is next, and one button."""
    policy = catalogue.policy()
    present = None if standing else _present(card, at)
    return {
        "is_on": standing is not None,
        "facts": facts(standing, card, policy) if standing else [],
        "warning": warning(standing, card, policy) if standing else "",
        "paused": paused(standing, card) if standing else "",
        "ladder": _sentence(standing, card) if standing else "",
        "words": autorenewal.words(),
        "words_version": autorenewal.VERSION,
        "chosen": f":{present.price}" if present else "",
        "amount": _offered(present, policy) if present else "",
        "request_id": uuid4(),
    }


def whole(
    card: Card, standing: Standing | None, policy: Policy, at: datetime, *, since: datetime | None
) -> dict[str, object]:
    """Give what the page of automatic renewal has beyond that: what happened since an instant."""
    first, last = pause_days(at, card.zone)
    choices = _choices(card, policy, at)
    chosen = _chosen(standing, card, at) if standing else ""
    return {
        "line": _line(standing, card, policy) if standing else [],
        "first_day": first,
        "last_day": last,
        "choices": choices,
        "chosen": chosen,
        "anew": dict(choices).get(chosen, "") if standing and standing.consent_needed else "",
        "orders": ORDERS,
        "order": standing.means_order if standing else autorenewal.BALANCE_FIRST,
        "told": telling.tell(autorenewal.explain(card.id, at, since=since), card.zone, policy),
        "consent_needed": standing is not None and standing.consent_needed,
        "needs_consent": standing is None or standing.consent_needed,
    }


def facts(standing: Standing, card: Card, policy: Policy) -> list[tuple[str, str]]:
    """Say what is charged, when it is first tried, and from what."""
    said = []
    if standing.plan_names is not None:
        said.append((_("Plan"), words.name(standing.plan_names)))
    if standing.former_plan is not None:
        said.append((_("Plan so far"), words.name(standing.former_plan)))
    if standing.total is not None:
        said.append((_("Next charge"), words.money(standing.total, standing.currency, policy)))
    if standing.former_total is not None and standing.total is not None:
        former = words.money(standing.former_total, standing.currency, policy)
        said.append((_("Last charge"), former))
        if standing.term_ends_at is not None:
            said.append((_("New price from"), words.instant(standing.term_ends_at, card.zone)))
    when = words.instant(standing.next_at, card.zone) if standing.next_at else ""
    said.append((_("First tried"), when or _("when a plan is running")))
    said.append((_("Paid from"), _paid_from(standing, card, policy)))
    if standing.agreed_total is not None:
        agreed = words.money(standing.agreed_total, standing.currency, policy)
        said.append((_("Agreed at most"), agreed))
    return said


def _paid_from(standing: Standing, card: Card, policy: Policy) -> str:
    """Say from what it is paid, in the order that was wished."""
    balance = _("the card's balance, now %(balance)s") % {
        "balance": words.money(standing.balance, standing.currency, policy)
    }
    kept = [
        words.paid_online(each.masked_means)
        for each in payments.usable_methods(card.account_id, standing.currency)
    ]
    if not kept:
        return balance
    first = standing.means_order == autorenewal.METHODS_FIRST
    return ", ".join([*kept, balance] if first else [balance, *kept])


def warning(standing: Standing, card: Card, policy: Policy) -> str:
    """Say what stands against the next charge, as things are now."""
    if standing.paused_until is not None:
        return ""
    if standing.consent_needed and standing.total is not None:
        return _(
            "The price is now %(total)s, and nothing is charged until you agree to it. Service ends"
            " without it."
        ) % {"total": words.money(standing.total, standing.currency, policy)}
    reason = standing.parked_reason or standing.reason
    if reason in set(Code):
        return _(SENTENCES[Code(reason)])
    if standing.missing and not payments.usable_methods(card.account_id, standing.currency):
        missing = words.money(standing.missing, standing.currency, policy)
        return _("The balance is too low by %(missing)s.") % {"missing": missing}
    return ""


def paused(standing: Standing, card: Card) -> str:
    """Say until when nothing is charged, and when service ends meanwhile; "" when it goes on."""
    if standing.paused_until is None:
        return ""
    until = {"until": words.instant(standing.paused_until, card.zone)}
    said = (
        _("One term is skipped: nothing is charged before %(until)s.") % until
        if standing.is_skip
        else _("It is paused: nothing is charged before %(until)s.") % until
    )
    ends_at = standing.term_ends_at
    if ends_at is None or ends_at > standing.paused_until:
        return said
    end = _("Service ends on %(end)s.") % {"end": words.instant(ends_at, card.zone)}
    return f"{said} {end}"


def initial(card: Card, standing: Standing) -> dict[str, object]:
    """Give what the form of wishes shows at first."""
    below, most = standing.below_bytes, standing.month_total_max
    return {
        "means_order": standing.means_order,
        "below_megabytes": below // MEGABYTE if below else None,
        "day_max": standing.day_max,
        "month_max": standing.month_max,
        "month_total_max": Money(most, card.currency).format(get_language() or "en")
        if most
        else "",
    }


def _sentence(standing: Standing, card: Card) -> str:
    if standing.consent_needed:
        return ""
    return ladders.sentence(standing.rungs, standing.term_ends_at, card.zone)


def _line(standing: Standing, card: Card, policy: Policy) -> list[ladders.Step]:
    taken = ""
    if standing.total is not None:
        taken = _("takes %(total)s for %(plan)s") % {
            "total": words.money(standing.total, standing.currency, policy),
            "plan": words.name(standing.plan_names or {"en": standing.plan_code or ""}),
        }
    return ladders.line(standing.rungs, standing.term_ends_at, card.zone, taken)


def _present(card: Card, at: datetime) -> Offer | None:
    last = cards.last_plan(card.id)
    return catalogue.version_on_sale(last, card.currency, at) if last else None


def _choices(card: Card, policy: Policy, at: datetime) -> list[tuple[str, str]]:
    """Give the plans that may be agreed to with their amounts: the present one first."""
    present = _present(card, at)
    found = []
    if present is not None:
        kept = _("%(plan)s (my present plan)") % {"plan": _priced(present, policy)}
        found.append((f":{present.price}", kept))
    sold = catalogue.on_sale(card.currency, None, at).offers
    return found + [(f"{each.code}:{each.price}", _priced(each, policy)) for each in sold]


def _chosen(standing: Standing, card: Card, at: datetime) -> str:
    """Choose what would be charged next, so that agreeing anew changes nothing but the price."""
    present = _present(card, at)
    keeps = standing.plan_id is None and present is not None and present.code == standing.plan_code
    return f"{'' if keeps else standing.plan_code}:{standing.total}"


def _offered(offer: Offer, policy: Policy) -> str:
    """Name a plan with its price and how long it lasts."""
    return _("%(plan)s, %(price)s for %(period)s") % _values(offer, policy)


def _priced(offer: Offer, policy: Policy) -> str:
    """Say the same with the price first: a narrow screen cuts the end of a choice off."""
    return _("%(price)s, %(period)s: %(plan)s") % _values(offer, policy)


def _values(offer: Offer, policy: Policy) -> dict[str, str]:
    return {
        "plan": words.name(offer.names),
        "price": words.money(offer.price, offer.currency, policy),
        "period": words.period(offer.period_unit, offer.period_count),
    }
