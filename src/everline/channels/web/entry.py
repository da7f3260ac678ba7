"""The first two pages: the card's number, and the card with its plans.

Whoever knows a number sees until when the card is valid and what can be bought. Data used, balance
and history are for its holder alone. Choosing a plan leads to ordering.py.
"""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from everline import cards, catalogue, clock, holders, ledger, renewals
from everline.cards import Card, Status
from everline.catalogue import Policy
from everline.channels.web import browser, mandates, pins, showing, topping_up
from everline.channels.web.forms import CardNumberForm
from everline.channels.web.holders import holds
from everline.channels.web.pages import page
from everline.channels.web.refusals import Place, explain
from everline.errors import SENTENCES, Code, Refusal
from everline.pages import limits, words
from everline.pages.frame import see_other

CLOSED = {
    "suspended": Code.CARD_SUSPENDED,
    "lost": Code.CARD_LOST,
    "terminated": Code.CARD_TERMINATED,
}
"""States in which no plan can be bought, with the refusal that says so."""

HISTORY_MAX = 5


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Ask for a card number, and lead to the card."""
    form = CardNumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        seconds = limits.seconds_to_wait(request, clock.now())
        if seconds:
            form.add_error("number", _("Too many card numbers were entered. Wait a minute."))
            return limits.too_many(page(request, "home.html", {"form": form}), seconds)
        if renewals.read_code(number := form.cleaned_data["number"]):
            waiting = renewals.find_by_code(number, clock.now())
            if waiting is not None:
                return see_other("web:renewal", waiting.id)
            form.add_error("number", _("No open renewal has this code. Its time may be over."))
        elif (found := cards.find(number)) is not None:
            return see_other("web:top-up" if "top-up" in request.POST else "web:card", found.id)
        else:
            form.add_error("number", _(SENTENCES[Code.CARD_UNKNOWN]))
    return page(request, "home.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def card(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Show a card and the plans that can be bought for it."""
    at = clock.now()
    found = cards.find_by_id(card_id)
    if found is None:
        raise Http404
    policy = catalogue.policy()
    where = Place(policy, found)
    offers = [] if found.state in CLOSED else catalogue.offers(found.currency, at)
    covered = sorted({code for offer in offers for code in offer.countries})
    wanted = request.GET.get("country", "")
    chosen = wanted if wanted in covered else ""
    shown = [offer for offer in offers if not chosen or chosen in offer.countries]
    status = cards.status(found, at)
    context = {
        "card": found,
        "status": status,
        "standing": showing.standing(found, status),
        "renewable": showing.renewable(found, status, at),
        "closed": explain(Refusal(CLOSED[found.state]), where) if found.state in CLOSED else None,
        "open": _open(request, found, where),
        "begins": found.has_profile and cards.first_renewal_id(found) is None,
        "groups": showing.groups(shown, policy),
        "countries": words.countries(covered),
        "chosen_country": chosen,
        "takes_money": found.state not in topping_up.CLOSED,
    }
    if holds(request, found.account_id):
        context |= private(request, found, status, policy)
    context |= mandates.shown(request, found, policy, at)
    return page(request, "card.html", context, policy=policy)


def private(request: HttpRequest, found: Card, status: Status, policy: Policy) -> dict[str, object]:
    """Give what the holder alone sees: usage, balance, history."""
    assert request.user.is_authenticated
    since = holders.shown_from(request.user.pk, found.account_id)
    balance = ledger.spendable(found.account_id, "balance", found.currency)
    return {
        "is_holder": True,
        **pins.shown(request, found.account_id),
        "profile": found.has_profile and found.state != "terminated",
        "usage": showing.usage(status.present, found.zone) if status.present else None,
        "balance": words.money(balance, found.currency, policy),
        "history": [
            {
                "id": each.id,
                "at": words.instant(each.placed_at, each.zone),
                "plan": words.name(each.plan_names),
                "total": words.money(each.total, each.currency, policy),
            }
            for each in renewals.of_card(found.id, HISTORY_MAX)
            if since is None or each.placed_at >= since
        ],
    }


def _open(request: HttpRequest, found: Card, where: Place) -> object | None:
    """Say where a renewal of this card is open, and lead there whoever may go on with it."""
    waiting = renewals.find_open(found.id)
    if waiting is None:
        return None
    may_join = browser.opened(request, waiting.id) or holds(request, found.account_id)
    facts = {"channel": waiting.channel, "since": waiting.placed_at.isoformat()}
    joinable = waiting.id if may_join else None
    return explain(Refusal(Code.RENEWAL_OPEN, facts), Place(where.policy, found, joinable=joinable))
