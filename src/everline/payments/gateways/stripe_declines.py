"""Why banks say no through Stripe, and which noes are for good: a table, and nothing else.

Sources: the codes and Stripe's "next steps" are docs.stripe.com/declines/codes; those that Stripe's
own retries never charge again without another card are docs.stripe.com/billing/revenue-recovery/
smart-retries, under "Non-retryable decline codes"; advice codes are docs.stripe.com/declines/card.
Where their words leave it open whether the same card may be charged again, the split is ours.
A code that is in neither table is soft: somebody new says no in a new way every year, and the
ladder ends by itself.
"""

from typing import Final

NEVER_RETRIED: Final = frozenset(
    {
        "highest_risk_level",
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "transaction_not_allowed",
    }
)
"""What Stripe itself never retries: its list has these eight, and `authentication_required`, which
is soft here: Stripe waits for another card, we ask the person to pay in person (see below)."""

ANOTHER_CARD: Final = frozenset(
    {
        "card_not_supported",
        "currency_not_supported",
        "do_not_try_again",
        "expired_card",
        "incorrect_cvc",
        "invalid_account",
        "invalid_cvc",
        "invalid_expiry_month",
        "invalid_expiry_year",
        "invalid_number",
        "merchant_blacklist",
        "new_account_information_available",
        "not_permitted",
        "previously_declined_do_not_retry",
        "restricted_card",
        "security_violation",
        "service_not_allowed",
        "stop_payment_order",
    }
)
"""What the same card as it is kept would be refused for again: the next step is another card, other
data of this one, or an agreement of the holder with their bank."""

METHOD_GONE: Final = frozenset(
    {
        "india_recurring_payment_mandate_canceled",
        "payment_method_customer_decline",
        "payment_method_unactivated",
        "resource_missing",
    }
)
"""Error codes, beside those of declines, that say that a kept means is none any more."""

HARD: Final = NEVER_RETRIED | ANOTHER_CARD | METHOD_GONE

SOFT: Final = frozenset(
    {
        "approve_with_id",
        "authentication_required",
        "call_issuer",
        "card_decline_rate_limit_exceeded",
        "card_declined",
        "card_velocity_exceeded",
        "do_not_honor",
        "duplicate_transaction",
        "fraudulent",
        "generic_decline",
        "incorrect_address",
        "incorrect_pin",
        "incorrect_zip",
        "insufficient_funds",
        "invalid_amount",
        "invalid_pin",
        "issuer_not_available",
        "no_action_taken",
        "offline_pin_required",
        "online_or_offline_pin_required",
        "pin_try_exceeded",
        "processing_error",
        "reenter_transaction",
        "testmode_decline",
        "try_again_later",
        "withdrawal_count_limit_exceeded",
    }
)
"""What may pass: a full account another day, a bank that answers again, a person who rings it.

`fraudulent` is the issuer's suspicion of one payment, so another one may pass; Stripe's retries go
on after it too. `authentication_required` passes as soon as the person pays in person.
"""

ADVICE_HARD: Final = frozenset({"do_not_try_again"})
"""The card network's own advice, which outweighs the code."""

AUTHENTICATION: Final = frozenset({"authentication_required"})
"""Who is asked to pay in person hears of it: the issuer wants to see its own customer."""
