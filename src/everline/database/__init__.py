"""The database: the embedded server, the logins, the pool and the loader of verbs.

The face of this noun is the raw pool: `row`, `rows` and `value` call a verb in one round trip,
`outside` guards calls to gateways and networks. Next: verbs.py loads them, server.py runs the
embedded PostgreSQL.
"""

from everline.database.pool import Query, close, connection, outside, record, row, rows, value

__all__ = ["Query", "close", "connection", "outside", "record", "row", "rows", "value"]
