"""What ends when nobody renews or pays: warnings before, and what becomes of the card after.

People are reminded of a term that ends and of data that is used up (warnings.sql); a card that
lapsed long ago gives its number away (lapsed.sql), an eSIM that was taken and never paid goes back
to stock (esims.sql). The worker calls sweeps.py; finance reads left.py. Automatic renewal warns by
itself, below this.
"""

from everline.endings.left import Left, balances_left
from everline.endings.sweeps import (
    put_back_esims,
    recycle_lapsed,
    warn_data,
    warn_ending,
    warn_number_ends,
)

__all__ = [
    "Left",
    "balances_left",
    "put_back_esims",
    "recycle_lapsed",
    "warn_data",
    "warn_ending",
    "warn_number_ends",
]
