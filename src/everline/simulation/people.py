"""What people do, by their own luck: look, renew by hand, pay, top up, change their minds, travel.

Each act is planned with all that is drawn for it before it is sent, so one that a kill cut off is
done again as it was, under the same request id. How a wish is sent is in wishes.py, when the next
act comes is the heap of world.py.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from everline import autorenewal, cards, payments, renewals, topups
from everline.autorenewal.mandates import BALANCE_FIRST, METHODS_FIRST
from everline.database.requests import Answer, Caller
from everline.simulation import bank, town, wishes
from everline.simulation.chance import Stream
from everline.simulation.post import Arrived
from everline.simulation.town import Person
from everline.simulation.wishes import BY_DEPOSIT, Wish
from everline.simulation.world import World

CHANNELS: Final = {"web": 44, "hotline": 12, "store": 19, "kiosk": 9, "partner": 16}
WHIMS: Final = {
    "travel": 1, "lose": 1, "plan": 2, "mandate_off": 2, "mandate_on": 3, "plastic": 2, "renew": 4,
    "pause": 2, "skip": 2, "resume": 2, "take_away": 1, "order_means": 1, "set_up": 2, "tune": 1,
}  # fmt: skip
WHIM_DAYS: Final = 60
TRIES_MAX: Final = 4
ATTEMPTS_MAX: Final = 3
CONSENTS_ANEW: Final = 0.75
"""Which share of people agree to a higher price when they are asked."""

READ: Final = 0.2
"""Of which share of the other people the network tells how much data they use."""

TUNES: Final = 0.4
"""Which share of people set bounds when they have agreed."""

AUTOMATIC: Final = frozenset({"saver", "plastic"})
MANY: Final = timedelta(days=3650)


def settle_in(world: World, person: Person) -> None:
    """Plan what a person does first."""
    chance = person.chance
    if person.habit in AUTOMATIC:
        world.plan(person, hours(chance.uniform(0.5, 40)), "mandate_on")
        world.plan(person, hours(chance.uniform(0.2, 24)), "top_up")
    if person.term_started is None:
        world.plan(person, hours(chance.uniform(1, 24 * 30)), "renew")
    elif person.habit not in AUTOMATIC:
        world.plan(person, hours(0), "look")
    world.plan(person, days(chance.expovariate(1 / WHIM_DAYS)), "whim")
    if person.plan.on_renewal != "queue" or likely(chance, READ):
        world.plan(person, hours(chance.uniform(1, 40)), "use")


def read_letter(world: World, person: Person, arrived: Arrived) -> None:
    """Let a person answer a message by what they do next."""
    chance = person.chance
    if arrived.facts.get("reason") == "consent_needed":
        if likely(chance, CONSENTS_ANEW):
            world.plan(person, hours(chance.uniform(0.1, 30)), "mandate_on")
    elif arrived.template == "auto_failed" and person.habit == "plastic":
        person.plastics += 1
        world.plan(person, hours(chance.uniform(0.1, 20)), "renew")
    elif arrived.template in {"auto_short", "auto_failed"}:
        if likely(chance, 0.7):
            world.plan(person, hours(chance.uniform(0.2, 9)), "top_up")
        elif likely(chance, 0.7):
            world.plan(person, hours(chance.uniform(0.2, 20)), "renew")
    elif arrived.template == "ending_soon" and person.habit == "by_hand":
        if likely(chance, 0.35):
            world.plan(person, hours(chance.uniform(0.1, 5)), "renew")
    elif arrived.template == "renewed":
        world.plan(person, hours(1), "look")


def look(world: World, person: Person, _what: Any) -> None:
    """Look when the last term ends, and plan to renew around that time, as habit has it."""
    if person.habit in AUTOMATIC:
        return
    ends_at = world.term_ends_at(person)
    chance = person.chance
    if person.habit == "by_hand":
        length = timedelta(days=town.PERIOD_DAYS[person.plan.unit] * person.plan.count)
        wanted = (ends_at or world.at) - length * chance.uniform(-0.01, 0.12)
    elif likely(chance, 0.15):
        return  # Somebody who does not come back for a long time.
    else:
        wanted = (ends_at or world.at) + days(chance.uniform(0.05, 12))
    world.plan_once(person, max(wanted, world.at + hours(0.1)), "renew")


def renew(world: World, person: Person, tries: Any) -> None:
    """Choose a channel, look at the price there, and press some minutes later."""
    chance = person.chance
    ends_at = world.term_ends_at(person)
    if person.is_lost or (ends_at and ends_at > world.now() + length_of(person) * 1.5):
        return
    (channel,) = chance.choices(list(CHANNELS), list(CHANNELS.values()))
    shop = world.town.shops.get(person.currency)
    if channel in BY_DEPOSIT and shop is None:
        channel = "web"
    quote = wishes.quoted(person, channel, world.now())
    if quote is None or quote.reason is not None or quote.total is None or quote.ends_at is None:
        world.tell(person.number, f"renew {channel}: not offered ({quote and quote.reason})")
        if (tries or 0) < TRIES_MAX:
            world.plan(person, hours(chance.uniform(1, 30)), "renew", (tries or 0) + 1)
        return
    by = "deposit" if channel in BY_DEPOSIT else "gateway"
    if by == "gateway" and person.habit == "saver" and likely(chance, 0.6):
        by = "balance"
    wish = Wish(
        caller=caller_of(person, channel),
        order=renewals.Order(
            account_id=person.account_id,
            card_id=person.card_id,
            plan_code=person.plan.code,
            plan_version_id=quote.plan_version_id or UUID(int=0),
            promotion=None,
            quoted_total=quote.total,
            quoted_end=quote.ends_at,
            contact=wishes.contact_of(person),
        ),
        by=by,
        token=token_of(world, person) if by == "gateway" and likely(chance, 0.5) else None,
        payer=shop if by == "deposit" else None,
        keeps=by == "gateway" and person.habit == "plastic",
        presses=2 if likely(chance, 0.04) else 1,
        tries=tries or 0,
    )
    world.plan(person, seconds(chance.uniform(3, 400)), "send", wish)


def top_up(world: World, person: Person, _what: Any) -> None:
    """Put money for some terms onto the balance."""
    chance = person.chance
    taken = topups.offered(person.currency)
    amount = person.plan.amount * chance.choice((1, 1, 2, 3))
    order = topups.Order(
        person.account_id,
        person.card_id,
        min(max(amount, taken.least), taken.most),
        person.currency,
        wishes.contact_of(person),
    )
    keeps = person.habit == "plastic"
    is_at_shop = not keeps and likely(chance, 0.3)
    shop = world.town.shops.get(person.currency) if is_at_shop else None
    wish = Wish(
        caller=caller_of(person, "store" if shop else "web"),
        order=order,
        by="deposit" if shop else "gateway",
        token=None if shop or likely(chance, 0.5) else token_of(world, person),
        payer=shop,
        keeps=keeps,
        presses=2 if likely(chance, 0.03) else 1,
    )
    world.plan(person, seconds(chance.uniform(5, 200)), "send", wish)


def send(world: World, person: Person, wish: Wish) -> None:
    """Press the button, and read what the channel says."""
    heard = wishes.send(wish, world.now)
    answer, chance = heard.answer, person.chance
    noun = "top up" if wish.is_top_up else "renew"
    world.tell(
        person.number,
        f"{noun} {wish.caller.channel} {wish.caller.request_id} by {wish.by}"
        f"{' pressed twice' if wish.presses > 1 else ''}:"
        f" {answer.reason or answer.outcome}{' (again)' if answer.replayed else ''}",
    )
    for again in heard.answers[1:]:
        if (again.id, again.outcome, again.replayed) != (answer.id, answer.outcome, True):
            world.wrong(
                person.number, "once_a_request",
                f"{wish.caller.request_id}: {answer.outcome} {answer.id}, then {again.outcome}",
            )  # fmt: skip
    if answer.reason is not None:
        if wish.tries < TRIES_MAX and not wish.is_top_up:
            world.plan(person, hours(chance.uniform(0.2, 12)), "renew", wish.tries + 1)
    elif heard.attempt is not None:
        _at_gateway(world, person, heard.attempt)


def at_bank(world: World, person: Person, attempt_key: str) -> None:
    """Pay on the bank's own page, turn away there, or come back when it is away."""
    chance = person.chance
    purpose = UUID(attempt_key.rsplit("-", 1)[0])
    if likely(chance, 0.08):
        world.bank.abandon(attempt_key)
        world.tell(person.number, f"turns away at the bank from {attempt_key}")
    elif likely(chance, 0.03):
        world.tell(person.number, f"never comes back from the bank with {attempt_key}")
        return
    else:
        said = world.bank.confirm(attempt_key, token_of(world, person))
        world.tell(person.number, f"at the bank with {attempt_key}: {said}")
    world.plan(person, seconds(chance.uniform(2, 30)), "come_back", purpose)


