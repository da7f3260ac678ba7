"""What fills the sentences of a step: facts of the card, the plans, the quote, the renewal.

Only read here. Before the PIN a caller hears what anybody hears who knows the number: validity and
prices. Data left and balance are a scene that the PIN leads to.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _, override

from everline import cards, catalogue, ledger, renewals
from everline.cards import Card
from everline.cards.models import Card as CardRow
from everline.catalogue import Offer
from everline.channels.hotline import ear
from everline.channels.hotline.talk import Said, Scene, Talk
from everline.pages import words
from everline.people.models import Holding
from everline.renewals import Renewal

CHANNEL: Final = "hotline"
LISTED_MAX: Final = 5
_UNSURE: Final = frozenset({"sent", "unknown"})


def card_of(talk: Talk) -> Card:
    """Give the card that the call is about."""
    assert talk.leg.card_id is not None
    card = cards.find_by_id(talk.leg.card_id)
    assert card is not None
    return card


def renewal_of(talk: Talk) -> Renewal:
    """Give the renewal that the call is about."""
    assert talk.leg.renewal_id is not None
    renewal = renewals.find(talk.leg.renewal_id)
    assert renewal is not None
    return renewal


def cards_of(talk: Talk) -> list[Card]:
    """List the cards of the customer whose number was keyed; the first five."""
    assert talk.leg.person_id is not None
    accounts = Holding.objects.filter(person_id=talk.leg.person_id, ends_at=None)
    held = CardRow.objects.filter(account_id__in=accounts.values("account_id"))
    found = (cards.find_by_id(each.id) for each in held.order_by("iccid")[:LISTED_MAX])
    return [card for card in found if card is not None]


def same_plan(talk: Talk, card: Card) -> Offer | None:
    """Find the plan that the card has or had last, where it is still sold."""
    code = cards.last_plan(card.id)
    return catalogue.version_on_sale(code, card.currency, talk.at) if code else None


def plans_of(talk: Talk) -> list[Offer]:
    """List the plans of the page that is being heard."""
    offers = catalogue.offers(card_of(talk).currency, talk.at)
    start = talk.leg.page * LISTED_MAX
    return offers[start : start + LISTED_MAX]


def _languages(talk: Talk) -> Scene:
    items = []
    for key, (code, _name) in enumerate(settings.LANGUAGES, 1):
        with override(code):
            # Translators: name your own language here, not English.
            items.append(Said(_("For English, press %(key)s.") % {"key": key}, code))
    return Scene({"operator": talk.policy.name}, items=tuple(items))


def _held(talk: Talk) -> Scene:
    return Scene(
        items=tuple(
            Said(
                _("For the card that ends in %(ending)s, press %(key)s.")
                % {"ending": ear.ending(card.iccid), "key": key},
                talk.leg.locale,
            )
            for key, card in enumerate(cards_of(talk), 1)
        )
    )


def _card(talk: Talk) -> Scene:
    card = card_of(talk)
    status = cards.status(card, talk.at)
    values = {"ending": ear.ending(card.iccid)}
    holds = set()
    if status.valid_until is not None:
        values["until"] = ear.instant(status.valid_until, card.zone)
        holds.add("valid")
    elif status.last_ended_at is not None:
        values["ended"] = ear.instant(status.last_ended_at, card.zone)
        holds.add("lapsed")
    else:
        holds.add("fresh")
    same = same_plan(talk, card)
    if same is not None:
        values["same"] = words.name(same.names)
        holds.add("same")
    if any(each.state == "paid" for each in renewals.of_card(card.id, 1)):
        holds.add("delivering")
    return Scene(values, frozenset(holds))


def _plans(talk: Talk) -> Scene:
    offers = catalogue.offers(card_of(talk).currency, talk.at)
    items = tuple(
        Said(
            _("For %(plan)s, %(data)s, %(period)s, %(price)s, press %(key)s.")
            % {
                "plan": words.name(offer.names),
                "data": ear.data(offer.allowance_bytes),
                "period": words.period(offer.period_unit, offer.period_count),
                "price": ear.money(offer.price, offer.currency, talk.policy),
                "key": key,
            },
            talk.leg.locale,
        )
        for key, offer in enumerate(plans_of(talk), 1)
    )
    return Scene(holds=frozenset({"more"} if len(offers) > LISTED_MAX else ()), items=items)


def _quote(talk: Talk) -> Scene:
    """Fill the quote with the total and end that the leg keeps: those are what is agreed to."""
    leg, card = talk.leg, card_of(talk)
    assert leg.plan_version_id is not None
    assert leg.quoted_total is not None
    assert leg.quoted_end is not None
    (quote,) = renewals.quote([card.id], leg.plan_version_id, None, CHANNEL, talk.at)
    offer = catalogue.version_on_sale(leg.plan_code, card.currency, talk.at)
    means = set(quote.means or ()) & {"balance", "gateway"}
    if leg.quoted_total == 0:
        means = {"balance"}
    values = {
        "plan": words.name(offer.names) if offer else leg.plan_code,
        "data": ear.data(quote.allowance_bytes),
        "total": ear.money(leg.quoted_total, card.currency, talk.policy),
        "until": ear.instant(leg.quoted_end, card.zone),
        "fate": "" if quote.refusal else ear.fate(quote),
    }
    return Scene(values, frozenset(means))


def _usage(talk: Talk) -> Scene:
    card = card_of(talk)
    assert talk.leg.proved_account_id == card.account_id, "only the PIN leads here"
    present = cards.status(card, talk.at).present
    balance = ledger.spendable(card.account_id, "balance", card.currency)
    values = {"balance": ear.money(balance, card.currency, talk.policy)}
    if present is None:
        return Scene(values, frozenset({"idle"}))
    values["plan"] = words.name(present.plan_names)
    values["left"] = ear.data(present.left_bytes)
    values["as_of"] = ear.instant(present.used_as_of or present.starts_at, card.zone)
    return Scene(values, frozenset({"running"}))


def _open(talk: Talk) -> Scene:
    renewal = renewal_of(talk)
    code = renewal.spoken_code or ""
    is_unsure = renewal.attempt_state in _UNSURE
    is_unpaid = renewal.state == "awaiting_payment" and not is_unsure
    holds = {"unpaid": is_unpaid, "unsure": is_unsure, "coded": bool(code)}
    holds |= {"joinable": talk.leg.is_joinable and is_unpaid, "payable": is_unpaid}
    holds |= {"linkable": holds["joinable"], "unsaid": not talk.is_told_where}
    values = {
        "ending": ear.ending(renewal.iccid),
        "channel": words.channel(renewal.channel),
        "since": ear.instant(renewal.placed_at, renewal.zone),
        "plan": words.name(renewal.plan_names),
        "total": ear.money(renewal.total, renewal.currency, talk.policy),
        "deadline": ear.instant(renewal.deadline_at or talk.at, renewal.zone),
        "code": ear.digits(code),
    }
    return Scene(values, frozenset(name for name, is_so in holds.items() if is_so))


def _outcome(talk: Talk) -> Scene:
    return Scene({"standing": standing(renewal_of(talk), talk)})


def standing(renewal: Renewal, talk: Talk) -> str:
    """Say where a renewal stands. While money may still move nobody hears that it failed."""
    until = {"until": ear.instant(renewal.ends_at, renewal.zone)}
    match renewal.state:
        case "delivered":
            return _("Renewed. The card is valid until %(until)s.") % until
        case "paid":
            return _("Paid, being delivered. If that fails, the money goes back by itself.")
        case "reversing":
            return _("The plan could not be set up. The money is on its way back.")
        case "reversed":
            return _("Refunded. The plan could not be set up, and the money went back.")
        case "awaiting_payment" if renewal.attempt_state in _UNSURE:
            return _("We are checking the payment. Do not pay again.")
        case "awaiting_payment":
            deadline = ear.instant(renewal.deadline_at or talk.at, renewal.zone)
            return _("It is not paid yet. You can pay until %(deadline)s.") % {"deadline": deadline}
        case "placed" | "held":
            return _("It waits, and nothing was charged yet.")
        case "expired":
            return _("The time to pay is over. Nothing was renewed.")
        case "cancelled":
            return _("It was cancelled. Nothing was renewed.")
    return _("It was refused. Nothing was renewed.")


SCENES: Final[Mapping[str, Callable[[Talk], Scene]]] = MappingProxyType(
    {
        "languages": _languages,
        "held": _held,
        "card": _card,
        "plans": _plans,
        "quote": _quote,
        "usage": _usage,
        "open": _open,
        "outcome": _outcome,
    }
)
"""Who fills which sentences, by the names in flow.py."""
