"""The official check: is this store, kiosk, partner, sender or receipt ours, or was it ever.

It answers with facts alone, which each channel words. A receipt says to a stranger that it is ours,
its date, amount and plan, and the masked card; nothing else. Receipts stand above trust, so the
composition root says how one is found. Signed records are read in signatures.py.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from everline import catalogue, database, ids
from everline.trust import signatures

CODE_LENGTH_MAX: Final = 900
_CODE_MAX: Final = 40

Kind = Literal["store", "till", "kiosk", "partner", "sms", "email", "site", "receipt", ""]


class Verdict(StrEnum):
    """What is known of a code."""

    OFFICIAL = "official"
    ENDED = "ended"
    UNPAID = "unpaid"
    FORGED = "forged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a stranger may be told of a receipt; `amount` in minor units, `day` as the card has it.

    `state` is paid, given_back, or unpaid for an order of ours that nobody has paid. `names` are
    those of the plan; a top-up has none.
    """

    number: str
    state: Literal["paid", "given_back", "unpaid"]
    day: date
    amount: int
    currency: str
    names: dict[str, str]
    masked_card: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a code stands; `since` and `until` are when it was official, as far as known."""

    verdict: Verdict
    kind: Kind = ""
    code: str = ""
    name: str = ""
    place: str = ""
    city: str = ""
    since: datetime | None = None
    until: datetime | None = None
    receipt: Receipt | None = None


Find = Callable[[str], Receipt | None]
_finders: dict[str, Find] = {}


def install_receipts(finders: Mapping[str, Find]) -> None:
    """Say how receipts are found, by the prefix of their numbers, such as rnw."""
    _finders.clear()
    _finders.update(finders)


def signed(kind: Literal["store", "till", "kiosk", "partner"], code: str, at: datetime) -> str:
    """Sign the code of a place or partner, for a sticker or a page."""
    return signatures.sign({"kind": kind, "code": code}, at)


def signed_receipt(receipt: Receipt, at: datetime) -> str:
    """Sign a receipt, for the QR code of a slip: it can then be checked without us, too."""
    return signatures.sign(
        {
            "kind": "receipt",
            "code": receipt.number,
            "day": receipt.day.isoformat(),
            "amount": receipt.amount,
            "currency": receipt.currency,
            "card": receipt.masked_card,
        },
        at,
    )


def check(code: str, at: datetime) -> Standing:
    """Tell how a code stands at `at`, as it was typed or scanned; three reads at most."""
    text = unicodedata.normalize("NFKC", code[: CODE_LENGTH_MAX + 1]).strip()
    if not text or len(text) > CODE_LENGTH_MAX or not text.isprintable():
        return Standing(Verdict.UNKNOWN)
    text = text.rpartition("/verify/")[2]
    if not signatures.is_signed(text):
        return _plain(text, at)
    record = signatures.verify(text)
    if isinstance(record, signatures.Problem):
        return Standing(Verdict.FORGED)
    return _plain(str(record.get("code", "")), at)


def _plain(text: str, at: datetime) -> Standing:
    """Tell how a code without a signature stands."""
    finder = _finders.get(text.partition("_")[0].lower())
    if finder is not None:
        return _receipt(finder, text)
    return _sender(text) or _place(text, at) or Standing(Verdict.UNKNOWN)


def _receipt(find: Find, text: str) -> Standing:
    try:
        receipt = find(text)
    except ids.InvalidNumberError:
        receipt = None
    if receipt is None:
        return Standing(Verdict.UNKNOWN, "receipt")
    verdict = {
        "paid": Verdict.OFFICIAL,
        "given_back": Verdict.ENDED,
        "unpaid": Verdict.UNPAID,
    }[receipt.state]
    return Standing(verdict, "receipt", receipt.number, receipt=receipt)


def _sender(text: str) -> Standing | None:
    """Recognise the operator's own senders and site; case and spaces do not matter."""
    policy = catalogue.policy()
    plain = "".join(text.split()).casefold()
    host = plain.partition("://")[2] or plain
    host = host.partition("/")[0].partition(":")[0].removeprefix("www.")
    if policy.sender_sms and plain == "".join(policy.sender_sms.split()).casefold():
        return Standing(Verdict.OFFICIAL, "sms", policy.sender_sms, policy.name)
    if policy.sender_email and plain == policy.sender_email.casefold():
        return Standing(Verdict.OFFICIAL, "email", policy.sender_email, policy.name)
    if host == policy.domain.casefold():
        return Standing(Verdict.OFFICIAL, "site", policy.domain, policy.name)
    return None


@dataclass(frozen=True, slots=True)
class _Place:
    kind: Kind
    id: UUID
    code: str
    name: str
    place: str
    city: str
    since: datetime | None
    until: datetime | None


_PLACES = (
    "select 'store' as kind, r.id, r.code, r.name,"
    " concat_ws(', ', nullif(r.floor_or_exit, ''), r.address) as place, r.city,"
    " null::timestamptz as since, r.closed_at as until"
    " from people_retailer r where r.code = %s"
    " union all"
    " select t.kind, t.id, t.code, r.name,"
    " concat_ws(', ', nullif(t.place_note, ''), r.address), r.city, t.enrolled_at,"
    " least(t.revoked_at, r.closed_at)"
    " from people_terminal t join people_retailer r on r.id = t.retailer_id"
    " where t.code = %s and t.enrolled_at is not null"
    " union all"
    " select 'partner', p.id, p.code, p.name, '', '', null, p.closed_at"
    " from people_partner p where p.code = %s"
    " limit 1"
)


def _place(text: str, at: datetime) -> Standing | None:
    """Find a store, terminal or partner by its code; spaces and case do not matter."""
    code = "".join(text.split()).upper()
    if len(code) > _CODE_MAX:
        return None
    found = database.row(_Place, _PLACES, [code, code, code])
    if found is None:
        return None
    return Standing(
        verdict=Verdict.ENDED if found.until and found.until <= at else Verdict.OFFICIAL,
        kind=found.kind,
        code=found.code,
        name=found.name,
        place=found.place,
        city=found.city,
        since=found.since or ids.made_at(found.id),
        until=found.until,
    )
