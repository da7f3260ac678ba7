"""What a check of the doctor's finds. The checks themselves are doctor.py and outsiders.py."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the deployment: how it is, what was found, and the way out when not well."""

    name: str
    state: State
    finding: str
    way_out: str = ""
