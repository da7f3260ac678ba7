"""The first two pages: the card's number, and the card with its plans.

Whoever knows a number sees until when the card is valid and what can be bought. Data used, balance
and history are for its holder alone. Choosing a plan leads to ordering.py.
"""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext as _, gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from everline import cards, catalogue, clock, holders, ledger, renewals
from everline.cards import Card, Pace, Status
from everline.catalogue import OnSale, Policy
from everline.channels.web import (
    browser,
    first_steps,
    mandates,
    offering,
    pins,
    showing,
    topping_up,
    wishes,
)
from everline.channels.web.forms import CardNumberForm
from everline.channels.web.holders import holds
from everline.channels.web.pages import CHANNEL, page, sign_in
from everline.channels.web.refusals import Place, explain
from everline.channels.web.showing import Standing
from everline.errors import SENTENCES, Code, Refusal
from everline.pages import limits, suspects, words
from everline.pages.frame import allow, is_stranger, kept_page, see_other
from everline.renewals import CardSeen

CLOSED = {
    "suspended": Code.CARD_SUSPENDED,
    "lost": Code.CARD_LOST,
    "terminated": Code.CARD_TERMINATED,
}
"""States in which no plan can be bought, with the refusal that says so."""

HISTORY_MAX = 5
PROMOTIONS_MAX = 3
OR_CLOSED = gettext_noop("Or it cannot be renewed online: sign in, or ask the hotline or a store.")


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Ask for a card number, and lead to the card."""
    form = CardNumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        seconds = limits.seconds_to_wait(request, clock.now())
        if seconds:
            form.add_error("number", _("Too many card numbers were entered. Wait a minute."))
            return limits.too_many(_first_page(request, form), seconds)
        if renewals.read_code(number := form.cleaned_data["number"]):
            waiting = renewals.find_by_code(number, clock.now())
            if waiting is not None:
                return see_other("web:renewal", waiting.id)
            form.add_error("number", _("No open renewal has this code. Its time may be over."))
        else:
            found = cards.find(number)
            wants_top_up = "top-up" in request.POST
            if found is not None and may_be_told(request, found, wants_top_up=wants_top_up):
                return see_other("web:top-up" if wants_top_up else "web:card", found.id)
            form.add_error("number", f"{_(SENTENCES[Code.CARD_UNKNOWN])} {_(OR_CLOSED)}")
    return _first_page(request, form)


def _first_page(request: HttpRequest, form: CardNumberForm) -> HttpResponse:
    """Show the first page; a number that cannot be one with the digits to look at first."""
    near = suspects.near(str(form.data.get("number", ""))) if "number" in form.errors else None
    status = 422 if form.errors else 200
    context = {"form": form, "near": near} | first_steps.shown()
    return allow(page(request, "home.html", context, status=status), "camera")


def may_be_told(request: HttpRequest, found: Card, *, wants_top_up: bool) -> bool:
    """Tell whether a number leads on: everybody to what can be bought, the holder to anything.

    To a stranger a card that cannot be renewed here and one that does not exist are the same; both
    have cost one look into the same table by now.
    """
    closed = CLOSED.keys() & topping_up.CLOSED.keys() if wants_top_up else CLOSED.keys()
    return found.state not in closed or holds(request, found.account_id)


@require_safe
def card(request: HttpRequest, card_id: UUID) -> HttpResponse:
    """Show a card and the plans that can be bought for it."""
    at = clock.now()
    if is_stranger(request):
        seen = renewals.look_at_card(card_id, CHANNEL, get_language() or "en", at)
        if seen is not None and seen.open_id is None and seen.card.state not in CLOSED:
            return _to_stranger(request, seen, at)
    found = cards.find_by_id(card_id)
    if found is None:
        raise Http404
    policy = catalogue.policy()
    where = Place(policy, found)
    sold = None if found.state in CLOSED else catalogue.on_sale(found.currency, None, at)
    is_holder = holds(request, found.account_id)
    pace = cards.pace(found.id, at) if is_holder else None
    status = cards.status(found, at)
    context = {
        "card": found,
        "card_at": reverse("web:card", args=[found.id]),
        "masked": found.masked,
        "until": showing.until(status),
        "standing": showing.standing(found, status),
        "renewable": showing.renewable(found, status, at),
        "closed": explain(Refusal(CLOSED[found.state]), where) if found.state in CLOSED else None,
        "open": _open(request, found, where),
        "begins": found.has_profile and cards.first_renewal_id(found) is None,
        "takes_money": found.state not in topping_up.CLOSED,
    }
    context |= _plans(request, sold, pace, policy, at)
    if is_holder:
        context |= private(request, found, status, policy)
    context |= mandates.shown(request, found, at)
    return page(request, "card.html", context, policy=policy)


def _plans(
    request: HttpRequest, sold: OnSale | None, pace: Pace | None, policy: Policy, at: datetime
) -> dict[str, object]:
    """Give the list of plans that fit what is wished, the advice and the offers."""
    offers, covered = (sold.offers, sold.covered) if sold else ([], [])
    wish = wishes.read(request.GET, covered)
    shown = [offer for offer in offers if wish.fits(offer)]
    return {
        "groups": showing.groups(shown, policy),
        "countries": words.countries(covered),
        "wish": wish,
        "needs": wishes.needs(),
        "wished": [words.country(code) for code in wish.countries],
        "promotions": [
            offering.in_words(each, policy) for each in catalogue.running(at)[:PROMOTIONS_MAX]
        ],
        "advice": wishes.advised(shown, wish, pace, policy),
    }


def _to_stranger(request: HttpRequest, seen: CardSeen, at: datetime) -> HttpResponse:
    """Show the same to somebody of whom nothing is known: one read, and a page that is kept.

    What is told of the card goes into the slots, all else is the page's shape.
    """
    found, around = seen.card, seen.around
    sold = catalogue.on_sale(found.currency, seen.revision, at)
    status = Standing(seen.valid_until, seen.last_ended_at, seen.renewable_until)
    renewable = showing.renewable(found, status, at)
    begins = found.has_profile and not seen.has_run
    slots = {
        "card_at": reverse("web:card", args=[found.id]),
        "masked": found.masked,
        "until": showing.until(status),
        "standing": showing.standing(found, status),
        **({"renewable": renewable} if renewable else {}),
    } | sign_in(request)
    shape = (
        seen.revision,
        sold.number,
        tuple(seen.promotions),
        wishes.read(request.GET, sold.covered),
        (found.kind, found.state, begins, bool(renewable)),
    )

    def context() -> dict[str, object]:
        return _plans(request, sold, None, around.policy, at) | {
            "card": showing.Outline(found.kind, found.state),
            "begins": begins,
            "takes_money": found.state not in topping_up.CLOSED,
        }

    return kept_page(
        request,
        "web/card.html",
        shape,
        slots,
        context,
        policy=around.policy,
        banners=around.banners,
    )


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
