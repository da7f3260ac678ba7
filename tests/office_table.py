"""The office's part of the table of authorisation; address_table.py says how to add to it."""

from typing import Final

from tests.gates import Gate, Row, office, rows

SEES_CUSTOMERS: Final = office("owner finance support")
SEES_MONEY: Final = office("owner finance")
SEES_OFFICE: Final = SEES_CUSTOMERS
OWNER: Final = office("owner")
OWN_STORE: Final = office("owner manager").but("other_manager", 404)


def tables(gate: Gate, models: str, methods: str = "GET") -> list[Row]:
    """Give the rows of plain tables of the office: the list and the screen of a row."""
    lists = [f"GET /office/tables/{model}" for model in models.split()]
    screens = [f"{methods} /office/tables/{model}/<path:object_id>" for model in models.split()]
    return rows(gate, *lists, *screens)


OFFICE: Final[tuple[Row, ...]] = (
    *rows(office("owner manager other_manager finance support"), "GET /office"),
    *rows(
        SEES_CUSTOMERS,
        "GET POST /office/search",
        "GET /office/cards/<uuid:card_id>",
        "GET /office/renewals/<uuid:renewal_id>",
        "GET POST /office/renewals/<uuid:renewal_id>/send",
        "GET POST /office/renewals/<uuid:renewal_id>/reverse",
    ),
    *rows(
        SEES_OFFICE,
        "GET /office/queues",
        "GET /office/auto-renewal",
        "GET /office/plans",
        "GET /office/plans/<slug:code>",
        "GET /office/places",
        "GET /office/stores/<uuid:firm_id>",
        "GET /office/partners/<uuid:firm_id>",
    ),
    *rows(
        SEES_MONEY,
        "GET /office/today",
        "GET POST /office/queues/<slug:kind>/<uuid:its_id>/ask",
        "GET POST /office/queues/<slug:kind>/<uuid:its_id>/own",
        "GET POST /office/queues/jobs/<uuid:its_id>",
        "GET POST /office/auto-renewal/stops/<uuid:stop_id>",
        "GET POST /office/stores/<uuid:firm_id>/fund",
        "GET POST /office/partners/<uuid:firm_id>/fund",
        "GET /office/day-end",
        "GET /office/day-end/<slug:kind>.csv",
        "GET /office/acts",
    ),
    *rows(
        office("owner support"),
        "GET POST /office/queues/calls/<uuid:its_id>",
        "GET POST /office/cards/<uuid:card_id>/pin",
        "GET POST /office/auto-renewal/cards/<uuid:card_id>",
        "GET POST /office/cards/<uuid:card_id>/<slug:event>",
        "GET POST /office/banners",
        "GET POST /office/banners/<uuid:banner_id>/end",
    ),
    *rows(
        OWNER,
        "GET POST /office/plans/new",
        "GET POST /office/plans/<slug:code>/version",
        "GET POST /office/plans/<slug:code>/end",
        "GET POST /office/plans/<slug:code>/keep",
        "GET POST /office/offers/new",
        "GET POST /office/stores/new",
        "GET POST /office/stores/<uuid:firm_id>/edit",
        "GET POST /office/stores/<uuid:firm_id>/end",
        "GET POST /office/stores/<uuid:firm_id>/resume",
        "GET POST /office/partners/new",
        "GET POST /office/partners/<uuid:firm_id>/edit",
        "GET POST /office/partners/<uuid:firm_id>/end",
        "GET POST /office/partners/<uuid:firm_id>/resume",
        "GET POST /office/partners/<uuid:partner_id>/keys",
        "GET POST /office/keys/<uuid:key_id>/revoke",
        "GET POST /office/staff/<uuid:person_id>/role",
    ),
    *rows(
        office("owner manager other_manager"),
        "GET POST /office/terminals",
        "GET /office/staff",
        "GET POST /office/staff/new",
    ),
    *rows(
        OWN_STORE,
        "GET POST /office/terminals/<uuid:terminal_id>/enrol",
        "GET POST /office/terminals/<uuid:terminal_id>/revoke",
        "GET /office/staff/<uuid:person_id>",
        "GET POST /office/staff/<uuid:person_id>/link",
        "GET POST /office/staff/<uuid:person_id>/end",
    ),
    *rows(SEES_OFFICE, "GET POST /office/tables"),
    # Plain tables.
    *tables(
        SEES_CUSTOMERS,
        "cards-card cards-device cards-entitlement renewals-renewal topups-topup"
        " autorenewal-mandate people-holding notices-notice",
    ),
    *tables(office("owner support"), "trust-banner"),
    *tables(office("owner support"), "people-returncall", "GET POST"),
    *tables(
        SEES_MONEY,
        "ledger-account ledger-transfer ledger-hold payments-payment payments-attempt"
        " payments-refund provisioning-order jobs-job",
    ),
    *tables(
        SEES_OFFICE,
        "catalogue-plan catalogue-planversion catalogue-price catalogue-promotion"
        " people-retailer people-partner trust-channel catalogue-policy",
    ),
    *tables(OWNER, "people-apikey people-employment"),
    *tables(OWNER, "people-terminal people-person", "GET POST"),
)
