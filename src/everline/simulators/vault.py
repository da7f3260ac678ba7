"""The sandbox bank's vault: numbers that it keeps for a merchant, each under a token of its own.

A kept number behaves as its conduct says from the next charge on; the number itself is not written
down. What a merchant no longer wants kept is thrown away, and its token is unknown from then on.
"""

import secrets
from dataclasses import dataclass, replace

from everline.simulators.numbers import BY_NAME, BY_TOKEN, Conduct
from everline.simulators.store import Records
from everline.simulators.wire import ProblemError

TOKEN_BYTES = 12


@dataclass(frozen=True, slots=True)
class Vaulted:
    """One kept number; `key` is the charge or setup by which it was kept."""

    token: str
    key: str
    conduct: str
    masked_means: str
    is_gone: bool = False


def keep_number(records: Records, key: str, conduct: Conduct) -> str:
    """Keep the number of a conduct and give its token: another one each time."""
    token = f"kept_{secrets.token_hex(TOKEN_BYTES)}"
    put(records, Vaulted(token, key, conduct.kept.name, conduct.masked))
    return token


def put(records: Records, item: Vaulted) -> None:
    """Write a kept number."""
    records.put(item, item.token, position=records.now_ms())


def conduct_of(records: Records, token: str) -> tuple[Conduct, str]:
    """Tell how a token behaves and how its number is shown; raises a problem for no such token."""
    if token in BY_TOKEN:
        return BY_TOKEN[token], BY_TOKEN[token].masked
    known = records.get(Vaulted, token)
    if known is None or known.is_gone:
        raise ProblemError(400, "token_unknown", "This token is not one of the sandbox bank.")
    return BY_NAME[known.conduct], known.masked_means


def forget(records: Records, token: str) -> bool:
    """Throw a kept number away; False when there was none, also when it is gone already."""
    known = records.get(Vaulted, token)
    if known is None or known.is_gone:
        return False
    put(records, replace(known, is_gone=True))
    return True
