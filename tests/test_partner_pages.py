"""Long lists through the partner API: a page costs what it shows, however many lie before it.

What the lists tell is tested in test_partner.py.
"""

from typing import Any

import pytest
from psycopg import sql

from everline import ids
from tests.marketplace import RENEWALS, Platform, one_connection
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

MANY = """
insert into renewals_renewal
select (jsonb_populate_record(r, jsonb_build_object(
    'id', gen_random_uuid(), 'state', 'expired', 'placed_at', r.placed_at + n * interval '1 s'
))).*
from renewals_renewal r cross join generate_series(1, 20000) as n
"""


def test_a_page_deep_in_a_long_list_reads_its_own_rows_alone(
    town: World, platform: Platform
) -> None:
    card, plan = town.card(), town.plan()
    platform.renew(platform.order(card, plan))
    town.owner.execute(MANY)
    town.owner.execute("analyze renewals_renewal")
    middle = town.one("select id from renewals_renewal order by id offset 10000 limit 1")
    connection = one_connection()
    address = f"{RENEWALS}?limit=50&before={ids.outside('rnw', middle)}"
    platform.send("GET", address)
    page = platform.send("GET", address).body  # By a prepared statement, the second time.
    shown = [ids.inside("rnw", each["id"]) for each in page["renewals"]]
    below = town.all(
        "select id from renewals_renewal where id < %s order by id desc limit 50", middle
    )
    assert shown == [renewal for (renewal,) in below]
    found = connection.execute(
        "select name from pg_prepared_statements where statement like '%payer_id = $1%'"
    ).fetchone()
    assert found is not None
    told = connection.execute(
        sql.SQL("explain (analyze, format json) execute {} ({}, {}, 51)").format(
            sql.Identifier(found[0]), sql.Literal(platform.owner.account_id), sql.Literal(middle)
        )
    ).fetchone()
    assert told is not None
    steps = _steps(told[0][0]["Plan"])
    read = [step for step in steps if step.get("Relation Name") == "renewals_renewal"]
    assert [(step["Index Name"], step["Actual Rows"]) for step in read] == [
        ("renewal_by_payer", 51)
    ]
    assert not [step for step in read if step.get("Rows Removed by Filter")]


def _steps(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(step for part in plan.get("Plans", []) for step in _steps(part))]
