"""What the hotline does between two steps: pricing, paying, sending a link, asking for PINs.

Each act takes the turn and what was keyed and gives the name of an outcome, which flow.py leads on
from. All rules are the core's; here a caller's words become its orders.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import uuid4

from django.urls import reverse
from django.utils.translation import gettext as _, ngettext

from everline import catalogue, payments, renewals, trust
from everline.catalogue import Offer
from everline.channels.hotline import ear, limits
from everline.channels.hotline.finding import FINDING
from everline.channels.hotline.opening import OPENING, SOURCE, request_of
from everline.channels.hotline.scenes import (
    CHANNEL,
    LISTED_MAX,
    card_of,
    plans_of,
    renewal_of,
    same_plan,
)
from everline.channels.hotline.talk import Talk
from everline.database.requests import Answer, Caller
from everline.errors import Code, Refusal
from everline.renewals import Contact, Order

CLOSED: Final = MappingProxyType(
    {
        "in_stock": Code.CARD_NOT_ACTIVE,
        "activated": Code.CARD_NOT_BOUND,
        "suspended": Code.CARD_SUSPENDED,
        "lost": Code.CARD_LOST,
        "terminated": Code.CARD_TERMINATED,
    }
)


def _look_at_card(talk: Talk, _keyed: str) -> str:
    card = card_of(talk)
    if card.state in CLOSED:
        return talk.refuse(Refusal(CLOSED[card.state]))
    return "waiting" if renewals.find_open(card.id) else "fine"


def _look_at_open(talk: Talk, _keyed: str) -> str:
    """Turn to the card's open renewal; whoever did not open it or key its code only hears of it."""
    waiting = renewals.find_open(card_of(talk).id)
    if waiting is None:
        return "closed"
    if waiting.id != talk.leg.renewal_id:
        talk.leg.renewal_id, talk.leg.is_joinable = waiting.id, False
    return "waiting"


def _ask_usage(talk: Talk, _keyed: str) -> str:
    if talk.leg.proved_account_id == card_of(talk).account_id:
        return "proved"
    return _ask_pin(talk, "")


def _ask_pin(talk: Talk, _keyed: str) -> str:
    """Ask for a PIN only where there is one."""
    if trust.has_pin(card_of(talk).account_id):
        return "asked"
    talk.say(_("This account has no service PIN yet. A person sets one with you if you press 0."))
    return "none"


def _judge(talk: Talk, keyed: str) -> str:
    """Compare a PIN; what was keyed goes no further than this."""
    check = trust.check_pin(card_of(talk).account_id, keyed, talk.at)
    match check.outcome:
        case "ok":
            return "right"
        case "wrong":
            left = check.tries_left or 0
            told = ngettext(
                "The PIN is wrong. %(count)d try is left.",
                "The PIN is wrong. %(count)d tries are left.",
                left,
            )
            talk.say(told, count=left)
        case "locked":
            until = check.locked_until or talk.at
            told = _("There were too many wrong PINs. The PIN is locked until %(until)s.")
            talk.say(told, until=ear.instant(until, card_of(talk).zone))
        case _:
            talk.say(_("This account has no service PIN yet."))
    return check.outcome


def _prove(talk: Talk, keyed: str) -> str:
    judged = _judge(talk, keyed)
    if judged != "right":
        return judged
    talk.leg.proved_account_id = card_of(talk).account_id
    return "proved"


def _price_same(talk: Talk, _keyed: str) -> str:
    card = card_of(talk)
    offer = same_plan(talk, card)
    return _price(talk, offer) if offer else "none"


def _list_plans(talk: Talk, _keyed: str) -> str:
    talk.leg.page = 0
    if plans_of(talk):
        return "some"
    talk.say(_("No plan is sold for this card at the moment."))
    return "none"


def _more_plans(talk: Talk, _keyed: str) -> str:
    """Turn to the next page; after the last one comes the first."""
    talk.leg.page += 1
    if not plans_of(talk):
        talk.leg.page = 0
    return "some"


def _price_listed(talk: Talk, keyed: str) -> str:
    offers = plans_of(talk)
    place = int(keyed) - 1
    return _price(talk, offers[place]) if place < min(len(offers), LISTED_MAX) else "none"


def _price_again(talk: Talk, _keyed: str) -> str:
    card = card_of(talk)
    if renewals.find_open(card.id):
        return "waiting"
    offer = catalogue.version_on_sale(talk.leg.plan_code, card.currency, talk.at)
    return _price(talk, offer) if offer else "none"


