"""The official check: a code is typed or scanned, and the page says in plain words what it is.

What is known is told by trust; here are the words alone. Of a receipt a stranger sees what trust
gives, and no more. What was typed stands in no address; a scanned code does, as it is public.
"""

from dataclasses import dataclass
from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from everline import catalogue, clock, trust
from everline.catalogue import Policy
from everline.channels.web.forms import PageForm
from everline.channels.web.pages import page
from everline.pages import limits, words
from everline.pages.reading import typed_into
from everline.trust import Standing, Verdict
from everline.trust.official import CODE_LENGTH_MAX

PLACES: Final = frozenset({"store", "till", "kiosk"})
SENDERS: Final = frozenset({"sms", "email"})


class CodeForm(PageForm):
    """The code on a store, kiosk or slip, or the sender of a message."""

    code = forms.CharField(
        label=gettext_lazy("Code, receipt number or sender"),
        help_text=gettext_lazy(
            "What stands on the sticker, on the slip or above the message, such as rnw_…"
        ),
        max_length=CODE_LENGTH_MAX,
        widget=typed_into(),
        error_messages={"required": gettext_lazy("Enter what you want to check.")},
    )


@dataclass(frozen=True, slots=True)
class Face:
    """What is shown: the picture's tone, the title, sentences, and facts with their labels."""

    tone: str
    title: str
    sentences: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and tell what it is below."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _answer(request, form.cleaned_data["code"], form)
    return page(request, "verify.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def show(request: HttpRequest, code: str) -> HttpResponse:
    """Tell what a scanned code is."""
    return _answer(request, code, CodeForm({"code": code}))


def _answer(request: HttpRequest, code: str, form: CodeForm) -> HttpResponse:
    at = clock.now()
    seconds = limits.seconds_to_wait(request, at)
    if seconds:
        form.add_error("code", _("Too many codes were entered. Wait a minute."))
        return limits.too_many(page(request, "verify.html", {"form": form}), seconds)
    policy = catalogue.policy()
    standing = trust.check(code, at)
    context = {"form": CodeForm(), "face": face(standing, policy), "code": standing.code}
    return page(request, "verify.html", context, policy=policy)


def face(standing: Standing, policy: Policy) -> Face:
    """Word how a code stands."""
    match standing.verdict:
        case Verdict.OFFICIAL:
            return _official(standing, policy)
        case Verdict.ENDED if standing.receipt is not None:
            sentence = _("This receipt is ours, but its money was sent back.")
            return Face("wait", _("Refunded"), (sentence,), _facts(standing, policy))
        case Verdict.ENDED:
            assert standing.until is not None
            until = words.day(standing.until.date())
            ended = _("It was official until %(until)s. Do not pay there.") % {"until": until}
            return Face("wait", _("No longer official"), (ended,), _facts(standing, policy))
        case Verdict.UNPAID:
            sentence = _("This order is ours, but it is not paid. It is no receipt.")
            return Face("wait", _("Not paid"), (sentence,), _facts(standing, policy))
        case Verdict.FORGED:
            return Face(
                "stop",
                _("Forged"),
                (
                    _("Somebody made this to look like ours, but the signature is wrong."),
                    _("Do not pay there, and tell nobody a service PIN or a one-time code."),
                ),
            )
    return Face(
        "stop",
        _("Not known to us"),
        (
            _("No store, kiosk, partner, sender or receipt of ours has this code."),
            _("Compare every sign. If it is the same, do not pay there."),
        ),
    )


def _official(standing: Standing, policy: Policy) -> Face:
    """Word what is ours, and what to look at all the same."""
    operator = {"operator": policy.name}
    what = {
        "store": _("An authorised store of %(operator)s."),
        "till": _("A till in an authorised store of %(operator)s."),
        "kiosk": _("A self-service kiosk of %(operator)s."),
        "partner": _("A partner of %(operator)s, on whose platform you can renew."),
        "sms": _("%(operator)s sends SMS under this name."),
        "email": _("%(operator)s sends e-mail from this address."),
        "site": _("The official site of %(operator)s."),
        "receipt": _("A receipt of %(operator)s. It is paid."),
    }
    sentences = [what[standing.kind] % operator]
    if standing.kind in PLACES:
        sentences.append(_("A sticker can be copied: is this the place where you are?"))
    if standing.kind in SENDERS:
        sentences.append(
            _("A sender's name can be copied: nobody of ours asks for a PIN or one-time code.")
        )
    return Face("done", _("This is official"), tuple(sentences), _facts(standing, policy))


def _facts(standing: Standing, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Label what is known; of a receipt only what a stranger may see."""
    receipt = standing.receipt
    if receipt is not None:
        return (
            (_("Receipt number"), receipt.number),
            (_("Date"), words.day(receipt.day)),
            (_("Amount"), words.money(receipt.amount, receipt.currency, policy)),
            *(((_("Plan"), words.name(receipt.names)),) if receipt.names else ()),
            (_("Data card"), receipt.masked_card),
        )
    since = words.day(standing.since.date()) if standing.since else ""
    known = (
        (_("Code"), standing.code if standing.kind not in {*SENDERS, "site"} else ""),
        (_("Name"), standing.name),
        (_("Place"), standing.place),
        (_("City"), standing.city),
        (_("Official since"), since),
    )
    return tuple((label, value) for label, value in known if value)
