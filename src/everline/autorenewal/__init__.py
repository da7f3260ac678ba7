"""Automatic renewal: mandates, and the due sweep that renews from balances before terms end.

It stands above the core and decides nothing of its own: a due card is quoted, sold and delivered as
any other. mandates.py keeps consents, due.py is called by the worker; the verbs stand in
autorenewal.sql and due.sql, the rungs in renewals/rungs.sql.
"""

from everline.autorenewal.due import Swept, renew_due
from everline.autorenewal.mandates import end_mandate, give_mandate

__all__ = ["Swept", "end_mandate", "give_mandate", "renew_due"]
