"""The numbers on cards and devices as they stand in files, on top of everline.ids.

What is added to ids: several devices in one value, the codes on a card's carrier, and the trace of
spreadsheets, which round long numbers to 15 digits (8.99E+18) and so destroy every card number of a
file; that deserves a sentence of its own. Sentences of ids are passed on as they are.
"""

import re
from collections.abc import Callable
from typing import Final

from everline.ids import Eid, Iccid, Imei, InvalidNumberError, Msisdn, luhn_digit
from everline.loading.problems import Flaw, FlawError, shown

DEVICES_MAX: Final = 20
"""How many devices one row of cards.csv may list."""

_EID_LENGTH: Final = 32
_START_CODE: Final = re.compile(r"[A-Z0-9]{4,20}")
_ICCID: Final = re.compile(r"[0-9]{18,20}")
_MSISDN: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_MATCHING_ID: Final = re.compile(r"[A-Z0-9-]{1,64}")
_ROUNDED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}|[0-9]{15}0{4,5}")

Device = tuple[str, str]
"""The kind (imei or eid) and the number."""


def iccid(value: str) -> str:
    """Read a card number."""
    if _ICCID.fullmatch(value) and value[-1] == luhn_digit(value[:-1]):
        return value  # as nearly all are written: this spares half of the time
    return _parsed(Iccid.parse, value)


def msisdn(value: str) -> str:
    """Read the card's telephone number, in E.164 with + first."""
    if _MSISDN.fullmatch(value):  # as nearly all are written: this spares a third of the time
        return value
    return _parsed(Msisdn.parse, value)


def device(value: str) -> Device:
    """Read an IMEI, or an EID, told apart by their length."""
    if sum(map(str.isdigit, value)) >= _EID_LENGTH - 2:
        return "eid", _parsed(Eid.parse, value)
    return "imei", _parsed(Imei.parse, value)


def devices(value: str) -> tuple[Device, ...]:
    """Read the devices of a card, ";" between them, none twice."""
    parts = value.split(";")
    if len(parts) > DEVICES_MAX:
        raise FlawError(Flaw.TOO_MANY, limit=DEVICES_MAX)
    read = tuple([device(part) for part in parts])
    if len(read) > 1 and len(set(read)) < len(read):
        raise FlawError(Flaw.DEVICE_TWICE)
    return read


def start_code(value: str) -> str:
    """Read the code printed on the card's carrier, without its hyphens and in capitals."""
    if _START_CODE.fullmatch(value):
        return value
    plain = value.replace("-", "").replace(" ", "").upper()
    if not _START_CODE.fullmatch(plain):
        raise FlawError(Flaw.NOT_START_CODE)
    return plain


def matching_id(value: str) -> str:
    """Read the token of an eSIM activation code (source: GSMA SGP.22, 4.1)."""
    if not _MATCHING_ID.fullmatch(value):
        raise FlawError(Flaw.NOT_MATCHING_ID)
    return value


def _parsed(parse: Callable[[str], str], value: str) -> str:
    """Run a parse of ids and take over its sentence, unless a spreadsheet rounded the number."""
    try:
        return parse(value)
    except InvalidNumberError as error:
        if _ROUNDED.fullmatch(value):
            raise FlawError(Flaw.ROUNDED, value=shown(value)) from error
        raise FlawError(Flaw.NUMBER, **error.facts).saying(error.template) from error
