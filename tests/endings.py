"""What tests around the end of a term need of a world: eSIMs in stock, holders, notices.

Everything else is built by tests/world.py.
"""

import itertools
import uuid
from datetime import datetime
from typing import Any, Final

from everline import autorenewal, cards, ids, renewals
from tests.world import Plan, World

EMAIL: Final = "ana@customers.example"
ANA: Final = renewals.Contact(email=EMAIL, locale="en")
_MATCHES: Final = itertools.count(1)


def esim(world: World, state: str = "in_stock", **columns: Any) -> cards.Card:
    """Load one eSIM with a profile that can be downloaded."""
    profile = {"smdp_address": "smdp.example.com", "matching_id": f"MATCH-{next(_MATCHES):06d}"}
    return world.card(state, kind="esim", **(profile | columns))


def hold(world: World, card: cards.Card, email: str = "holder@testline.example") -> None:
    """Give a card a holder, who has an e-mail address."""
    person = ids.uuid7(world.at)
    world.insert(
        "people_person",
        id=person,
        email=email,
        password="!",
        name="",
        locale="en",
        is_active=True,
        is_staff=False,
        is_superuser=False,
    )
    world.insert(
        "people_holding",
        id=ids.uuid7(world.at),
        account_id=card.account_id,
        person_id=person,
        starts_at=world.at,
    )


def written(world: World, template: str = "") -> list[tuple[str, str, str]]:
    """Read the notices: template, recipient, state; of one template when it is named."""
    return [
        (str(told), str(recipient), str(state))
        for told, recipient, state in world.all(
            "select template, recipient, state from notices_notice"
            " where template = %s or %s = '' order by at, template",
            template,
            template,
        )
    ]


def running(
    world: World, plan: Plan, *, balance: int = 0, contact: renewals.Contact = ANA
) -> cards.Card:
    """Renew a card once, and leave `balance` on it."""
    card = world.card(balance=plan.price + balance)
    assert world.renew(card, plan, contact=contact).outcome == "renewed"
    return card


def arm(world: World, card: cards.Card, contact: renewals.Contact = ANA) -> None:
    answer = autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=None,
        words_version=autorenewal.VERSION,
        contact=contact,
    )
    assert answer.outcome == "mandated"


def end_of(world: World, card: cards.Card) -> datetime:
    end = cards.status(card, world.at).valid_until
    assert end is not None
    return end


def waiting(world: World) -> list[uuid.UUID]:
    return [found for (found,) in world.all("select id from notices_notice where state='waiting'")]


def warned(world: World, template: str) -> int:
    return len(written(world, template))
