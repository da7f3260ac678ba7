"""The four acts of billers: inquiry, payment, advice after a lost answer, reversal.

A biller's reference is the request id of the verb, as the Idempotency-Key is in views.py: one name
for one order, for ever. What is taken back is decided here by whose it is and by the day alone; all
else by the core.
"""

import logging
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext
from dmr import Query, validate
from dmr.openapi.objects import MediaTypeMetadata
from dmr.plugins.msgspec import BodyMsgspec

from everline import catalogue, ids, renewals, topups
from everline.channels.partner import answers, examples, questions, told, words
from everline.channels.partner.controller import PartnerController, in_words
from everline.channels.partner.document import (
    MADE,
    NOT_RENEWED,
    NOT_SOLD,
    NOT_TAKEN_BACK,
    WITH_BODY,
    WITH_FIELDS,
    described,
    success,
)
from everline.channels.partner.orders import CHANNEL, renew
from everline.channels.partner.problems import Misuse, language, misused, refused, sentence
from everline.database.requests import Answer, Caller
from everline.errors import Code, Refusal
from everline.ids import Iccid, InvalidNumberError, Msisdn
from everline.renewals import Renewal
from everline.renewals.offered import find_offered
from everline.topups import TopUp
from everline.trust import official

MISTAKE: Final = "sold_by_mistake"
GIVEN_BACK: Final = frozenset({"reversing", "reversed"})
_TAKING_BACK: Final = "reversal "
"""Begins the request ids of reversals. A reference has no space, so none can be the same."""

_logger = logging.getLogger(__name__)

InquiryQuestion = Annotated[
    questions.InquiryQuestion, MediaTypeMetadata(example=examples.INQUIRY_QUESTION)
]
Payment = Annotated[questions.Payment, MediaTypeMetadata(example=examples.PAYMENT)]
Reversal = Annotated[questions.Reversal, MediaTypeMetadata(example=examples.REVERSAL_QUESTION)]

Paid = Renewal | TopUp


def parsed(number: str) -> str:
    """Read a card or telephone number; raises InvalidNumberError, field "number"."""
    try:
        return Msisdn.parse(number) if number.lstrip().startswith("+") else Iccid.parse(number)
    except InvalidNumberError as error:
        raise InvalidNumberError("number", error.template, **error.facts) from None


class InquiriesController(PartnerController):
    """What a payment would be."""

    @validate(
        *described(
            success(told.Inquiry, "What it would be.", examples.INQUIRY), *WITH_BODY, *NOT_SOLD
        ),
        operation_id="inquire",
        tags=["Billers"],
    )
    def post(self, parsed_body: BodyMsgspec[InquiryQuestion]) -> HttpResponse:
        """Inquire what a plan costs a card, by its number or telephone number.

        Show the masked card, the total and the end with its zone before the subscriber pays you. It
        writes nothing and holds nothing, so it needs no Idempotency-Key.
        """
        asked = parsed_body
        offered = find_offered(parsed(asked.number), asked.plan, self.at)
        if offered is None:
            return self.refuse(Code.CARD_UNKNOWN)
        if offered.plan_version_id is None:
            return self.refuse(Code.PLAN_UNKNOWN)
        (quote,) = renewals.quote(
            [offered.card_id], offered.plan_version_id, asked.promotion, CHANNEL, self.at
        )
        if quote.refusal:
            return refused(quote.refusal, self.request, promotion=asked.promotion)
        if "deposit" not in (quote.means or []):
            facts = {"means": quote.means}
            return refused(Refusal(Code.MEANS_NOT_ALLOWED, facts), self.request)
        spoken = language(self.request)
        with translation.override(spoken):
            said = words.fate(quote)
        found = told.Inquiry(
            card=Iccid(offered.iccid).masked,
            valid_for_seconds=catalogue.policy().quote_minutes * 60,
            quote=answers.quote_of(quote, asked.plan, asked.promotion, said),
        )
        return in_words(found, spoken)


class PaymentsController(PartnerController):
    """Renewing under a biller's reference."""

    @validate(
        *described(MADE, *WITH_BODY, *NOT_RENEWED, is_kept=True),
        operation_id="pay",
        tags=["Billers"],
    )
    def post(self, parsed_body: BodyMsgspec[Payment]) -> HttpResponse:
        """Pay for a renewal from your deposit, under your own reference.

        Happens once for each `reference`, at exactly the total and the end of the inquiry, or not
        at all. The reference does what the Idempotency-Key does for `POST /renewals`, so none is
        asked for here; one that was used for another order is refused.
        """
        asked = parsed_body
        offered = find_offered(parsed(asked.number), asked.plan, self.at)
        if offered is None:
            return self.refuse(Code.CARD_UNKNOWN)
        if offered.plan_version_id is None:
            return self.refuse(Code.PLAN_UNKNOWN)
        return renew(self, asked, offered, asked.reference)


class AdviceController(PartnerController):
    """What became of a reference."""

    @validate(
        *described(success(told.Advice, "What became of it.", examples.ADVICE), *WITH_FIELDS),
        operation_id="advise",
        tags=["Billers"],
    )
    def get(self, parsed_query: Query[questions.AdviceQuestion]) -> HttpResponse:
        """Tell what became of a payment, by your reference, after its answer was lost.

        `unknown` is no refusal: the payment was never received, or is on its way or being carried
        out at this moment. Send the same payment again with the same reference, as often as you
        like: it waits for the first one and gives its answer. Or reverse it, and it is given up.
        """
        kept = renewals.answer_of(_caller(self, parsed_query.reference))
        return _advised(self, kept, _paid(kept))