def come_back(world: World, person: Person, purpose: UUID) -> None:
    """Come back from the bank: the page asks the gateway at once."""
    settled = renewals.ask_renewal(purpose, world.now)
    world.tell(person.number, f"comes back: {settled and settled.attempt_state}")
    attempt = payments.first_attempt(purpose)
    if attempt is not None:
        _at_gateway(world, person, attempt)


def pay_again(world: World, person: Person, what: tuple[UUID, str, str]) -> None:
    """Pay the same renewal with another bank card, under a request id of its own."""
    purpose, request_id, token = what
    caller = Caller("web", f"web-{person.number}", request_id)
    answer = renewals.retry_payment(caller, purpose, bank.NAME, token, world.now())
    world.tell(person.number, f"pays again: {answer.reason or answer.outcome}")
    if answer.outcome == "placed":
        wishes.pay(purpose, world.now)


def mandate_on(world: World, person: Person, _what: Any) -> None:
    """Switch automatic renewal on for a plan at the price that is shown."""
    quote = wishes.quoted(person, "auto", world.now())
    if world.term_ends_at(person) is None or person.is_lost or quote is None:
        return
    if quote.total is None:
        world.tell(person.number, f"mandate on: not offered ({quote.reason})")
        return
    tell_answer(world, person, "mandate on", autorenewal.give_mandate(
        caller_of(person, "web"), person.card_id, world.now(), plan_id=person.plan.plan_id,
        words_version=autorenewal.VERSION, contact=wishes.contact_of(person),
        locale=person.locale, quoted_total=quote.total,
        means_order=METHODS_FIRST if person.habit == "plastic" else BALANCE_FIRST,
    ))  # fmt: skip
    if likely(person.chance, TUNES * (1 + (person.plan.on_renewal != "queue"))):
        world.plan(person, hours(person.chance.uniform(0.1, 9)), "tune")


