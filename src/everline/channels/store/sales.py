"""What was sold: the outcome, the slip, and taking back what was sold by mistake today.

Shown is what this store sold, and an open renewal that was found here by its code or its card; all
else is not found. Selling is in selling.py; an open one is paid here by the same counter.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext as _, override
from django.views.decorators.http import require_POST, require_safe

from everline import cards, catalogue, clock, renewals, slips, topups
from everline.catalogue import Policy
from everline.channels.store.forms import RequestForm
from everline.channels.store.frame import page
from everline.channels.store.models import Sale
from everline.channels.store.refusals import explain
from everline.channels.store.tills import CHANNEL, Shift, at_till
from everline.database.requests import Answer
from everline.ids import Iccid
from everline.pages import receipts, states, words
from everline.pages.frame import see_other
from everline.pages.refusals import Explained
from everline.renewals import Renewal
from everline.topups import TopUp

REMEMBERED_MAX: Final = 20
LISTED_MAX: Final = 50
MISTAKE: Final = "sold_by_mistake"
_OPEN: Final = "till_open"


@dataclass(frozen=True, slots=True)
class Sold:
    """One sale of today, in words."""

    at: str
    what: str
    card: str
    total: str
    title: str
    url: str
    inner: UUID


def remember(request: HttpRequest, renewal_id: UUID) -> None:
    """Remember an open renewal that was found at this till, so that it may be shown here."""
    known = [each for each in request.session.get(_OPEN, []) if each != str(renewal_id)]
    request.session[_OPEN] = [str(renewal_id), *known][:REMEMBERED_MAX]


def find_renewal(request: HttpRequest, shift: Shift, renewal_id: UUID) -> Renewal:
    """Find a renewal that this till may show; 404 for any other."""
    found = renewals.find(renewal_id)
    if found is None:
        raise Http404
    is_ours = found.means == "deposit" and found.payer_id == shift.terminal.account_id
    is_open = found.state in {"placed", "awaiting_payment", "held"}
    if is_ours or (is_open and str(renewal_id) in request.session.get(_OPEN, [])):
        return found
    raise Http404


def find_top_up(shift: Shift, top_up_id: UUID) -> TopUp:
    """Find a top-up that this store sold; 404 for any other."""
    found = topups.find(top_up_id)
    is_ours = found is not None and found.payer_id == shift.terminal.account_id
    if found is None or not is_ours:
        raise Http404
    return found


def lead_to(shift: Shift, prefix: str, inner: UUID) -> HttpResponse | None:
    """Lead to a sale of this store by its receipt; None when there is no such sale."""
    sale = renewals.find(inner) if prefix == "rnw" else topups.find(inner)
    if sale is None or sale.payer_id != shift.terminal.account_id or sale.means != "deposit":
        return None
    return see_other("store:renewal" if prefix == "rnw" else "store:top-up-sold", inner)


def sale_of(inner: UUID) -> Sale | None:
    """Find what a till noted of a sale."""
    return (
        Sale.objects.filter(renewal_id=inner).first() or Sale.objects.filter(topup_id=inner).first()
    )


def _cash(sale: Sale | None) -> slips.Cash | None:
    if sale is None or sale.tendered is None or sale.change is None:
        return None
    return slips.Cash(sale.tendered, sale.change)


def slip_of(shift: Shift, sold: Renewal | TopUp, policy: Policy, language: str) -> slips.Slip:
    """Make the slip of a sale in a language; one that was printed before says that it is a copy."""
    noted = sale_of(sold.id)
    with override(language):
        if isinstance(sold, Renewal):
            return slips.of_renewal(
                sold,
                policy,
                shift.issuer,
                public_address=settings.PUBLIC_ADDRESS,
                cash=_cash(noted),
                is_copy=bool(noted and noted.copies),
            )
        return slips.of_top_up(
            sold,
            policy,
            shift.issuer,
            public_address=settings.PUBLIC_ADDRESS,
            cash=_cash(noted),
            is_copy=bool(noted and noted.copies),
        )


def _language(request: HttpRequest) -> str:
    """Choose the slip's language: the customer's if the clerk chose one, else the till's."""
    known = {code for code, _name in settings.LANGUAGES}
    wanted = request.GET.get("slip", "")
    return wanted if wanted in known else get_language() or "en"


@require_safe
@at_till
def renewal(request: HttpRequest, shift: Shift, renewal_id: UUID) -> HttpResponse:
    """Show where a renewal stands, with its slip."""
    return show_renewal(request, shift, find_renewal(request, shift, renewal_id))


