"""The addresses of the operator's look: its tokens as a style sheet, and its logo.

Both carry the look's version in their query, so that browsers may keep them for ever. Without a
look of its own an operator has none of them on its pages: then tokens.css and mark.svg serve.
"""

from typing import Final

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from everline.pages import look
from everline.pages.statics import FOR_EVER, files

FOR_AN_HOUR: Final = "public, max-age=3600"
OUR_BLUE: Final = "#2447d8"
"""The colour of our own mark."""


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """Serve the operator's tokens; those of a look without colours are none."""
    installed = look.installed()
    return _kept(request, HttpResponse(installed.css, content_type="text/css; charset=utf-8"))


@require_safe
def mark(request: HttpRequest) -> HttpResponse:
    """Serve the operator's logo, else ours; it may load and run nothing even by itself."""
    answer = _kept(request, HttpResponse(_drawing(), content_type="image/svg+xml"))
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def dressed(_request: HttpRequest | None) -> dict[str, str]:
    """Tell every template where the logo is, and where the operator's tokens are, if it has any."""
    installed = look.installed()
    return {
        "mark": f"{reverse('pages:mark')}?{installed.version}"
        if installed.mark or installed.light
        else staticfiles_storage.url("pages/mark.svg"),
        "look": f"{reverse('pages:look')}?{installed.version}" if installed.css else "",
    }


def _drawing() -> bytes:
    """Give the operator's logo, else ours in its accent."""
    installed = look.installed()
    ours = files()["pages/mark.svg"].body
    accent = installed.light.get("brand", OUR_BLUE)
    return installed.mark or ours.replace(OUR_BLUE.encode(), accent.encode())


def _kept(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    is_this = request.META.get("QUERY_STRING") == look.installed().version
    answer["Cache-Control"] = FOR_EVER if is_this else FOR_AN_HOUR
    return answer
