"""Warning ahead when a balance will not suffice. Who is told what stands in warnings.sql.

That a charge was tried and refused is told by the due sweep itself.
"""

from datetime import datetime

from everline import database


def warn_short(at: datetime, most: int = 500) -> int:
    """Warn of up to `most` automatic renewals that come soon and cannot be paid; gives how many.

    Once a card and term. Any number of workers may call it side by side.
    """
    return int(database.value("select warn_short(%s, %s)", [at, most]))
