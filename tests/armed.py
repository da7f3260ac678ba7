"""Cards that renew by themselves, for tests of what watches over it. It holds no test."""

from typing import Any

from everline import autorenewal, cards, renewals
from everline.office.audit import audit
from tests.world import Plan, World


def armed(world: World, plan: Plan, *, balance: int, **wishes: Any) -> cards.Card:
    """Load a card, renew it once by hand, switch auto-renewal on, and set its bounds."""
    card = world.card(balance=balance)
    assert world.renew(card, plan).outcome == "renewed"
    world.deliver_all()
    consent(world, card)
    if wishes:
        changed = autorenewal.change_mandate(
            world.caller(), card.id, world.at, autorenewal.Wishes(**wishes)
        )
        assert changed.outcome == "mandate_changed", changed
    return card


def consent(world: World, card: cards.Card) -> None:
    """Switch auto-renewal on, to the price of the day."""
    given = autorenewal.give_mandate(
        world.caller(),
        card.id,
        world.at,
        plan_id=None,
        words_version="2026-11",
        contact=renewals.Contact(email="somebody@testline.example"),
    )
    assert given.outcome == "mandated", given


def end_of(world: World, card: cards.Card) -> Any:
    """Tell when a card's last term ends."""
    return world.one(
        "select max(ends_at) from cards_entitlement where card_id = %s and state <> 'cancelled'",
        card.id,
    )


def policy(world: World, **columns: int) -> None:
    """Change the operator's policy."""
    for name, value in columns.items():
        world.owner.execute(f"update catalogue_policy set {name} = {value}".encode())


def sweep(world: World) -> None:
    """Be the due sweep until nothing is found, as a worker is."""
    while autorenewal.sweep_due(world.at):
        pass
    world.deliver_all()


def broken(world: World) -> list[str]:
    """Name the invariants that do not hold, but that nobody sends notices here."""
    found = [finding.invariant.name for finding in audit(world.at) if finding.total]
    return [name for name in found if name != "nothing_is_stuck"]


def refusals(world: World, card: cards.Card) -> list[str]:
    """List why automatic charges of a card were refused, in their order."""
    return [
        reason
        for (reason,) in world.all(
            "select reason from database_request where channel = 'auto' and subject_id = %s"
            " and outcome = 'refused' order by at",
            card.id,
        )
    ]


def paid(world: World, card: cards.Card) -> int:
    """Count a card's automatic charges."""
    return int(
        world.one(
            "select count(*) from renewals_renewal where card_id = %s and channel = 'auto'"
            " and state in ('paid', 'delivered')",
            card.id,
        )
    )
