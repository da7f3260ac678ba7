"""Asking before an act: what will happen, a button, and a request id that the form keeps.

`ask` asks with one button, `fill` with a form and, where the act is weighty, a preview before it.

The same press sent twice is one act: verbs are called with the request id, everything else changes
only what is not yet so, and only what changed is recorded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.translation import gettext as _

from everline.database.requests import Answer
from everline.errors import SENTENCES
from everline.office.desk import Desk
from everline.office.frame import page
from everline.pages.frame import see_other

Fact = tuple[str, str]
ONCE_SECONDS: Final = 86_400
"""How long a press is known that made something to be shown once."""


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


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form's screen; `preview` is the template that shows what would come of it, if any."""

    title: str
    lead: str
    button: str
    back: str
    preview: str = ""


@dataclass(frozen=True, slots=True)
class Once:
    """What is shown a single time: a code, a key or a link, and whose it is."""

    title: str
    whose: str
    text: str
    sentence: str
    back: str


Act = Callable[[str], Done | HttpResponse | None]
"""Does what a sound form asks for, by a request id; None when the form has errors now."""


def fill(
    request: HttpRequest,
    desk: Desk,
    sheet: Sheet,
    form: forms.Form,
    *,
    act: Act,
    look: Callable[[], object] | None = None,
) -> HttpResponse:
    """Show a form; when it is sound show what `look` tells, then do the act once."""
    request_id, shown = str(uuid4()), None
    if request.method == "POST":
        kept = read_request_id(request)
        if kept is None:
            return HttpResponseBadRequest()
        request_id = kept
        if form.is_valid():
            shown = look() if look else None
            if (look is None or "publish" in request.POST) and form.is_valid():
                done = act(request_id)
                if isinstance(done, HttpResponse):
                    return done
                if done is not None:
                    (messages.success if done.is_good else messages.error)(request, done.sentence)
                    return see_other(sheet.back)
    given = {
        "sheet": sheet,
        "form": form,
        "request_id": request_id,
        "shown": None if form.errors else shown,
        "previews": look is not None,
    }
    return page(request, desk, "form.html", given, status=422 if form.errors else 200)


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


def reveal(
    request: HttpRequest, desk: Desk, question: Question, make: Callable[[], HttpResponse]
) -> HttpResponse:
    """Ask, then make and show what is shown once; the same press again makes no other one."""
    request_id = read_request_id(request)
    if request.method != "POST" or request_id is None:
        return ask(request, desk, question, lambda _request_id: Done(""))
    if not cache.add(f"office-once-{request_id}", 1, ONCE_SECONDS):
        messages.error(request, _("It was made and shown before. Make another one if need be."))
        return see_other(question.back)
    return make()


def shown_once(request: HttpRequest, desk: Desk, once: Once) -> HttpResponse:
    """Show a code, a key or a link a single time: whoever looks away must make another one."""
    return page(request, desk, "once.html", {"once": once})
