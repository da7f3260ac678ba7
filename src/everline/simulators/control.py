"""The strings of the puppets: scripts faults, answers for the bank, moves the simulated clock.

For tests, demonstrations and rehearsals; there is no such thing at a real bank. Each path below is
POST with one JSON object unless it says GET. Nothing here is needed for the test numbers to work.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from everline.simulators import bank, faults, network, webhooks
from everline.simulators.bank_api import Operation, World
from everline.simulators.faults import Fault
from everline.simulators.store import Records, Settings
from everline.simulators.wire import Answer, ProblemError, Request, answer, text, whole

LIST_MAX: Final = 1000


def post_settings(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Change the pace: slow_ms, unknown_ms, late_ms, network_late_ms, clock_offset_ms."""
    values = request.json()
    with world.store.transaction() as records:
        settings = records.settings()
        for name in sorted(values):
            if name not in Settings.__dataclass_fields__:
                raise ProblemError(400, "setting_unknown", f"There is no setting '{name}'.")
            least = -(10**13) if name == "clock_offset_ms" else 0
            settings = replace(settings, **{name: whole(values, name, least)})
        records.put(settings, "settings", position=0)
    return answer(asdict(settings))


def get_settings(world: World, _request: Request, _fault: Fault | None) -> Answer:
    """Show the pace in force."""
    with world.store.transaction() as records:
        return answer(asdict(records.settings()))


def post_resolve(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Answer for the bank: {attempt_key, outcome: succeeded | failed, reason, hard}."""
    values = request.json()
    outcome = text(values, "outcome")
    if outcome not in {"succeeded", "failed"}:
        raise ProblemError(400, "outcome_invalid", "'outcome' must be succeeded or failed.")
    with world.store.transaction() as records:
        charge = _charge(records, text(values, "attempt_key"))
        if not charge.masked_means:
            charge = replace(charge, masked_means="•••• 0010")
        charge = bank.decide(
            records,
            charge,
            is_yes=outcome == "succeeded",
            reason=text(values, "reason", ""),
            is_hard=values.get("hard") is True,
        )
        if charge.state != outcome:
            raise ProblemError(409, "already_succeeded", "This charge has succeeded already.")
    return answer(bank.shown(charge, world.public_url))


def post_notify(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Send news of a charge again: {attempt_key, copies, forged}."""
    values = request.json()
    with world.store.transaction() as records:
        charge = _charge(records, text(values, "attempt_key"))
        copies = whole(values, "copies", 1, 1)
        event = webhooks.announce(
            records, charge.key, charge.state, charge.notify_url, copies=min(copies, 100)
        )
        if event is not None and values.get("forged") is True:
            webhooks.forge(records, event)
    return answer({"event_id": event.name if event else ""})


def post_faults(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Put faults in line: {next: [{on, fault, key, times, milliseconds, reason}], clear}."""
    values = request.json()
    wanted = values.get("next", [])
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        raise ProblemError(400, "next_invalid", "'next' must be a list of objects.")
    with world.store.transaction() as records:
        if values.get("clear") is True:
            faults.clear(records)
        try:
            line = [faults.script(records, each) for each in wanted[:LIST_MAX]]
        except (TypeError, ValueError) as error:
            raise ProblemError(400, "fault_invalid", str(error)) from error
    return answer({"next": [asdict(each) for each in line]})


def get_charges(world: World, request: Request, _fault: Fault | None) -> Answer:
    """GET: show the newest charges, or the one under ?key=, with its news and refunds."""
    with world.store.transaction() as records:
        if "key" not in request.query:
            newest = records.latest(bank.Charge, LIST_MAX)
            return answer({"charges": [asdict(each) for each in newest]})
        charge = _charge(records, request.query["key"])
        events = webhooks.events_of(records, charge.key)
        refunds = [
            asdict(each)
            for each in records.latest(bank.Refund, LIST_MAX)
            if each.charge_reference == charge.reference
        ]
    return answer(
        {**asdict(charge), "events": [asdict(each) for each in events], "refunds": refunds}
    )


def post_order(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Answer for the network: {reference, outcome: applied | refused, reason}."""
    values = request.json()
    outcome = text(values, "outcome")
    with world.store.transaction() as records:
        order = _network_order(records, text(values, "reference"))
        if order.state != "accepted" or outcome not in {"applied", "refused"}:
            message = "Only an order that is accepted can become applied or refused."
            raise ProblemError(409, "order_not_open", message)
        if outcome == "refused":
            order = replace(order, state="refused", reason=text(values, "reason", "scripted"))
        order = network.settle(records, replace(order, due_ms=0))
    return answer(asdict(order))


def get_orders(world: World, request: Request, _fault: Fault | None) -> Answer:
    """GET: show the newest network orders, or the one under ?reference=."""
    with world.store.transaction() as records:
        if "reference" in request.query:
            return answer(asdict(_network_order(records, request.query["reference"])))
        newest = records.latest(network.Order, LIST_MAX)
    return answer({"orders": [asdict(each) for each in newest]})


OPERATIONS: Final[Mapping[tuple[str, str], tuple[str, Operation]]] = {
    ("POST", "/control/settings"): ("", post_settings),
    ("GET", "/control/settings"): ("", get_settings),
    ("POST", "/control/resolve"): ("", post_resolve),
    ("POST", "/control/notify"): ("", post_notify),
    ("POST", "/control/faults"): ("", post_faults),
    ("GET", "/control/charges"): ("", get_charges),
    ("POST", "/control/network"): ("", post_order),
    ("GET", "/control/network"): ("", get_orders),
}


def _charge(records: Records, key: str) -> bank.Charge:
    charge = bank.charge_of(records, key)
    if charge is None:
        raise ProblemError(404, "charge_unknown", "There is no charge under this key.")
    return charge


def _network_order(records: Records, reference: str) -> network.Order:
    order: network.Order | None = records.get(network.Order, reference)
    if order is None:
        raise ProblemError(404, "order_unknown", "There is no order of this reference.")
    return order


def describe() -> dict[str, Any]:
    """Say what this program is, for whoever finds its port taken."""
    return {"program": "everline-simulators", "status": "ok"}
