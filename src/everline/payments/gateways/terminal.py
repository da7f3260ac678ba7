"""Card terminals that a server drives: the readers of the sandbox bank, beside kiosks.

A charge's `token` is the code of the reader that is to show it. No bank card number passes here:
it is read by the reader, which has a screen of its own. Refunds and callbacks are the bank's.
One reader has one open payment; another one meanwhile is an explicit no.
"""

from datetime import datetime
from typing import Final

import httpx

from everline.errors import FaultError
from everline.payments.gateways import (
    NOTHING_KNOWN,
    Abilities,
    ActionNeeded,
    Charge,
    Failed,
    Known,
    Outcome,
    Unknown,
    checked,
)
from everline.payments.gateways.sandbox import (
    TIMEOUT_SECONDS,
    Sandbox,
    charge_outcome,
    code_of,
    refused,
)

PATH: Final = "/v1/reader-payments"
READER_BUSY: Final = "reader_busy"
ABILITIES: Final = Abilities(
    name="terminal",
    currencies=None,
    supports_token=True,
    has_page=False,
    ask_again_seconds=(5, 15, 60, 300, 3600),
    supersede_after_seconds=600,
    timeout_seconds=TIMEOUT_SECONDS,
)


class Terminal(Sandbox):
    """The adapter of all readers of one bank."""

    @property
    def abilities(self) -> Abilities:
        """What a reader can do: it has no page, and a token names which reader it is."""
        return ABILITIES

    def charge(self, charge: Charge) -> Outcome:
        """Show the amount on the reader, or give the outcome that this attempt already has."""
        order = {
            "reader": charge.token or "",
            "amount_minor": charge.amount.amount,
            "currency": charge.amount.currency,
            "merchant": self._merchant,
            "description": charge.description,
            "notify_url": charge.notify_url,
            "expires_at": charge.expires_at.isoformat(),
            "locale": charge.locale,
        }
        try:
            status, body = self._post(PATH, order, charge.attempt_key)
        except FaultError as fault:
            return Unknown(fault.detail)
        if code_of(status, body) == READER_BUSY:
            return Failed(None, READER_BUSY, hard=False)
        if status != httpx.codes.OK:
            return refused(status, body)
        return checked(_at_reader(charge_outcome(body, charge.attempt_key)), charge.amount)

    def query(self, attempt_key: str, at: datetime, known: Known = NOTHING_KNOWN) -> Outcome:
        """Ask what became of an attempt; a key that the bank has never seen is closed there."""
        try:
            status, body = self._get(PATH, {"key": attempt_key, "at": at.isoformat()})
        except FaultError as fault:
            return Unknown(fault.detail)
        if code_of(status, body) == "charge_unknown":
            return self.stop(attempt_key)
        return _read(status, body, attempt_key)

    def stop(self, attempt_key: str, known: Known = NOTHING_KNOWN) -> Outcome:
        """Take an amount off the reader's screen, unless a bank card was presented already."""
        try:
            status, body = self._post(f"{PATH}/cancel", {"key": attempt_key})
        except FaultError as fault:
            return Unknown(fault.detail)
        return _read(status, body, attempt_key)


def _read(status: int, body: bytes, key: str) -> Outcome:
    if status != httpx.codes.OK:
        return Unknown(f"answered {status}")
    return _at_reader(charge_outcome(body, key))


def _at_reader(outcome: Outcome) -> Outcome:
    """Hold a reader to what it is: it sends nobody to a page."""
    is_page = isinstance(outcome, ActionNeeded)
    return Unknown("a reader has no page") if is_page else outcome
