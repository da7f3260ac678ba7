"""A database that was restored from a dump: its transfers are numbered by another server.

Revenue and sums would pass them by, or count on from a number that this server reaches in years.
`everline migrate` calls this after the verbs are loaded; how it is done stands in revenue.sql.
"""

import psycopg
from psycopg import sql

from everline.database import verbs


def renumber(owner_address: str, *, is_forced: bool = False) -> bool:
    """Number the transfers anew, if this server has not given their numbers; tell whether it did.

    One transaction, which may take minutes; everything that writes waits. Raises what PostgreSQL
    says, as when others do not let go of the books within the owner's lock_timeout.
    """
    with psycopg.connect(owner_address, autocommit=True) as owner:
        owner.execute(
            sql.SQL("set search_path = {}, public; set statement_timeout = 0").format(
                sql.Identifier(verbs.schema())
            )
        )
        row = owner.execute("select renumber(%s)", [is_forced]).fetchone()
    return bool(row and row[0])
