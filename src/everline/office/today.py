"""Today: renewals and money by channel and currency, and yesterday beside it.

The figures come from takings.py. The bars are drawn from the same figures as the table.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse

from everline.office import takings
from everline.office.desk import Desk
from everline.office.frame import page
from everline.office.naming import channel_name
from everline.office.takings import Taking

BAR: Final = 560
"""The longest bar, in units of the drawing."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One channel in one currency: where its two bars are drawn, and what they say."""

    label: str
    value: str
    before: str
    width: int
    width_before: int


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show what was taken today and yesterday."""
    now = takings.of_day(takings.day(desk.today, desk.zone))
    before = takings.of_day(takings.day(desk.today - timedelta(days=1), desk.zone))
    keys = sorted({(each.currency, each.channel) for each in (*now, *before)})
    sums, sums_before = _by_channel(now), _by_channel(before)
    currencies = sorted({currency for currency, _channel in keys})
    context = {
        "day": desk.today,
        "charts": [
            {"currency": currency, "bars": _bars(desk, currency, sums, sums_before)}
            for currency in currencies
        ],
        "longest": BAR,
        "rows": [
            {
                "channel": channel_name(channel),
                "currency": currency,
                "now": _worded(desk, sums.get((currency, channel)), currency),
                "before": _worded(desk, sums_before.get((currency, channel)), currency),
            }
            for currency, channel in keys
        ],
        "totals": [
            {
                "currency": currency,
                "now": _worded(desk, _all(now, currency), currency),
                "before": _worded(desk, _all(before, currency), currency),
            }
            for currency in currencies
        ],
    }  # fmt: skip
    return page(request, desk, "today.html", context)


def _by_channel(found: list[Taking]) -> dict[tuple[str, str], Taking]:
    return {
        key: _sum([each for each in found if (each.currency, each.channel) == key], key[1], key[0])
        for key in {(each.currency, each.channel) for each in found}
    }


def _all(found: list[Taking], currency: str) -> Taking:
    return _sum([each for each in found if each.currency == currency], "", currency)


def _sum(found: list[Taking], channel: str, currency: str) -> Taking:
    return Taking(
        channel,
        "",
        currency,
        sum(each.count for each in found),
        sum(each.gross for each in found),
        sum(each.tax for each in found),
        sum(each.discount for each in found),
        sum(each.commission for each in found),
        sum(each.refunds for each in found),
        sum(each.topups for each in found),
    )


def _worded(desk: Desk, taking: Taking | None, currency: str) -> dict[str, object]:
    given = taking or _sum([], "", currency)
    names = ("gross", "tax", "discount", "commission", "refunds", "topups", "net")
    shown = {name: desk.money(getattr(given, name), currency) for name in names}
    return {"count": given.count, **shown}


def _bars(
    desk: Desk,
    currency: str,
    now: dict[tuple[str, str], Taking],
    before: dict[tuple[str, str], Taking],
) -> list[Bar]:
    channels = sorted({channel for each, channel in (*now, *before) if each == currency})
    amounts = {
        channel: tuple(
            sums[currency, channel].gross if (currency, channel) in sums else 0
            for sums in (now, before)
        )
        for channel in channels
    }
    most = max((amount for each in amounts.values() for amount in each), default=0) or 1
    return [
        Bar(
            channel_name(channel),
            desk.money(amounts[channel][0], currency),
            desk.money(amounts[channel][1], currency),
            amounts[channel][0] * BAR // most,
            amounts[channel][1] * BAR // most,
        )
        for channel in channels
    ]
