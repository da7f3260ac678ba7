"""The staff: at the end of each day they work off what was given to persons.

They release what a breaker holds back, ask about what is parked, and put dead jobs back. What they
cannot settle stays theirs.
"""

from uuid import UUID

from everline import autorenewal, jobs, payments
from everline.database.requests import Caller
from everline.renewals.pay import ask, ask_refund
from everline.simulation.world import World


def work_off(world: World) -> None:
    """Ask about parked attempts and refunds, and give dead jobs another chance."""
    if world.faults.is_away("ours", world.at):
        return
    stop = autorenewal.stopped()
    if stop is not None:
        caller = Caller("office", "staff", f"go-on-{stop.id}")
        answer = autorenewal.release_stop(caller, stop.id, world.now())
        world.tell(0, f"staff let charges go on after {stop.charged}: {answer.outcome}")
    for each in autorenewal.parked():
        caller = Caller("office", "staff", f"release-{each.id}")
        answer = autorenewal.release_card(caller, each.card_id, world.now())
        world.tell(world.card_of_iccid(each.iccid), f"staff release it: {answer.outcome}")
    for kind, identity in world.reader.execute(
        "select 'attempt', a.id from payments_attempt a where a.state = 'parked'"
        " union all select 'refund', f.id from payments_refund f where f.state = 'parked'"
        " union all select 'job', j.id from jobs_job j where j.state = 'dead' order by 1, 2"
    ).fetchall():
        world.tell(0, f"staff look at {kind} {identity}: {_look_at(world, kind, identity)}")


def _look_at(world: World, kind: str, identity: UUID) -> object:
    if kind == "job":
        return jobs.revive(identity, world.now())
    payments.own_parked(kind, identity, "staff", world.now())
    if kind == "refund":
        return ask_refund(identity, world.now)
    attempt = payments.find_attempt(identity)
    return attempt and ask(attempt, world.now).attempt_state
