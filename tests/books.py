"""docs/ledger.md as it is written, and the ledger of a small world told in its words.

The stories that both must agree on stand in test_ledger_page.py.
"""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from everline import cards, payments, renewals
from everline.database.requests import Answer
from everline.money import Money
from everline.payments import Said
from everline.renewals.pay import settle
from tests.world import START, World

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "ledger.md"
PRICE: Final = 1230
"""12.30 euro: at 23 % these are 10.00 and 2.30 of tax."""

Row = tuple[str, ...]
"""(verb, kind, debit, credit, amount), as the page writes it."""

NOTHING: Final = ("–", "–", "–", "–")


class Books:
    """The ledger of a world, read as the page writes it, one step after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: list[Row] = []
        self._names: dict[UUID, str] = {}
        self._seen: set[UUID] = set()
        self._holds: dict[UUID, str] = {}
        self.plan = world.plan(price=PRICE, days=10, validity="calendar")

    def step(self, verb: str, *, wrote: int) -> None:
        """Note what a verb wrote: so many transfers, and holds set aside or given back."""
        found = [
            row
            for row in self.world.all(
                "select id, kind, debit_id, credit_id, amount, currency from ledger_transfer"
            )
            if row[0] not in self._seen
        ]
        assert len(found) == wrote, (verb, found)
        self._seen |= {row[0] for row in found}
        order = [row[0] for row in table("Kinds of transfers")]
        new: list[Row] = [
            (kind, self._name(debit), self._name(credit), amount_of(amount, currency))
            for _, kind, debit, credit, amount, currency in sorted(
                found, key=lambda row: order.index(row[1])
            )
        ]
        new += self._moved_holds()
        self.rows += [(verb, *row) for row in new or [NOTHING]]

    def sums(self) -> list[str]:
        """List what is on each account, on its own side, as the page's last line does."""
        sides = {row[0]: row[1] for row in table("Chart of accounts")}
        told = []
        for ledger_id, kind, currency in self.world.all(
            "select id, kind, currency from ledger_account"
        ):
            moved = self.world.one(
                "select coalesce(sum(case when debit_id = %s then amount else -amount end), 0)"
                " from ledger_transfer where %s in (debit_id, credit_id)",
                ledger_id,
                ledger_id,
            )
            amount = int(moved if sides[kind] == "debit" else -moved)
            if amount:
                told.append(f"{self._name(ledger_id)} {amount_of(amount, currency)}")
        return sorted(told)

    def _name(self, ledger_id: UUID) -> str:
        """Name an account by its kind and scope; pockets are lettered as they come to be used."""
        if ledger_id not in self._names:
            ((kind, scope, account),) = self.world.all(
                "select kind, scope, account_id from ledger_account where id = %s", ledger_id
            )
            name = f"{kind} {scope}".strip()
            pockets = self.world.one(
                "select count(*) from ledger_account where account_id = %s and kind = %s"
                " and scope = %s and floor is not null",
                account,
                kind,
                scope,
            )
            if pockets > 1:
                used = sum(known.startswith(f"{name} ") for known in self._names.values())
                name = f"{name} {'ABCD'[used]}"
            self._names[ledger_id] = name
        return self._names[ledger_id]

    def _moved_holds(self) -> Iterator[Row]:
        """Tell of holds that came to be, or were released; those posted show as transfers."""
        for hold, on, amount, currency, state in self.world.all(
            "select h.id, h.ledger_account_id, h.amount, a.currency, h.state from ledger_hold h"
            " join ledger_account a on a.id = h.ledger_account_id order by h.id"
        ):
            if self._holds.get(hold) == state:
                continue
            self._holds[hold] = state
            if state == "held":
                yield ("hold", self._name(on), "–", amount_of(amount, currency))
            elif state == "released":
                yield ("release", "–", self._name(on), amount_of(amount, currency))

    # The acts that several stories share.

    def fund(self, account: UUID, kind: str, amount: int, currency: str = "EUR") -> None:
        self.world.fund(account, kind, amount, currency)
        self.step("fund", wrote=1)

    def funded_card(self, amount: int = 2000) -> cards.Card:
        card = self.world.card()
        self.fund(card.account_id, "balance", amount)
        return card

    def promotion(self, budget: int, unit: str, **columns: Any) -> str:
        code = self.world.promotion(budget_unit=unit, **columns)
        account = self.world.one("select account_id from catalogue_promotion")
        self.fund(account, "promotion_budget", budget, unit)
        return code

    def renew(
        self, card: cards.Card, *, wrote: int, payer: UUID | None = None, code: str | None = None
    ) -> UUID:
        answer = renewals.renew(
            self.world.caller(),
            self.world.order(card, self.plan, promotion=code),
            payer or card.account_id,
            self.world.at,
        )
        self.step("renew", wrote=wrote)
        return id_of(answer)

    def place(self, code: str | None = None) -> UUID:
        order = self.world.order(self.world.card(), self.plan, promotion=code)
        answer = renewals.place(self.world.caller(), order, "sandbox", None, self.world.at)
        self.step("place", wrote=0)
        return id_of(answer)

    def captured(self, renewal: UUID, *, wrote: int) -> None:
        attempt = payments.first_attempt(renewal)
        assert attempt is not None
        if attempt.state == "created":
            payments.mark_sent(attempt.id, self.world.at)
        settle(attempt.id, Said("succeeded", "ref", None, "•••• 4242"), self.world.at)
        self.step("settle", wrote=wrote)

    def delivered(self, renewal: UUID, outcome: str, *, wrote: int) -> None:
        self.world.verb("begin_delivery", renewal, "apply", "simulated", self.world.at)
        self.world.verb("deliver", renewal, outcome, "", self.world.at)
        self.step("deliver", wrote=wrote)

    def taken_back(self, renewal: UUID, *, wrote: int) -> None:
        renewals.reverse(self.world.caller(), renewal, "asked", self.world.at)
        self.step("reverse", wrote=0)
        self.world.verb("begin_delivery", renewal, "reverse", "simulated", self.world.at)
        self.world.verb("withdrawn", renewal, "done", "", self.world.at)
        self.step("withdrawn", wrote=wrote)

    def refunded(self) -> None:
        (refund,) = payments.claim_refunds(self.world.at, 10)
        self.world.verb("settle_refund", refund.id, "succeeded", "back", "", None, self.world.at)
        self.step("settle_refund", wrote=1)

    def earned(self, days: int) -> None:
        """Earn through so many days after the first, once all before is seen as finished."""
        mark = self.world.one("select pg_current_xact_id()")
        ends = time.monotonic() + 60
        while not self.world.one("select pg_snapshot_xmin(pg_current_snapshot()) > %s::xid8", mark):
            assert time.monotonic() < ends, "another transaction stays open"
            time.sleep(0.02)
        self.world.verb("earn", START.date() + timedelta(days=days), self.world.at)
        self.step("earn", wrote=1)


def section(title: str) -> str:
    """Cut one section out of the page, to the next heading of any level."""
    found = re.search(rf"(?ms)^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE.read_text())
    assert found, f"docs/ledger.md has no section {title!r}"
    return found[1]


def table(title: str) -> list[Row]:
    """Read the table of one section, without its head and without code marks."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    rows = [tuple(cell.strip() for cell in line[1:-1].split("|")) for line in lines]
    return [tuple(cell.strip("`") for cell in row) for row in rows[2:]]


def examples() -> list[str]:
    """List the headings of the worked examples."""
    return re.findall(r"(?m)^### (.+)$", PAGE.read_text().partition("\n## Worked examples")[2])


def amount_of(amount: int, currency: str) -> str:
    if currency == "XXX":
        return f"{amount} use" if amount == 1 else f"{amount} uses"
    return Money(amount, currency).plain()


def id_of(answer: Answer) -> UUID:
    assert answer.id is not None, answer
    return answer.id
