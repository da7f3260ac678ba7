"""How a story is told: time passes, the worker works, and every event has to be named.

`tells` reads what happened since it was last asked: steps of every machine and notices. One that
the story does not name fails it, and so does one that it names and did not happen.
"""

from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4

from everline import cards, database, notices, renewals
from everline.config.plugs import KINDS, sweeps
from everline.errors import FaultError
from everline.renewals import Contact
from tests.town import findings
from tests.world import Plan, World

ROUNDS_MAX: Final = 20
ADDRESSES: Final = {
    "return_url": "http://localhost:9/back",
    "notify_address": "http://localhost:9",
}
CONTACT: Final = Contact(email="ana@example.org", locale="id")


class Story:
    """One story in one world, with the real sandbox, the real network and an outbox."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._told_steps = 0
        self._told_notices: set[UUID] = set()
        notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})

    def passes(self, **duration: float) -> None:
        """Let time pass in one go, and the worker find what became due."""
        self.world.advance(**duration)
        self.work()

    def work(self) -> None:
        """Do what a worker does, with its own jobs and sweeps, until nothing is due.

        Sums are read below the server's oldest transaction, so other tests are waited for first.
        """
        for _round in range(ROUNDS_MAX):
            self.world.roll_up_all()
            done = sum(self._sweep(number) for number in range(len(sweeps())))
            if not self._do_jobs() + done:
                return
        raise AssertionError("the work does not end")

    def _sweep(self, number: int) -> int:
        sweep = sweeps()[number]
        found = sweep.run(self.world.now)
        return found if sweep.repeats_max > 1 else 0

    def _do_jobs(self) -> int:
        lease = uuid4()
        with database.connection() as lent:
            jobs = lent.execute(
                "select id, kind, subject_id from lease_jobs(%s, 100, 120, %s, %s)",
                [list(KINDS), lease, self.world.at],
            ).fetchall()
        for job, kind, subject in jobs:
            try:
                KINDS[kind].run(subject, self.world.now)
            except FaultError as fault:
                seconds = KINDS[kind].retry_seconds
                self.world.verb("fail_job", job, lease, fault.detail, seconds, self.world.at)
            else:
                self.world.verb("finish_job", job, lease)
        return len(jobs)

    def pays(self, card: cards.Card, plan: Plan, token: str, **order: str) -> UUID:
        """Somebody buys a plan on the web with a test card of the sandbox."""
        world = self.world
        asked = world.order(card, plan, contact=CONTACT, **order)
        placed = renewals.place(world.caller(), asked, "sandbox", token, world.at)
        assert placed.id is not None, placed
        renewals.pay(placed.id, **ADDRESSES, locale="id", now=world.now)
        return placed.id

    def pays_again(self, renewal: UUID, token: str) -> None:
        """The same renewal is tried with another test card."""
        world = self.world
        answer = renewals.retry_payment(world.caller(), renewal, "sandbox", token, world.at)
        assert answer.outcome == "placed", answer
        renewals.pay(renewal, **ADDRESSES, locale="id", now=world.now)

    def tells(self, *expected: str) -> None:
        """Name all that happened since the last time, in its order; notices come last."""
        told = [*self._steps(), *self._notices()]
        assert told == list(expected), told

    def ends(self) -> None:
        """Nothing is left untold, nothing is left to do, and the books prove it."""
        self.tells()
        assert findings(self.world) == {}
        assert self.world.all("select kind, last_error from jobs_job") == []

    def _steps(self) -> list[str]:
        found = self.world.all(
            "select id, machine || ' ' || event from database_history where id > %s order by id",
            self._told_steps,
        )
        with suppress(IndexError):
            self._told_steps = found[-1][0]
        return [step for _id, step in found]

    def _notices(self) -> list[str]:
        found = self.world.all(
            "select id, 'notice ' || template || ' ' || medium || ' ' || state from notices_notice"
            " order by at, template, medium"
        )
        new = [notice for number, notice in found if number not in self._told_notices]
        self._told_notices |= {number for number, _notice in found}
        return new
