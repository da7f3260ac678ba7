"""Consent to messages about offers, and telling whoever gave it that an offer has started.

Given twice: by an unticked box on a page, and by the link that only the mailbox itself was sent.
The words that were shown are kept by their version. The verbs stand in consents.sql; the messages
are worded in invitations.py.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.notices.contact import Contact

WORDS_VERSION: Final = "2026-11"
"""The version of the sentence beside the box; a new sentence is a new version."""

ANNOUNCED_MAX: Final = 200
FORGOTTEN_MAX: Final = 500


def ask_for_offers(caller: Caller, contact: Contact, words_version: str, at: datetime) -> Answer:
    """Ask for messages about offers; the answer is the same whoever has asked before."""
    found = database.row(
        Answer,
        "select * from ask_for_offers(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("ask_for_offers", contact=contact.asked, words=words_version),
            contact.as_json(),
            words_version,
            at,
        ],
    )
    assert found is not None
    return found


def confirm_offers(consent_id: UUID, at: datetime) -> bool:
    """Confirm a consent; False when its link is unknown, ended or too old."""
    return bool(database.value("select confirm_offers(%s, %s)", [consent_id, at]))


def end_offers(consent_id: UUID, at: datetime) -> bool:
    """End a consent; False when there never was one."""
    return bool(database.value("select end_offers(%s, %s)", [consent_id, at]))


def announce_offers(at: datetime, most: int = ANNOUNCED_MAX) -> int:
    """Write about offers that have started, once for each consent and offer; gives how many."""
    return int(database.value("select announce_offers(%s, %s)", [at, most]))


def forget_consents(at: datetime, most: int = FORGOTTEN_MAX) -> int:
    """Delete what was asked for and never confirmed; gives how many."""
    return int(database.value("select forget_consents(%s, %s)", [at, most]))
