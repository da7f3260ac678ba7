"""Setups: giving a gateway a means of payment to keep, without paying now.

The outside calls and the verb that opens one; what a gateway said is settled by
renewals/keeping.py.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.types.json import Jsonb

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.payments.attempts import kept_json
from everline.payments.gateways import (
    Abilities,
    ActionNeeded,
    Failed,
    Keeping,
    Kept,
    Pending,
    Setup as Wish,
    SetupOutcome,
    gateway,
    installed,
)

OPEN_SECONDS: Final = 1800
"""How long a page on which a means is given may stay open."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A means that is being given; `method_id` is what came of it."""

    id: UUID
    account_id: UUID
    gateway: str
    key: str
    state: str
    reference: str | None
    page_url: str | None
    reason: str
    method_id: UUID | None
    asks: int
    created_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class SetupSaid:
    """What a gateway said of a setup, as the verb takes it."""

    outcome: str
    reference: str | None = None
    page_url: str | None = None
    reason: str = ""
    kept: Kept | None = field(default=None, repr=False)
    next_ask_at: datetime | None = None

    @property
    def kept_json(self) -> Jsonb | None:
        """What the gateway keeps from now on."""
        return kept_json(self.kept)


@dataclass(frozen=True, slots=True)
class _Customer:
    customer: str = field(repr=False)


_SETUP: Final = (
    "select s.id, s.account_id, s.gateway, s.key, s.state, s.reference, s.page_url, s.reason,"
    " s.method_id, s.asks, s.created_at, s.ends_at from "
)


def keepers(currency: str) -> list[Abilities]:
    """List the gateways that keep means without a charge and take a currency, bank cards first."""
    able = [each.abilities for each in installed().values() if isinstance(each, Keeping)]
    found = [each for each in able if each.has_page and each.takes(currency)]
    return sorted(found, key=lambda each: bool(each.title))


def find_setup(setup_id: UUID) -> Setup | None:
    """Read one setup."""
    return database.row(Setup, _SETUP + "payments_setup s where s.id = %s", [setup_id])


def begin_setup(
    caller: Caller, card_id: UUID, gateway_name: str, words_version: str, at: datetime
) -> Answer:
    """Open a setup, agreed to in this version of words. Refuses card_unknown, card_terminated."""
    answer = database.row(
        Answer,
        "select * from begin_setup(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("set_up", card=card_id, gateway=gateway_name, words=words_version),
            card_id,
            gateway_name,
            words_version,
            OPEN_SECONDS,
            at,
        ],
    )
    assert answer is not None
    return answer


def claim_setups(at: datetime, most: int) -> list[Setup]:
    """Take the setups that are to be asked about now, for a minute."""
    return database.rows(Setup, _SETUP + "claim_setups(%s, %s, 60) s", [at, most])


def set_up(
    setup: Setup, *, currency: str, return_url: str, notify_address: str, locale: str, at: datetime
) -> SetupSaid:
    """Ask the gateway for the page on which the means is given; the key makes it one page."""
    adapter = gateway(setup.gateway)
    assert isinstance(adapter, Keeping)
    known = database.row(
        _Customer,
        "select k.customer from payments_method k where k.account_id = %s and k.gateway = %s"
        " and k.ended_at is null and k.customer <> '' order by k.position limit 1",
        [setup.account_id, setup.gateway],
    )
    with database.outside():
        outcome = adapter.set_up(
            Wish(
                setup_key=setup.key,
                currency=currency,
                customer=known.customer if known else "",
                return_url=return_url,
                cancel_url=return_url,
                notify_url=f"{notify_address}/callbacks/{setup.gateway}",
                expires_at=setup.ends_at,
                locale=locale,
            )
        )
    return _said(outcome, adapter.abilities, setup.asks, at)


def ask_setup(setup: Setup, at: datetime) -> SetupSaid:
    """Ask the gateway what became of a setup."""
    adapter = gateway(setup.gateway)
    assert isinstance(adapter, Keeping)
    with database.outside():
        outcome = adapter.query_setup(setup.key, setup.reference or "")
    return _said(outcome, adapter.abilities, setup.asks, at)


def _said(outcome: SetupOutcome, abilities: Abilities, asks: int, at: datetime) -> SetupSaid:
    waits = abilities.ask_again_seconds
    following = at + timedelta(seconds=waits[asks]) if asks < len(waits) else None
    match outcome:
        case Kept():
            return SetupSaid("kept", kept=outcome)
        case Failed():
            return SetupSaid("failed", outcome.reference, reason=outcome.reason)
        case ActionNeeded():
            return SetupSaid("action_needed", outcome.reference, outcome.url, next_ask_at=following)
        case Pending():
            return SetupSaid("pending", outcome.reference, next_ask_at=following)
    return SetupSaid("unknown", next_ask_at=following)
