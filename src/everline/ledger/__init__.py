"""The double-entry ledger: accounts and transfers, no cards and no renewals.

This face books money that arrives and reads sums; everything else is posted by the verbs that sell,
refund and earn. They stand in ledger.sql and books.sql, the chart of accounts in docs/ledger.md.
"""

from everline.ledger.books import (
    fund,
    open_books,
    open_pockets,
    refill,
    roll_up,
    spendable,
    spendable_each,
)

__all__ = ["fund", "open_books", "open_pockets", "refill", "roll_up", "spendable", "spendable_each"]