def show_renewal(
    request: HttpRequest,
    shift: Shift,
    found: Renewal,
    *,
    explained: Explained | None = None,
    given: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show a renewal: paid or given back with its slip, open with what can be done about it."""
    policy = catalogue.policy()
    face = states.face(found, policy, has_returned=False)
    context = {
        "face": face,
        "renewal": found,
        "rows": list(states.rows(found, policy)),
        "is_open": found.state == "awaiting_payment",
        "channel": words.channel(found.channel),
        **_outcome(request, shift, found, policy, states_to_take=frozenset({"paid", "delivered"})),
        **(given or {}),
        "explained": explained,
    }
    return page(request, "sold.html", context, shift=shift, status=status, policy=policy)


@require_safe
@at_till
def top_up(request: HttpRequest, shift: Shift, top_up_id: UUID) -> HttpResponse:
    """Show where a top-up stands, with its slip."""
    return _show_top_up(request, shift, find_top_up(shift, top_up_id))


def _show_top_up(
    request: HttpRequest,
    shift: Shift,
    found: TopUp,
    *,
    explained: Explained | None = None,
    status: int = 200,
) -> HttpResponse:
    policy = catalogue.policy()
    title, sentence = slips.top_up_face(found)
    tone = {"paid": "done", "reversed": "note"}.get(found.state, "stop")
    context = {
        "face": states.Face(tone, title, (sentence,)),
        **_outcome(request, shift, found, policy, states_to_take=frozenset({"paid"})),
        "explained": explained,
    }
    return page(request, "sold.html", context, shift=shift, status=status, policy=policy)


def _outcome(
    request: HttpRequest,
    shift: Shift,
    sold: Renewal | TopUp,
    policy: Policy,
    *,
    states_to_take: frozenset[str],
) -> dict[str, object]:
    """Give what the page of any sale shows: the change, the slip, and whether it can go back."""
    noted, at = sale_of(sold.id), clock.now()
    language = _language(request)
    is_today = sold.paid_at is not None and is_same_day(sold.paid_at, at, sold.zone)
    change = noted.change if noted else None
    kind = "renewal" if isinstance(sold, Renewal) else "top-up"
    return {
        "polled": request.get_full_path(),
        "card_id": sold.card_id,
        "masked": Iccid(sold.iccid).masked,
        "inner": sold.id,
        "change": words.money(change, sold.currency, policy) if change is not None else "",
        "drawn": slips.draw(slip_of(shift, sold, policy, language)),
        "slip_language": language,
        "papers": [
            (paper, f"{reverse(f'store:{kind}-slip', args=[sold.id, paper])}?slip={language}")
            for paper in slips.PAPERS
        ],
        "take_back_url": reverse(f"store:take-{kind}-back", args=[sold.id]),
        "can_take_back": shift.may_take_back and is_today and sold.state in states_to_take,
        "was_taken_back": sold.state in {"reversing", "reversed"},
        "request_id": uuid4(),
        **receipts.asked(sold, reverse(f"store:{kind}-receipt", args=[sold.id])),
    }


def is_same_day(earlier: datetime, later: datetime, zone: str) -> bool:
    """Tell whether two instants are of one day in a zone."""
    where = ZoneInfo(zone)
    return earlier.astimezone(where).date() == later.astimezone(where).date()


@require_POST
@at_till
def slip(request: HttpRequest, shift: Shift, kind: str, inner: UUID, paper: str) -> HttpResponse:
    """Give the bytes for the receipt printer; the second time they say that they are a copy."""
    if paper not in slips.PAPERS:
        raise Http404
    is_renewal = kind == "renewals"
    sold = find_renewal(request, shift, inner) if is_renewal else find_top_up(shift, inner)
    made = slip_of(shift, sold, catalogue.policy(), _language(request))
    at = clock.now()
    noted = sale_of(sold.id)
    if noted is not None:
        Sale.objects.filter(id=noted.id).update(copies=F("copies") + 1)
    verb = "print_copy" if made.is_copy else "print"
    shift.record(verb, ("renewal" if is_renewal else "topup", inner), at)
    response = HttpResponse(
        slips.print_slip(made, slips.PAPERS[paper]), content_type="application/octet-stream"
    )
    response["Content-Disposition"] = f'attachment; filename="{made.receipt}.escpos"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@at_till
def take_back(request: HttpRequest, shift: Shift, kind: str, inner: UUID) -> HttpResponse:
    """Take back a sale of today that was a mistake; a manager's affair."""
    if not shift.may_take_back:
        return page(request, "forbidden.html", shift=shift, status=403)
    form = RequestForm(request.POST)
    at = clock.now()
    if kind == "renewals":
        return _take_renewal_back(request, shift, inner, form, at)
    sold = find_top_up(shift, inner)
    if not form.is_valid() or not _is_of_today(sold.paid_at, at, sold.zone):
        return see_other("store:top-up-sold", inner)
    caller = shift.caller(form.cleaned_data["request_id"])
    answer = topups.take_back(caller, inner, MISTAKE, at)
    told = _told(shift, answer, "topup", inner, at)
    if told is not None:
        return _show_top_up(request, shift, sold, explained=told, status=409)
    return see_other("store:top-up-sold", inner)


def _take_renewal_back(
    request: HttpRequest, shift: Shift, inner: UUID, form: RequestForm, at: datetime
) -> HttpResponse:
    sold = find_renewal(request, shift, inner)
    if not form.is_valid() or not _is_of_today(sold.paid_at, at, sold.zone):
        return see_other("store:renewal", inner)
    caller = shift.caller(form.cleaned_data["request_id"])
    answer = renewals.reverse(caller, inner, MISTAKE, at)
    told = _told(shift, answer, "renewal", inner, at)
    if told is not None:
        return show_renewal(request, shift, sold, explained=told, status=409)
    return see_other("store:renewal", inner)


def _is_of_today(paid_at: datetime | None, at: datetime, zone: str) -> bool:
    return paid_at is not None and is_same_day(paid_at, at, zone)


def _told(shift: Shift, answer: Answer, kind: str, inner: UUID, at: datetime) -> Explained | None:
    """Record what was taken back, or word why not."""
    if answer.refusal is not None:
        return explain(answer.refusal, catalogue.policy())
    if not answer.replayed:
        shift.record("take_back", (kind, inner), at)
    return None


@require_POST
@at_till
def cancel(request: HttpRequest, shift: Shift, renewal_id: UUID) -> HttpResponse:
    """End a renewal that waits for its payment, because the customer wants it so."""
    found = find_renewal(request, shift, renewal_id)
    form = RequestForm(request.POST)
    if not form.is_valid():
        return see_other("store:renewal", renewal_id)
    at = clock.now()
    answer = renewals.cancel(shift.caller(form.cleaned_data["request_id"]), renewal_id, at)
    if answer.refusal is not None:
        told = explain(answer.refusal, catalogue.policy(), cards.find_by_id(found.card_id))
        return show_renewal(request, shift, found, explained=told, status=409)
    shift.record("cancel", ("renewal", renewal_id), at)
    return see_other("store:card", found.card_id)


@require_safe
@at_till
def listed(request: HttpRequest, shift: Shift) -> HttpResponse:
    """List what this till sold today."""
    policy = catalogue.policy()
    context = {"sales": of_today(shift, policy, clock.now(), LISTED_MAX)}
    return page(request, "sales.html", context, shift=shift, policy=policy)


def of_today(shift: Shift, policy: Policy, at: datetime, most: int) -> list[Sold]:
    """List the last sales of this till today, the newest first.

    A sale whose answer was lost is found by its request, and its row is healed.
    """
    listed = []
    for sale in Sale.objects.filter(terminal_id=shift.terminal.id).order_by("-at")[:most]:
        sold = _sold(shift, sale)
        if sold is not None and is_same_day(sale.at, at, sold.zone):
            listed.append(_worded(sold, policy))
    return listed


def _sold(shift: Shift, sale: Sale) -> Renewal | TopUp | None:
    if sale.renewal_id is not None:
        return renewals.find(sale.renewal_id)
    if sale.topup_id is not None:
        return topups.find(sale.topup_id)
    caller = (CHANNEL, shift.terminal.code, sale.request_id)
    renewed = renewals.find_by_request(*caller)
    topped = topups.find_by_request(*caller) if renewed is None else None
    if renewed is not None:
        Sale.objects.filter(id=sale.id).update(renewal_id=renewed.id)
    elif topped is not None:
        Sale.objects.filter(id=sale.id).update(topup_id=topped.id)
    return renewed or topped


def _worded(sold: Renewal | TopUp, policy: Policy) -> Sold:
    is_renewal = isinstance(sold, Renewal)
    amount = sold.total if isinstance(sold, Renewal) else sold.amount
    return Sold(
        at=words.instant(sold.paid_at or sold.placed_at, sold.zone),
        what=words.name(sold.plan_names) if isinstance(sold, Renewal) else _("Top-up"),
        card=Iccid(sold.iccid).masked,
        total=words.money(amount, sold.currency, policy),
        title=(
            states.face(sold, policy, has_returned=False).title
            if isinstance(sold, Renewal)
            else slips.top_up_face(sold)[0]
        ),
        url="store:renewal" if is_renewal else "store:top-up-sold",
        inner=sold.id,
    )
