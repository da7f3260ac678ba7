"""Stripe: cards paid on Stripe's own page, and kept cards that are charged without anybody there.

A page is a Checkout Session: nobody pays at one whose address was never told, so a lost answer to
it is an explicit no. A kept card is charged by one call, and a lost answer to that is asked for:
see `query`. Our key stands in the metadata of every payment. The library and its limits are in
stripe_wire.py, what answers mean in stripe_answers.py, why banks decline in stripe_declines.py.
Source: Stripe's OpenAPI description 2026-10-28, docs.stripe.com/payments/checkout and
docs.stripe.com/api/idempotent_requests.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
import stripe

from everline.errors import FaultError, MisuseError
from everline.money import Money
from everline.payments.gateways import (
    DAY_SECONDS,
    NOTHING_KNOWN,
    REFERENCE_LENGTH_MAX,
    Abilities,
    ActionNeeded,
    Charge,
    Dispute,
    Failed,
    Hint,
    Known,
    Opened,
    Outcome,
    RefundOutcome,
    Setup,
    SetupOutcome,
    Unknown,
    checked,
    checked_refund,
    stripe_keeping,
)
from everline.payments.gateways.stripe_answers import (
    ATTEMPT,
    CLOSED,
    REFUND,
    REFUND_REFUSED,
    Found,
    Intent,
    Refund,
    Refunds,
    Session,
    own,
    refund_outcome,
    refund_told,
    refused,
    settled,
)
from everline.payments.gateways.stripe_events import DisputeRead, Event, dispute_of, opened
from everline.payments.gateways.stripe_keeping import led
from everline.payments.gateways.stripe_money import CURRENCIES, minor_of
from everline.payments.gateways.stripe_orders import page, payment
from everline.payments.gateways.stripe_wire import API, Keys, RefusedError, Wire, read

NAME: Final = "stripe"
TIMEOUT_SECONDS: Final = 14
TOLERANCE_SECONDS: Final = 300
"""How old the signature of a webhook may be, as Stripe's libraries have it."""

REFUNDS_READ: Final = 100
ABILITIES: Final = Abilities(
    name=NAME,
    currencies=CURRENCIES,
    supports_token=True,
    has_page=True,
    ask_again_seconds=(30, 60, 120, 300, 600, 1200, 3600, 6 * 3600, DAY_SECONDS, DAY_SECONDS),
    supersede_after_seconds=900,
    timeout_seconds=TIMEOUT_SECONDS,
    concurrency_max=24,
    rate_max=80,
)
"""Stripe takes 100 calls a second of an account, and 25 of keys for tests:
docs.stripe.com/rate-limits."""

RATE_OF_TESTS: Final = 20
_SESSION: Final = re.compile(r"cs_[A-Za-z0-9_]{1,110}")
_INTENT: Final = re.compile(r"pi_[A-Za-z0-9_]{1,110}")
_DISPUTE: Final = re.compile(r"(dp|du|pdp)_[A-Za-z0-9_]{1,110}")
_KEY: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_SIGNATURE: Final = re.compile(r"[\x21-\x7e]{1,1000}")


