"""The day end: what was sold on a day as two CSV files, by sums and by renewal.

Figures are in the currency's own decimals as the books have them, with a point, whatever people
see on pages. A field that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from everline import clock, ids
from everline.ids import Iccid
from everline.money import Money
from everline.office import takings
from everline.office.desk import Desk
from everline.office.frame import page

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it Excel takes UTF-8 for the local code page."""

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
SUMS: Final = (
    "day", "channel", "seller", "currency", "renewals", "gross", "tax", "discount", "commission",
    "refunds", "net", "topups",
)  # fmt: skip
LINES: Final = (
    "receipt", "paid_at", "channel", "seller", "card", "plan", "means", "state", "currency",
    "gross", "tax", "discount", "commission", "refunds", "net",
)  # fmt: skip


def show(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show the days of which files can be had."""
    return page(request, desk, "day_end.html", {"today": desk.today.isoformat()})


def download(request: HttpRequest, desk: Desk, kind: str) -> HttpResponse | StreamingHttpResponse:
    """Stream one file of one day."""
    try:
        shown = date.fromisoformat(request.GET.get("day", ""))
        asked = takings.day(shown, desk.zone)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    if kind not in {"sums", "renewals"} or not date(2000, 1, 1) < shown <= desk.today:
        raise Http404
    desk.record("export_day", ("day", shown.isoformat()), {"kind": kind})
    rows = _sums(asked) if kind == "sums" else _lines(asked, desk.zone)
    response = StreamingHttpResponse(written(rows), content_type="text/csv; charset=utf-8")
    name = f"everline-{shown.isoformat()}-{kind}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def written(rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """Write rows as CSV (RFC 4180), each field safe from being run as a formula."""
    yield BOM
    for row in rows:
        held = io.StringIO()
        csv.writer(held).writerow([plain(each) for each in row])
        yield held.getvalue()


def plain(field: object) -> str:
    """Write a field; text that begins like a formula gets an apostrophe, a number does not."""
    if isinstance(field, Money):
        return field.plain()
    text = str(field)
    return f"'{text}" if text.startswith(FORMULA) else text


def _sums(asked: takings.Day) -> Iterator[tuple[object, ...]]:
    yield SUMS
    for each in takings.of_day(asked):
        amounts = (
            each.gross, each.tax, each.discount, each.commission, each.refunds, each.net,
            each.topups,
        )  # fmt: skip
        yield (
            asked.date, each.channel, each.seller, each.currency, each.count,
            *(Money(amount, each.currency) for amount in amounts),
        )  # fmt: skip


def _lines(asked: takings.Day, zone: str) -> Iterator[tuple[object, ...]]:
    yield LINES
    after = UUID(int=0)
    while found := takings.lines(asked, after):
        for each in found:
            net = each.gross - each.refunds - each.commission
            amounts = (each.gross, each.tax, each.discount, each.commission, each.refunds, net)
            paid = each.paid_at.astimezone(clock.zone(zone)).isoformat() if each.paid_at else ""
            yield (
                ids.outside("rnw", each.id), paid, each.channel, each.seller,
                Iccid(each.iccid).masked, each.plan, each.means, each.state, each.currency,
                *(Money(amount, each.currency) for amount in amounts),
            )  # fmt: skip
        after = found[-1].id
