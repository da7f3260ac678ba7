"""One turn of a call: from what was keyed to what is said next, as a value.

It carries out the acts that lie between two steps that ask (acts.py) and fills the sentences of the
next one (scenes.py). What is remembered stands in the leg; how it sounds is voice.py's.
"""

from typing import Final

from django.utils.translation import gettext as _, override

from everline.channels.hotline import flow
from everline.channels.hotline.acts import ACTS
from everline.channels.hotline.engine import Move, Why, move
from everline.channels.hotline.flow import FLOW, REFUSED, Step
from everline.channels.hotline.scenes import SCENES
from everline.channels.hotline.talk import Said, Scene, Talk, Turn

ACTS_MAX: Final = 8
"""Between two steps that ask; more is a circle in the dialogue and a bug."""


def answer(talk: Talk, keyed: str | None, *, begins: str = "") -> Turn:
    """Answer a turn: what was keyed, None for silence, or the first step of a call."""
    with override(talk.leg.locale):
        if begins:
            way = Move(begins)
        else:
            step = FLOW[talk.leg.step]
            scene = _scene(talk, step)
            way = move(step, keyed, scene.holds, len(scene.items), talk.leg.misses)
        talk.leg.misses = way.misses
        if way.why is Why.SILENCE:
            talk.say(_("We did not hear a key."))
        elif way.why is Why.WRONG_KEY:
            talk.say(_("This key has no meaning here."))
        step = _act(talk, way)
    with override(talk.leg.locale):  # The act may have been the choice of another language.
        said = (*talk.carried, *_sentences(talk, step))
    talk.leg.step = step.name
    return Turn(step, said)


def _act(talk: Talk, way: Move) -> Step:
    """Carry out acts until a step asks or ends."""
    step, keyed = FLOW[way.step], way.keyed
    for _round in range(ACTS_MAX):
        if not step.act:
            return step
        with override(talk.leg.locale):
            outcome = ACTS[step.act](talk, keyed)
        step = FLOW[talk.refused_to if outcome == REFUSED else step.leads[outcome]]
        keyed = ""
    raise AssertionError(f"the dialogue goes in a circle at {step.name}")


def _scene(talk: Talk, step: Step) -> Scene:
    return SCENES[step.scene](talk) if step.scene else Scene()


def _sentences(talk: Talk, step: Step) -> list[Said]:
    """Fill the sentences of a step: what it says, its list, its keys, and the way to a person."""
    scene = _scene(talk, step)
    locale = talk.leg.locale
    said: list[Said] = []
    for each in step.says:
        if isinstance(each, str):
            said.append(Said(_(each) % scene.values, locale))
        elif each.needs in scene.holds:
            said.append(Said(_(each.text) % scene.values, locale))
    said += scene.items
    for choice in step.choices:
        if not choice.needs or choice.needs in scene.holds:
            said.append(Said(_(choice.says) % {**scene.values, "key": choice.key}, locale))
    if step.choices and step.name != flow.OFFER:
        said.append(Said(_(flow.WAY_OUT), locale))
    return said
