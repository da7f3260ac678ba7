"""Prices to be tried: published in the run as an operator publishes them, by a plan's new version.

The new version begins PRICE_DAYS into the run, or right after the last one that is planned. Who
renews by itself and agreed to less must consent anew; that is counted by figures.py.
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from everline.errors import MisuseError
from everline.loading.problems import FlawError
from everline.loading.publishing import PUBLISHED, Content, publish_version
from everline.loading.values import amount

PRICE_DAYS: Final = 14

_WISH: Final = re.compile(r"([A-Z0-9-]{2,32})=([0-9]{1,12}(?:\.[0-9]{1,3})?)(?::([A-Z]{3}))?")
_LAST: Final = (
    "select v.id, v.number::integer, v.effective_from, v.period_unit, v.period_count::integer,"
    " v.validity, v.on_renewal, v.allowance_bytes, v.fair_use_bytes, v.devices_max::integer,"
    " v.region_id, array(select c.country::text from catalogue_coverage c"
    "  where c.plan_version_id = v.id order by 1) as countries,"
    " array(select array[r.currency, r.amount::text, r.tax_basis_points::text]"
    "  from catalogue_price r where r.plan_version_id = v.id order by r.currency) as prices"
    " from catalogue_plan p join catalogue_planversion v on v.plan_id = p.id"
    " where p.code = %s order by v.number desc limit 1"
)


def parse_prices(texts: list[str]) -> tuple[str, ...]:
    """Check what was typed, such as HOME-30=105000 or ASIA-MONTH=19.90:EUR; MisuseError else."""
    for text in texts:
        if not _WISH.fullmatch(text):
            raise MisuseError(
                "price_not_understood",
                f"--price {text} is not understood. Write it like HOME-30=105000, or with the"
                " currency like ASIA-MONTH=19.90:EUR.",
                field_name="price",
            )
    return tuple(texts)


def publish_prices(reader: psycopg.Connection, wishes: tuple[str, ...], at: datetime) -> None:
    """Publish a new version of each plan, with this price in the place of the present one."""
    for wish in wishes:
        found = _WISH.fullmatch(wish)
        assert found, wish
        plan, text, currency = found.groups()
        last = reader.cursor(row_factory=dict_row).execute(_LAST, [plan]).fetchone()
        if last is None:
            raise MisuseError("plan_unknown", f"There is no plan {plan}. Name one of your plans.")
        sold = [each[0] for each in last["prices"]]
        if currency is None and len(sold) > 1:
            raise MisuseError(
                "currency_missing",
                f"{plan} is sold in {', '.join(sold)}. Name one, like {plan}={text}:{sold[0]}.",
            )
        if (currency or sold[0]) not in sold:
            raise MisuseError("currency_unknown", f"{plan} is not sold in {currency}.")
        _publish(plan, last, currency or sold[0], text, at)


def _publish(plan: str, last: dict[str, Any], currency: str, text: str, at: datetime) -> None:
    try:
        wanted = amount(currency)(text)
    except FlawError as error:
        raise MisuseError(
            "price_not_understood", f"{text} is no amount of {currency}. Write it as people pay it."
        ) from error
    content = Content(
        period=(last["period_unit"], last["period_count"]),
        validity=last["validity"],
        on_renewal=last["on_renewal"],
        allowance=last["allowance_bytes"],
        fair_use=last["fair_use_bytes"],
        devices_max=last["devices_max"],
        region=last["region_id"],
        countries=last["countries"],
        prices=[
            (each, wanted if each == currency else int(minor), int(tax))
            for each, minor, tax in last["prices"]
        ],
    )
    begins = max(at + timedelta(days=PRICE_DAYS), last["effective_from"] + timedelta(seconds=1))
    said = publish_version(plan, last["number"], begins, content, at)
    if said != PUBLISHED:
        raise MisuseError("price_not_published", f"{plan} takes no new price: {said}.")
