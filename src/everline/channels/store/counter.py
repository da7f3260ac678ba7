"""The counter: one field finds the card, the card shows its plans, a new one is opened on the way.

What a plan costs this card and sells it is in selling.py; what was sold, in sales.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from everline import cards, catalogue, clock, ids, ledger, renewals
from everline.cards import Card, Status
from everline.catalogue import Offer, Policy
from everline.channels.store import sales
from everline.channels.store.forms import DeviceForm, FindForm, StartCodeForm
from everline.channels.store.frame import page
from everline.channels.store.refusals import explain
from everline.channels.store.tills import CHANNEL, Shift, at_till
from everline.database.requests import Answer
from everline.errors import SENTENCES, Code, Refusal
from everline.ids import InvalidNumberError
from everline.pages import words
from everline.pages.frame import see_other
from everline.pages.refusals import Explained

CLOSED: Final = {
    "suspended": Code.CARD_SUSPENDED,
    "lost": Code.CARD_LOST,
    "terminated": Code.CARD_TERMINATED,
}
MISSES_MAX: Final = 20
MISSES_SECONDS: Final = 600
QUOTED_MAX: Final = 40
LOW_SALES: Final = 5
"""A deposit that covers fewer of the dearest plan than this is called low."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One plan in the list, with the key that chooses it."""

    code: str
    name: str
    data: str
    period: str
    price: str
    ends_at: str
    key: str
    is_same: bool


@require_http_methods(["GET", "HEAD", "POST"])
@at_till
def home(request: HttpRequest, shift: Shift) -> HttpResponse:
    """Find what the customer brought: a card, a code to pay, or a slip."""
    form = FindForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        found = _find(request, shift, form.cleaned_data["number"])
        if found is not None:
            return found
        form.add_error("number", _not_found(form.cleaned_data["number"]))
    policy = catalogue.policy()
    at = clock.now()
    context = {
        "form": form,
        "sales": sales.of_today(shift, policy, at, 5),
        "deposit": deposit(shift, policy, at) if shift.sees_money else None,
    }
    status = 422 if form.errors else 200
    return page(request, "home.html", context, shift=shift, status=status, policy=policy)


def _find(request: HttpRequest, shift: Shift, number: str) -> HttpResponse | None:
    """Lead to what a number is; codes that are not there are counted, as they can be guessed."""
    if number.startswith(("rnw_", "top_")):
        try:
            inner = ids.inside("rnw" if number.startswith("rnw_") else "top", number)
        except InvalidNumberError:
            return None
        return sales.lead_to(shift, number[:3], inner)
    if not renewals.read_code(number):
        card = cards.find(number)
        return see_other("store:card", card.id) if card else None
    key = f"till-codes-{shift.terminal.id}"
    misses = cache.get_or_set(key, 0, MISSES_SECONDS) or 0
    if misses >= MISSES_MAX:
        return None
    found = renewals.find_by_code(number, clock.now())
    if found is None:
        cache.set(key, misses + 1, MISSES_SECONDS)
        return None
    sales.remember(request, found.id)
    return see_other("store:renewal", found.id)


def _not_found(number: str) -> str:
    if number.startswith(("rnw_", "top_")):
        return _("This receipt is not of this store. Check it at the official check.")
    if renewals.read_code(number):
        return _("No renewal waits under this code. It may be paid, or its time is over.")
    return _(SENTENCES[Code.CARD_UNKNOWN])


def deposit(shift: Shift, policy: Policy, at: datetime) -> dict[str, object]:
    """Tell what is left of the store's deposit, and whether that is little."""
    terminal = shift.terminal
    left = ledger.spendable(terminal.account_id, "deposit", terminal.currency)
    prices = [offer.price for offer in catalogue.offers(terminal.currency, at)]
    return {
        "left": words.money(left, terminal.currency, policy),
        "is_low": left < LOW_SALES * max(prices, default=0),
    }


@require_safe
@at_till
def card(request: HttpRequest, shift: Shift, card_id: UUID) -> HttpResponse:
    """Show a card and what it can be renewed with; a new one is opened first."""
    found = find_card(card_id)
    if found.state in {"in_stock", "activated"}:
        return see_other("store:activate" if found.state == "in_stock" else "store:bind", found.id)
    at = clock.now()
    policy = catalogue.policy()
    status = cards.status(found, at)
    waiting = renewals.find_open(found.id)
    closed = CLOSED.get(found.state)
    if waiting is not None:
        sales.remember(request, waiting.id)
    context = {
        "card": found,
        "standing": standing(found, status),
        "tone": tone(found, status),
        "present": _present(status),
        "closed": explain(Refusal(closed), policy) if closed else None,
        "waiting": waiting,
        "choices": [] if closed else choices(found, status, policy, at),
        "is_foreign": found.currency != shift.terminal.currency,
    }
    return page(request, "card.html", context, shift=shift, policy=policy)