def mandate_off(world: World, person: Person, _what: Any) -> None:
    """Switch it off; whoever renewed by itself may do so again some day."""
    answer = autorenewal.end_mandate(caller_of(person, "web"), person.card_id, world.now())
    tell_answer(world, person, "mandate off", answer)
    if person.habit in AUTOMATIC and likely(person.chance, 0.7):
        world.plan(person, days(person.chance.uniform(1, 40)), "mandate_on")


def pause(world: World, person: Person, _what: Any) -> None:
    """Pause automatic renewal for some weeks."""
    until = world.now() + days(person.chance.uniform(3, 45))
    caller = caller_of(person, "web")
    answer = autorenewal.pause_mandate(caller, person.card_id, until, world.now())
    tell_answer(world, person, f"pauses until {until:%Y-%m-%d}", answer)
    if likely(person.chance, 0.4):
        world.plan(person, hours(person.chance.uniform(1, 200)), "resume")


def skip(world: World, person: Person, _what: Any) -> None:
    """Pass over one term."""
    answer = autorenewal.skip_term(caller_of(person, "web"), person.card_id, world.now())
    tell_answer(world, person, "skips a term", answer)


def travel(world: World, person: Person, _what: Any) -> None:
    """Go to live in another time zone of the same currency, and later back."""
    places = town.PLACES.get(person.currency, ("UTC",))
    person.zone = person.chance.choice((*places, "Asia/Tokyo", "America/New_York"))
    world.move(person)
    world.tell(person.number, f"travels to {person.zone}")


