"""The operations of the API: each reads one request, asks the core, and writes one answer.

The forms of requests and answers stand in answers.py, every "no" in problems.py. A renewal goes on
in renewals/renew.py.
"""

from typing import Annotated

from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext
from dmr import Path, Query, validate
from dmr.openapi.objects import MediaTypeMetadata
from dmr.plugins.msgspec import BodyMsgspec

from everline import cards, catalogue, ids, renewals, trust
from everline.channels.partner import answers, examples, questions, told, words
from everline.channels.partner.controller import PartnerController, in_words, written
from everline.channels.partner.document import (
    MADE,
    NOT_RENEWED,
    NOT_SOLD,
    WITH_BODY,
    WITH_FIELDS,
    described,
    success,
)
from everline.channels.partner.orders import CHANNEL, IdempotencyKey, renew
from everline.channels.partner.problems import (
    Misuse,
    language,
    refused,
    sentence,
)
from everline.errors import Code, Refusal
from everline.ids import Iccid
from everline.renewals.offered import find_offered

CardQuestion = Annotated[questions.CardQuestion, MediaTypeMetadata(example=examples.CARD_QUESTION)]
QuoteQuestion = Annotated[
    questions.QuoteQuestion, MediaTypeMetadata(example=examples.QUOTE_QUESTION)
]
RenewalOrder = Annotated[questions.RenewalOrder, MediaTypeMetadata(example=examples.RENEWAL_ORDER)]


class PlansController(PartnerController):
    """The plans on sale."""

    @validate(
        *described(success(answers.Plans, "The plans.", examples.PLANS), *WITH_FIELDS),
        operation_id="list_plans",
        tags=["Plans"],
    )
    def get(self, parsed_query: Query[questions.PlanQuestion]) -> HttpResponse:
        """List the plans on sale.

        Prices are those of the plan alone; what it costs one card, with a promotion, and when it
        will end, a quote tells. The list changes rarely: keep it for some minutes.
        """
        currency = parsed_query.currency or self.partner.currency
        offers = catalogue.offers(currency, self.at, parsed_query.country or None)
        return written(answers.Plans([answers.plan_of(offer) for offer in offers]))


class CardStatusController(PartnerController):
    """What a partner may know of a card."""

    @validate(
        *described(
            success(answers.CardStatus, "The card's status.", examples.CARD_STATUS),
            *WITH_BODY,
            Code.CARD_UNKNOWN,
        ),
        operation_id="tell_card_status",
        tags=["Cards"],
    )
    def post(self, parsed_body: BodyMsgspec[CardQuestion]) -> HttpResponse:
        """Tell a card's status.

        Its state, until when it is paid for, and whether it can be renewed or which step is
        missing. Never its holder, its balance or its usage. It is a POST although it changes
        nothing: a card number is personal data, and addresses are kept in logs. It needs no
        Idempotency-Key.
        """
        card = cards.find(Iccid.parse(parsed_body.iccid))
        if card is None:
            return self.refuse(Code.CARD_UNKNOWN)
        step = words.MISSING_STEPS.get(card.state)
        if card.state == "activated" and card.has_profile and not cards.first_renewal_id(card):
            step = None  # A new eSIM takes its first plan before it is bound: decision 0015.
        status = cards.status(card, self.at)
        spoken = language(self.request)
        with translation.override(spoken):
            found = answers.CardStatus(
                kind=card.kind,
                state=card.state,
                state_words=gettext(words.STATES[card.state]),
                currency=card.currency,
                zone=card.zone,
                valid_until=answers.utc(status.valid_until),
                renewable_until=answers.utc(status.renewable_until),
                is_renewable=step is None,
                missing_step=answers.MissingStep(step, gettext(sentence(step))) if step else None,
            )
        return in_words(found, spoken)