def find_card(card_id: UUID) -> Card:
    """Find a card; 404 when there is none."""
    found = cards.find_by_id(card_id)
    if found is None:
        raise Http404
    return found


def standing(found: Card, status: Status) -> str:
    """Say in a few words how a card stands."""
    match found.state:
        case "in_stock":
            return _("New, not active yet")
        case "activated":
            return _("Active, not bound to a device yet")
        case "suspended":
            return _("Suspended")
        case "lost":
            return _("Reported lost")
        case "terminated":
            return _("Ended")
    if status.valid_until is not None:
        return _("Valid until %(until)s") % {"until": words.instant(status.valid_until, found.zone)}
    if status.last_ended_at is not None:
        ended = {"ended": words.instant(status.last_ended_at, found.zone)}
        return _("Lapsed since %(ended)s") % ended
    return _("Ready for its first plan")


def tone(found: Card, status: Status) -> str:
    """Say by a colour how a card stands; the words say it too."""
    if found.state in CLOSED:
        return "stop"
    return "done" if status.valid_until else "wait"


def _present(status: Status) -> str:
    return words.name(status.present.plan_names) if status.present else ""


def choices(found: Card, status: Status, policy: Policy, at: datetime) -> list[Choice]:
    """List the plans with price and new end for this card; the same plan again comes first."""
    last = renewals.of_card(found.id, 1)
    same = last[0].plan_code if last else None
    if status.present is not None:
        same = status.present.plan_code
    offers = sorted(
        catalogue.offers(found.currency, at)[:QUOTED_MAX], key=lambda offer: offer.code != same
    )
    versions = [offer.plan_version_id for offer in offers]
    quotes = renewals.quote_plans(found.id, versions, CHANNEL, at)
    listed: list[Choice] = []
    for offer in offers:
        quote = quotes[offer.plan_version_id]
        if quote.refusal is None and quote.ends_at is not None:
            key = str(len(listed) + 1) if len(listed) < 9 else ""  # noqa: PLR2004  Keys 1 to 9.
            ends_at = words.instant(quote.ends_at, quote.zone)
            listed.append(_choice(offer, policy, ends_at, key, is_same=offer.code == same))
    return listed


def _choice(offer: Offer, policy: Policy, ends_at: str, key: str, *, is_same: bool) -> Choice:
    return Choice(
        code=offer.code,
        name=words.name(offer.names),
        data=words.allowance(offer.allowance_bytes, offer.fair_use_bytes),
        period=words.period(offer.period_unit, offer.period_count),
        price=words.money(offer.price, offer.currency, policy),
        ends_at=ends_at,
        key=key,
        is_same=is_same,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@at_till
def activate(request: HttpRequest, shift: Shift, card_id: UUID) -> HttpResponse:
    """Activate a stocked card with the start code on its carrier."""
    found = find_card(card_id)
    if found.state != "in_stock":
        return see_other("store:card", found.id)
    form = StartCodeForm(request.POST if request.method == "POST" else None)

    def act(request_id: object, at: datetime) -> Answer:
        code = cards.start_code_hash(found.iccid, form.cleaned_data["start_code"])
        return cards.activate(shift.caller(request_id), found.id, code, at)

    return _open(request, shift, found, form, act)


@require_http_methods(["GET", "HEAD", "POST"])
@at_till
def bind(request: HttpRequest, shift: Shift, card_id: UUID) -> HttpResponse:
    """Bind an active card to its first device."""
    found = find_card(card_id)
    if found.state != "activated":
        return see_other("store:card", found.id)
    form = DeviceForm(request.POST if request.method == "POST" else None)

    def act(request_id: object, at: datetime) -> Answer:
        return cards.bind(shift.caller(request_id), found.id, form.cleaned_data["number"], at)

    return _open(request, shift, found, form, act)


def _open(
    request: HttpRequest,
    shift: Shift,
    found: Card,
    form: StartCodeForm | DeviceForm,
    act: Callable[[object, datetime], Answer],
) -> HttpResponse:
    """Show one step of opening a card, or take it and go on to the next."""
    is_first = isinstance(form, StartCodeForm)
    explained: Explained | None = None
    policy = catalogue.policy()
    status = 422 if form.errors else 200
    request_id: object = form.data.get("request_id") if "request_id" not in form.errors else None
    if form.is_valid():
        at = clock.now()
        refusal = act(form.cleaned_data["request_id"], at).refusal
        if refusal is None:
            shift.record("activate" if is_first else "bind", ("card", found.id), at)
            return see_other("store:card", found.id)
        explained, status, request_id = explain(refusal, policy, found), 409, None
    context = {
        "card": found,
        "form": form,
        "field": form["start_code" if is_first else "number"],
        "is_first": is_first,
        "request_id": request_id or uuid4(),
        "explained": explained,
    }
    return page(request, "open.html", context, shift=shift, status=status, policy=policy)