def lose(world: World, person: Person, _what: Any) -> None:
    """Lose the card; it is found again some days later."""
    answer = cards.change(caller_of(person, "web"), person.card_id, "lose", world.now())
    tell_answer(world, person, "loses the card", answer)
    person.is_lost = answer.reason is None
    world.plan(person, days(person.chance.uniform(0.2, 9)), "find")


def find(world: World, person: Person, _what: Any) -> None:
    """Find the card again."""
    answer = cards.change(caller_of(person, "web"), person.card_id, "resume", world.now())
    tell_answer(world, person, "finds the card", answer)
    person.is_lost = False
    world.plan(person, hours(2), "look")


def whim(world: World, person: Person, _what: Any) -> None:
    """Once in a while people change something."""
    chance = person.chance
    (whim_is,) = chance.choices(list(WHIMS), list(WHIMS.values()))
    world.plan(person, days(chance.expovariate(1 / WHIM_DAYS)), "whim")
    if whim_is == "plan":
        alike = [each for each in world.town.plans if each.currency == person.currency]
        person.plan = chance.choice(alike)
    elif whim_is == "plastic":
        person.plastics += 1
    elif whim_is == "mandate_on" and person.habit not in AUTOMATIC and likely(chance, 0.8):
        return  # Most of those who renew by hand stay so.
    else:
        world.plan(person, seconds(1), whim_is)


def _at_gateway(world: World, person: Person, attempt: payments.Attempt) -> None:
    """Go on by what became of an attempt: to the bank's page, or with another bank card."""
    chance = person.chance
    if attempt.state == "sent" and attempt.page_url:
        world.plan(person, seconds(chance.uniform(20, 500)), "at_bank", attempt.key)
    elif attempt.state == "failed" and attempt.number < ATTEMPTS_MAX and likely(chance, 0.65):
        person.plastics += 1
        what = (attempt.purpose_id, caller_of(person, "web").request_id, token_of(world, person))
        world.plan(person, seconds(chance.uniform(20, 300)), "pay_again", what)
    elif attempt.state == "failed":
        world.plan(person, hours(chance.uniform(3, 40)), "renew", TRIES_MAX - 1)


def caller_of(person: Person, channel: str) -> Caller:
    """Make the caller of a new request, with the next of the person's own request ids."""
    person.asked += 1
    source = channel if channel in BY_DEPOSIT else f"{channel}-{person.number}"
    return Caller(channel, source, f"{person.number}-{person.asked}")


def token_of(world: World, person: Person) -> str:
    """Give the token of the bank card that a person has in hand."""
    return world.bank.plastic(person.number, person.plastics)


def tell_answer(world: World, person: Person, what: str, answer: Answer) -> None:
    """Note what a channel answered."""
    world.tell(person.number, f"{what}: {answer.reason or answer.outcome}")


def length_of(person: Person) -> timedelta:
    """Tell about how long a person's plan lasts."""
    return timedelta(days=town.PERIOD_DAYS[person.plan.unit] * person.plan.count)


def likely(chance: Stream, share: float) -> bool:
    """Draw whether something happens, in this share of all cases."""
    return chance.random() < share


def seconds(number: float) -> timedelta:
    """Give a wait of so many seconds, whole ones."""
    return timedelta(seconds=int(number))


def hours(number: float) -> timedelta:
    """Give a wait of so many hours."""
    return seconds(number * 3600)


def days(number: float) -> timedelta:
    """Give a wait of so many days."""
    return min(seconds(number * 86_400), MANY)


Act = Callable[[World, Person, Any], None]

ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        act.__name__: act
        for act in (
            look, renew, top_up, send, at_bank, come_back, pay_again, mandate_on, mandate_off,
            travel, lose, find, whim, pause, skip,
        )
    }
)  # fmt: skip
"""Everything that people do, by name."""
