"""What the app's login may do: read everything, call verbs, write a few tables. Never the books.

The owner migrates and loads; the app serves and works. A table that is not named here is read-only
for the app, so a new one is safe until somebody argues otherwise. tests/test_grants.py lists all.
"""

from typing import Final

import psycopg
from psycopg import sql

WRITABLE: Final[tuple[str, ...]] = (
    "auth_group",
    "auth_group_permissions",
    "database_cache",
    "django_session",
    "hotline_leg",
    "mfa_authenticator",
    "people_apikey",
    "people_employment",
    "people_holding",
    "people_person",
    "people_person_groups",
    "people_person_user_permissions",
    "people_returncall",
    "people_terminal",
    "store_sale",
    "tour_visit",
    "trust_banner",
    "usersessions_usersession",
)
"""Tables of sign-in, sessions, calls, places, tills' notes and the tour, written row by row."""


def grant(owner: psycopg.Connection, app_role: str) -> None:
    """Set the app's rights on every table anew, in one transaction."""
    app = sql.Identifier(app_role)
    with owner.transaction():
        owner.execute(sql.SQL("grant usage on schema public to {}").format(app))
        owner.execute(
            sql.SQL(
                "revoke insert, update, delete, truncate, references, trigger"
                " on all tables in schema public from {}"
            ).format(app)
        )
        owner.execute(sql.SQL("grant select on all tables in schema public to {}").format(app))
        owner.execute(sql.SQL("grant usage on all sequences in schema public to {}").format(app))
        for table in WRITABLE:
            owner.execute(
                sql.SQL("grant insert, update, delete on {} to {}").format(
                    sql.Identifier("public", table), app
                )
            )
