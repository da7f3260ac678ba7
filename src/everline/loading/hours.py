"""Opening hours in the notation of OpenStreetMap, as far as shops use it.

Read: rules with ";" between, each with days (Mo-Fr, Sa, PH) and times (09:00-18:00, several with
commas, past midnight as 22:00-02:00 or 22:00-26:00) or "off"; and 24/7. Not read: months, weeks,
sunrise, comments. Source: the specification of Key:opening_hours, version 0.7.4, of which this is
a part, so every value accepted here is understood by its other readers.
"""

import re
from typing import Final

from everline.loading.problems import Flaw, FlawError, shown

HOURS_LENGTH_MAX: Final = 120

_DAY: Final = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_DAYS: Final = rf"(?:{_DAY}(?:-{_DAY})?|PH)"
_TIME: Final = r"(?:[01][0-9]|2[0-4]):[0-5][0-9]-(?:[0-3][0-9]|4[0-8]):[0-5][0-9]"
_RULE: Final = re.compile(
    rf"(?:{_DAYS}(?:,{_DAYS})* )?(?:{_TIME}(?:,{_TIME})*)|{_DAYS}(?:,{_DAYS})* (?:off|closed)"
)


def opening_hours(value: str) -> str:
    """Read opening hours; gives them as written, since that is how they are kept."""
    rules = value.split(";")
    good = len(value) <= HOURS_LENGTH_MAX and (
        value == "24/7" or all(_is_rule(rule.strip()) for rule in rules)
    )
    if not good:
        raise FlawError(Flaw.NOT_HOURS, value=shown(value))
    return value


def _is_rule(rule: str) -> bool:
    """Tell whether one rule is understood and none of its spans is empty."""
    if not _RULE.fullmatch(rule):
        return False
    spans = re.findall(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", rule)
    return all(opens != closes and opens <= "24:00" for opens, closes in spans)