class Stripe:
    """The adapter; holds the merchant's keys and connections."""

    def __init__(
        self, keys: Keys, timeout_ms: int = TIMEOUT_SECONDS * 1000, api: str = API
    ) -> None:
        if not (keys.secret and keys.webhook_secret):
            raise ValueError("Stripe needs a secret key and the secret of its webhook")
        self._webhook_secret = keys.webhook_secret
        self._wire = Wire(keys, timeout_ms, api)
        rate = RATE_OF_TESTS if keys.is_for_tests else ABILITIES.rate_max
        self._abilities = replace(ABILITIES, rate_max=rate)

    @property
    def abilities(self) -> Abilities:
        """What Stripe can do, at the pace that these keys may ask it."""
        return self._abilities

    def close(self) -> None:
        """Close the connections kept for the next call."""
        self._wire.close()

    def trouble(self) -> str:
        """Say why Stripe cannot be used now; empty when our key may read payments."""
        try:
            with self._wire.question() as v1:
                v1.payment_intents.list({"limit": 1})
        except (FaultError, RefusedError) as error:
            return error.detail
        return ""

    def charge(self, charge: Charge) -> Outcome:
        """Charge a kept card at once, or make the page on which the customer pays.

        The same key and values give the same charge and the same page for at least a day, as long
        as Stripe keeps the keys of calls; no caller sends one again after that.
        """
        minor = minor_of(charge.amount)
        if minor is None:
            return Failed(None, "currency_not_taken", hard=True)
        try:
            if charge.token is None:
                return self._open(charge, minor)
            outcome = self._charge_kept(charge, charge.token, minor)
        except RefusedError as no:
            return refused(no, charge.attempt_key)
        except FaultError as fault:
            return Unknown(fault.detail)
        return checked(outcome, charge.amount)

    def query(self, attempt_key: str, at: datetime, known: Known = NOTHING_KNOWN) -> Outcome:
        """Read again what became of an attempt; a page that nobody may pay at any more is ended.

        Without a reference the answer was lost. Payments are searched for our key; one that is not
        found has its key used up by a payment that is never confirmed, so that a call still under
        way is turned away when it arrives: only then "never received" is an explicit no. Search
        lags behind by a minute or an hour, and keys of calls are kept for a day, so each covers
        what the other does not.
        """
        return self._ask(attempt_key, known, "" if known.may_take else "expired")

    def stop(self, attempt_key: str, known: Known = NOTHING_KNOWN) -> Outcome:
        """End the page of an attempt that nobody has paid yet."""
        return self._ask(attempt_key, known, "cancelled")

    def refund(self, refund_key: str, attempt_reference: str, amount: Money) -> RefundOutcome:
        """Give back a part or all of a payment.

        The key makes it happen once for a day; whoever sends it again later looks first, by
        `query_refund`, which finds it for ever.
        """
        minor = minor_of(amount)
        if minor is None or _INTENT.fullmatch(attempt_reference) is None:
            return Failed(None, "reference_unknown", hard=True)
        try:
            with self._wire.question() as v1:
                try:
                    told = v1.refunds.create(
                        {
                            "payment_intent": attempt_reference,
                            "amount": minor,
                            "metadata": {REFUND: refund_key},
                        },
                        {"idempotency_key": refund_key},
                    )
                except stripe.InvalidRequestError:
                    listed = self._listed(v1, refund_key, attempt_reference)
                    if listed is None:
                        raise
                    return checked_refund(listed, amount)
                return checked_refund(refund_told(read(told, Refund), refund_key), amount)
        except RefusedError as no:
            if no.problem.code in REFUND_REFUSED:
                return Failed(None, no.problem.word, hard=True)
            return Unknown(no.detail)
        except FaultError as fault:
            return Unknown(fault.detail)

    def query_refund(self, refund_key: str, attempt_reference: str = "") -> RefundOutcome:
        """Look for a refund among those of its payment; one that is not there is unknown."""
        if _INTENT.fullmatch(attempt_reference) is None:
            return Unknown("the payment is not known")
        try:
            with self._wire.question() as v1:
                listed = self._listed(v1, refund_key, attempt_reference)
        except (FaultError, RefusedError) as error:
            return Unknown(error.detail)
        return listed or Unknown("the refund is not listed")

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Verify the signature by Stripe's library, and say what the webhook points at.

        Of the body only ids and states are kept: it names the payer.
        """
        sent = {name.lower(): value for name, value in headers.items()}.get("stripe-signature", "")
        try:
            if _SIGNATURE.fullmatch(sent) is None:
                raise _misuse("signature_wrong", "Send the header that Stripe signs with.")
            stripe.WebhookSignature.verify_header(
                body, sent, self._webhook_secret, TOLERANCE_SECONDS
            )
            event = msgspec.json.decode(body, type=Event)
        except stripe.SignatureVerificationError:
            raise _misuse("signature_wrong", "The signature is not Stripe's, or too old.") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _misuse("body_wrong", "The body is no event of Stripe's.", "body") from None
        return Hint(event.id[:REFERENCE_LENGTH_MAX], event.attempt_key, event.kept, event.dispute)

    def read_dispute(self, reference: str) -> Dispute | Unknown:
        """Read how a dispute stands, and which attempt it is about."""
        if _DISPUTE.fullmatch(reference) is None:
            return Unknown("the reference is not a dispute's")
        try:
            with self._wire.question() as v1:
                told = v1.disputes.retrieve(reference, {"expand": ["payment_intent"]})
                return dispute_of(read(told, DisputeRead))
        except (FaultError, RefusedError) as error:
            return Unknown(error.detail)

    def disputes_since(self, since: datetime, until: datetime) -> Opened | Unknown:
        """List the disputes that were opened since an instant and before another one."""
        try:
            with self._wire.question() as v1:
                return opened(v1, since, until)
        except (FaultError, RefusedError) as error:
            return Unknown(error.detail)

    def set_up(self, setup: Setup) -> SetupOutcome:
        """Make the page on which the customer has a card kept, confirmed by their bank."""
        return stripe_keeping.begin(self._wire, setup)

    def query_setup(self, setup_key: str, reference: str) -> SetupOutcome:
        """Read again what became of a visit to that page; without a reference nobody was led."""
        return stripe_keeping.ask(self._wire, setup_key, reference)

    def forget(self, token: str, customer: str) -> bool:
        """Take a kept card from its customer at Stripe; it cannot be charged again."""
        return stripe_keeping.forget(self._wire, token)

    def _open(self, charge: Charge, minor: int) -> Outcome:
        """Make the page on which the customer pays, or lead to the one that was made.

        Stripe ends pages by itself, but none that is to last for less than half an hour by its own
        clock, nor for more than a day: such a one is made without an end, and `query` ends it.
        """
        order = page(charge, minor)
        options: stripe.RequestOptions = {"idempotency_key": f"{charge.attempt_key}-page"}
        with self._wire.question() as v1:
            try:
                made = v1.checkout.sessions.create(order, options)
            except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
                if isinstance(error, stripe.InvalidRequestError) and error.param != "expires_at":
                    raise
                del order["expires_at"]
                made = v1.checkout.sessions.create(order, options)
            session = read(made, Session)
            if _is_replayed(made):
                session = self._session(v1, session.id)
            return self._follow(v1, session, charge.attempt_key, "")

    def _charge_kept(self, charge: Charge, token: str, minor: int) -> Outcome:
        """Charge a kept card by one call, whose key makes it happen once."""
        with self._wire.question() as v1:
            made = v1.payment_intents.create(
                payment(charge, token, minor), {"idempotency_key": charge.attempt_key}
            )
            intent = own(read(made, Intent), charge.attempt_key)
            if _is_replayed(made):
                intent = self._intent(v1, intent.id, charge.attempt_key)
            return self._judge(v1, intent, charge.attempt_key, "")

    def _ask(self, key: str, known: Known, ends_as: str) -> Outcome:
        """Read an attempt again by what Stripe calls it; `ends_as` ends it, for this reason."""
        reference = known.reference
        try:
            with self._wire.question() as v1:
                if reference is None:
                    return self._search(v1, key, known, ends_as)
                if _SESSION.fullmatch(reference):
                    return self._follow(v1, self._session(v1, reference), key, ends_as)
                if _INTENT.fullmatch(reference):
                    return self._judge(v1, self._intent(v1, reference, key), key, ends_as)
        except (FaultError, RefusedError) as error:
            return Unknown(error.detail)
        return Unknown("the reference is not a payment's")

    def _search(self, v1: stripe.V1Services, key: str, known: Known, ends_as: str) -> Outcome:
        """Find the payment that bears our key, or make sure that none comes any more."""
        if known.amount is None or _KEY.fullmatch(key) is None:
            return Unknown("nothing is known of it")
        minor = minor_of(known.amount)
        if minor is None:
            return Failed(None, "never_received", hard=False)
        told = v1.payment_intents.search(
            {"query": f"metadata['{ATTEMPT}']:'{key}'", "expand": ["data.latest_charge"]}
        )
        found = [own(each, key) for each in read(told, Found).data]
        if len(found) > 1:
            return Unknown("several payments bear this key")
        if found:
            return self._judge(v1, self._intent(v1, found[0].id, key), key, ends_as)
        try:
            made = v1.payment_intents.create(
                {
                    "amount": minor,
                    "currency": known.amount.currency.lower(),
                    "metadata": {CLOSED: key},
                    "allowed_payment_method_types": ["card"],
                },
                {"idempotency_key": key},
            )
        except stripe.IdempotencyError:
            return Unknown("it was received, and is not found yet")
        closing = read(made, Intent)
        if closing.metadata.get(CLOSED) != key:
            return Unknown("the answer is about another attempt")
        with contextlib.suppress(stripe.StripeError, FaultError):
            v1.payment_intents.cancel(closing.id)  # Only for tidiness: nobody can confirm it.
        return Failed(None, "never_received", hard=False)

    def _follow(self, v1: stripe.V1Services, session: Session, key: str, ends_as: str) -> Outcome:
        """Say how a page stands; one that nobody may pay at any more is ended first."""
        if session.client_reference_id != key:
            return Unknown("the answer is about another attempt")
        if session.status == "open" and ends_as:
            try:
                v1.checkout.sessions.expire(session.id)
            except stripe.InvalidRequestError:  # Somebody has paid meanwhile, or it is over.
                session = self._session(v1, session.id)
            else:
                return Failed(session.id, ends_as, hard=False)
        match session.status:
            case "open":
                return led(session)
            case "expired":
                return Failed(session.id, "expired", hard=False)
            case "complete" if isinstance(session.payment_intent, Intent):
                intent = own(session.payment_intent, key)
                return settled(intent) or Unknown("the payment says an unknown word")
        return Unknown("the page says an unknown word")

    def _judge(self, v1: stripe.V1Services, intent: Intent, key: str, ends_as: str) -> Outcome:
        """Say how a charge of a kept card stands; who must prove to be themselves is led there."""
        outcome = settled(intent)
        if outcome is None and ends_as:
            try:
                v1.payment_intents.cancel(intent.id)
            except stripe.InvalidRequestError:  # The customer was faster.
                outcome = settled(self._intent(v1, intent.id, key))
            else:
                return Failed(intent.id, ends_as, hard=False)
        if outcome is None and intent.page:
            return ActionNeeded(intent.id, intent.page)
        return outcome or Unknown("the page is not told")

    def _session(self, v1: stripe.V1Services, reference: str) -> Session:
        told = v1.checkout.sessions.retrieve(
            reference, {"expand": ["payment_intent.latest_charge"]}
        )
        return read(told, Session)

    def _intent(self, v1: stripe.V1Services, reference: str, key: str) -> Intent:
        told = v1.payment_intents.retrieve(reference, {"expand": ["latest_charge"]})
        return own(read(told, Intent), key)

    def _listed(
        self, v1: stripe.V1Services, refund_key: str, reference: str
    ) -> RefundOutcome | None:
        """Find a refund by its key; None when it is not there."""
        told = v1.refunds.list({"payment_intent": reference, "limit": REFUNDS_READ})
        refunds = read(told, Refunds)
        found = [each for each in refunds.data if (each.metadata or {}).get(REFUND) == refund_key]
        if found:
            return refund_outcome(found[0])
        return Unknown("too many refunds to look through") if refunds.has_more else None


def _is_replayed(made: stripe.StripeObject) -> bool:
    """Tell whether Stripe only repeats what it answered before."""
    response = made.last_response
    return response is not None and response.headers.get("idempotent-replayed") == "true"


def _misuse(code: str, sentence: str, field: str = "stripe-signature") -> MisuseError:
    return MisuseError(code, sentence, field_name=field)
