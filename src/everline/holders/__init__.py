"""Holders: people with accounts of their own, who hold cards.

They have no password: a code that is sent to their e-mail address or telephone lets them in
(codes.py), or a passkey. They add cards by a code that is sent to the card (holding.py). records.py
has what was paid, leaving.py what is kept of them and its end, ways.py their ways in. Who they are
stands in people, what a card is in cards; the pages are the online channel's. The verbs stand
in holders.sql.
"""

from everline.holders import codes
from everline.holders.codes import Entrance
from everline.holders.holding import Held, claim, give_up, held_by, send_code, shown_from
from everline.holders.leaving import dossier, erase
from everline.holders.records import FILE_MAX, PAGE_MAX, Filter, Record, records
from everline.holders.ways import add_address, tell_passkey

__all__ = [
    "FILE_MAX",
    "PAGE_MAX",
    "Entrance",
    "Filter",
    "Held",
    "Record",
    "add_address",
    "claim",
    "codes",
    "dossier",
    "erase",
    "give_up",
    "held_by",
    "records",
    "send_code",
    "shown_from",
    "tell_passkey",
]
