"""Trust: who is official, who may act on a card, who did what, and what the operator says to all.

official.py answers whether a code is ours, signatures.py signs and checks records, pins.py keeps
service PINs, limits.py counts tries, acts.py the acts of staff, announcements.py the banners.
What a channel may do is the table Channel, which the verbs of `renewals` read.
"""

from everline.trust.acts import Act, Actor
from everline.trust.announcements import Banner, banners
from everline.trust.official import Receipt, Standing, Verdict, check
from everline.trust.pins import PinCheck, check_pin, has_pin, set_pin

__all__ = [
    "Act",
    "Actor",
    "Banner",
    "PinCheck",
    "Receipt",
    "Standing",
    "Verdict",
    "banners",
    "check",
    "check_pin",
    "has_pin",
    "set_pin",
]
