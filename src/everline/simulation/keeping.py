"""What people do to what they agreed to: bounds, resuming, bank cards, and data used.

Kept apart from people.py, which pays. Each act is one page or one reading of the network.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from everline import autorenewal, cards, payments, renewals
from everline.autorenewal.mandates import BALANCE_FIRST, METHODS_FIRST
from everline.simulation import bank, people, wishes
from everline.simulation.people import Act
from everline.simulation.town import Person
from everline.simulation.world import World

MEGABYTES: Final = 10**6
BELOW: Final = (200, 500, 1000)
"""Below how many megabytes left people let their card be renewed."""

LATE_MINUTES: Final = 90
"""How old a reading of the network may be when it comes."""

_TERM: Final = (
    "select e.allowance_bytes + e.carried_bytes, e.used_bytes,"
    " coalesce(e.used_as_of, e.starts_at), e.starts_at, e.ends_at from cards_entitlement e"
    " where e.card_id = %(card)s and e.state <> 'cancelled'"
    " and e.starts_at <= %(at)s and e.ends_at > %(at)s"
)


def tune(world: World, person: Person, _what: Any) -> None:
    """Set bounds, the order of means, and renewal by data where the plan starts at once."""
    chance = person.chance
    is_by_data = person.plan.on_renewal != "queue" and people.likely(chance, 0.8)
    wanted = autorenewal.Wishes(
        means_order=chance.choice((BALANCE_FIRST, METHODS_FIRST)),
        below_bytes=chance.choice(BELOW) * MEGABYTES if is_by_data else None,
        day_max=chance.choice((1, 1, 2, 5)),
        month_max=chance.choice((2, 10)),
        month_total_max=person.plan.amount * chance.choice((1, 2, 6))
        if people.likely(chance, 0.5)
        else None,
    )
    caller = people.caller_of(person, "web")
    answer = autorenewal.change_mandate(caller, person.card_id, world.now(), wanted)
    if answer.reason is None:
        world.tuned[person.number] = world.now()
    what = f"tunes (data {wanted.below_bytes}, most {wanted.month_total_max})"
    people.tell_answer(world, person, what, answer)


def resume(world: World, person: Person, _what: Any) -> None:
    """End a pause or a skip before its time."""
    caller = people.caller_of(person, "web")
    answer = autorenewal.resume_mandate(caller, person.card_id, world.now())
    people.tell_answer(world, person, "resumes", answer)


def order_means(world: World, person: Person, _what: Any) -> None:
    """Let the last one of the kept bank cards be tried first."""
    kept = [each.id for each in payments.methods_of(person.account_id)]
    if len(kept) > 1:
        caller = people.caller_of(person, "web")
        answer = payments.order_methods(caller, person.card_id, kept[::-1], world.now())
        people.tell_answer(world, person, "orders bank cards", answer)


def take_away(world: World, person: Person, _what: Any) -> None:
    """Take the kept bank card away that is tried first."""
    kept = payments.methods_of(person.account_id)
    if kept:
        caller = people.caller_of(person, "web")
        answer = payments.end_method(caller, person.card_id, kept[0].id, world.now())
        people.tell_answer(world, person, "takes a bank card away", answer)


def set_up(world: World, person: Person, _what: Any) -> None:
    """Begin to give a bank card to be kept, without paying."""
    caller = people.caller_of(person, "web")
    answer = payments.begin_setup(
        caller, person.card_id, bank.NAME, payments.KEEP_VERSION, world.now()
    )
    people.tell_answer(world, person, "sets a bank card up", answer)
    begun = payments.find_setup(answer.id) if answer.id else None
    if begun is None:
        return
    world.bank.giving[begun.key] = person.number
    setup = renewals.set_up(
        begun.id, currency=person.currency, return_url=f"{wishes.ADDRESS}/back",
        notify_address=wishes.ADDRESS, locale="en", now=world.now,
    )  # fmt: skip
    if setup and setup.page_url and not people.likely(person.chance, 0.1):
        world.plan(person, people.seconds(person.chance.uniform(20, 1500)), "give", begun.id)


def give(world: World, person: Person, setup_id: UUID) -> None:
    """Give the bank card on the bank's page; most come back to ours."""
    setup = payments.find_setup(setup_id)
    assert setup is not None
    said = world.bank.give(setup.key, people.token_of(world, person))
    world.tell(person.number, f"gives a bank card: {said}")
    if people.likely(person.chance, 0.7):
        found = renewals.ask_setup(setup_id, world.now)
        world.tell(person.number, f"comes back from giving: {found and found.state}")


def use(world: World, person: Person, _what: Any) -> None:
    """Use data: the network tells a figure, which may be somewhat old when it comes."""
    chance = person.chance
    world.plan(person, people.hours(chance.uniform(6, 40)), "use")
    pace, late = chance.uniform(0.1, 3), timedelta(minutes=chance.randrange(LATE_MINUTES))
    row = world.reader.execute(_TERM, {"card": person.card_id, "at": world.now()}).fetchone()
    if row is None or row[0] is None:
        return
    whole, used, as_of, starts_at, ends_at = row
    seen_at = max(world.now() - late, as_of)
    used += int(whole * pace * ((seen_at - as_of) / (ends_at - starts_at)))
    is_kept = cards.record_usage(person.card_id, min(used, whole), seen_at)
    world.tell(person.number, f"used {used} of {whole} at {seen_at}: {is_kept}")


ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {act.__name__: act for act in (tune, resume, order_means, take_away, set_up, give, use)}
)
"""Everything that is done here, by name."""
