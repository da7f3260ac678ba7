"""What waits for a person, on the command line: parked payments, dead letters, partners' keys."""

import uuid

from everline import clock, renewals
from everline.cli.speech import Exit
from everline.payments.gateways.sandbox import Sandbox
from everline.people import keys
from tests.command import Everline
from tests.world import World


def test_parked_payments_and_refunds_are_listed_with_a_masked_card(
    everline: Everline, bank: Sandbox, world: World
) -> None:
    assert "No payment is parked" in everline("parked").out
    plan = world.plan()
    silent, taken = world.place(world.card(), plan), world.place(world.card(), plan)
    world.hear(world.send(silent), "unknown", ask_in=None, reason="no answer")
    world.hear(world.send(taken), "succeeded", reference="r-1")
    renewals.reverse(world.caller(), taken, "asked", world.at)
    for refund in world.all("select id from payments_refund"):
        world.owner.execute("update payments_refund set state = 'sent'")
        world.verb("settle_refund", refund[0], "failed", None, "no", None, world.at)
    rows = everline("parked", "--json").json["parked"]
    assert [(row["kind"], row["amount"], row["currency"]) for row in rows] == [
        ("payment", 1000, "EUR"),
        ("refund", 1000, "EUR"),
    ]
    payment = rows[0]
    assert payment["reason"] == "no answer"
    assert (payment["gateway"], payment["owner"]) == ("sandbox", "finance")
    found = renewals.find(silent)
    assert found is not None
    people = everline("parked").out
    for told in (everline("parked", "--json").out, people):
        assert found.iccid not in told
        assert found.iccid[-4:] in told
        assert payment["key"] in told


def test_dead_letters_are_listed_and_one_is_given_new_tries(
    everline: Everline, world: World
) -> None:
    assert "No job is dead" in everline("jobs").out
    card, plan = world.card(balance=5000), world.plan()
    world.renew(card, plan)
    world.renew(card, plan)
    world.owner.execute("update jobs_job set state = 'dead', tries = 12, last_error = 'no answer'")
    dead = everline("jobs", "--json").json["dead"]
    assert [(job["kind"], job["tries"], job["last_error"]) for job in dead] == [
        ("deliver", 12, "no answer")
    ] * 2
    assert dead[0]["id"] in everline("jobs").out
    said = everline("jobs", "--retry", dead[0]["id"], "--json")
    assert (said.code, said.json) == (Exit.DONE, {"retried": dead[0]["id"]})
    assert [job["id"] for job in everline("jobs", "--json").json["dead"]] == [dead[1]["id"]]
    assert world.all("select state, tries from jobs_job order by id")[0] == ("ready", 0)
    assert everline("jobs", "--retry", dead[0]["id"]).code == Exit.REFUSED
    assert everline("jobs", "--retry", "x").code == Exit.MISUSED


def test_a_key_is_made_shown_once_and_revoked(everline: Everline, world: World) -> None:
    partner, other = world.partner(), world.partner()
    made = everline("key", partner.code, "--make", "--json").json
    holder = keys.find(keys.digest(made["key"]), clock.now())
    assert holder is not None
    assert holder.code == partner.code
    listed = everline("key", partner.code)
    assert made["key"] not in listed.out
    assert made["key"][-4:] in listed.out
    newest = made["keys"][-1]
    assert newest["hint"] == made["key"][-4:]
    refused = everline("key", other.code, "--revoke", newest["id"])
    assert refused.code == Exit.REFUSED
    assert keys.find(keys.digest(made["key"]), clock.now()) is not None
    assert everline("key", partner.code, "--revoke", newest["id"]).code == Exit.DONE
    assert keys.find(keys.digest(made["key"]), clock.now()) is None
    assert everline("key", partner.code, "--revoke", str(uuid.uuid4())).code == Exit.REFUSED
    assert everline("key", "NOBODY").code == Exit.MISUSED
    again = everline("key", partner.code, "--make")
    assert "shown this once" in again.out
    assert "evl_" in again.out
