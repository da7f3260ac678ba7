"""The least that could renew over HTTP: one Starlette handler, asyncpg, the same lookup and verb.

No validation, no form of errors, no language, no limit: what everline.channels.partner adds is
measured against this in http_rate.py.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
from psycopg.conninfo import conninfo_to_dict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CARD = (
    "select c.id, c.account_id, (select v.id from catalogue_plan p"
    " join catalogue_planversion v on v.plan_id = p.id"
    " where p.code = $2 and v.effective_from <= $3 order by v.effective_from desc limit 1)"
    " from cards_card c where c.iccid = $1"
)
RENEW = "select * from renew('partner', $1, $2, $3, $4, $5, $6, null, $7, $8, $9, null, $10)"
PARTNERS = (
    "select k.key_hash, p.code, p.account_id"
    " from people_apikey k join people_partner p on p.id = k.partner_id"
)


async def renew(request: Request) -> JSONResponse:
    """Renew one card."""
    at = datetime.now(UTC)
    body = await request.body()
    asked = await request.json()
    key = request.headers["authorization"].removeprefix("Bearer ")
    code, payer = request.app.state.partners[hashlib.sha256(key.encode()).digest()]
    async with request.app.state.pool.acquire() as connection:
        card, account, version = await connection.fetchrow(CARD, asked["iccid"], asked["plan"], at)
        answer = await connection.fetchrow(
            RENEW,
            code,
            request.headers["idempotency-key"],
            hashlib.sha256(body).digest(),
            account,
            card,
            version,
            asked["quoted_total"],
            datetime.fromisoformat(asked["quoted_end"]),
            payer,
            at,
        )
    return JSONResponse(
        {"id": str(answer["id"]), "outcome": answer["outcome"], "reason": answer["reason"]},
        status_code=201 if answer["outcome"] == "renewed" else 409,
    )


@asynccontextmanager
async def life(served: Starlette) -> AsyncIterator[None]:
    """Open the pool with the session's settings and learn the keys."""
    parts = conninfo_to_dict(os.environ["EVERLINE_APP_ADDRESS"])
    connections = int(os.environ["BENCH_CONNECTIONS"])
    options = os.environ["BENCH_SESSION"].removeprefix("-c ").split(" -c ")

    async def keep(_connection: Any) -> None:
        """Leave a returned connection as it is: resetting it would cost a round trip."""

    async with asyncpg.create_pool(
        host=parts["host"],
        port=int(str(parts["port"])),
        user=parts["user"],
        password=parts["password"],
        database=parts["dbname"],
        min_size=connections,
        max_size=connections,
        reset=keep,
        server_settings=dict(option.split("=", 1) for option in options),
    ) as pool:
        served.state.pool = pool
        served.state.partners = {
            bytes(row[0]): (row[1], row[2]) for row in await pool.fetch(PARTNERS)
        }
        yield


app = Starlette(routes=[Route("/api/v1/renewals", renew, methods=["POST"])], lifespan=life)
