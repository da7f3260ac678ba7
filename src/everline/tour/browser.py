"""A browser and a program: what the tour holds in its hands when it drives a channel.

Every request goes through the whole web application by its address, with its middleware, cookies
and form tokens, as if a socket were between. The bank is a program of its own and is called over
the network. Who presses what stands in devices.py.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

HOPS_MAX: Final = 6
BANK_SECONDS: Final = 20
PAGE_BYTES_MAX: Final = 500_000
_INPUT: Final = re.compile(r"<input\b[^>]*>")
_NAME: Final = re.compile(r'\bname="([^"]*)"')
_VALUE: Final = re.compile(r'\bvalue="([^"]*)"')


class LostWayError(Exception):
    """A page was not what leads on; the message says which step, and nothing of a person."""


@dataclass(frozen=True, slots=True)
class Page:
    """What an address showed."""

    at: str
    status: int
    text: str

    def form(self, action: str) -> tuple[str, dict[str, str]]:
        """Read the form that goes to an address that ends so: the address, and what it holds.

        Radio buttons and ticks are left out: whoever presses says them.
        """
        for opening, inner in re.findall(r"(<form\b[^>]*>)(.*?)</form>", self.text, re.DOTALL):
            target = re.search(r'action="([^"]*)"', opening)
            where = html.unescape(target[1]) if target else self.at
            if 'method="post"' in opening and urlsplit(where).path.endswith(action):
                return where, dict(_held(inner))
        raise LostWayError(f"there is no form to {action} ({self.status})")

    def sentence(self) -> str:
        """Read what a refusal says: the first paragraph of what is explained, without tags."""
        body = self.text.partition("<main")[2]
        found = re.search(r"<h1[^>]*>(.*?)</h1>\s*(?:<p[^>]*>(.*?)</p>)?", body, re.DOTALL)
        return (
            " ".join(re.sub(r"<[^>]+>", " ", " ".join(found.groups(""))).split()) if found else ""
        )


class Browser:
    """One browser in one language, at one network address, with cookies of its own."""

    def __init__(self, network: str, language: str) -> None:
        self._client = httpx.Client(
            transport=httpx.WSGITransport(app=_application(), remote_addr=network or "127.0.0.1"),
            base_url=settings.PUBLIC_ADDRESS,
            headers={"accept-language": language, "origin": _origin()},
        )

    def twin(self) -> "Browser":
        """Open a second window of the same browser: the same cookies, a request of its own."""
        other = Browser("", "")
        other._client = httpx.Client(
            transport=self._client._transport,  # noqa: SLF001  It keeps nothing of a request.
            base_url=settings.PUBLIC_ADDRESS,
            headers=self._client.headers,
            cookies=self._client.cookies,
        )
        return other

    def keep(self, name: str, value: str, path: str) -> None:
        """Keep a cookie."""
        self._client.cookies.set(name, value, domain="", path=path)

    def get(self, path: str) -> Page:
        """Open a page, and go where it leads."""
        return self._follow(self._client.get(path))

    def post(self, path: str, fields: Mapping[str, str]) -> Page:
        """Send a form, and go where the answer leads."""
        return self._follow(self._client.post(path, data=dict(fields)))

    def send(self, path: str, fields: Mapping[str, str]) -> httpx.Response:
        """Send a form, and go nowhere."""
        return self._client.post(path, data=dict(fields))

    def call(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Any:
        """Call an API with JSON, and read its JSON."""
        answer = self._client.request(method, path, json=body, headers=dict(headers))
        return answer.json() if answer.content else {}

    def raw(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> str:
        """Post a webhook, and read its text."""
        answer = self._client.post(path, data=dict(form), headers=dict(headers))
        if answer.status_code != httpx.codes.OK:
            raise LostWayError(f"the webhook answered {answer.status_code}")
        return answer.text[:PAGE_BYTES_MAX]

    def pay_at_bank(self, leading: Page, number: str) -> Page:
        """Pay on the bank's own page, which another page leads to, and come back."""
        found = re.search(r'href="(https?://[^"]+/pay/[^"]+)"', leading.text)
        if found is None:
            raise LostWayError(f"nothing leads to the bank ({leading.status})")
        with httpx.Client(timeout=BANK_SECONDS, trust_env=False) as bank:
            back = bank.post(html.unescape(found[1]), data={"number": number})
        parts = urlsplit(back.headers.get("location", ""))
        if not parts.path:
            raise LostWayError(f"the bank did not lead back ({back.status_code})")
        return self.get(parts.path)

    def _follow(self, answer: httpx.Response) -> Page:
        for _hop in range(HOPS_MAX):
            if not answer.is_redirect:
                break
            answer = self._client.get(answer.headers["location"])
        return Page(answer.url.path, answer.status_code, answer.text[:PAGE_BYTES_MAX])


def _held(inner: str) -> Any:
    """Give what the fields of a form hold as they stand."""
    for tag in _INPUT.findall(inner):
        name, value = _NAME.search(tag), _VALUE.search(tag)
        if name and not re.search(r'type="(radio|checkbox|submit)"', tag):
            yield html.unescape(name[1]), html.unescape(value[1]) if value else ""


def _origin() -> str:
    parts = urlsplit(settings.PUBLIC_ADDRESS)
    return f"{parts.scheme}://{parts.netloc}"


@cache
def _application() -> WSGIHandler:
    return WSGIHandler()
