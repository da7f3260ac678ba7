"""What the office calls things: channels, states, acts, roles, notices, reasons, kinds of jobs.

A word that is not listed is shown as it is stored: a new one must never hide a row.
"""

from django.conf import settings
from django.utils.translation import gettext as _

from everline.pages import telling


def channel_name(code: str) -> str:
    """Name a channel."""
    return {
        "web": _("Website"),
        "auto": _("Auto-renewal"),
        "hotline": _("Hotline"),
        "store": _("Store"),
        "kiosk": _("Kiosk"),
        "partner": _("Partner"),
        "office": _("Office"),
    }.get(code, code)


def state_name(code: str) -> str:
    """Name a state of a renewal, a payment or a card."""
    return {
        "": _("new"),
        "placed": _("placed"),
        "awaiting_payment": _("waiting for payment"),
        "held": _("being reviewed"),
        "paid": _("paid"),
        "delivered": _("delivered"),
        "refused": _("refused"),
        "cancelled": _("cancelled"),
        "expired": _("expired"),
        "reversing": _("being refunded"),
        "reversed": _("refunded"),
        "created": _("created"),
        "sent": _("sent"),
        "succeeded": _("succeeded"),
        "failed": _("failed"),
        "unknown": _("outcome unknown"),
        "superseded": _("superseded"),
        "parked": _("waits for a person"),
        "in_stock": _("in stock"),
        "activated": _("activated"),
        "bound": _("in use"),
        "suspended": _("suspended"),
        "lost": _("lost"),
        "terminated": _("terminated"),
        "waiting": _("waiting"),
        "stopped": _("stopped"),
        "prolonged": _("prolonged"),
        "done": _("done"),
        "pending": _("pending"),
        "ready": _("in the queue"),
        "dead": _("all tries failed"),
    }.get(code, code)


def machine_name(code: str) -> str:
    """Name what has a history."""
    return {
        "renewal": _("Renewal"),
        "attempt": _("Payment"),
        "refund": _("Refund"),
        "card": _("Card"),
        "entitlement": _("Term"),
        "term": _("Term"),
        "topup": _("Top-up"),
    }.get(code, code)


def role_name(code: str) -> str:
    """Name a role of staff, or whoever else acts."""
    return {
        "owner": _("Owner"),
        "finance": _("Finance"),
        "support": _("Support"),
        "store_manager": _("Store manager"),
        "clerk": _("Clerk"),
        "superuser": _("Owner"),
        "staff": _("Staff"),
        "kiosk": _("Kiosk"),
        "till": _("Till"),
        "terminal": _("Till or kiosk"),
        "system": _("The system"),
    }.get(code, code)


def transfer_name(code: str) -> str:
    """Name why money moved."""
    return {
        "capture": _("Payment"),
        "refund": _("Refund"),
        "earning": _("Earned"),
        "promotion": _("Given away"),
        "promotion_reversed": _("Given away, taken back"),
        "funding": _("Paid in"),
        "sale": _("Renewal"),
        "tax": _("Renewal"),
        "sale_reversed": _("Renewal taken back"),
        "tax_reversed": _("Renewal taken back"),
        "topup": _("Top-up"),
        "topup_reversed": _("Top-up taken back"),
        "commission": _("Commission"),
        "commission_reversed": _("Commission taken back"),
        "refill": _("Between pockets"),
    }.get(code, code)


def job_name(code: str) -> str:
    """Name a kind of job."""
    return {
        "deliver": _("Deliver a plan"),
        "withdraw": _("Take a plan back"),
        "notify": _("Send a notice"),
        "data_used": _("Tell of used data"),
        "forget": _("Have a gateway forget a means of payment"),
        "prolong": _("Let a plan go on"),
    }.get(code, code)


def notice_name(code: str) -> str:
    """Name what a notice says."""
    return telling.notice_name(code)


def medium_name(code: str) -> str:
    """Name a way in which a notice goes."""
    return {
        "email": _("E-mail"),
        "sms": _("Text message"),
        "push": _("Push message"),
    }.get(code, code)


def gateway_name(code: str) -> str:
    """Name a gateway or a network; those of operators go by the names that they were given."""
    return {
        "simulated": _("Demo network"),
        "sandbox": _("Demo bank"),
        "terminal": _("Card terminal"),
        "paypal": "PayPal",
        "stripe": "Stripe",
    }.get(code, code)


