"""The turn of a call as TwiML, which Twilio, SignalWire and Somleng speak.

Every Gather is followed by a Redirect, since silence falls through to it. Whatever is said comes
from talk.py; the number of the turn stands in the addresses, so that each is answered once.
"""

from typing import Final

from django.urls import reverse
from django.utils.http import urlencode
from twilio.twiml.voice_response import Gather, VoiceResponse

from everline.channels.hotline.talk import Said, Turn

TAGS: Final = {"en": "en-US", "zh-hans": "zh-CN", "id": "id-ID"}
"""Languages as Say names them (BCP 47)."""

KEY_SECONDS: Final = 6
ENTRY_SECONDS: Final = 10


def speak(turn: Turn, number: int) -> str:
    """Write a turn; `number` is the one that its keys will answer."""
    response = VoiceResponse()
    if turn.step.ends:
        _say(response, turn.said)
        response.hangup()
        return str(response)
    entry = turn.step.entry
    gather = Gather(
        input="dtmf",
        action=address(number),
        method="POST",
        num_digits=entry.most if entry else 1,
        finish_on_key="#" if entry else "",
        timeout=ENTRY_SECONDS if entry else KEY_SECONDS,
    )
    _say(gather, turn.said)
    response.append(gather)
    response.redirect(address(number, is_silent=True), method="POST")
    return str(response)


def hang_up() -> str:
    """Write the end of a call that nothing more is said to."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def address(number: int, *, is_silent: bool = False) -> str:
    """Give the path that answers a turn, after keys or after silence."""
    query = {"turn": number} | ({"silent": 1} if is_silent else {})
    return f"{reverse('hotline:voice')}?{urlencode(query)}"


def _say(to: VoiceResponse | Gather, said: tuple[Said, ...]) -> None:
    """Say sentences, one element for each run of the same language."""
    start = 0
    for end in range(1, len(said) + 1):
        if end == len(said) or said[end].locale != said[start].locale:
            text = " ".join(each.text for each in said[start:end] if each.text)
            to.say(text, language=TAGS[said[start].locale])
            start = end