class QuotesController(PartnerController):
    """What a plan costs a card now."""

    @validate(
        *described(
            success(answers.Quote, "The quote.", examples.QUOTE),
            *WITH_BODY,
            *NOT_SOLD,
        ),
        operation_id="quote",
        tags=["Quotes"],
    )
    def post(self, parsed_body: BodyMsgspec[QuoteQuestion]) -> HttpResponse:
        """Quote a plan for a card.

        Show the total, the end with its zone, and what happens to the present plan, before the
        subscriber pays you. It writes nothing and holds nothing, so it needs no Idempotency-Key.
        """
        asked = parsed_body
        offered = find_offered(Iccid.parse(asked.iccid), asked.plan, self.at)
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
        return in_words(answers.quote_of(quote, asked.plan, asked.promotion, said), spoken)


class RenewalsController(PartnerController):
    """Renewing, and the list of what was renewed."""

    @validate(
        *described(
            MADE,
            *WITH_BODY,
            Misuse.IDEMPOTENCY_KEY_MISSING,
            Misuse.IDEMPOTENCY_KEY_WRONG,
            *NOT_RENEWED,
            is_kept=True,
        ),
        operation_id="renew",
        tags=["Renewals"],
    )
    def post(
        self,
        parsed_body: BodyMsgspec[RenewalOrder],
        idempotency_key: IdempotencyKey,
    ) -> HttpResponse:
        """Renew a card, paid from your deposit.

        Happens once for each Idempotency-Key, at exactly the total and the end that you send, or
        not at all. Send the same request with the same key when an answer is lost.
        """
        asked = parsed_body
        offered = find_offered(Iccid.parse(asked.iccid), asked.plan, self.at)
        if offered is None:
            return self.refuse(Code.CARD_UNKNOWN)
        if offered.plan_version_id is None:
            return self.refuse(Code.PLAN_UNKNOWN)
        return renew(self, asked, offered, idempotency_key)

    @validate(
        *described(
            success(answers.Renewals, "A page of renewals.", examples.RENEWALS),
            *WITH_FIELDS,
        ),
        operation_id="list_renewals",
        tags=["Renewals"],
    )
    def get(self, parsed_query: Query[questions.PageQuestion]) -> HttpResponse:
        """List your renewals, the newest first.

        Those that your deposit paid for, those taken back too. For the next page send `next_before`
        as `before`.
        """
        before = ids.inside("rnw", parsed_query.before) if parsed_query.before else None
        found = renewals.of_payer(self.partner.account_id, parsed_query.limit + 1, before)
        page = [answers.renewal_of(renewal) for renewal in found[: parsed_query.limit]]
        more = len(found) > parsed_query.limit
        return written(answers.Renewals(page, page[-1].id if more else None))


class RenewalController(PartnerController):
    """One renewal."""

    @validate(
        *described(
            success(answers.Renewal, "The renewal.", examples.RENEWAL),
            *WITH_FIELDS,
            Code.RENEWAL_UNKNOWN,
        ),
        operation_id="read_renewal",
        tags=["Renewals"],
    )
    def get(self, parsed_path: Path[questions.RenewalAddress]) -> HttpResponse:
        """Read one of your renewals as it stands now.

        It goes from `paid` to `delivered` within moments. One of somebody else is not known here.
        """
        found = renewals.find(ids.inside("rnw", parsed_path.renewal))
        if found is None or found.payer_id != self.partner.account_id or found.means != "deposit":
            return self.refuse(Code.RENEWAL_UNKNOWN)
        return written(answers.renewal_of(found))


class AnnouncementsController(PartnerController):
    """What the operator has to say to partners now."""

    @validate(
        *described(
            success(told.Announcements, "The announcements.", examples.ANNOUNCEMENTS),
        ),
        operation_id="list_announcements",
        tags=["Announcements"],
    )
    def get(self) -> HttpResponse:
        """List what is announced now, warnings first.

        Such as an outage, in the language of Accept-Language. Ask every few minutes.
        """
        spoken = language(self.request)
        found = [
            told.Announcement(banner.text, banner.severity)
            for banner in trust.banners(CHANNEL, self.at, spoken)
        ]
        return in_words(told.Announcements(found), spoken)
