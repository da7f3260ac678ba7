"""Column types that Django lacks: the server's transaction ids, and domains.

A domain is a type with a rule of its own. The tables that a renewal writes say by domains what one
column may hold: a session reads the rule of a domain once, and that of a check constraint again
with every statement that writes. Rules about two columns are constraints. The domains are made by
the migrations; what they cost is in docs/benchmarks.md.
"""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
    _Text = models.CharField[Any, Any]
    _Number = models.BigIntegerField[Any, Any]
else:  # Django's own classes take no types at run time.
    _Field, _Text, _Number = models.Field, models.CharField, models.BigIntegerField


class TransactionIdField(_Field):
    """PostgreSQL's xid8, filled by the server: which transaction wrote the row.

    A roll-up reads only below pg_snapshot_xmin, so no row that commits late is ever passed over.
    """

    def db_type(self, connection: Any) -> str:
        """Give the column's type with its default, which only the server can know."""
        return "xid8 not null default pg_current_xact_id()"


class StateField(_Text):
    """One of the states that a domain names; `domain` is its name, made by the noun's migration."""

    def __init__(self, *, domain: str, **rest: Any) -> None:
        self.domain = domain
        super().__init__(**rest)

    def deconstruct(self) -> Any:
        """Add the domain to what a migration writes down."""
        name, path, positional, named = super().deconstruct()
        return name, path, positional, {**named, "domain": self.domain}

    def db_type(self, connection: Any) -> str:
        """Give the domain as the column's type."""
        return self.domain


class NotNegativeField(_Number):
    """A whole number from 0 on: the domain `not_negative`."""

    def db_type(self, connection: Any) -> str:
        """Give the domain as the column's type."""
        return "not_negative"


class PositiveField(_Number):
    """A whole number from 1 on: the domain `positive`."""

    def db_type(self, connection: Any) -> str:
        """Give the domain as the column's type."""
        return "positive"
