"""A telephone that understands TwiML: it hears, presses keys, waits and hangs up.

The page of the demo and the tests call with it. It signs what it sends, as a provider does, and
knows nothing of our dialogue: only Say, Gather, Redirect, Pause and Hangup. How a request travels
is the caller's to give.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

from twilio.request_validator import RequestValidator

STEPS_MAX: Final = 20
HEARD_MAX: Final = 12

Send = Callable[[str, Mapping[str, str], str], str]
"""Posts a form to an address with a signature, and gives the TwiML that comes back."""


class PhoneError(Exception):
    """The answer was no TwiML that this telephone understands."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said, with its language, as Say names it."""

    text: str
    language: str


@dataclass(slots=True)
class Call:
    """A call as it stands between two keys; plain values, so that a session can keep it."""

    sid: str
    caller: str
    heard: list[Heard] = field(default_factory=list)
    keyed: str = ""
    action: str = ""
    after: str = ""
    most: int = 1
    finish: str = "#"
    is_over: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Give what a session keeps."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Call":
        """Take up what a session kept."""
        heard = [Heard(**each) for each in kept["heard"]]
        return cls(**{**kept, "heard": heard})


class Phone:
    """A telephone at one number, which calls our hotline."""

    def __init__(self, address: str, token: str, send: Send) -> None:
        self._address = address
        self._validator = RequestValidator(token)
        self._send = send

    def dial(self, call: Call) -> None:
        """Call the hotline, and hear what it says first."""
        self._post(call, self._address, {"CallStatus": "ringing"})

    def press(self, call: Call, key: str) -> None:
        """Press a key; what was keyed is sent when it is complete."""
        if call.is_over or len(key) != 1 or key not in "0123456789*#":
            return
        if key == call.finish:
            self._post(call, call.action if call.keyed else call.after, {"Digits": call.keyed})
            return
        call.keyed += key
        if len(call.keyed) >= call.most:
            self._post(call, call.action, {"Digits": call.keyed})

    def wait(self, call: Call) -> None:
        """Press nothing until the hotline has waited long enough."""
        if call.is_over:
            return
        if call.keyed:
            self._post(call, call.action, {"Digits": call.keyed})
        elif call.after:
            self._post(call, call.after, {})

    def _post(self, call: Call, address: str, fields: Mapping[str, str]) -> None:
        call.heard, call.keyed = [], ""
        for _step in range(STEPS_MAX):
            form = {
                "CallSid": call.sid,
                "AccountSid": "AC00000000000000000000000000000000",
                "From": call.caller,
                "To": "+18005550100",
                "Direction": "inbound",
                "ApiVersion": "2010-04-01",
                "CallStatus": "in-progress",
            } | {name: text for name, text in fields.items() if text}
            signature = self._validator.compute_signature(address, form)
            following = self._hear(call, address, self._send(address, form, signature))
            if following is None:
                return
            address, fields = following, {}
        raise PhoneError("the hotline redirects without an end")

    def _hear(self, call: Call, address: str, text: str) -> str | None:
        """Follow a document; gives the address of a redirect that comes before any key."""
        try:
            document = ET.fromstring(text)  # noqa: S314  Our own webhook wrote it.
        except ET.ParseError as error:
            raise PhoneError("the answer is no XML") from error
        if document.tag != "Response":
            raise PhoneError(f"{document.tag} is no Response")
        call.action = call.after = ""
        for verb in document:
            if verb.tag == "Redirect":
                to = urljoin(address, (verb.text or "").strip())
                call.after = to if call.action else ""
                return None if call.action else to
            if verb.tag == "Hangup":
                break
            self._obey(call, address, verb)
        call.is_over = True
        call.action = call.after = ""
        return None

    def _obey(self, call: Call, address: str, verb: ET.Element) -> None:
        """Listen to what a verb says, and remember where its keys go."""
        for each in verb.iter("Say"):
            call.heard.append(Heard((each.text or "").strip(), each.get("language", "en-US")))
        del call.heard[:-HEARD_MAX]
        if verb.tag == "Gather":
            call.action = urljoin(address, verb.get("action", ""))
            call.most = int(verb.get("numDigits", "32"))
            call.finish = verb.get("finishOnKey", "#")
        elif verb.tag not in {"Say", "Pause"}:
            raise PhoneError(f"{verb.tag} is not understood")
