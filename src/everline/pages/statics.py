"""Static files under names that hold a hash of their bytes: kept for ever, and never old.

Text is compressed once a process. The files are read from the packages at the first use. Under
its plain name a file is served by WhiteNoise, and under the hash of another release as it is now:
a page of that release may ask.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

FOR_EVER: Final = "public, max-age=31536000, immutable"
A_MINUTE: Final = "public, max-age=60"
DIGITS: Final = 12
HASHED: Final = re.compile(rf"\.[0-9a-f]{{{DIGITS}}}(?=\.[a-z0-9]+$)", re.ASCII)
SMALL: Final = 400
"""Bytes below which compressing gains nothing: they travel in one packet anyway."""


@dataclass(frozen=True, slots=True)
class File:
    """One file: its address with the hash, its bytes, and the same compressed if that is less."""

    address: str
    kind: str
    body: bytes
    packed: bytes


@cache
def files() -> dict[str, File]:
    """Give every static file by its plain name."""
    found: dict[str, File] = {}
    for finder in finders.get_finders():
        for path, storage in finder.list(None):
            name = path.replace("\\", "/")
            if name not in found:
                with storage.open(path) as opened:
                    found[name] = _file(name, opened.read())
    return found


def _file(name: str, body: bytes) -> File:
    path = PurePosixPath(name)
    digest = hashlib.sha256(body).hexdigest()[:DIGITS]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith(("javascript", "json", "xml"))
    packed = gzip.compress(body, mtime=0) if is_text and len(body) > SMALL else b""
    return File(
        address=f"{settings.STATIC_URL}{path.with_name(f'{path.stem}.{digest}{path.suffix}')}",
        kind=f"{kind}; charset=utf-8" if is_text else kind,
        body=body,
        packed=packed if len(packed) < len(body) else b"",
    )


class Hashed(StaticFilesStorage):
    """Writes the address of a static file into templates."""

    def url(self, name: str | None) -> str:
        """Give the address that holds the hash; a file that is not there keeps its plain one."""
        found = files().get(name or "")
        return found.address if found else str(super().url(name))


class Statics:
    """Middleware: answers for addresses that hold a hash."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with a file, or let others answer."""
        path = request.path_info
        if not path.startswith(settings.STATIC_URL) or request.method not in {"GET", "HEAD"}:
            return self._next(request)
        name, hashes = HASHED.subn("", path.removeprefix(settings.STATIC_URL))
        found = files().get(name) if hashes else None
        if found is None:
            return self._next(request)
        takes_packed = "gzip" in request.headers.get("Accept-Encoding", "")
        body = found.packed if takes_packed and found.packed else found.body
        answer = HttpResponse(body, content_type=found.kind)
        if body is found.packed:
            answer["Content-Encoding"] = "gzip"
        if found.packed:
            patch_vary_headers(answer, ["Accept-Encoding"])
        answer["Cache-Control"] = FOR_EVER if path == found.address else A_MINUTE
        answer["Content-Length"] = str(len(body))
        return answer
