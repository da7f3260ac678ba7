"""The e-wallet's own book: its balance and its purchases, in one SQLite file.

A purchase is stored with its id, which is our reference with the operator, before anything is sent,
and the money leaves the balance in the same transaction. So a double press, a lost answer and a
restart find it, and the balance is touched once each way. Next: serve.py.
"""

import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from partner_api import Api, RefusedError, UnsureError

OPENING_BALANCE: Final = 50_000_000
SENDS_FOR_SECONDS: Final = 120.0
"""How long a payment that was not received is sent again; afterwards it is given up."""

ASKED_AT_MOST_EVERY: Final = 1.0
LISTED_MAX: Final = 50

_TABLES: Final = """
create table if not exists purse (id integer primary key check (id = 1), balance integer not null
    check (balance >= 0));
create table if not exists purchase (
    id text primary key, number text not null, card text not null, plan text not null,
    name text not null, total integer not null, currency text not null, ends_at text not null,
    zone text not null, said text not null, state text not null, problem text not null default '',
    reason text not null default '', url text not null default '',
    is_delivered integer not null default 0, made_at real not null, sent_at real not null default 0,
    asked_at real not null default 0
);
"""


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase. `state`: offered, checking, paid, refused, returned; amounts in minor units."""

    id: str
    number: str
    card: str
    plan: str
    name: str
    total: int
    currency: str
    ends_at: str
    zone: str
    said: str
    state: str
    problem: str
    reason: str
    url: str
    is_delivered: int
    made_at: float
    sent_at: float
    asked_at: float


class Book:
    """The e-wallet's book, and what is done with the operator about it."""

    def __init__(self, path: Path, api: Api) -> None:
        self._path, self.api = path, api
        self._asking = threading.Lock()
        with self._open() as book:
            book.executescript(_TABLES)
            book.execute("insert or ignore into purse values (1, ?)", [OPENING_BALANCE])

    def balance(self) -> int:
        """Tell the e-wallet's balance in minor units."""
        with self._open() as book:
            (balance,) = book.execute("select balance from purse").fetchone()
        return int(balance)

    def find(self, purchase_id: str) -> Purchase | None:
        """Find one purchase."""
        with self._open() as book:
            row = book.execute("select * from purchase where id = ?", [purchase_id]).fetchone()
        return Purchase(*row) if row else None

    def history(self) -> list[Purchase]:
        """List what was bought or tried, the newest first."""
        with self._open() as book:
            rows = book.execute(
                "select * from purchase where state <> 'offered' order by made_at desc limit ?",
                [LISTED_MAX],
            ).fetchall()
        return [Purchase(*row) for row in rows]

    def offer(self, number: str, name: str, told: dict[str, Any]) -> str:
        """Keep what an inquiry told as an offer, under an id that is ours; gives the id."""
        quote, made = told["quote"], str(uuid.uuid4())
        with self._open() as book:
            book.execute(
                "insert into purchase (id, number, card, plan, name, total, currency, ends_at,"
                " zone, said, state, made_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'offered', ?)",
                [
                    *(made, number, told["card"], quote["plan"], name, quote["total"]),
                    *(quote["currency"], quote["ends_at"], quote["zone"]),
                    *(quote["on_renewal_words"], time.time()),
                ],
            )
        return made

    def pay(self, purchase_id: str, language: str) -> bool:
        """Take the money and send the payment, once however often it is pressed.

        False when the balance is too low.
        """
        with self._open() as book:
            book.execute("begin immediate")
            row = book.execute(
                "select total from purchase where id = ? and state = 'offered'", [purchase_id]
            ).fetchone()
            if row is None:
                return True  # It was pressed before, and is under way or over.
            taken = book.execute(
                "update purse set balance = balance - ? where balance >= ?", [row[0], row[0]]
            ).rowcount
            if not taken:
                return False
            book.execute(
                "update purchase set state = 'checking', sent_at = ? where id = ?",
                [time.time(), purchase_id],
            )
        self._send(purchase_id, language, is_first=True)
        return True

    def follow(self, purchase_id: str, language: str) -> Purchase | None:
        """Ask what became of a purchase that is under way; gives it as it stands."""
        found = self.find(purchase_id)
        if found is None or not self._is_open(found):
            return found
        with self._asking:
            found = self.find(purchase_id)
            now = time.time()
            if found and self._is_open(found) and now - found.asked_at >= ASKED_AT_MOST_EVERY:
                with self._open() as book:
                    book.execute("update purchase set asked_at = ? where id = ?", [now, found.id])
                self._ask(found, language)
        return self.find(purchase_id)

    def take_back(self, purchase_id: str, language: str) -> str:
        """Ask for a purchase to be taken back; gives why not in words, or nothing."""
        try:
            told = self.api.reverse(purchase_id, language)
        except RefusedError as refused:
            return refused.title
        except UnsureError:
            return ""  # It is pressed again, which does no harm.
        if told["outcome"] in {"taken_back", "given_up"}:
            self._return(purchase_id, "returned")
        return ""

    def recover(self, language: str) -> None:
        """Follow all that is under way, as after a restart."""
        with self._open() as book:
            rows = book.execute(
                "select id from purchase where state = 'checking' or (state = 'paid'"
                " and not is_delivered) order by asked_at limit ?",
                [LISTED_MAX],
            ).fetchall()
        for (purchase_id,) in rows:
            self.follow(purchase_id, language)

    @staticmethod
    def _is_open(purchase: Purchase) -> bool:
        return purchase.state == "checking" or (
            purchase.state == "paid" and not purchase.is_delivered
        )

    def _ask(self, found: Purchase, language: str) -> None:
        """Ask for advice; what was not received is sent again, and given up in the end."""
        try:
            told = self.api.advise(found.id, language)
            if told["outcome"] == "unknown" and time.time() - found.sent_at > SENDS_FOR_SECONDS:
                told = self.api.reverse(found.id, language)
        except (RefusedError, UnsureError):
            return
        match told["outcome"]:
            case "paid":
                self._paid(found.id, told["renewal"], told["signed_receipt_url"])
            case "refused":
                refusal = told["refusal"]
                self._return(found.id, "refused", refusal["code"], refusal["sentence"])
            case "taken_back" | "given_up":
                self._return(found.id, "returned")
            case _:
                self._send(found.id, language)

    def _send(self, purchase_id: str, language: str, *, is_first: bool = False) -> None:
        """Send a stored payment, the same each time; nothing is concluded from no answer.

        Nor from a no to a later sending: the first may have been carried out. Advice tells.
        """
        found = self.find(purchase_id)
        assert found is not None
        try:
            made = self.api.pay(
                {
                    "reference": found.id,
                    "number": found.number,
                    "plan": found.plan,
                    "quoted_total": found.total,
                    "quoted_end": found.ends_at,
                },
                language,
            )
        except UnsureError:
            return
        except RefusedError as refused:
            if is_first:
                self._return(found.id, "refused", refused.code, refused.title)
            return
        self._paid(found.id, {"state": "paid", "ends_at": made["valid_until"]}, made["verify_url"])

    def _paid(self, purchase_id: str, renewal: dict[str, Any], url: str | None) -> None:
        with self._open() as book:
            book.execute(
                "update purchase set state = 'paid', ends_at = ?, is_delivered = ?,"
                " url = coalesce(nullif(url, ''), ?) where id = ?"
                " and state in ('checking', 'paid')",
                [renewal["ends_at"], renewal["state"] == "delivered", url or "", purchase_id],
            )

    def _return(self, purchase_id: str, state: str, problem: str = "", reason: str = "") -> None:
        """End a purchase and give its money back, once."""
        with self._open() as book:
            book.execute("begin immediate")
            ended = book.execute(
                "update purchase set state = ?, problem = ?, reason = ?"
                " where id = ? and state in ('checking', 'paid')",
                [state, problem, reason, purchase_id],
            ).rowcount
            if ended:
                book.execute(
                    "update purse set balance = balance"
                    " + (select total from purchase where id = ?)",
                    [purchase_id],
                )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        book = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            yield book
            if book.in_transaction:
                book.execute("commit")
        finally:
            book.close()
