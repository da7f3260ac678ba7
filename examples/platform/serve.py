"""Kantong, a made-up e-wallet that sells renewals of data cards through the partner API.

    EVERLINE_KEY=evl_… python examples/platform/serve.py http://localhost:8000 --port 8010

It needs nothing but Python. This file speaks HTTP with the browser; what is bought is decided in
purchases.py, what is sent to the operator in partner_api.py. A demo: one user, no sign-in.
"""

import argparse
import os
import threading
import time
import urllib.parse
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final

import pages
from partner_api import Api, RefusedError, UnsureError
from purchases import Book
from words import LANGUAGES, money, say

FORM_BYTES_MAX: Final = 4096
PLANS_MAX: Final = 12
RECOVER_SECONDS: Final = 5
STYLE: Final = Path(__file__).with_name("kantong.css")
POLICY: Final = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"


class Page(BaseHTTPRequestHandler):
    """Answers one browser's requests."""

    book: ClassVar[Book]
    timeout = 20
    server_version, sys_version = "Kantong", ""

    def do_GET(self) -> None:
        """Show a page."""
        match self._path().strip("/").split("/"):
            case [""]:
                self._home()
            case ["card"]:
                self._show(pages.ask(self._language()))
            case ["history"]:
                self._show(pages.history(self.book.history(), self._language()))
            case ["purchases", purchase_id]:
                self._purchase(purchase_id)
            case ["kantong.css"]:
                self._write(STYLE.read_bytes(), "text/css; charset=utf-8")
            case _:
                self._show(pages.sorry("lost", self._language()), HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Take a form."""
        form = self._form()
        if form is None:
            self._show(pages.sorry("lost", self._language()), HTTPStatus.BAD_REQUEST)
            return
        try:
            match self._path().strip("/").split("/"):
                case ["plans"]:
                    self._plans(form.get("number", ""))
                case ["review"]:
                    self._review(form.get("number", ""), form.get("plan", ""))
                case ["purchases", purchase_id, "pay"]:
                    self._pay(purchase_id)
                case ["purchases", purchase_id, "undo"]:
                    self._undo(purchase_id)
                case _:
                    self._show(pages.sorry("lost", self._language()), HTTPStatus.NOT_FOUND)
        except RefusedError as refused:
            told = pages.ask(self._language(), form.get("number", ""), refused.title)
            self._show(told, HTTPStatus.UNPROCESSABLE_ENTITY)
        except UnsureError:
            told = pages.sorry("down", self._language())
            self._show(told, HTTPStatus.SERVICE_UNAVAILABLE)

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing: the terminal is the operator's demo."""

    def _home(self) -> None:
        currency, news = os.environ.get("KANTONG_CURRENCY", "IDR"), []
        try:
            news = self.book.api.announcements(self._language())
        except (RefusedError, UnsureError):
            news = [{"text": say("down", self._language())}]
        balance = money(self.book.balance(), currency)
        self._show(pages.home(balance, news, self._language()))

    def _plans(self, number: str) -> None:
        """Inquire each plan; what is no for one plan alone is left out."""
        language = self._language()
        found = []
        for plan in self.book.api.plans(language)[:PLANS_MAX]:
            try:
                told = self.book.api.inquire(number, plan["code"], language)
            except RefusedError as refused:
                if refused.code.startswith("card_") or refused.code == "field_wrong":
                    raise
                continue
            found.append((_name(plan, language), told))
        self._show(pages.plans(number, found, language))

    def _review(self, number: str, code: str) -> None:
        language = self._language()
        told = self.book.api.inquire(number, code, language)
        names = {each["code"]: _name(each, language) for each in self.book.api.plans(language)}
        made = self.book.offer(number, names.get(code, code), told)
        self._lead(f"/purchases/{made}")

    def _purchase(self, purchase_id: str) -> None:
        language = self._language()
        found = self.book.follow(purchase_id, language)
        if found is None:
            self._show(pages.sorry("lost", language), HTTPStatus.NOT_FOUND)
        elif found.state == "offered":
            self._show(pages.review(found, language))
        else:
            waits = found.state == "checking" or (found.state == "paid" and not found.is_delivered)
            self._show(pages.outcome(found, language), looks_again=waits)

    def _pay(self, purchase_id: str) -> None:
        found = self.book.find(purchase_id)
        if found is None:
            self._show(pages.sorry("lost", self._language()), HTTPStatus.NOT_FOUND)
        elif self.book.pay(purchase_id, self._language()):
            self._lead(f"/purchases/{purchase_id}")
        else:
            told = pages.review(found, self._language(), say("short", self._language()))
            self._show(told, HTTPStatus.PAYMENT_REQUIRED)

    def _undo(self, purchase_id: str) -> None:
        found = self.book.find(purchase_id)
        if found is None or found.state == "offered":
            self._show(pages.sorry("lost", self._language()), HTTPStatus.NOT_FOUND)
            return
        why_not = self.book.take_back(purchase_id, self._language())
        if why_not:
            self._show(pages.outcome(found, self._language(), why_not), HTTPStatus.CONFLICT)
        else:
            self._lead(f"/purchases/{purchase_id}")

    def _path(self) -> str:
        return urllib.parse.urlsplit(self.path).path

    def _language(self) -> str:
        """Choose the language: asked for in the address, kept in a cookie, or the browser's."""
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("lang", [""])[0]
        kept = SimpleCookie(self.headers.get("Cookie", "")).get("lang")
        for wanted in (asked, kept.value if kept else ""):
            if wanted in LANGUAGES:
                return wanted
        spoken = self.headers.get("Accept-Language", "").lower()[:2]
        return {"zh": "zh-Hans", "id": "id"}.get(spoken, "en")

    def _form(self) -> dict[str, str] | None:
        """Read a form of our own pages; None for one from elsewhere or too long."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        length = self.headers.get("Content-Length", "0")
        if origin not in {None, f"http://{host}"} or not length.isdecimal():
            return None
        if int(length) > FORM_BYTES_MAX:
            return None
        raw = self.rfile.read(int(length)).decode("utf-8", "replace")
        return {name: values[0] for name, values in urllib.parse.parse_qs(raw).items()}

    def _lead(self, path: str) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _show(
        self, inside: str, status: HTTPStatus = HTTPStatus.OK, *, looks_again: bool = False
    ) -> None:
        at = self._path() if self.command == "GET" else "/"
        page = pages.frame(inside, self._language(), at=at, looks_again=looks_again)
        self._write(page.encode(), "text/html; charset=utf-8", status)

    def _write(self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Set-Cookie", f"lang={self._language()}; Path=/; SameSite=Lax; HttpOnly")
        self.end_headers()
        self.wfile.write(content)


def _name(plan: dict[str, Any], language: str) -> str:
    names: dict[str, str] = plan["names"]
    return names.get(language) or names["en"]


def _recover(book: Book) -> None:
    """Follow what is under way for as long as the program runs."""
    while True:
        time.sleep(RECOVER_SECONDS)
        book.recover("en")


def main() -> None:
    """Serve the e-wallet on this machine alone."""
    reader = argparse.ArgumentParser(description="A made-up e-wallet on the partner API.")
    reader.add_argument("base", help="the operator's address")
    reader.add_argument("--port", type=int, default=8010)
    reader.add_argument("--book", type=Path, default=Path("kantong.sqlite"))
    given = reader.parse_args()
    Page.book = Book(given.book, Api(given.base.rstrip("/"), os.environ["EVERLINE_KEY"]))
    with ThreadingHTTPServer(("127.0.0.1", given.port), Page) as server:
        threading.Thread(target=_recover, args=[Page.book], daemon=True).start()
        print(f"Kantong: http://localhost:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
