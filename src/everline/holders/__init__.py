"""Holders: people with accounts of their own, who hold cards.

They have no password: a code that is sent to their e-mail address or telephone lets them in
(codes.py), or a passkey. They add cards by a code that is sent to the card (holding.py). Who they
are stands in people, what a card is in cards; the pages are the online channel's. The verbs stand
in holders.sql.
"""

from everline.holders import codes
from everline.holders.codes import Entrance
from everline.holders.holding import Held, claim, give_up, held_by, send_code, shown_from

__all__ = ["Entrance", "Held", "claim", "codes", "give_up", "held_by", "send_code", "shown_from"]
