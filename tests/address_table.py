"""The table of authorisation: every address, for whom it answers, and how others are refused.

A new address needs one line here, or tests/test_speakers.py fails: see "To add an address". Who
the speakers are says speakers.py, and what stands in the place of `<card:card_id>`, things.py.
"""

# To add an address: write its methods, and the address as Django's resolver spells it (the failing
# test prints it), into the list of a gate that fits, here or in office_table.py, such as
# "GET POST /places" under PUBLIC, or "GET /office/today" under SEES_MONEY.
#
# A gate says who is let in, and what everybody else gets: a status (401, 403, 404), or the address
# of the door that they are led to. When none fits, make one of a gate that nearly does, such as
# `HOLDER.but("owner support", 403)`, or for the office `office("owner finance")`.
#
# A new kind of part, as `<card:card_id>` is one, needs a line in `_parts` of things.py. Whoever is
# let in sends an empty form, so that nothing is done; whoever is refused sends a full one, and it
# must leave no trace.

from typing import Final

from tests.gates import (
    ANYBODYS,
    API,
    AT_TILLS,
    FRESH,
    HELD,
    HOLDER,
    KIOSK,
    OPEN,
    OWN_ORDER,
    OWN_SALE,
    PUBLIC,
    TILL,
    VISIT,
    Gate,
    Row,
    rows,
)

ENDING: Final = frozenset(
    {"/kiosk", "/kiosk/begin", "/kiosk/leave", "/sign-out", "/till/lock", "/till/sign-out"}
)
"""Addresses after which a speaker is another: tried last."""

DEMO: Final = Gate(404)
"""Not there in production, where the table is tried; in a demo anybody is let in."""

