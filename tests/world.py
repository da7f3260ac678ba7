"""The builder of small worlds: `world.card()`, `world.plan(days=30)`, `world.partner(deposit=…)`.

Catalogue and cards are what an operator loads, so they are inserted as the owner does; everything
that happens afterwards goes through the real verbs.
"""

import itertools
import os
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from everline import cards, database, ids, ledger, notices, payments, renewals, topups
from everline.cards import start_code_hash
from everline.database.addresses import Addresses
from everline.database.requests import Answer, Caller
from everline.people import keys
from everline.renewals.pay import settle
from tests.ground import Ground
from tests.stores import Owner, Stores

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""When stories begin; the test databases are marked as simulations, so time is theirs to say."""

GIGABYTE = 10**9
CHANNELS = ("web", "auto", "hotline", "store", "partner", "kiosk", "line")


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with its one version."""

    code: str
    plan_id: uuid.UUID
    version_id: uuid.UUID
    price: int


PINS: Final = ("2580", "2581", "3907")
"""The service PINs that tests set on cards."""


class World(Ground, Stores):
    """One operator in one fresh database; `at` is its time, moved by `advance`.

    Numbers go on from world to world, because the simulated network outlives each of them.
    """

    _numbers = itertools.count(1)

    def __init__(self, owner: psycopg.Connection, logins: Addresses) -> None:
        super().__init__(owner, logins)
        self.at = START
        self._operator()

    def now(self) -> datetime:
        """Tell this world's time, as a clock does."""
        return self.at

    def server_time(self) -> datetime:
        """Tell the server's time, for tests in which other processes run by the real clock."""
        told = self.one("select clock_timestamp()")
        assert isinstance(told, datetime)
        return told

    def advance(self, **duration: float) -> datetime:
        """Move this world's time forward and tell it."""
        self.at += timedelta(**duration)
        return self.at

    def caller(self, channel: str = "web", request_id: str | None = None) -> Caller:
        """Make a caller with a request id of its own."""
        return Caller(channel, f"{channel}-test", request_id or str(uuid.uuid4()))

    def _number(self) -> tuple[int, str]:
        """Take the next number that ends with no PIN of the tests: the verb refuses such a PIN."""
        number = next(self._numbers)
        body = f"89001{os.getpid() % 10000:04d}{number:09d}"
        iccid = body + ids.luhn_digit(body)
        if any(each.endswith(PINS) for each in (iccid, str(number))):
            return self._number()
        return number, iccid

    def card(self, state: str = "bound", *, balance: int = 0, **columns: Any) -> cards.Card:
        """Load one card; `balance` in minor units is booked as received at the bank."""
        number, iccid = self._number()
        given: dict[str, Any] = {
            "id": ids.uuid7(self.at),
            "account_id": ids.uuid7(self.at),
            "iccid": iccid,
            "msisdn": f"+88210{number:08d}",
            "kind": "sim",
            "zone": "Europe/Lisbon",
            "currency": "EUR",
            "state": state,
            "start_code_tries": 0,
            "smdp_address": "",
            "matching_id": "",
            "loaded_at": self.at,
        } | columns
        given.setdefault("start_code_hash", start_code_hash(given["iccid"], "START-0001"))
        self.insert("cards_card", **given)
        if balance:
            self.fund(given["account_id"], "balance", balance, given["currency"])
        card = cards.find_by_id(given["id"])
        assert card is not None
        return card

    def plan(
        self,
        code: str = "",
        *,
        price: int = 1000,
        days: int | None = None,
        unit: str = "month",
        count: int = 1,
        validity: str = "rolling",
        on_renewal: str = "queue",
        gigabytes: int | None = 30,
        devices: int = 1,
        tax: int = 2300,
        prices: dict[str, int] | None = None,
        **columns: Any,
    ) -> Plan:
        """Load one plan with one version, sold for `price` in EUR and in `prices`."""
        if days is not None:
            unit, count = "day", days
        code = code or f"plan-{next(self._numbers)}"
        plan = Plan(code, ids.uuid7(self.at), ids.uuid7(self.at), price)
        self.insert(
            "catalogue_plan", id=plan.plan_id, code=code, names=Jsonb({"en": code}), position=1
        )
        self.insert(
            "catalogue_planversion",
            **(
                {
                    "id": plan.version_id,
                    "plan_id": plan.plan_id,
                    "number": 1,
                    "effective_from": START - timedelta(days=400),
                    "period_unit": unit,
                    "period_count": count,
                    "validity": validity,
                    "on_renewal": on_renewal,
                    "allowance_bytes": None if gigabytes is None else gigabytes * GIGABYTE,
                    "fair_use_bytes": 5 * GIGABYTE if gigabytes is None else None,
                    "devices_max": devices,
                }
                | columns
            ),
        )
        for currency, amount in ({"EUR": price} | (prices or {})).items():
            self.insert(
                "catalogue_price",
                plan_version_id=plan.version_id,
                currency=currency,
                amount=amount,
                tax_basis_points=tax,
            )
        return plan

    def promotion(self, code: str = "HELLO", *, budget: int | None = None, **columns: Any) -> str:
        """Load one promotion, 10 % off unless said otherwise; a budget is counted in its unit."""
        given: dict[str, Any] = {
            "id": ids.uuid7(self.at),
            "account_id": ids.uuid7(self.at),
            "code": code,
            "names": Jsonb({"en": code}),
            "kind": "percent",
            "percent_basis_points": 1000,
            "amount": 0,
            "bonus_bytes": 0,
            "starts_at": START - timedelta(days=30),
            "ends_at": START + timedelta(days=60),
            "channels": [],
            "per_card_max": 1,
            "budget_unit": "XXX" if budget is not None else None,
            "pockets": 1,
        } | columns
        if given["kind"] != "percent":
            given["percent_basis_points"] = 0
        self.insert("catalogue_promotion", **given)
        if budget is not None:
            self.fund(given["account_id"], "promotion_budget", budget, given["budget_unit"])
        return code

    def partner(
        self, *, deposit: int = 0, pockets: int = 1, currency: str = "EUR", commission: int = 0
    ) -> Owner:
        """Load one partner with its deposit, its commission in basis points and an API key."""
        partner = Owner(
            ids.uuid7(self.at), ids.uuid7(self.at), f"partner-{next(self._numbers)}", ""
        )
        self.insert(
            "people_partner",
            id=partner.id,
            account_id=partner.account_id,
            code=partner.code,
            name=partner.code.title(),
            currency=currency,
            pockets=pockets,
            commission_basis_points=commission,
        )
        ledger.open_pockets(partner.account_id, "deposit", currency, pockets, self.at)
        if deposit:
            self.fund(partner.account_id, "deposit", deposit, currency)
        return replace(partner, key=keys.make(partner.id, self.at))

    def fund(self, account_id: uuid.UUID, kind: str, amount: int, currency: str = "EUR") -> Answer:
        """Book money received at the bank onto an account."""
        return ledger.fund(
            self.caller("line"), account_id, kind, amount=amount, currency=currency, at=self.at
        )

    def order(
        self,
        card: cards.Card,
        plan: Plan,
        *,
        promotion: str | None = None,
        channel: str = "web",
        contact: renewals.Contact | None = None,
    ) -> renewals.Order:
        """Quote a plan for a card now and make the order that accepts the quote."""
        (quote,) = renewals.quote([card.id], plan.version_id, promotion, channel, self.at)
        return renewals.Order(
            account_id=card.account_id,
            card_id=card.id,
            plan_code=plan.code,
            plan_version_id=plan.version_id,
            promotion=promotion,
            quoted_total=quote.total if quote.total is not None else plan.price,
            quoted_end=quote.ends_at or self.at,
            contact=contact or renewals.Contact(),
        )

    def renew(self, card: cards.Card, plan: Plan, **order: Any) -> Answer:
        """Renew a card from its own balance."""
        channel = order.get("channel", "web")
        return renewals.renew(
            self.caller(channel), self.order(card, plan, **order), card.account_id, self.at
        )

    def place(self, card: cards.Card, plan: Plan, **order: Any) -> uuid.UUID:
        """Open a renewal that the sandbox is to pay, and give its id."""
        answer = renewals.place(
            self.caller(order.get("channel", "web")),
            self.order(card, plan, **order),
            "sandbox",
            None,
            self.at,
        )
        assert answer.id is not None, answer
        return answer.id

    def top_up(
        self, card: cards.Card, amount: int, payer: Owner, *, channel: str = "store", **order: Any
    ) -> Answer:
        """Put money onto a card's balance from a store's or partner's deposit."""
        return topups.top_up(
            self.caller(channel), self.topup_order(card, amount, **order), payer.account_id, self.at
        )

    def place_top_up(
        self, card: cards.Card, amount: int, *, channel: str = "web", **order: Any
    ) -> uuid.UUID:
        """Open a top-up that the sandbox is to pay, and give its id."""
        answer = topups.place(
            self.caller(channel), self.topup_order(card, amount, **order), "sandbox", None, self.at
        )
        assert answer.id is not None, answer
        return answer.id

    def topup_order(
        self, card: cards.Card, amount: int, *, contact: renewals.Contact | None = None
    ) -> topups.Order:
        """Make the order of a top-up in the card's own currency."""
        return topups.Order(
            card.account_id, card.id, amount, card.currency, contact or renewals.Contact()
        )

    def send(self, purpose_id: uuid.UUID) -> payments.Attempt:
        """Mark a renewal's or top-up's attempt as sent, as its one caller does."""
        latest = payments.first_attempt(purpose_id)
        assert latest is not None
        attempt = payments.mark_sent(latest.id, self.at)
        assert attempt is not None, latest
        return attempt

    def hear(
        self,
        attempt: payments.Attempt,
        outcome: str,
        *,
        ask_in: timedelta | None = timedelta(minutes=5),
        **said: Any,
    ) -> tuple[str, str]:
        """Settle what a gateway said now; gives the attempt's state and the renewal's."""
        asked_again = None if outcome in {"succeeded", "failed"} or not ask_in else self.at + ask_in
        settled = settle(
            attempt.id, payments.Said(outcome, next_ask_at=asked_again, **said), self.at
        )
        return settled.attempt_state, settled.purpose_state

    def roll_up_all(self) -> None:
        """Roll up and collect every transfer that is there.

        They read below the oldest transaction of the whole server, which may be another test's.
        """
        until = time.monotonic() + 60
        newest = self.one("select max(transaction_id)::text::bigint from ledger_transfer")
        through = "select min(through::text::bigint) from ledger_watermark"
        while newest and self.one(through) <= newest:
            assert time.monotonic() < until, "somebody holds a transaction open"
            self.verb("roll_up")
            self.verb("collect_cohorts")
            time.sleep(0.01)

    def ask_all(self) -> int:
        """Be the janitor once, at this world's time."""
        return renewals.ask_all(self.now)

    def expire_due(self) -> int:
        """Be the sweep of deadlines once, at this world's time."""
        return renewals.expire_due(self.now)

    def deliver_all(self) -> int:
        """Do the worker's jobs of delivery for a network that says yes to all."""
        lease = uuid.uuid4()
        with database.connection() as lent:
            jobs = lent.execute(
                "select id, subject_id from lease_jobs(%s, 1000, 60, %s, %s)",
                [["deliver"], lease, self.at],
            ).fetchall()
        for job_id, renewal_id in jobs:
            self.verb("begin_delivery", renewal_id, "apply", "simulated", self.at)
            assert self.verb("deliver", renewal_id, "done", "", self.at) == "delivered"
            assert self.verb("finish_job", job_id, lease)
        return len(jobs)

    def send_all(self) -> None:
        """Do the worker's jobs of sending what was written to people, by the senders installed."""
        lease = uuid.uuid4()
        with database.connection() as lent:
            jobs = lent.execute(
                "select id, subject_id from lease_jobs(%s, 1000, 60, %s, %s)",
                [["notify"], lease, self.at],
            ).fetchall()
        for job_id, notice_id in jobs:
            notices.send(notice_id, self.now)
            assert self.verb("finish_job", job_id, lease)

    def _operator(self) -> None:
        self.insert(
            "catalogue_policy",
            id=1,
            name="Testline",
            domain="testline.example",
            sender_email="hello@testline.example",
            sender_sms="Testline",
            currency_digits=Jsonb({"IDR": 0}),
            quote_minutes=15,
            payment_minutes=30,
            delivery_minutes=30,
            terms_ahead_max=6,
            lapsed_days=90,
        )
        for code in CHANNELS:
            self.insert(
                "trust_channel",
                code=code,
                is_open=True,
                means=["balance", "deposit", "gateway"],
                amount_max=Jsonb({}),
            )
        ledger.open_books("EUR", ["sandbox"])
