"""A column of a plain table in words: money, instants, codes, names, in the language of the page.

Which columns there are says table_list.py, the screens are tables.py.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext as _

from everline import ids
from everline.ids import Iccid
from everline.loading.promotions import USES_UNIT
from everline.office.desk import Desk
from everline.office.forms import typed_share
from everline.office.table_list import Column
from everline.pages import words

DASH: Final = "\N{EN DASH}"

_SAYERS: Final[Mapping[str, Callable[[Column, Any], str]]] = MappingProxyType(
    {
        "code": lambda column, value: column.named(str(value)),
        "data": lambda _column, value: words.data(value),
        "share": lambda _column, value: f"{typed_share(value)} %",
        "names": lambda _column, value: words.name(value),
        "yes": lambda _column, value: _("yes") if value else _("no"),
        "iccid": lambda _column, value: Iccid(value).masked,
        "list": lambda column, value: ", ".join(map(column.named, value)),
    }
)


def shown(column: Column, desk: Desk) -> Callable[[Model], str]:
    """Make what shows a column of a row to somebody, as Django's admin wants it."""

    def told(row: Model) -> str:
        return say(column, row, desk)

    told.__name__ = column.field.replace(".", "_") + "_shown"
    told.short_description = column.label  # type: ignore[attr-defined]  # Django reads it.
    return told


def say(column: Column, row: object, desk: Desk) -> str:
    """Say a column of a row; a dash for nothing."""
    value = _read(row, column.field)
    if value is None or value in ("", [], {}):
        return DASH
    if column.kind == "money":
        unit = _read(row, column.of)
        # A budget of uses is counted in a unit that is no currency.
        return desk.money(value, unit) if unit and unit != USES_UNIT else str(value)
    if column.kind == "instant":
        return desk.instant(value)
    if column.prefix is not None:
        return ids.outside(column.prefix, UUID(str(value)))
    if isinstance(value, dict) and column.kind == "text":
        return ", ".join(f"{name} {each}" for name, each in value.items())
    sayer = _SAYERS.get(column.kind)
    return sayer(column, value) if sayer else str(value)


def _read(row: Any, field: str) -> Any:
    """Read a field, over relations by dots; None where there is none."""
    for name in field.split("."):
        try:
            row = getattr(row, name)
        except ObjectDoesNotExist:
            return None
        if row is None:
            return None
    return row
