"""What tests of kept means need of a world: cards that renew by themselves and what pays for them.

A means is kept by a setup, as its gateway would tell it; the sandbox bank's tokens behave as the
numbers of the same name.
"""

from typing import Any
from uuid import UUID

from everline import autorenewal, cards, payments, renewals
from everline.payments import SetupSaid
from everline.payments.gateways import Kept
from everline.renewals.keeping import settle_setup
from tests.world import Plan, World

NOBODY = "http://localhost:9"


def keep(world: World, card: cards.Card, token: str) -> payments.Method:
    """Keep a means without paying; gives the method."""
    begun = payments.begin_setup(
        world.caller(), card.id, "sandbox", payments.KEEP_VERSION, world.at
    )
    assert begun.id is not None
    said = SetupSaid("kept", kept=Kept(token, "", f"•••• {token[-4:]}"))
    assert settle_setup(begun.id, said, world.at) == "kept"
    setup = payments.find_setup(begun.id)
    assert setup is not None
    return next(each for each in payments.methods_of(card.account_id) if each.id == setup.method_id)


def armed(
    world: World, *tokens: str, plan: Plan | None = None, balance: int = 0, **mandate: Any
) -> cards.Card:
    """Load a card with a term that runs, automatic renewal on, and these means in this order."""
    plan = plan or world.plan()
    card = world.card(balance=plan.price + balance)
    assert world.renew(card, plan).outcome == "renewed"
    given = autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        **(
            {
                "plan_id": None,
                "words_version": "2026-11",
                "contact": renewals.Contact(email="putri@testline.example"),
            }
            | mandate
        ),
    )
    assert given.outcome == "mandated", given
    for token in tokens:
        keep(world, card, token)
    world.deliver_all()
    return card


def next_rung(world: World, card: cards.Card) -> Any:
    """Tell when a card is due next."""
    return world.one("select next_rung_at from cards_card where id = %s", card.id)


def to_rung(world: World, *due: cards.Card) -> None:
    """Move the world's time to when all these cards are due."""
    world.at = max(next_rung(world, card) for card in due)


def sweep(world: World) -> autorenewal.Swept:
    """Be the due sweep once."""
    return autorenewal.renew_due(world.at)


def charge(world: World) -> int:
    """Be the sweep of charges, until nothing is left to charge."""
    total = 0
    while charged := autorenewal.charge_due(world.now, notify_address=NOBODY):
        total += charged
    return total


def tries(world: World) -> list[tuple[Any, ...]]:
    """Read all unattended attempts: the token's end, state, reason."""
    return world.all(
        "select m.token, a.state, a.reason from payments_attempt a"
        " join payments_method m on m.id = a.method_id where a.is_unattended"
        " order by a.created_at, a.number"
    )


def automatic(world: World, card: cards.Card) -> list[tuple[Any, ...]]:
    """Read a card's automatic renewals: state, means, reason."""
    return world.all(
        "select state, means, reason from renewals_renewal where channel = 'auto'"
        " and card_id = %s order by placed_at, id",
        card.id,
    )


def renewal_of(world: World, card: cards.Card) -> UUID:
    """Give the id of a card's last automatic renewal."""
    found = world.one(
        "select id from renewals_renewal where channel = 'auto' and card_id = %s"
        " order by placed_at desc, id desc limit 1",
        card.id,
    )
    assert isinstance(found, UUID)
    return found