TABLE: Final[tuple[Row, ...]] = (
    # The gateways' callbacks and the telephone's webhooks: by signature alone.
    *rows(Gate(401).but("bank", OPEN), "POST /callbacks/<slug:gateway>"),
    *rows(Gate(403).but("caller", OPEN), "POST /hotline/voice", "POST /hotline/status"),
    # The metrics: by a token of the environment, which is not set here.
    *rows(Gate(404), "GET /metrics"),
    # The partners' API: by key.
    *rows(
        API,
        "GET POST /api/v1/renewals",
        "POST /api/v1/quotes",
        "POST /api/v1/inquiries",
        "POST /api/v1/payments",
        "GET /api/v1/advice",
        "POST /api/v1/top-ups",
        "GET /api/v1/announcements",
        "POST /api/v1/cards/status",
        "GET /api/v1/plans",
    ),
    *rows(
        OWN_ORDER,
        "POST /api/v1/reversals",
        "GET /api/v1/renewals/<str:renewal>",
        "GET /api/v1/top-ups/<str:top_up>",
    ),
    *rows(PUBLIC, "GET /api/v1/openapi.json"),
    # Pages for anybody; whoever has a renewal's address has opened it or was sent it.
    *rows(
        PUBLIC,
        "POST /language",
        "GET POST /",
        "GET /cards/<card:card_id>",
        "GET POST /cards/<card:card_id>/activate",
        "GET POST /cards/<card:card_id>/bind",
        "GET POST /cards/<card:card_id>/plans/<slug:plan>",
        "GET POST /cards/<card:card_id>/top-up",
        "GET /cards/<card:card_id>/again",
        "GET POST /auto/<mandate:mandate_id>/agree",
        "GET POST /auto/<stop:mandate_id>/end",
        "GET POST /auto/<stop-renewal:renewal_id>/end",
        "GET /esim",
        "POST /esim/take",
        "GET /renewals/<renewal:renewal_id>",
        "GET /renewals/<renewal:renewal_id>/esim",
        "GET /renewals/<receipt:renewal_id>",
        "GET /renewals/<renewal:renewal_id>/payment",
        "GET /renewals/<renewal:renewal_id>/returned",
        "POST /renewals/<renewal:renewal_id>/pay",
        "POST /renewals/<renewal:renewal_id>/cancel",
        "POST /renewals/<renewal:renewal_id>/receipt",
        "GET /top-ups/<topup:top_up_id>",
        "GET /top-ups/<topup-receipt:top_up_id>",
        "GET /top-ups/<topup:top_up_id>/payment",
        "GET /top-ups/<topup:top_up_id>/returned",
        "POST /top-ups/<topup:top_up_id>/pay",
        "POST /top-ups/<topup:top_up_id>/cancel",
        "POST /top-ups/<topup:top_up_id>/receipt",
        "GET /help",
        "GET /help/<slug:guide>",
        "GET POST /places",
        "GET POST /offers",
        "GET POST /offers/confirm/<consent:consent_id>",
        "GET POST /offers/leave/<consent:consent_id>",
        "GET /renewals/<receipt:renewal_id>/receipt.pdf",
        "GET /top-ups/<topup-receipt:top_up_id>/receipt.pdf",
        "GET POST /app",
        "GET /offline",
        "GET /manifest.webmanifest",
        "GET /sw.js",
        "GET /look.css",
        "GET /mark.svg",
        "GET /icons/any-192.png",
        "GET /icons/any-512.png",
        "GET /icons/maskable-192.png",
        "GET /icons/maskable-512.png",
        "GET POST /cards/<card:card_id>/reminders",
        "GET POST /verify",
        "GET /verify/<path:code>",
        "GET POST /sign-in",
        "GET POST /sign-in/password",
        "GET /sign-in/passkey/challenge",
        "POST /sign-out",
        "GET POST /office/welcome/<uidb64>/<token>",
    ),
    # A holder's own: for nobody else does the address exist.
    *rows(
        HOLDER,
        "POST /cards/<card:card_id>/auto-renewal/pause",
        "POST /cards/<card:card_id>/auto-renewal/change",
        "GET /cards/<card:card_id>/esim",
        "GET POST /cards/<card:card_id>/pin",
        "POST /renewals/<renewal:renewal_id>/balance",
    ),
    *rows(
        HELD,
        "GET POST /cards/<card:card_id>/auto-renewal",
        "GET /my/cards/<card:card_id>",
        "POST /my/cards/<card:card_id>/bind",
        "POST /my/cards/<card:card_id>/unbind",
        "POST /my/cards/<card:card_id>/lose",
        "POST /my/cards/<card:card_id>/resume",
        "POST /my/cards/<card:card_id>/give-up",
        "GET /my/cards/<card:card_id>/means",
        "POST /my/cards/<card:card_id>/means/add",
        "GET /my/cards/<card:card_id>/means/page",
        "GET /my/cards/<card:card_id>/means/returned",
        "POST /my/cards/<card:card_id>/means/order",
        "POST /my/cards/<card:card_id>/means/remove",
    ),
    # Whoever is signed in, with what is theirs.
    *rows(
        ANYBODYS,
        "GET /my/cards",
        "GET POST /my/cards/add",
        "GET POST /my/cards/add/<card:card_id>",
        "GET POST /my/cards/code",
        "GET /my/records",
        "GET /my/records.csv",
        "GET /my/account",
        "POST /my/account/name",
        "POST /my/account/sessions",
        "POST /my/account/sessions/<int:session_id>",
    ),
    *rows(
        FRESH,
        "GET POST /my/account/address",
        "GET POST /my/account/address/code",
        "GET POST /my/account/passkeys",
        "POST /my/account/passkeys/<int:passkey_id>",
        "GET /my/account/data.json",
        "GET POST /my/account/erase",
    ),
    # Nobody waits for a code, or has signed a challenge.
    *rows(
        Gate("/sign-in"),
        "GET POST /sign-in/code",
        "POST /sign-in/code/again",
        "POST /sign-in/passkey",
    ),
    # The kiosk.
    *rows(PUBLIC, "GET POST /kiosk/enrol"),
    *rows(Gate("/kiosk/enrol"), "POST /kiosk/enrol/demo"),
    *rows(
        KIOSK,
        "GET /kiosk",
        "GET /kiosk/alive",
        "GET /kiosk/official.svg",
        "POST /kiosk/begin",
    ),
    *rows(KIOSK.but("kiosk visitor other_kiosk", "/kiosk"), "POST /kiosk/leave"),
    *rows(
        VISIT,
        "GET POST /kiosk/card",
        "GET POST /kiosk/activate",
        "GET POST /kiosk/bind",
        "GET /kiosk/plans",
        "GET POST /kiosk/plans/<slug:plan>",
        "GET /kiosk/top-up",
        "GET POST /kiosk/top-up/<int:minor>",
        "GET /kiosk/pay",
        "POST /kiosk/pay/again",
        "POST /kiosk/pay/stop",
        "POST /kiosk/pay/cancel",
    ),
    *rows(VISIT.but("visitor", 404), "GET /kiosk/pay/code.svg"),  # Nothing is to be paid yet.
    # The till.
    *rows(PUBLIC, "GET POST /till/enrol"),
    *rows(Gate("/till/enrol"), "POST /till/enrol/demo"),
    *rows(
        Gate("/till/enrol").but(f"till left_clerk locked_clerk {AT_TILLS}", OPEN),
        "GET POST /till/sign-in",
    ),
    *rows(Gate("/till/sign-in"), "POST /till/sign-out"),
    *rows(
        Gate("/till/sign-in").but("locked_clerk", OPEN).but(AT_TILLS, "/till"),
        "GET POST /till/unlock",
    ),
    *rows(TILL.but(AT_TILLS, "/till/unlock"), "POST /till/lock"),
    *rows(
        TILL,
        "GET POST /till",
        "GET /till/sales",
        "GET /till/cards/<till_card:card_id>",
        "GET POST /till/cards/<till_card:card_id>/activate",
        "GET POST /till/cards/<till_card:card_id>/bind",
        "GET POST /till/cards/<till_card:card_id>/top-up",
        "GET POST /till/cards/<till_card:card_id>/plans/<slug:plan>",
    ),
    *rows(
        OWN_SALE,
        "GET /till/renewals/<till_renewal:renewal_id>",
        "GET POST /till/renewals/<till_renewal:renewal_id>/pay",
        "POST /till/renewals/<till_renewal:renewal_id>/cancel",
        "GET /till/top-ups/<till_top_up:top_up_id>",
        "POST /till/renewals/<till_renewal:inner>/slip/<slug:paper>",
        "POST /till/top-ups/<till_top_up:inner>/slip/<slug:paper>",
        "POST /till/renewals/<till_renewal:inner>/receipt",
        "POST /till/top-ups/<till_top_up:inner>/receipt",
    ),
    *rows(
        OWN_SALE.but("clerk other_clerk", 403),
        "POST /till/renewals/<till_renewal:inner>/take-back",
        "POST /till/top-ups/<till_top_up:inner>/take-back",
    ),
    # A demo's own.
    *rows(DEMO, "GET /tour", "POST /tour/acts/<slug:name>", "POST /tour/start-over"),
)

IN_A_DEMO: Final = frozenset({"/outbox", "/dev/design", "/hotline/try"})
"""Addresses that the configuration of a demo alone has."""
