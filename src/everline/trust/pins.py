"""Service PINs: 4 to 6 digits that authorise whoever has named a card on the telephone.

A PIN is kept as scrypt (RFC 7914) of itself under a pepper that is derived from the server's secret
key, with the account's id as salt: who steals the table alone cannot try the million PINs out. A
new EVERLINE_SECRET_KEY therefore ends all PINs. Wrong tries are counted by the verb, under the
row's lock: five lock the PIN for half an hour. Who may set one is decided by the channels.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from django.utils.crypto import salted_hmac

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.ids import InvalidNumberError

LENGTHS: Final = range(4, 7)
TRIES_MAX: Final = 5
LOCK_MINUTES: Final = 30
SCRYPT_COST: Final = 2**14
SCRYPT_BLOCK: Final = 8
"""16 MB and some 40 ms a PIN: dear for whoever tries them out, short for whoever calls."""

_RUN: Final = "01234567890"


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues; whoever shows it translates it."""
    return sentence


@dataclass(frozen=True, slots=True)
class PinCheck:
    """What came of a PIN; `none` means that the account has none yet."""

    outcome: Literal["ok", "wrong", "locked", "none"]
    tries_left: int | None
    locked_until: datetime | None

    @property
    def is_right(self) -> bool:
        """Whether the PIN was the right one, and taken."""
        return self.outcome == "ok"


@dataclass(frozen=True, slots=True)
class _Numbers:
    iccid: str
    msisdn: str | None


def set_pin(caller: Caller, account_id: UUID, pin: str, at: datetime) -> Answer:
    """Set an account's PIN; wrong tries and a lock are forgotten. Refuses request_reused.

    Raises InvalidNumberError, "pin", for one that is no PIN or that others would guess.
    """
    numbers = database.row(
        _Numbers, "select c.iccid, c.msisdn from cards_card c where c.account_id = %s", [account_id]
    )
    known = (numbers.iccid, numbers.msisdn or "") if numbers else ()
    digest = pin_hash(account_id, read_pin(pin, known))
    answer = database.row(
        Answer,
        "select * from set_pin(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("set_pin", account=account_id, pin=digest.hex()),
            account_id,
            digest,
            at,
        ],
    )
    assert answer is not None
    return answer


def check_pin(account_id: UUID, pin: str, at: datetime) -> PinCheck:
    """Compare a PIN with the account's; a wrong one counts, whatever its form. Locks the PIN's row.

    The fifth wrong one locks it for 30 minutes; the right one is not taken meanwhile.
    """
    found = database.row(
        PinCheck,
        "select * from check_pin(%s, %s, %s)",
        [account_id, pin_hash(account_id, pin[: LENGTHS.stop]), at],
    )
    assert found is not None
    return found


def has_pin(account_id: UUID) -> bool:
    """Tell whether an account has a PIN, which costs no try."""
    return bool(
        database.value(
            "select exists (select from trust_pin p where p.account_id = %s)", [account_id]
        )
    )


def read_pin(pin: str, known: tuple[str, ...] = ()) -> str:
    """Read a new PIN; `known` are numbers of which it may not be the end.

    Raises InvalidNumberError, "pin", with a sentence that says what to choose instead.
    """
    if not (pin.isascii() and pin.isdigit() and len(pin) in LENGTHS):
        raise InvalidNumberError("pin", _("A service PIN has 4 to 6 digits. Choose such a number."))
    if any(number.endswith(pin) for number in known):
        raise InvalidNumberError(
            "pin",
            _("This PIN is the end of the card's own number, which others know. Choose another."),
        )
    is_pattern = len(set(pin)) == 1 or pin in _RUN or pin in _RUN[::-1] or pin[:2] * 2 == pin[:4]
    if is_pattern:
        raise InvalidNumberError(
            "pin", _("This PIN is easily guessed. Choose one without a pattern, unlike 1234.")
        )
    return pin


def pin_of(request_id: str, known: tuple[str, ...] = ()) -> str:
    """Make a PIN that nobody guesses, the same for the same request: an act done twice is one."""
    for turn in range(1000):
        digest = salted_hmac("everline.trust.new-pin", f"{request_id} {turn}", algorithm="sha256")
        with suppress(InvalidNumberError):
            return read_pin(f"{int.from_bytes(digest.digest()) % 10**6:06d}", known)
    raise AssertionError("a thousand numbers by chance were all patterns")


def pin_hash(account_id: UUID, pin: str) -> bytes:
    """Hash a PIN with its account, under the server's pepper; 32 bytes."""
    peppered = salted_hmac("everline.trust.pins", pin, algorithm="sha256").digest()
    return hashlib.scrypt(
        peppered, salt=account_id.bytes, n=SCRYPT_COST, r=SCRYPT_BLOCK, p=1, dklen=32
    )
