"""Holders: people with accounts of their own, who hold cards.

They have no password: a code that is sent to their e-mail address or telephone lets them in
(codes.py), or a passkey. Who they are stands in people, what a card is in cards; the pages are the
online channel's. The verbs stand in holders.sql.
"""

from everline.holders import codes
from everline.holders.codes import Entrance

__all__ = ["Entrance", "codes"]