def _price(talk: Talk, offer: Offer) -> str:
    """Keep what is about to be heard, with the request id of the order that may accept it."""
    leg, card = talk.leg, card_of(talk)
    (quote,) = renewals.quote([card.id], offer.plan_version_id, None, CHANNEL, talk.at)
    if quote.refusal:
        return talk.refuse(quote.refusal)
    leg.plan_code, leg.plan_version_id = offer.code, offer.plan_version_id
    leg.quoted_total, leg.quoted_end = quote.total, quote.ends_at
    leg.request_id = uuid4()
    return "priced"


def _order(talk: Talk) -> Order:
    """Make the order that accepts what was heard; the confirmation goes to whoever calls."""
    leg, card = talk.leg, card_of(talk)
    assert leg.plan_version_id is not None
    assert leg.quoted_total is not None
    assert leg.quoted_end is not None
    number = str(talk.caller or card.msisdn or "")
    return Order(
        account_id=card.account_id,
        card_id=card.id,
        plan_code=leg.plan_code,
        plan_version_id=leg.plan_version_id,
        promotion=None,
        quoted_total=leg.quoted_total,
        quoted_end=leg.quoted_end,
        contact=Contact(phone=number, locale=leg.locale),
    )


def _pay(talk: Talk, keyed: str) -> str:
    judged = _judge(talk, keyed)
    if judged != "right":
        return judged
    caller = Caller(CHANNEL, SOURCE, str(talk.leg.request_id))
    return _paid(talk, renewals.renew(caller, _order(talk), card_of(talk).account_id, talk.at))


def _pay_open(talk: Talk, keyed: str) -> str:
    judged = _judge(talk, keyed)
    if judged != "right":
        return judged
    caller, payer = request_of(talk, "pay_open"), card_of(talk).account_id
    return _paid(talk, renewals.pay_open(caller, renewal_of(talk).id, payer, talk.at))


def _paid(talk: Talk, answer: Answer) -> str:
    if answer.refusal:
        return talk.refuse(answer.refusal)
    talk.leg.renewal_id, talk.leg.is_joinable = answer.id, True
    return "paid"


def _send_link(talk: Talk, _keyed: str) -> str:
    """Open the renewal, and send the address at which it is paid."""
    able = payments.by_page(card_of(talk).currency)
    if not able:
        return talk.refuse(Refusal(Code.MEANS_NOT_ALLOWED))
    caller = Caller(CHANNEL, SOURCE, str(talk.leg.request_id))
    answer = renewals.place(caller, _order(talk), able[0].name, None, talk.at)
    if answer.refusal:
        return talk.refuse(answer.refusal)
    talk.leg.renewal_id, talk.leg.is_joinable = answer.id, True
    return _send_link_again(talk, "")


def _send_link_again(talk: Talk, _keyed: str) -> str:
    """Send the link, once to each number for a renewal and a few times an hour to any number."""
    card, renewal = card_of(talk), renewal_of(talk)
    number = str(talk.caller or card.msisdn or "")
    if not number or not limits.may_write_to(number):
        told = _("We cannot send a text message to this number now, but you can pay with the code.")
        talk.say(told)
        return "sent"
    answer = renewals.send_pay_link(
        request_of(talk, "link"),
        renewal.id,
        Contact(phone=number, locale=talk.leg.locale),
        reverse("web:renewal", args=[renewal.id]),
        talk.at,
    )
    if answer.refusal:
        return talk.refuse(answer.refusal)
    told = _("We send a link to pay to the number that ends in %(ending)s.")
    talk.say(told, ending=ear.digits(number[-3:]))
    return "sent"


def _cancel(talk: Talk, _keyed: str) -> str:
    answer = renewals.cancel(request_of(talk, "cancel"), renewal_of(talk).id, talk.at)
    if answer.refusal:
        return talk.refuse(answer.refusal)
    talk.leg.renewal_id, talk.leg.is_joinable = None, False
    talk.say(_("The renewal is cancelled. Nothing was charged."))
    return "cancelled"


ACTS: Final[Mapping[str, Callable[[Talk, str], str]]] = MappingProxyType(
    {
        **FINDING,
        **OPENING,
        "look_at_card": _look_at_card,
        "look_at_open": _look_at_open,
        "ask_usage": _ask_usage,
        "prove": _prove,
        "price_same": _price_same,
        "list_plans": _list_plans,
        "more_plans": _more_plans,
        "price_listed": _price_listed,
        "price_again": _price_again,
        "ask_pin": _ask_pin,
        "ask_pin_open": _ask_pin,
        "pay": _pay,
        "pay_open": _pay_open,
        "send_link": _send_link,
        "send_link_again": _send_link_again,
        "cancel": _cancel,
    }
)
"""Who carries out which act, by the names in flow.py."""
