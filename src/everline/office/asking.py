"""Asking before an act: what will happen, a button, and a request id that the form keeps.

The same press sent twice is one act: verbs are called with the request id, everything else changes
only what is not yet so, and only what changed is recorded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.translation import gettext as _

from everline.database.requests import Answer
from everline.errors import SENTENCES
from everline.office.access import Desk
from everline.office.frame import page
from everline.pages.frame import see_other

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `back` is where one comes from, `is_grave` for what is hard to undo."""

    title: str
    sentence: str
    button: str
    back: str
    facts: tuple[Fact, ...] = ()
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it, in words."""

    sentence: str
    is_good: bool = True


def ask(
    request: HttpRequest, desk: Desk, question: Question, act: Callable[[str], Done]
) -> HttpResponse:
    """Show the question; on its answer do the act once and lead back with what came of it."""
    if request.method != "POST":
        given = {"question": question, "request_id": uuid4()}
        return page(request, desk, "confirm.html", given)
    request_id = read_request_id(request)
    if request_id is None:
        return HttpResponseBadRequest()
    done = act(request_id)
    (messages.success if done.is_good else messages.error)(request, done.sentence)
    return see_other(question.back)


def read_request_id(request: HttpRequest) -> str | None:
    """Read the request id that a form has kept; None when it is none."""
    try:
        return str(UUID(request.POST.get("request_id", "")))
    except ValueError:
        return None


def told(answer: Answer, sentence: str) -> Done:
    """Word a verb's answer: the sentence, or why it was refused."""
    refusal = answer.refusal
    return Done(_(SENTENCES[refusal.code]), is_good=False) if refusal else Done(sentence)