def means_name(code: str) -> str:
    """Name a means of payment."""
    return {
        "gateway": _("online payment"),
        "balance": _("balance"),
        "deposit": _("deposit"),
    }.get(code, code)


def reason_name(code: str) -> str:
    """Name why a payment failed or a refund is made, as gateways and verbs say it."""
    return {
        "": "",
        "insufficient_funds": _("not enough money"),
        "lost_card": _("bank card reported lost"),
        "issuer_declined": _("the bank said no"),
        "declined": _("the bank said no"),
        "expired": _("not paid in time"),
        "cancelled": _("cancelled by the payer"),
        "never_received": _("never arrived there"),
        "not_sent": _("never left us"),
        "reader_busy": _("the card terminal was busy"),
        "late": _("paid too late"),
        "card_state": _("the card's state forbade it"),
        "office": _("taken back by the office"),
        "asked": _("taken back on request"),
        "sold_by_mistake": _("sold by mistake"),
        "not_delivered": _("could not be delivered"),
        "withdrawn": _("taken back from the network"),
    }.get(code, code)


def dispute_name(state: str, *, is_inquiry: bool) -> str:
    """Name how a dispute stands; a bank that only asks has taken nothing yet."""
    named = {
        "told": _("not read yet"),
        "to_answer": _("to be answered"),
        "under_review": _("with the bank"),
        "won": _("decided for us"),
        "lost": _("decided against us"),
        "closed": _("closed"),
    }.get(state, state)
    return _("%(state)s · only asked about") % {"state": named} if is_inquiry else named


def dispute_reason_name(code: str) -> str:
    """Name why a bank disputes a payment."""
    return {
        "fraudulent": _("the holder says it was somebody else"),
        "unrecognized": _("the holder does not know the payment"),
        "duplicate": _("paid twice"),
        "product_not_received": _("nothing was delivered"),
        "product_unacceptable": _("not as described"),
        "subscription_canceled": _("auto-renewal was switched off"),
        "credit_not_processed": _("a refund did not arrive"),
        "general": _("no reason was told"),
    }.get(code, code)


def language_name(code: str) -> str:
    """Name a language in itself."""
    return dict(settings.LANGUAGES).get(code.lower(), code)


def subject_name(code: str) -> str:
    """Name what was acted on."""
    return {
        "card": _("Card"),
        "renewal": _("Renewal"),
        "topup": _("Top-up"),
        "attempt": _("Payment"),
        "refund": _("Refund"),
        "job": _("Job"),
        "stop": _("Stop of automatic charges"),
        "plan": _("Plan"),
        "promotion": _("Offer"),
        "terminal": _("Till or kiosk"),
        "store": _("Store"),
        "partner": _("Partner"),
        "person": _("Person"),
        "banner": _("Banner"),
        "return_call": _("Return call"),
        "search": _("Search"),
        "day": _("Day"),
        "table": _("Table"),
    }.get(code, code)


def act_name(verb: str) -> str:
    """Name an act of staff, of a terminal or of the system."""
    return {
        "search": _("searched"),
        "suspend": _("suspended a card"),
        "lose": _("reported a card as lost"),
        "resume": _("resumed a card"),
        "set_pin": _("set a service PIN"),
        "send_receipt": _("sent a receipt again"),
        "reverse": _("refunded a renewal"),
        "ask_gateway": _("asked the gateway"),
        "take_over": _("took a payment over"),
        "revive": _("gave a job new tries"),
        "release_card": _("released a parked card"),
        "release_stop": _("let automatic charges go on"),
        "call_back": _("called somebody back"),
        "publish_plan": _("published a plan"),
        "publish_version": _("published a plan's version"),
        "retire_plan": _("ended a plan"),
        "keep_plan": _("kept a plan on sale"),
        "publish_offer": _("published an offer"),
        "publish_banner": _("published a banner"),
        "end_banner": _("ended a banner"),
        "add_firm": _("added a store or partner"),
        "change_firm": _("changed a store or partner"),
        "end_firm": _("ended a store or partner"),
        "resume_firm": _("took a store or partner up again"),
        "fund_deposit": _("booked a deposit"),
        "add_terminal": _("added a till or kiosk"),
        "open_enrolment": _("made a one-time code"),
        "enrol": _("enrolled a device"),
        "revoke": _("revoked a till or kiosk"),
        "make_key": _("made an API key"),
        "revoke_key": _("revoked an API key"),
        "invite": _("invited somebody"),
        "change_staff": _("changed a role or store"),
        "end_employment": _("ended somebody's work"),
        "renew_link": _("made a sign-in link"),
        "choose_password": _("chose a password"),
        "export_day": _("took a day's file"),
        "change_row": _("changed a row"),
        "sign_in": _("signed in at a till"),
        "sign_out": _("signed out at a till"),
        "lock": _("locked a till"),
        "unlock": _("unlocked a till"),
        "activate": _("activated a card"),
        "bind": _("bound a card to a device"),
        "sell_renewal": _("sold a renewal"),
        "sell_topup": _("sold a top-up"),
        "print": _("printed a slip"),
        "print_copy": _("printed a copy of a slip"),
        "cancel": _("cancelled a renewal"),
        "take_back": _("took a sale back"),
    }.get(verb, verb)