class ReversalsController(PartnerController):
    """Taking a payment back."""

    @validate(
        *described(
            success(told.Advice, "Taken back, or never to be paid.", examples.REVERSED),
            *WITH_BODY,
            *NOT_TAKEN_BACK,
        ),
        operation_id="reverse",
        tags=["Billers"],
    )
    def post(self, parsed_body: BodyMsgspec[Reversal]) -> HttpResponse:
        """Take a payment back on the day it was made, in the card's time zone.

        Your deposit gets its money, and the commission goes back. A reference that never arrived is
        given up: should it still arrive, it is refused. Send it again as often as you like; it
        needs no Idempotency-Key. What is not yours is not known here.
        """
        named = parsed_body.payment
        caller = _caller(self, named)
        kept = renewals.answer_of(caller)
        paid = _paid(kept) if kept else _by_id(self, named)
        if kept is None and paid is None:
            if named.startswith(("rnw_", "top_")):
                return self.refuse(Code.RENEWAL_UNKNOWN)
            kept = renewals.give_up(caller, self.partner.account_id, self.at)
            if kept.refusal:  # It has just arrived.
                kept = renewals.answer_of(caller)
                paid = _paid(kept)
        if paid is None or paid.state in GIVEN_BACK:
            return _advised(self, kept, paid)
        return _take_back(self, kept, paid)


def _take_back(controller: PartnerController, kept: Answer | None, paid: Paid) -> HttpResponse:
    """Take back what the partner paid for today; a late one is a misuse, and is not kept."""
    paid_at = paid.paid_at or paid.placed_at
    if not _is_same_day(paid_at, controller.at, paid.zone):
        return misused(
            Misuse.REVERSAL_LATE,
            controller.request,
            paid_at=paid_at.astimezone(UTC),
            zone=paid.zone,
        )
    caller = _caller(controller, f"{_TAKING_BACK}{paid.id}")
    if isinstance(paid, Renewal):
        answer = renewals.reverse(caller, paid.id, MISTAKE, controller.at)
    else:
        # What is spent today may be there tomorrow: a refusal must not answer for the next try.
        tried = _caller(controller, f"{_TAKING_BACK}{ids.uuid7(controller.at)}")
        answer = topups.take_back(tried, paid.id, MISTAKE, controller.at)
    found = renewals.find(paid.id) if isinstance(paid, Renewal) else topups.find(paid.id)
    assert found is not None
    if answer.refusal and found.state not in GIVEN_BACK:
        return refused(answer.refusal, controller.request)
    return _advised(controller, kept, found)


def _caller(controller: PartnerController, request_id: str) -> Caller:
    return Caller(CHANNEL, controller.partner.code, request_id)


def _paid(kept: Answer | None) -> Paid | None:
    """Find what was paid under a request that was answered so."""
    if kept is None or kept.id is None:
        return None
    if kept.outcome == "renewed":
        return renewals.find(kept.id)
    return topups.find(kept.id) if kept.outcome == "topped_up" else None


def _by_id(controller: PartnerController, named: str) -> Paid | None:
    """Find what this partner's deposit paid for by our id; None for anything else."""
    found: Paid | None
    try:
        if named.startswith("rnw_"):
            found = renewals.find(ids.inside("rnw", named))
        elif named.startswith("top_"):
            found = topups.find(ids.inside("top", named))
        else:
            return None
    except InvalidNumberError:
        return None
    is_own = found is not None and found.payer_id == controller.partner.account_id
    return found if found and is_own and found.means == "deposit" else None


def _advised(controller: PartnerController, kept: Answer | None, paid: Paid | None) -> HttpResponse:
    """Write what became of a payment."""
    refusal = kept.refusal if kept else None
    if paid:
        outcome = "taken_back" if paid.state in GIVEN_BACK else "paid"
    elif refusal:
        outcome = "refused"
    else:
        outcome = "given_up" if kept else "unknown"
    spoken = language(controller.request)
    with translation.override(spoken):
        said = gettext(words.OUTCOMES[outcome])
        why = told.Reason(refusal.code, gettext(sentence(refusal.code))) if refusal else None
    renewal = paid if isinstance(paid, Renewal) else None
    advice = told.Advice(
        outcome=outcome,
        words=said,
        renewal=answers.renewal_of(renewal) if renewal else None,
        top_up=told.top_up_of(paid) if isinstance(paid, TopUp) else None,
        refusal=why,
        signed_receipt_url=_signed(renewal, controller.at) if outcome == "paid" else None,
    )
    return in_words(advice, spoken)


def _signed(renewal: Renewal | None, at: datetime) -> str | None:
    """Give the address at which the signed receipt of a renewal is checked.

    None without a usable key: what became of a payment must be told all the same.
    """
    receipt = renewals.receipt(ids.outside("rnw", renewal.id)) if renewal else None
    if receipt is None:
        return None
    try:
        return answers.verify_url(official.signed_receipt(receipt, at))
    except (OSError, RuntimeError) as error:
        _logger.error("a receipt is given without a signature: %s", error)  # noqa: TRY400 no trace
        return None


def _is_same_day(earlier: datetime, later: datetime, zone: str) -> bool:
    """Tell whether two instants are of one day in a card's zone, the rule of stores too."""
    where = ZoneInfo(zone)
    return earlier.astimezone(where).date() == later.astimezone(where).date()
