"""A state machine: whatever happens, in whatever order, the database and the model say the same.

The model stands in model.py. After each event every invariant of the audit holds but those that
say a worker is late, as none works here: the machine does its work, when it likes.
"""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from everline import cards, payments, renewals
from everline.database.addresses import Addresses
from everline.database.requests import Answer
from everline.ids import Imei
from tests import model
from tests.copies import empty
from tests.town import Spoiler, findings
from tests.world import Plan, World

PLANS: Final = (
    model.Plan(30, 1000, "queue"),
    model.Plan(1, 100, "queue"),
    model.Plan(7, 300, "stack"),
    model.Plan(10, 700, "replace"),
)
LATE: Final = frozenset({"nothing_is_stuck", "persons_keep_their_deadlines", "paid_is_owned"})
CARDS: Final = 2

card_numbers = st.integers(0, CARDS - 1)
plan_numbers = st.integers(0, len(PLANS) - 1)
picks = st.integers(0, 50)
waits = st.sampled_from([0, 1, 1, 60 * 24])


class Machine(RuleBasedStateMachine):
    """Two cards, four plans, one gateway, one network, and nobody who is on time."""

    def __init__(self, logins: Addresses) -> None:
        super().__init__()
        empty(logins)
        self._exits = contextlib.ExitStack()
        owner = self._exits.enter_context(psycopg.connect(logins.owner, autocommit=True))
        self.world = World(owner, logins)
        self.models = [model.Card() for _ in range(CARDS)]
        self.cards: list[cards.Card] = []
        self.plans: list[Plan] = []
        self.ids: dict[model.Renewal, UUID] = {}
        self.sent: dict[model.Attempt, payments.Attempt] = {}
        self.calls: list[tuple[Callable[[], Answer], Answer]] = []

    def teardown(self) -> None:
        self._exits.close()

    @initialize()
    def load(self) -> None:
        for plan in PLANS:
            self.plans.append(
                self.world.plan(days=plan.days, price=plan.price, on_renewal=plan.on_renewal)
            )
        for number in range(CARDS):
            card = self.world.card("activated")
            phone = Imei("490154203237518")
            cards.bind(self.world.caller(), card.id, phone, self.world.at)
            self.cards.append(card)
            self.fund(number, 3000)

    @rule(number=card_numbers, amount=st.sampled_from([100, 1500]))
    def fund(self, number: int, amount: int) -> None:
        self.world.fund(self.cards[number].account_id, "balance", amount)
        self.models[number].balance += amount

    @rule(minutes=st.sampled_from([1, 6, 12, 31, 60 * 30, 60 * 24 * 9, 60 * 24 * 31]))
    def time_passes(self, minutes: int) -> None:
        self.world.advance(minutes=minutes)

    @rule()
    def deadlines_are_kept(self) -> None:
        renewals.expire_due(self.world.now)
        for card in self.models:
            card.sweep(self.world.at)

    @rule(number=card_numbers, wish=st.sampled_from(["suspend", "resume", "resume"]))
    def a_card_is_suspended_or_resumed(self, number: int, wish: str) -> None:
        card = self.models[number]
        if card.is_suspended != (wish == "resume"):
            return
        event = "resume" if card.is_suspended else "suspend"
        cards.change(self.world.caller(), self.cards[number].id, event, self.world.at)
        card.is_suspended = not card.is_suspended

    @rule(number=card_numbers, plan=plan_numbers, wait=waits)
    def renew(self, number: int, plan: int, wait: int) -> None:
        self.world.advance(minutes=wait)
        card, order = self.cards[number], self._order(number, plan)
        call = partial(renewals.renew, self.world.caller(), order, card.account_id, self.world.at)
        self._sold(number, self._told(call), self.models[number].renew(PLANS[plan], self.world.at))

    @rule(number=card_numbers, plan=plan_numbers, wait=waits, is_paid=st.booleans())
    def place(self, number: int, plan: int, wait: int, is_paid: bool) -> None:  # noqa: FBT001
        self.world.advance(minutes=wait)
        order = self._order(number, plan)
        call = partial(renewals.place, self.world.caller(), order, "sandbox", None, self.world.at)
        answer = self._told(call)
        self._sold(number, answer, self.models[number].place(PLANS[plan], self.world.at))
        if answer.outcome == "placed":
            self._send(self.models[number].renewals[-1])
            if is_paid:
                self.the_gateway_speaks(0, "succeeded", is_last=False)

    @precondition(lambda self: self.sent)
    @rule(
        pick=picks,
        said=st.sampled_from(["succeeded", "succeeded", "failed", "unknown", "unknown"]),
        is_last=st.sampled_from([False, False, False, True]),
    )
    def the_gateway_speaks(self, pick: int, said: str, is_last: bool) -> None:  # noqa: FBT001
        attempt = list(self.sent)[-1 - pick % len(self.sent)]
        card, renewal = next(
            (card, each)
            for card in self.models
            for each in card.renewals
            if attempt in each.attempts
        )
        wait = None if is_last else timedelta(minutes=5)
        self.world.hear(self.sent[attempt], said, ask_in=wait, reference="r")
        card.hear(renewal, attempt, said, self.world.at, is_last=is_last)

    @precondition(lambda self: self._is_any("awaiting_payment"))
    @rule(pick=picks)
    def retry(self, pick: int) -> None:
        card, renewal = self._pick(pick, "awaiting_payment")
        call = partial(
            renewals.retry_payment,
            self.world.caller(),
            self.ids[renewal],
            "sandbox",
            None,
            self.world.at,
        )
        expected = card.retry(renewal, self.world.at)
        answer = self._told(call)
        assert (answer.reason or answer.outcome) == expected
        if expected == "placed":
            self._send(renewal)

    @precondition(lambda self: self.ids)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        card, renewal = self._pick(pick, "awaiting_payment")
        answer = self._told(
            partial(renewals.cancel, self.world.caller(), self.ids[renewal], self.world.at)
        )
        assert (answer.reason or answer.outcome) == card.cancel(renewal)

    @precondition(lambda self: self._is_any("paid", "reversing"))
    @rule(pick=picks, said=st.sampled_from(["done", "done", "done", "unknown", "refused"]))
    def the_network_speaks(self, pick: int, said: str) -> None:
        card, renewal = self._pick(pick, "paid")
        if renewal.term is None:
            return
        self.world.verb("begin_delivery", self.ids[renewal], "apply", "simulated", self.world.at)
        self.world.verb("deliver", self.ids[renewal], said, "", self.world.at)
        card.deliver(renewal, said)

    @precondition(lambda self: self._is_any("paid", "delivered"))
    @rule(pick=picks)
    def reverse(self, pick: int) -> None:
        card, renewal = self._pick(pick, "delivered" if pick % 2 else "paid")
        answer = self._told(
            partial(
                renewals.reverse, self.world.caller(), self.ids[renewal], "asked", self.world.at
            )
        )
        assert (answer.reason or answer.outcome) == card.reverse(renewal)

    @precondition(lambda self: self._is_any("reversing"))
    @rule(pick=picks, said=st.sampled_from(["done", "done", "unknown"]))
    def the_network_takes_back(self, pick: int, said: str) -> None:
        card, renewal = self._pick(pick, "reversing")
        if renewal.state in {"reversing", "reversed"}:
            renewal_id = self.ids[renewal]
            self.world.verb("begin_delivery", renewal_id, "reverse", "simulated", self.world.at)
            self.world.verb("withdrawn", renewal_id, said, "", self.world.at)
            if said == "done":
                card.money_back(renewal)

    @precondition(lambda self: any(renewal.refunds for renewal in self.ids))
    @rule(said=st.sampled_from(["succeeded", "succeeded", "unknown"]))
    def refunds_are_sent(self, said: str) -> None:
        later = self.world.at + timedelta(minutes=5)
        for claimed in payments.claim_refunds(self.world.at, 100):
            self.world.verb("settle_refund", claimed.id, said, None, "", later, self.world.at)
            renewal_id, key = self.world.all(
                "select p.purpose_id, a.key from payments_refund f"
                " join payments_attempt a on a.id = f.attempt_id"
                " join payments_payment p on p.id = a.payment_id where f.id = %s",
                claimed.id,
            )[0]
            card, renewal = self._of(renewal_id)
            (refund,) = [each for each in renewal.refunds if self.sent[each.attempt].key == key]
            if said == "succeeded":
                card.refunded(renewal, refund)
            else:
                refund.state = "unknown"

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def somebody_asks_again(self, pick: int) -> None:
        call, first = self.calls[pick % len(self.calls)]
        again = call()
        assert again.replayed
        assert (again.id, again.outcome, again.reason, again.facts, again.valid_until) == (
            first.id,
            first.outcome,
            first.reason,
            first.facts,
            first.valid_until,
        )

    @invariant()
    def both_say_the_same(self) -> None:
        for number, card in enumerate(self.cards):
            mine = self.models[number]
            assert (
                self.world.one(
                    "select balance from ledger_account where account_id = %s", card.account_id
                )
                == mine.balance
            )
            assert self.world.all(
                "select starts_at, ends_at from cards_entitlement"
                " where card_id = %s and state <> 'cancelled' order by starts_at, ends_at",
                card.id,
            ) == sorted((term.starts_at, term.ends_at) for term in mine.terms)
        assert dict(self.world.all("select id, state from renewals_renewal")) == {
            self.ids[each]: each.state for card in self.models for each in card.renewals
        }
        assert dict(self.world.all("select id, state from payments_attempt")) == {
            attempt.id: mine.state for mine, attempt in self.sent.items()
        }
        assert sorted(self.world.all("select attempt_id, state from payments_refund")) == sorted(
            (self.sent[refund.attempt].id, refund.state)
            for card in self.models
            for each in card.renewals
            for refund in each.refunds
        )

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        assert findings(self.world).keys() <= LATE

    def _order(self, number: int, plan: int) -> renewals.Order:
        return self.world.order(self.cards[number], self.plans[plan])

    def _told(self, call: Callable[[], Answer]) -> Answer:
        answer = call()
        assert not answer.replayed
        self.calls.append((call, answer))
        return answer

    def _sold(self, number: int, answer: Answer, expected: str) -> None:
        assert (answer.reason or answer.outcome) == expected
        if answer.id is not None:
            renewal = self.models[number].renewals[-1]
            assert answer.valid_until == renewal.ends_at
            self.ids[renewal] = answer.id

    def _send(self, renewal: model.Renewal) -> None:
        self.sent[renewal.attempts[-1]] = self.world.send(self.ids[renewal])

    def _pick(self, pick: int, *fitting: str) -> tuple[model.Card, model.Renewal]:
        """Pick a renewal, mostly one in a fitting state, mostly a new one."""
        every = list(self.ids)
        fit = [renewal for renewal in every if renewal.state in fitting and pick % 8]
        among = fit or every
        return self._of(self.ids[among[-1 - pick % len(among)]])

    def _is_any(self, *states: str) -> bool:
        return any(renewal.state in states for renewal in self.ids)

    def _of(self, renewal_id: UUID) -> tuple[model.Card, model.Renewal]:
        return next(
            (card, each)
            for card in self.models
            for each in card.renewals
            if self.ids[each] == renewal_id
        )


def _run(town: World, *, examples: int, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    class InTown(Machine):
        def __init__(self) -> None:
            super().__init__(town.logins)

    run_state_machine_as_test(
        InTown,
        settings=settings(
            max_examples=examples,
            stateful_step_count=35,
            phases=phases,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_the_database_does_what_the_model_does(town: World) -> None:
    _run(town, examples=20)


def test_a_verb_that_forgets_to_look_at_the_state_is_noticed(town: World, spoiler: Spoiler) -> None:
    check = "if waiting.state not in ('placed', 'awaiting_payment', 'held') then"
    spoiler.weaken(
        "cancel",
        (check, "if false then"),
        ("close_renewal(waiting, 'cancel'", "tell(waiting, waiting.id"),
    )
    with pytest.raises(AssertionError):
        _run(town, examples=100, phases=(Phase.generate,))
