"""What a run has lived through: how often each rare thing really happened in it.

A promise that was kept proves little when what could break it never came. So each thing that may go
otherwise is counted from the tables when a run is over; tests hold the seeds of the suite and of
`make soak` to it.
"""

from collections import Counter
from typing import Final

import psycopg

_AUTO: Final = "select count(*) from database_request q where q.channel = 'auto' and q.reason = "
_FAILED: Final = "select count(*) from payments_attempt a where a.state = 'failed' and "

COUNTED: Final = {
    "grace": "select count(*) from autorenewal_prolonging p where p.kind = 'grace'",
    "outage_made_good": "select count(*) from autorenewal_prolonging p where p.kind = 'outage'",
    "card_parked": "select count(*) from autorenewal_parked",
    "all_stopped": "select count(*) from autorenewal_stop",
    "renewed_by_data": (
        "select count(*) from autorenewal_low l join renewals_renewal r on r.card_id = l.card_id"
        " and r.channel = 'auto' and r.state in ('paid', 'delivered')"
        " and split_part(r.request_id, ':', 3) = extract(epoch from l.rung_at)::bigint::text"
    ),
    "consent_asked_anew": _AUTO + "'consent_needed'",
    "paused": _AUTO + "'auto_paused'",
    "capped": _AUTO + "'auto_capped'",
    "held_while_parked": _AUTO + "'auto_parked'",
    "balance_short": _AUTO + "'balance_short'",
    "pause_asked": "select count(*) from database_request q where q.outcome = 'mandate_paused'",
    "skip_asked": "select count(*) from database_request q where q.outcome = 'term_skipped'",
    "declined_softly": (
        _FAILED + "not a.is_hard and a.is_unattended and a.reason in"
        " ('insufficient_funds', 'try_again_later', 'issuer_unavailable')"
    ),
    "declined_for_good": _FAILED + "a.is_hard and a.is_unattended",
    "person_wanted": _FAILED + "a.is_unattended and a.reason = 'authentication_required'",
    "other_means_paid": (
        "select count(*) from payments_attempt a where a.state = 'succeeded' and a.is_unattended"
        " and a.number > 1"
    ),
    "refunded": "select count(*) from payments_refund f where f.state = 'succeeded'",
    "disputed": "select count(*) from payments_dispute d where d.state <> 'told'",
    "absorbed": (
        "select count(*) from renewals_renewal r join autorenewal_mandate m"
        " on m.card_id = r.card_id and m.given_at < r.placed_at"
        " and (m.ended_at is null or m.ended_at > r.placed_at)"
        " where r.channel <> 'auto' and r.state in ('paid', 'delivered')"
        " and r.starts_at > r.placed_at"
    ),
    "rescued_by_hand": (
        "select count(*) from renewals_renewal r join autorenewal_mandate m"
        " on m.card_id = r.card_id and m.given_at < r.placed_at"
        " and (m.ended_at is null or m.ended_at > r.placed_at)"
        " where r.channel <> 'auto' and r.state in ('paid', 'delivered')"
        " and exists (select from cards_entitlement e where e.card_id = r.card_id"
        "  and e.state <> 'cancelled' and e.ends_at <= r.placed_at)"
        " and not exists (select from cards_entitlement e where e.card_id = r.card_id"
        "  and e.state <> 'cancelled' and e.renewal_id is distinct from r.id"
        "  and e.starts_at < r.paid_at and e.ends_at > r.placed_at)"
    ),
    "given_back_undelivered": (
        "select count(*) from renewals_renewal r where r.state = 'reversed'"
    ),
    "superseded": (
        "select count(*) from database_history h where h.machine = 'attempt'"
        " and h.to_state = 'superseded'"
    ),
}  # fmt: skip
"""What is counted, by a name for people who read a run's end; and how."""


def lived_through(reader: psycopg.Connection) -> Counter[str]:
    """Count it all; what never happened is there with 0."""
    found: Counter[str] = Counter()
    for name, query in COUNTED.items():
        row = reader.execute(query.encode()).fetchone()
        found[name] = int(row[0]) if row else 0
    return found
