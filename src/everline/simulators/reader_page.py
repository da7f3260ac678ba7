"""A card reader's own little screen, with what a visitor can let happen at it.

It stands at /reader/ and the reader's code, works without script, and looks again by itself. What
the buttons do is reader.py's; the words stand in pages/*.json beside the payment page's.
"""

import re
from collections.abc import Mapping
from typing import Final

from everline.simulators import bank, reader
from everline.simulators.bank_api import Operation, World
from everline.simulators.faults import Fault
from everline.simulators.payment_page import Html, amount_of, rendered, tag_of, words_of
from everline.simulators.wire import Answer, Request

BUTTONS: Final = ("approve", "decline", "remove", "silent", "late")
CODE: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


def get_screen(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Show what stands on the reader's screen now."""
    code = _code(request)
    with world.store.transaction() as records:
        charge = reader.latest(records, code) if code else None
    return _page(request, code, charge)


def post_screen(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Do what the visitor chose."""
    code = _code(request)
    with world.store.transaction() as records:
        reader.play(records, code, request.form().get("turn", ""))
    part = f"?locale={tag_of(request, None)}" if "locale" in request.query else ""
    return Answer(303, headers=(("Location", f"/reader/{code}{part}"),))


OPERATIONS: Final[Mapping[tuple[str, str], tuple[str, Operation]]] = {
    ("GET", "/reader/"): ("", get_screen),
    ("POST", "/reader/"): ("", post_screen),
}


def _code(request: Request) -> str:
    code = request.path.rpartition("/")[2]
    return code if CODE.fullmatch(code) else ""


def _page(request: Request, code: str, charge: bank.Charge | None) -> Answer:
    tag = tag_of(request, charge)
    words = words_of(tag)
    face = _face(charge)
    is_waiting = face == "waiting"
    buttons = "".join(
        rendered(
            "turn.html",
            turn=turn,
            name=words[f"turn_{turn}"],
            note=words[f"turn_{turn}_note"],
        )
        for turn in BUTTONS
    )
    body = rendered(
        "reader.html",
        lang=tag,
        title=words["reader_title"],
        no_money=words["no_money"],
        code=code,
        face=face,
        told=words[f"reader_{face}"],
        amount=amount_of(charge, tag) if charge is not None and is_waiting else "",
        masked=charge.masked_means if charge is not None and face == "succeeded" else "",
        action=f"/reader/{code}" + (f"?locale={tag}" if "locale" in request.query else ""),
        turns_title=words["turns_title"] if is_waiting else words["turns_none"],
        turns=Html(buttons if is_waiting else ""),
    )
    headers = (
        ("Content-Security-Policy", POLICY),
        ("Referrer-Policy", "no-referrer"),
        ("Refresh", "2"),
    )
    return Answer(200, body.encode(), "text/html; charset=utf-8", headers)


def _face(charge: bank.Charge | None) -> str:
    if charge is None:
        return "idle"
    if charge.state == "failed":
        return "idle" if charge.reason in {"cancelled", "expired"} else "failed"
    return charge.state
