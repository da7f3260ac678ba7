"""The offers that run, with their conditions; asking for messages about them, confirming, leaving.

Whoever asks is answered the same whether the address is known or not. Confirming and leaving are a
press of a button each, since programs that look through mail open every link; a mail program's own
button leaves at once (RFC 8058). What a code takes off is in the price details, ordering.py.
"""

from decimal import Decimal
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from everline import catalogue, clock, notices
from everline.catalogue import Policy, Promotion
from everline.channels.web.forms import ContactForm
from everline.channels.web.ordering import SOURCE
from everline.channels.web.pages import CHANNEL, page
from everline.database.requests import Caller
from everline.pages import limits, words
from everline.pages.frame import see_other


class OffersForm(ContactForm):
    """Where messages about offers go; the box is unticked, and must be ticked by hand."""

    wants = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick the box if you want these messages.")}
    )

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        contact = self.fields["contact"]
        contact.required = True
        contact.label = gettext_lazy("E-mail address or phone number")
        contact.help_text = gettext_lazy("A phone number with +.")
        contact.error_messages["required"] = gettext_lazy("Enter where the offers go.")


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """List the offers, and take the wish to be told of new ones."""
    at, policy = clock.now(), catalogue.policy()
    form = OffersForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        seconds = limits.seconds_to_wait(request, at)
        if not seconds:
            caller = Caller(CHANNEL, SOURCE, str(form.cleaned_data["request_id"]))
            contact = form.cleaned_data["contact"]
            notices.ask_for_offers(caller, contact, notices.WORDS_VERSION, at)
            messages.success(
                request,
                _("We have sent you a link. Messages come only after you have opened it."),
            )
            return see_other("web:offers")
        form.add_error("contact", _("Too many messages were asked for. Wait a minute."))
        return limits.too_many(_page(request, policy, form), seconds)
    return _page(request, policy, form)


def _page(request: HttpRequest, policy: Policy, form: OffersForm) -> HttpResponse:
    context = {
        "offers": [in_words(each, policy) for each in catalogue.running(clock.now())],
        "form": form,
        "request_id": uuid4(),
    }
    status = 422 if form.errors else 200
    return page(request, "offers.html", context, status=status, policy=policy)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Ask once more, and take the word of whoever has the mailbox."""
    is_done = False
    if request.method == "POST":
        is_done = notices.confirm_offers(consent_id, clock.now())
        if not is_done:
            raise Http404
    return page(request, "offers_confirm.html", {"is_done": is_done, "consent": consent_id})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Send no more messages about offers: one press here, or the mail program's own button.

    Nobody else knows the address, and leaving harms nobody, so no token of a form is asked for.
    """
    is_done = False
    if request.method == "POST":
        is_done = notices.end_offers(consent_id, clock.now())
        if not is_done:
            raise Http404
    return page(request, "offers_leave.html", {"is_done": is_done, "consent": consent_id})


def in_words(offer: Promotion, policy: Policy) -> dict[str, object]:
    """Word one offer with its end and its conditions."""
    conditions = [
        _("For these plans: %(plans)s") % {"plans": ", ".join(map(words.name, offer.plans))}
        if offer.plans
        else _("For all plans"),
    ]
    if offer.currency:
        conditions.append(_("For prices in %(currency)s") % {"currency": offer.currency})
    if offer.channels:
        places = ", ".join(words.channel(each) for each in offer.channels)
        conditions.append(_("To be used %(places)s") % {"places": places})
    times = words.times(offer.per_card_max)
    conditions.append(_("For each card %(times)s") % {"times": times})
    if offer.is_limited:
        conditions.append(_("As long as there is some left"))
    return {
        "code": offer.code,
        "name": words.name(offer.names),
        "gives": _gives(offer, policy),
        "until": words.instant(offer.ends_at, settings.ZONE),
        "conditions": conditions,
        "plan_codes": offer.plan_codes,
    }


def _gives(offer: Promotion, policy: Policy) -> str:
    if offer.kind == "percent":
        share = f"{Decimal(offer.percent_basis_points).scaleb(-2).normalize():f}"
        return _("%(share)s %% off") % {"share": share}
    if offer.kind == "amount":
        amount = words.money(offer.amount, offer.currency or "", policy)
        return _("%(amount)s off") % {"amount": amount}
    return _("%(data)s extra") % {"data": words.data(offer.bonus_bytes)}