def account_name(code: str) -> str:
    """Name a kind of ledger account."""
    return {
        "balance": _("Balance"),
        "deposit": _("Deposit"),
        "promotion_budget": _("Budget of an offer"),
        "bank": _("Bank"),
        "clearing": _("At a gateway"),
        "unapplied": _("Paid for nothing yet"),
        "deferred": _("Sold, not yet earned"),
        "revenue": _("Earned"),
        "tax": _("Tax"),
        "promotion_funding": _("Granted to offers"),
        "promotion_spent": _("Given away"),
        "commission": _("Commission"),
        "goodwill": _("Goodwill"),
    }.get(code, code)


def card_kind(code: str) -> str:
    """Name a kind of card."""
    return {"sim": _("SIM card"), "esim": "eSIM"}.get(code, code)


def action_name(code: str) -> str:
    """Name what a network is asked to do."""
    return {
        "apply": _("Set a plan up"),
        "reverse": _("Take a plan back"),
        "prolong": _("Let a plan go on"),
    }.get(code, code)


def fact_name(name: str) -> str:
    """Name a fact of an act; a column of a table that changed is a fact too."""
    return {
        "address": _("Address"),
        "after": _("after version"),
        "amount": _("Amount"),
        "allowance": _("Data allowance"),
        "bonus_bytes": _("Extra data"),
        "budget": _("Budget"),
        "budget_unit": _("The budget counts"),
        "channels": _("Channels"),
        "city": _("City"),
        "commission_basis_points": _("Commission"),
        "countries": _("Countries"),
        "currency": _("Currency"),
        "devices_max": _("Devices"),
        "document": _("Document"),
        "ends": _("Ends"),
        "ends_at": _("Until"),
        "fair_use": _("Fair use after"),
        "fields": _("Fields"),
        "floor_or_exit": _("Floor or exit"),
        "found": _("found"),
        "from": _("Sold from"),
        "hint": _("Ends in"),
        "is_public": _("Shown to everybody"),
        "kind": _("Kind"),
        "latitude_microdegrees": _("Latitude"),
        "longitude_microdegrees": _("Longitude"),
        "medium": _("Medium"),
        "name": _("Name"),
        "named": _("Code"),
        "names": _("Name"),
        "note": _("Note"),
        "number": _("Version"),
        "on_renewal": _("When a plan is still running"),
        "opening_hours": _("Opening hours"),
        "per_card_max": _("Uses a card"),
        "percent_basis_points": _("Percent off"),
        "period": _("Valid for"),
        "phone": _("Phone number"),
        "plans": _("Plans"),
        "pockets": _("Pockets of the deposit"),
        "prices": _("Prices"),
        "region": _("Region"),
        "role": _("Role"),
        "sale": _("Sale"),
        "starts_at": _("From"),
        "state": _("State"),
        "store": _("Store"),
        "successor": _("Holders are led to"),
        "table": _("Table"),
        "text": _("Text"),
        "validity": _("Ends"),
        "zone": _("Time zone"),
    }.get(name, name)


def fact_value(name: str, value: str) -> str:
    """Say a fact's value where it is a code."""
    namers = {"state": state_name, "role": role_name, "medium": medium_name}
    if name in namers:
        return namers[name](value)
    return {
        "number": _("a number"),
        "rnw": _("Receipt"),
        "top": _("Receipt"),
        "sums": _("Sums"),
        "renewals": _("Renewals"),
        "seen": _("seen"),
        "matched": _("matched"),
        "not_asked": _("not asked for"),
    }.get(value, value)
