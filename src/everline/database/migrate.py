"""Bringing a database up to date: roles, tables, verbs, rights, month partitions. Safe to repeat.

Tables change by Django's migrations as the owner; the text of the verbs stands in the `.sql` files
alone and is loaded by verbs.py after them.
"""

from datetime import datetime
from typing import Final

import psycopg
from django.core.management import call_command
from psycopg import sql

from everline.database import grants, verbs
from everline.database.addresses import APP, Addresses, prepare_roles

MONTHS_AHEAD: Final = 3


def migrate(logins: Addresses, at: datetime) -> bool:
    """Prepare roles, run the migrations as owner, load the verbs; tell whether verbs were loaded.

    Django must be set up with these logins before. Raises what PostgreSQL says.
    """
    prepare_roles(logins)
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    with psycopg.connect(logins.owner, autocommit=True) as owner:
        loaded = verbs.load(owner, APP)
        grants.grant(owner, APP)
        owner.execute(
            sql.SQL("set search_path = {}, public").format(sql.Identifier(verbs.schema()))
        )
        owner.execute("select make_partitions(%s, %s)", [at, MONTHS_AHEAD])
    return loaded
