"""The installed app: what a device is told of it, its icons, its worker, and how to get it.

What the worker keeps is static files and one page without anybody's data; every other page is
asked of us each time, so that no price is ever an old one. The worker is static/web/worker.js.
"""

import hashlib
import json
from typing import Any, Final

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext as _, override
from django.views.decorators.http import require_http_methods, require_safe

from everline import cards, catalogue, clock
from everline.channels.web.entry import OR_CLOSED, may_be_told
from everline.channels.web.forms import CardNumberForm
from everline.channels.web.icons import SIZES, icon
from everline.channels.web.pages import page
from everline.errors import SENTENCES, Code
from everline.notices.wording import LOCALES
from everline.pages import limits, look
from everline.pages.dressing import OUR_BLUE, dressed
from everline.pages.frame import HTML_TAGS, see_other
from everline.pages.statics import FOR_EVER, files

ICONS: Final = tuple(
    (purpose, size, {"purpose": purpose, "size": size})
    for purpose in ("any", "maskable")
    for size in SIZES
)
"""Each icon that there is, with what its view is given."""

PAPER: Final = {"light": look.LIGHT[0], "dark": look.DARK[0]}
OUR_GOLD: Final = "#ffd166"
SHORT_LENGTH_MAX: Final = 12
KEPT: Final = (
    "pages/tokens.css",
    "pages/frame.css",
    "pages/parts.css",
    "pages/enhance.js",
    "web/app.css",
    "web/app.js",
    "web/device.js",
)
"""What the page without a connection is drawn with."""


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Tell a device what to install, in the language that the page's link names."""
    named = request.GET.get("language", "")
    with override(named if named in LOCALES else get_language()):
        told = _manifest(look.installed().name or catalogue.policy().name)
    answer = JsonResponse(told, json_dumps_params={"ensure_ascii": False})
    answer["Content-Type"] = "application/manifest+json"
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


def _manifest(name: str) -> dict[str, Any]:
    current = get_language() or "en"
    version = _version()
    icons = [
        {
            "src": f"{reverse(f'web:icon-{purpose}-{size}')}?{version}",
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for purpose, size, _kind in ICONS
    ]
    mark = {"src": dressed(None)["mark"], "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    return {
        "id": "/",
        "name": name,
        "short_name": _short(name),
        "description": _("Renew a data card, and see until when it is valid."),
        "lang": HTML_TAGS.get(current, current),
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER["light"],
        "theme_color": PAPER["light"],
        "icons": [mark, *icons],
        "shortcuts": [
            {"name": _("Renew"), "url": "/"},
            {"name": _("Buy an eSIM"), "url": reverse("web:esim")},
            {"name": _("Stores and kiosks"), "url": reverse("web:places")},
        ],
    }


def _short(name: str) -> str:
    """Give what fits below an icon: the name, or its first word."""
    return name if len(name) <= SHORT_LENGTH_MAX else name.split(maxsplit=1)[0][:SHORT_LENGTH_MAX]


@require_safe
def drawn(request: HttpRequest, purpose: str, size: int) -> HttpResponse:
    """Serve an icon as PNG."""
    installed = look.installed()
    answer = HttpResponse(
        icon(
            size,
            installed.name[:1],
            installed.light.get("brand", OUR_BLUE),
            "#ffffff",
            OUR_GOLD,
            is_maskable=purpose == "maskable",
        ),
        content_type="image/png",
    )
    is_this = request.META.get("QUERY_STRING") == _version()
    answer["Cache-Control"] = FOR_EVER if is_this else "public, max-age=3600"
    return answer


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Serve the worker, with the hash of all that it keeps: another hash is another worker."""
    kept = [str(staticfiles_storage.url(name)) for name in KEPT]
    kept += [address for address in dressed(request).values() if address]
    told = json.dumps({"version": _version(), "kept": kept, "offline": reverse("web:offline")})
    script = files()["web/worker.js"].body.decode()
    answer = HttpResponse(
        f"const EVERLINE = {told};\n{script}", content_type="text/javascript; charset=utf-8"
    )
    answer["Cache-Control"] = "no-cache"
    return answer


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show what this device itself remembers. The page is the same for everybody."""
    return page(request, "offline.html", {"is_plain": True})


@require_http_methods(["GET", "HEAD", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """Show how to install the app, and lead to the reminders of a card."""
    form = CardNumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        seconds = limits.seconds_to_wait(request, clock.now())
        if seconds:
            form.add_error("number", _("Too many card numbers were entered. Wait a minute."))
            return limits.too_many(page(request, "app.html", {"form": form}), seconds)
        found = cards.find(form.cleaned_data["number"])
        if found is not None and may_be_told(request, found, wants_top_up=False):
            return see_other("web:reminders", found.id)
        form.add_error("number", f"{_(SENTENCES[Code.CARD_UNKNOWN])} {_(OR_CLOSED)}")
    return page(request, "app.html", {"form": form}, status=422 if form.errors else 200)


def _version() -> str:
    """Name this release and this look together."""
    told = [files()[name].address for name in (*KEPT, "web/worker.js")]
    return hashlib.sha256(
        json.dumps([*told, look.installed().version, look.installed().name]).encode()
    ).hexdigest()[:12]
