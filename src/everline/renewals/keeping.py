"""Keeping a means of payment without paying: call, settle, and ask again what became of it.

What is kept makes the next rung of a card due at once that was tried in vain, which is why it is
settled here and not in payments. The outside calls are in payments/setups.py.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database, payments
from everline.renewals.pay import Now

ASKS_MOST: Final = 20


def set_up(
    setup_id: UUID, *, currency: str, return_url: str, notify_address: str, locale: str, now: Now
) -> payments.Setup | None:
    """Ask the gateway for the page of an open setup; the setup as it stands then, with the page."""
    setup = payments.find_setup(setup_id)
    if setup is None or setup.state != "open" or setup.page_url:
        return setup
    said = payments.set_up(
        setup,
        currency=currency,
        return_url=return_url,
        notify_address=notify_address,
        locale=locale,
        at=now(),
    )
    settle_setup(setup.id, said, now())
    return payments.find_setup(setup_id)


def ask_setup(setup_id: UUID, now: Now) -> payments.Setup | None:
    """Ask what became of a setup, for who comes back from the gateway; it as it stands then."""
    setup = payments.find_setup(setup_id)
    if setup is None or setup.state != "open" or setup.gateway not in payments.installed():
        return setup
    settle_setup(setup.id, payments.ask_setup(setup, now()), now())
    return payments.find_setup(setup_id)


def ask_setups(now: Now, most: int = ASKS_MOST) -> int:
    """Ask about setups whose page was left; the sweep of the worker. Gives how many."""
    found = payments.claim_setups(now(), most)
    for setup in found:
        if setup.gateway in payments.installed():
            settle_setup(setup.id, payments.ask_setup(setup, now()), now())
    return len(found)


def settle_setup(setup_id: UUID, said: payments.SetupSaid, at: datetime) -> str:
    """Write what a gateway said of a setup; gives the state that was reached."""
    return str(
        database.value(
            "select settle_setup(%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                setup_id,
                said.outcome,
                said.reference,
                said.page_url,
                said.reason,
                said.kept_json,
                said.next_ask_at,
                at,
            ],
        )
    )
