"""The test numbers and tokens, and what the bank does with each.

A number is typed or chosen on the payment page; a token stands for a number kept on file and is
charged from server to server, as bank.py issues them or one that is always there. Both lead to the
same conduct. No other number is accepted, so that a
real one typed here by mistake goes nowhere. What each does is worded in pages/*.json.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Pace = Literal["at_once", "slow", "unknown", "late"]


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the bank behaves: its decision, when it comes, and how the news of it travels.

    A kept number goes on as `later` says, by name; without it as it is.
    """

    name: str
    number: str
    is_yes: bool = True
    reason: str = ""
    is_hard: bool = False
    pace: Pace = "at_once"
    asks_customer: bool = False
    webhook_copies: int = 1
    webhook_first: bool = False
    later: str = ""

    @property
    def kept(self) -> "Conduct":
        """The conduct of charges by the kept number; keeping it, or its first charge, is no one."""
        return BY_NAME[self.later] if self.later else self

    @property
    def token(self) -> str:
        """The token for charges from server to server."""
        return f"tok_{self.name}"

    @property
    def is_cut(self) -> bool:
        """Whether the request is left without an answer."""
        return self.pace in {"unknown", "late"}

    @property
    def masked(self) -> str:
        """The number as receipts show it."""
        return f"•••• {self.number[-4:]}"

    @property
    def spaced(self) -> str:
        """The number in groups of four, as printed on a bank card."""
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))


CONDUCTS: Final = (
    Conduct("approve", "4000000000000010"),
    Conduct("decline_soft", "4000000000000028", is_yes=False, reason="insufficient_funds"),
    Conduct("decline_hard", "4000000000000036", is_yes=False, reason="lost_card", is_hard=True),
    Conduct("confirm", "4000000000000044", asks_customer=True),
    Conduct("slow", "4000000000000051", pace="slow"),
    Conduct("unknown_yes", "4000000000000069", pace="unknown"),
    Conduct(
        "unknown_no", "4000000000000077", is_yes=False, reason="issuer_declined", pace="unknown"
    ),
    Conduct("webhook_twice", "4000000000000085", webhook_copies=2),
    Conduct("webhook_first", "4000000000000093", webhook_first=True),
    Conduct("late_success", "4000000000000101", pace="late"),
    Conduct("later_soft", "4000000000000119", later="decline_soft"),
    Conduct("later_hard", "4000000000000127", later="decline_hard"),
)
BY_TOKEN: Final[Mapping[str, Conduct]] = MappingProxyType({each.token: each for each in CONDUCTS})
BY_NUMBER: Final[Mapping[str, Conduct]] = MappingProxyType({each.number: each for each in CONDUCTS})
BY_NAME: Final[Mapping[str, Conduct]] = MappingProxyType({each.name: each for each in CONDUCTS})


def digits_of(typed: str) -> str:
    """Return what was typed without the spaces and hyphens people put between groups."""
    return "".join(sign for sign in typed if sign not in " -\u00a0\u2011\u2013")


def is_complete(digits: str) -> bool:
    """Tell whether the digits can be a bank card number at all (ISO/IEC 7812-1: 12-19, Luhn)."""
    if not re.fullmatch(r"[0-9]{12,19}", digits):
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0
