"""The script of misfortunes: what shall go wrong next, for whom, how often.

A fault waits in line until a request of its operation comes (and carries its key, if it names one),
is used up, and leaves no trace. It is not random: a test that scripts it sees it every time.
control.py writes the script, server.py and webhooks.py play it.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from everline.simulators.store import Records, host_ms

_ANY: Final = frozenset(
    {"cut", "error", "slow", "lost", "error_after", "garbage", "double"}
    | {"lying_amount", "lying_currency", "lying_status", "lying_key"}
)
FAULTS: Final[Mapping[str, frozenset[str]]] = {
    "charge": _ANY | {"refuse"},
    "query": _ANY,
    "close": _ANY,
    "setup": _ANY,
    "forget": _ANY,
    "refund": _ANY | {"refuse"},
    "query_refund": _ANY,
    "reader.pay": _ANY,
    "reader.query": _ANY,
    "reader.cancel": _ANY,
    "webhook": frozenset({"lost", "double", "late", "reordered", "forged"}),
    "network.apply": _ANY | {"refuse", "late"},
    "network.query": _ANY,
    "network.reverse": _ANY | {"refuse"},
}
"""What can go wrong in each operation.

cut, error: nothing is done, no answer or a 500. lost, error_after: done, but no answer or a 500.
slow: done after `milliseconds`. double: the request arrives twice. garbage, lying_*: done, but the
answer is cut short or untrue. refuse: an explicit no. late: taken in, and done only later.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One misfortune: `times` requests of operation `on` that carry `key` (empty: any) meet it."""

    name: str
    on: str
    fault: str
    key: str
    times: int
    milliseconds: int
    reason: str


def script(records: Records, wanted: Mapping[str, Any]) -> Fault:
    """Put one fault at the end of the line; a ValueError says what is wrong with it."""
    on, kind = str(wanted.get("on", "")), str(wanted.get("fault", ""))
    if on not in FAULTS:
        message = f"'on' must be one of {', '.join(sorted(FAULTS))}"
        raise ValueError(message)
    if kind not in FAULTS[on]:
        message = f"'fault' on {on} must be one of {', '.join(sorted(FAULTS[on]))}"
        raise ValueError(message)
    position = _next_position(records)
    fault = Fault(
        name=f"fault-{position}",
        on=on,
        fault=kind,
        key=str(wanted.get("key", "")),
        times=max(1, min(1000, int(wanted.get("times", 1)))),
        milliseconds=max(0, min(60_000, int(wanted.get("milliseconds", 500)))),
        reason=str(wanted.get("reason", "scripted"))[:60],
    )
    records.put(fault, fault.name, position=position, is_open=True)
    return fault


def take(records: Records, on: str, keys: Collection[str]) -> Fault | None:
    """Use up and return the first fault in line for this operation and these keys, if any."""
    for fault in records.still_open(Fault):
        if fault.on == on and (not fault.key or fault.key in keys):
            left = replace(fault, times=fault.times - 1)
            _keep(records, left)
            return fault
    return None


def clear(records: Records) -> None:
    """Empty the line."""
    for fault in records.still_open(Fault):
        _keep(records, replace(fault, times=0))


def lie(kind: str, body: bytes) -> bytes:
    """Bend a truthful answer into an untruthful or unreadable one."""
    if kind == "garbage":
        return body[: max(1, len(body) // 2)]
    answer: dict[str, Any] = json.loads(body)
    for name, value in list(answer.items()):
        if kind == "lying_amount" and name.endswith("_minor"):
            answer[name] = value + 1
        elif kind == "lying_currency" and name == "currency":
            answer[name] = "XTS"
        elif kind == "lying_status" and name == "status":
            answer[name] = "perhaps"
        elif kind == "lying_key" and name in {"key", "reference"}:
            answer[name] = f"{value}-of-somebody-else"
    return json.dumps(answer).encode()


def _next_position(records: Records) -> int:
    newest = records.latest(Fault, 1)
    after = int(newest[0].name.removeprefix("fault-")) + 1 if newest else 0
    return max(after, host_ms())


def _keep(records: Records, fault: Fault) -> None:
    position = int(fault.name.removeprefix("fault-"))
    records.put(fault, fault.name, position=position, is_open=fault.times > 0)
