"""Which tables /office/tables shows: each with who may read it, its columns, and what is edited.

A column that is not named here is never shown, so that a new one with a secret in it stays unseen.
What verbs own is read alone; a few notes of tables that the app may write can be changed. How a
table is shown says tables.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from everline import ids
from everline.autorenewal.models import Mandate
from everline.cards.models import Card, Device, Entitlement
from everline.catalogue.models import Plan, PlanVersion, Policy, Price, Promotion
from everline.jobs.models import Job
from everline.ledger.models import Account, Hold, Transfer
from everline.notices.models import Notice
from everline.office import naming, offers
from everline.office.plan_forms import on_renewal, period_unit, validity
from everline.pages import hours
from everline.payments.models import Attempt, Payment, Refund
from everline.people.models import (
    APIKey,
    Employment,
    Holding,
    Partner,
    Person,
    Retailer,
    ReturnCall,
    Terminal,
)
from everline.people.roles import Ability
from everline.provisioning.models import Order
from everline.renewals.models import Renewal
from everline.topups.models import TopUp
from everline.trust.models import Banner, Channel

Namer = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a field, what it is called, and how its value is said.

    `kind` is text, code (by `named`), money (in the currency of the field `of`), instant, data,
    share, names, yes, iccid, list or id (as a receipt, with its `prefix`).
    """

    field: str
    label: Any
    kind: str = "text"
    of: str = ""
    named: Namer = str
    prefix: ids.Prefix | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `more` are columns of a row's own screen, `found_by` what a search compares.

    Numbers of people and cards are not searched here: what is looked for stands in the address.
    """

    model: type[Model]
    group: Any
    label: Any
    needs: Ability
    columns: tuple[Column, ...]
    more: tuple[Column, ...] = ()
    edits: tuple[str, ...] = ()
    edited_by: Ability | None = None
    found_by: tuple[str, ...] = ("id",)
    states: tuple[str, ...] = ()
    filtered_by: str = "state"


def _code(field: str, label: Any, named: Namer) -> Column:
    return Column(field, label, "code", named=named)


def _money(field: str, label: Any, of: str = "currency") -> Column:
    return Column(field, label, "money", of)


def _at(field: str, label: Any) -> Column:
    return Column(field, label, "instant")


_ID: Final = Column("id", _("Id"), "id")
_CARD: Final = Column("card.iccid", _("Card"), "iccid")
_STATE: Final = _code("state", _("State"), naming.state_name)
_CHANNEL: Final = _code("channel", _("Channel"), naming.channel_name)
_CURRENCY: Final = Column("currency", _("Currency"))
_OPEN: Final = ("placed", "awaiting_payment", "held", "paid", "delivered", "refused", "cancelled",
                "expired", "reversing", "reversed")  # fmt: skip
_TRIED: Final = (
    "created", "sent", "succeeded", "failed", "unknown", "superseded", "parked",
)  # fmt: skip
_LINES, _MONEY = _("Cards and renewals"), _("Money")
_SOLD, _PLACES, _WORK = _("Plans and offers"), _("Stores and people"), _("Work and settings")

TABLES: Final[tuple[Table, ...]] = (
    Table(
        Card, _LINES, _("Cards"), Ability.SEE_CUSTOMERS,
        (Column("iccid", _("Card number"), "iccid"), _code("kind", _("Kind"), naming.card_kind),
         _STATE, _CURRENCY, Column("zone", _("Time zone")), _at("loaded_at", _("Loaded"))),
        (_at("next_rung_at", _("Next auto-renewal")), _at("taken_at", _("Sold as an eSIM"))),
        states=("in_stock", "activated", "bound", "suspended", "lost", "terminated"),
    ),
    Table(
        Device, _LINES, _("Devices"), Ability.SEE_CUSTOMERS,
        (_CARD, _code("kind", _("Kind"), str.upper), Column("number", _("Number")),
         _at("bound_at", _("Bound")), _at("unbound_at", _("Unbound"))),
    ),
    Table(
        Entitlement, _LINES, _("Terms"), Ability.SEE_CUSTOMERS,
        (_CARD, _STATE, _at("starts_at", _("From")), _at("ends_at", _("Until")),
         Column("allowance_bytes", _("Data allowance"), "data"),
         Column("used_bytes", _("Used"), "data")),
        (Column("fair_use_bytes", _("Fair use after"), "data"),
         Column("carried_bytes", _("Carried over"), "data"),
         Column("devices_max", _("Devices")), _at("planned_ends_at", _("Planned end"))),
    ),
    Table(
        Renewal, _LINES, _("Renewals"), Ability.SEE_CUSTOMERS,
        (_at("placed_at", _("Placed")), _CARD, _STATE, _money("total", _("Total")), _CHANNEL,
         Column("id", _("Receipt"), "id", prefix="rnw")),
        (_money("price", _("Price")), _money("discount", _("Discount")),
         _money("tax", _("Tax in it")), _code("means", _("Paid by"), naming.means_name),
         _code("reason", _("Why"), naming.reason_name),
         Column("bonus_bytes", _("Extra data"), "data"),
         _code("on_renewal", _("When a plan is still running"), on_renewal),
         _at("starts_at", _("Starts")), _at("ends_at", _("Valid until")),
         _at("paid_at", _("Paid")), _at("delivered_at", _("Delivered")),
         _at("deadline_at", _("Deadline"))),
        states=_OPEN,
    ),
    Table(
        TopUp, _LINES, _("Top-ups"), Ability.SEE_CUSTOMERS,
        (_at("placed_at", _("Placed")), _CARD, _STATE, _money("amount", _("Amount")), _CHANNEL,
         Column("id", _("Receipt"), "id", prefix="top")),
        (_code("means", _("Paid by"), naming.means_name),
         _code("reason", _("Why"), naming.reason_name), _at("paid_at", _("Paid"))),
    ),
    Table(
        Mandate, _LINES, _("Mandates"), Ability.SEE_CUSTOMERS,
        (_CARD, Column("plan", _("Plan")), _CHANNEL, _at("given_at", _("Given")),
         _at("ended_at", _("Ended"))),
        (Column("words_version", _("Wording")),),
    ),
    Table(
        Holding, _LINES, _("Holders"), Ability.SEE_CUSTOMERS,
        (Column("person.name", _("Holder")), Column("account_id", _("Account")),
         _at("starts_at", _("From")), _at("ends_at", _("Until"))),
        found_by=("id", "account_id"),
    ),
    Table(
        Notice, _LINES, _("Notices"), Ability.SEE_CUSTOMERS,
        (_at("at", _("Time")), _code("template", _("Notice"), naming.notice_name),
         _code("medium", _("Medium"), naming.medium_name),
         _code("locale", _("Language"), naming.language_name), _STATE,
         _at("sent_at", _("Sent"))),
        states=("waiting", "sent", "failed", "stopped"),
    ),
    Table(
        ReturnCall, _LINES, _("Return calls"), Ability.CALL_BACK,
        (_at("asked_at", _("Asked")), Column("phone", _("Phone number")),
         _code("locale", _("Language"), naming.language_name), Column("note", _("Note")),
         _at("done_at", _("Done"))),
        edits=("note",), edited_by=Ability.CALL_BACK,
    ),
    Table(
        Account, _MONEY, _("Ledger accounts"), Ability.SEE_MONEY,
        (_code("kind", _("Kind"), naming.account_name), Column("scope", _("Scope")), _CURRENCY,
         Column("pocket", _("Pocket")), _money("balance", _("Balance")),
         _money("held", _("Set aside"))),
        (Column("account_id", _("Account")), _ID),
        found_by=("id", "account_id"),
        states=("balance", "deposit", "promotion_budget"), filtered_by="kind",
    ),
    Table(
        Transfer, _MONEY, _("Transfers"), Ability.SEE_MONEY,
        (_at("at", _("Time")), _code("kind", _("Kind"), naming.transfer_name),
         _money("amount", _("Amount")), Column("group_id", _("Belongs to"))),
        (Column("debit_id", _("Debit")), Column("credit_id", _("Credit")),
         Column("account_id", _("Account")), Column("reverses_id", _("Reverses")), _ID),
        found_by=("id", "group_id"),
    ),
    Table(
        Hold, _MONEY, _("Set aside"), Ability.SEE_MONEY,
        (_STATE, _money("amount", _("Amount"), "ledger_account.currency"),
         Column("group_id", _("Belongs to")), _at("expires_at", _("Until"))),
        found_by=("id", "group_id"),
    ),
    Table(
        Payment, _MONEY, _("Payments"), Ability.SEE_MONEY,
        (_at("created_at", _("Time")), _code("purpose", _("For"), naming.subject_name),
         _money("amount", _("Amount")), _money("captured", _("Taken")),
         _money("refunded", _("Given back"))),
        (Column("purpose_id", _("Belongs to")), _ID),
        found_by=("id", "purpose_id"),
    ),
    Table(
        Attempt, _MONEY, _("Tries to pay"), Ability.SEE_MONEY,
        (_at("created_at", _("Time")), _code("gateway", _("Gateway"), naming.gateway_name), _STATE,
         _money("payment.amount", _("Amount"), "payment.currency"),
         Column("masked_means", _("Means")), _code("reason", _("Why"), naming.reason_name)),
        (Column("key", _("Key at the gateway")), Column("reference", _("Reference there")),
         Column("asks", _("Times asked")), _at("ask_at", _("Next question")),
         _at("settled_at", _("Settled")), Column("owner", _("Owner")), _ID),
        found_by=("id", "key", "reference"), states=_TRIED,
    ),
    Table(
        Refund, _MONEY, _("Refunds"), Ability.SEE_MONEY,
        (_at("created_at", _("Time")), _STATE,
         _money("amount", _("Amount"), "payment.currency"),
         _code("reason", _("Why"), naming.reason_name), _at("settled_at", _("Settled"))),
        (Column("reference", _("Reference there")), Column("asks", _("Times asked")),
         _at("ask_at", _("Next question")), Column("owner", _("Owner")), _ID),
        found_by=("id", "reference"),
    ),
    Table(
        Plan, _SOLD, _("Plans"), Ability.SEE_OFFICE,
        (Column("code", _("Code")), Column("names", _("Name"), "names"),
         Column("position", _("Place in the list")), _at("retired_at", _("Ends")),
         Column("successor", _("Holders are led to"))),
        found_by=("code",),
    ),
    Table(
        PlanVersion, _SOLD, _("Versions of plans"), Ability.SEE_OFFICE,
        (Column("plan", _("Plan")), Column("number", _("Version")),
         _at("effective_from", _("Sold from")), _at("effective_until", _("Until")),
         Column("allowance_bytes", _("Data allowance"), "data"),
         Column("devices_max", _("Devices"))),
        (Column("period_count", _("Valid for")), _code("period_unit", _("Unit"), period_unit),
         _code("validity", _("Ends"), validity),
         _code("on_renewal", _("When a plan is still running"), on_renewal),
         Column("fair_use_bytes", _("Fair use after"), "data")),
    ),
    Table(
        Price, _SOLD, _("Prices"), Ability.SEE_OFFICE,
        (Column("plan_version.plan", _("Plan")), Column("plan_version.number", _("Version")),
         _money("amount", _("Price")), Column("tax_basis_points", _("Tax"), "share")),
    ),
    Table(
        Promotion, _SOLD, _("Offers"), Ability.SEE_OFFICE,
        (Column("code", _("Code")), Column("names", _("Name"), "names"),
         _code("kind", _("Kind"), offers.kind_name), _at("starts_at", _("From")),
         _at("ends_at", _("Until"))),
        (Column("percent_basis_points", _("Percent off"), "share"),
         _money("amount", _("Amount off")), Column("bonus_bytes", _("Extra data"), "data"),
         Column("channels", _("Channels"), "list", named=naming.channel_name),
         Column("per_card_max", _("Uses a card"))),
        found_by=("code",),
    ),
    Table(
        Retailer, _PLACES, _("Stores"), Ability.SEE_OFFICE,
        (Column("code", _("Code")), Column("name", _("Name")),
         _code("kind", _("Kind"), hours.kind), Column("city", _("City")),
         Column("commission_basis_points", _("Commission"), "share"),
         _at("closed_at", _("Ended"))),
        (Column("address", _("Address")), Column("floor_or_exit", _("Floor or exit")),
         Column("opening_hours", _("Opening hours")), Column("zone", _("Time zone")),
         Column("phone", _("Phone number")), _CURRENCY),
        found_by=("code",),
    ),
    Table(
        Partner, _PLACES, _("Partners"), Ability.SEE_OFFICE,
        (Column("code", _("Code")), Column("name", _("Name")), _CURRENCY,
         Column("commission_basis_points", _("Commission"), "share"),
         Column("pockets", _("Pockets of the deposit")), _at("closed_at", _("Ended"))),
        found_by=("code",),
    ),
    Table(
        Terminal, _PLACES, _("Tills and kiosks"), Ability.EDIT_PLACES,
        (Column("code", _("Code")), _code("kind", _("Kind"), naming.role_name),
         Column("name", _("Name")), Column("retailer.name", _("Store")),
         _at("last_seen_at", _("Last seen")), _at("revoked_at", _("Revoked"))),
        (Column("place_note", _("Where it stands")),
         _code("language", _("Language"), naming.language_name),
         _at("enrolled_at", _("Enrolled"))),
        edits=("name", "place_note", "language"), edited_by=Ability.EDIT_PLACES,
        found_by=("code",),
    ),
    Table(
        APIKey, _PLACES, _("API keys"), Ability.MAKE_KEYS,
        (Column("partner.name", _("Partner")), Column("hint", _("Ends in")),
         _at("created_at", _("Made")), _at("revoked_at", _("Revoked"))),
    ),
    Table(
        Person, _PLACES, _("People"), Ability.EDIT_STAFF,
        (Column("name", _("Name")), Column("email", _("E-mail address")),
         _code("locale", _("Language"), naming.language_name),
         Column("is_staff", _("Works here"), "yes"), Column("is_active", _("Active"), "yes")),
        (_at("last_login", _("Last sign-in")),),
        edits=("name", "locale"), edited_by=Ability.EDIT_STAFF,
    ),
    Table(
        Employment, _PLACES, _("Workplaces"), Ability.EDIT_STAFF,
        (Column("person.name", _("Person")), Column("retailer.name", _("Store")),
         _at("starts_at", _("From")), _at("ends_at", _("Until"))),
    ),
    Table(
        Order, _WORK, _("Orders to networks"), Ability.RESOLVE_PAYMENTS,
        (_at("created_at", _("Time")), _code("network", _("Network"), naming.gateway_name),
         _code("action", _("Act"), naming.action_name), _STATE,
         _code("reason", _("Why"), naming.reason_name)),
        (Column("reference", _("Reference there")), Column("renewal_id", _("Belongs to")),
         _at("settled_at", _("Settled"))),
        found_by=("id", "renewal_id"),
    ),
    Table(
        Job, _WORK, _("Jobs"), Ability.RESOLVE_PAYMENTS,
        (_code("kind", _("Kind"), naming.job_name), _STATE, Column("tries", _("Tries")),
         _at("run_at", _("Next try")), Column("last_error", _("Last error"))),
        (Column("subject_id", _("Belongs to")), _at("created_at", _("Made"))),
        found_by=("id", "subject_id"), states=("ready", "dead"),
    ),
    Table(
        Banner, _WORK, _("Banners"), Ability.EDIT_BANNERS,
        (Column("text", _("Text"), "names"),
         Column("channels", _("Channels"), "list", named=naming.channel_name),
         _at("starts_at", _("From")), _at("ends_at", _("Until"))),
    ),
    Table(
        Channel, _WORK, _("Channels"), Ability.SEE_OFFICE,
        (_code("code", _("Channel"), naming.channel_name), Column("is_open", _("Open"), "yes"),
         Column("means", _("Means"), "list", named=naming.means_name)),
        found_by=("code",),
    ),
    Table(
        Policy, _WORK, _("The operator"), Ability.SEE_OFFICE,
        (Column("name", _("Name")), Column("domain", _("Domain")),
         Column("quote_minutes", _("Minutes that a price is kept")),
         Column("payment_minutes", _("Minutes to pay")),
         Column("lapsed_days", _("Days after the end"))),
        (Column("sender_email", _("Sender of e-mails")), Column("sender_sms", _("Sender of SMS")),
         Column("currency_digits", _("Decimals shown")),
         Column("delivery_minutes", _("Minutes to deliver")),
         Column("terms_ahead_max", _("Terms ahead at most"))),
        found_by=(),
    ),
)  # fmt: skip
"""In the order in which they are listed."""
