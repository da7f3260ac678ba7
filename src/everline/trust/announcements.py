"""Banners: a sentence of the operator that channels show for a while, such as an outage.

The office writes them into the table Banner; a channel asks once a page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from everline import database

SHOWN_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Banner:
    """What is to be shown now; `severity` info or warning."""

    text: str
    severity: str


def banners(channel: str, at: datetime, locale: str) -> list[Banner]:
    """List what a channel shows at `at`, in a language (zh-hans as Django writes it) or English.

    One read; warnings come first; bounded at 5.
    """
    return database.rows(
        Banner,
        "select coalesce(b.text ->> %s, b.text ->> 'en') as text, b.severity from trust_banner b"
        " where b.starts_at <= %s and (b.ends_at is null or b.ends_at > %s)"
        " and (b.channels = '{}' or %s = any(b.channels))"
        " order by b.severity desc, b.starts_at desc limit %s",
        [TAGS.get(locale.lower(), locale), at, at, channel, SHOWN_MAX],
    )


TAGS: Final = {"zh-hans": "zh-Hans"}
"""How a language is written in the operator's data, where that is not Django's way."""
