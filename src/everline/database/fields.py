"""Column types that Django lacks."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:  # Django's own class takes no types at run time.
    _Field = models.Field


class TransactionIdField(_Field):
    """PostgreSQL's xid8, filled by the server: which transaction wrote the row.

    A roll-up reads only below pg_snapshot_xmin, so no row that commits late is ever passed over.
    """

    def db_type(self, connection: Any) -> str:
        """Give the column's type with its default, which only the server can know."""
        return "xid8 not null default pg_current_xact_id()"
