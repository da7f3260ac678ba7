"""Asking gateways again when one of them is gone: the others are asked, and somebody is told."""

import pytest

from everline import renewals
from everline.payments.gateways.sandbox import Sandbox
from tests.command import Everline
from tests.world import World


def test_a_gateway_that_is_not_set_up_keeps_no_other_from_being_asked(
    everline: Everline, bank: Sandbox, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    plan = world.plan()
    captured = world.place(world.card(), plan)
    world.hear(world.send(captured), "succeeded", reference="r")
    renewals.reverse(world.caller(), captured, "asked", world.at)
    gone, asked = world.place(world.card(), plan), world.place(world.card(), plan)
    for renewal in (gone, asked):
        world.hear(world.send(renewal), "unknown")
    world.owner.execute(
        "update payments_attempt a set gateway = 'closed' from payments_payment p"
        " where p.id = a.payment_id and p.purpose_id = any(%s)",
        [[gone, captured]],
    )
    world.advance(minutes=6)
    assert world.ask_all() == 3
    told = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert len(told) == 2
    assert all("gateway closed is not set up" in line for line in told)
    states = [found and found.attempt_state for found in map(renewals.find, (gone, asked))]
    assert states == ["unknown", "failed"]  # The bank has never heard of the second.
    assert renewals.ask_renewal(gone, world.now) is None
    checks = {each["name"]: each for each in everline("doctor", "--json").json["checks"]}
    assert checks["gateway closed"]["state"] == "fail"
    assert "2 payments or refunds wait" in checks["gateway closed"]["finding"]
    world.advance(minutes=2)
    assert world.ask_all() == 2  # They come again, and nothing is lost.
