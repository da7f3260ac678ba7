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
from everline.notices.push import Device, forget_device, is_reminded, remind_device
from everline.notices.send import Notice, newest, send, waiting_media
from everline.notices.senders import (
    GoneError,
    Letter,
    Outbox,
    RefusedError,
    Sender,
    Smtp,
    install,
    installed,
)
from everline.notices.webpush import WebPush, browser_key, install_key, new_key
from everline.notices.wording import Words, word

__all__ = [
    "NOBODY",
    "WORDS_VERSION",
    "Contact",
    "Device",
    "GoneError",
    "Letter",
    "Notice",
    "Outbox",
    "RefusedError",
    "Sender",
    "Smtp",
    "WebPush",
    "Words",
    "announce_offers",
    "ask_for_offers",
    "browser_key",
    "confirm_offers",
    "end_offers",
    "forget_consents",
    "forget_device",
    "install",
    "install_key",
    "installed",
    "is_reminded",
    "new_key",
    "newest",
    "remind_device",
    "send",
    "waiting_media",
    "word",
]
