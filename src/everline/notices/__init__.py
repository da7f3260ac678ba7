"""Notices: messages about final states, one row a fact, template and recipient.

The row is written by the verb that reaches the state (notices.sql); a job then calls `send`, which
words it in its locale (wording.py) and gives it to a sender (senders.py). In the demo the rows
themselves are the outbox, shown by office/outbox.py.
"""

from everline.notices.consents import (
    WORDS_VERSION,
    announce_offers,
    ask_for_offers,
    confirm_offers,
    end_offers,
    forget_consents,
)
from everline.notices.contact import NOBODY, Contact
from everline.notices.send import Notice, newest, send, waiting_media
from everline.notices.senders import Letter, Outbox, RefusedError, Sender, Smtp, install, installed
from everline.notices.wording import Words, word

__all__ = [
    "NOBODY",
    "WORDS_VERSION",
    "Contact",
    "Letter",
    "Notice",
    "Outbox",
    "RefusedError",
    "Sender",
    "Smtp",
    "Words",
    "announce_offers",
    "ask_for_offers",
    "confirm_offers",
    "end_offers",
    "forget_consents",
    "install",
    "installed",
    "newest",
    "send",
    "waiting_media",
    "word",
]
