"""What goes wrong in the world, on purpose: pressed twice, cut off, raced, lied to, overslept.

Every one of them is done to the real doors. What keeps it to one renewal stands in the verbs; here
nobody helps them.
"""

import threading
import time as real_time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeVar

import httpx
from django.conf import settings
from django.db import connections
from django.utils import translation

from everline import payments, renewals
from everline.tour import time
from everline.tour.browser import BANK_SECONDS, Browser, LostWayError, Page
from everline.tour.devices import (
    APPROVED,
    AT_KIOSK,
    KIOSK_PAYS,
    Act,
    Told,
    kiosk_form,
    order_form,
    signed_in,
    switch_on,
    tap,
)
from everline.tour.visits import Visitor

UNSURE: Final = "4000000000000069"
"""The sandbox's bank card of which the bank first says nothing, and then yes."""

LATE: Final = "4000000000000101"
"""The sandbox's bank card of which the bank says yes long after we gave up waiting."""

GIVES_UP: Final = timedelta(minutes=11)
"""A little more than the time after which the sandbox's attempt is given up."""

TOGETHER_SECONDS: Final = 10
GIVEN_UP_SECONDS: Final = 10
LOOK_SECONDS: Final = 0.5
S = TypeVar("S")
T = TypeVar("T")
U = TypeVar("U")


def press_twice(visitor: Visitor) -> Told:
    """Send one order's form from two windows at the same instant: one request id."""
    browser = signed_in(visitor)
    where, fields = order_form(browser, visitor)
    windows = (browser.twin(), browser.twin())
    first, second = together(
        visitor,
        lambda: windows[0].send(where, fields | {"means": "balance"}),
        lambda: windows[1].send(where, fields | {"means": "balance"}),
    )
    is_same = first.headers.get("location") == second.headers.get("location")
    return Told("same_answer" if is_same and first.is_redirect else "two_answers")


def cut(visitor: Visitor) -> Told:
    """Send an order, lose the answer on the way, and send the same form again."""
    browser = signed_in(visitor)
    where, fields = order_form(browser, visitor)
    sent = fields | {"means": "balance"}
    browser.twin().send(where, sent)  # Its answer is lost: nobody reads it.
    return Told("found_again" if browser.send(where, sent).is_redirect else "lost")


def race(visitor: Visitor) -> Told:
    """Open a renewal of one card at the kiosk and on the phone at the same instant."""
    phone = Browser(visitor.network, visitor.language)
    where, fields = order_form(phone, visitor)
    with AT_KIOSK:
        stands = Browser(visitor.network, visitor.language)
        there, touched = kiosk_form(stands, visitor)
        at_kiosk, on_phone = together(
            visitor,
            lambda: stands.post(there, touched | {"by": "card"}),
            lambda: phone.post(where, fields | {"means": "gateway"}),
        )
        if at_kiosk.at == KIOSK_PAYS:
            tap(stands)
            return Told("kiosk_won", on_phone.sentence())
    phone.pay_at_bank(on_phone, APPROVED)
    return Told("phone_won", at_kiosk.sentence())


def lie(visitor: Visitor) -> Told:
    """Pay by a bank card of which the bank says nothing at first, though it took the money."""
    browser = Browser(visitor.network, visitor.language)
    where, fields = order_form(browser, visitor)
    browser.pay_at_bank(browser.post(where, fields | {"means": "gateway"}), UNSURE)
    return Told()


def late_yes(visitor: Visitor) -> Told:
    """Pay, hear nothing, pay again after we gave up; and only then the bank says yes to the first.

    Two of its yeses, one month: the late money goes back by itself.
    """
    browser = Browser(visitor.network, visitor.language)
    where, fields = order_form(browser, visitor)
    checked = browser.pay_at_bank(browser.post(where, fields | {"means": "gateway"}), LATE)
    opened = renewals.of_card(visitor.card.id, 1)[0].id
    first = payments.first_attempt(opened)
    if first is None or first.state == "succeeded":
        raise LostWayError("the bank said yes at once")
    if not time.move(GIVES_UP, visitor.card.id):
        return Told("clock_stays")
    where, fields = _given_up(browser, checked.at).form("/pay")
    browser.pay_at_bank(browser.post(where, fields), APPROVED)
    _say_yes(first.key)
    return Told()


def _given_up(browser: Browser, followed: str) -> Page:
    """Come back to an open renewal until the page says that another bank card may pay."""
    ends = real_time.monotonic() + GIVEN_UP_SECONDS
    while True:
        shown = browser.get(f"{followed}/returned")
        if f'action="{followed}/pay"' in shown.text or real_time.monotonic() > ends:
            return shown
        real_time.sleep(LOOK_SECONDS)


def _say_yes(attempt_key: str) -> None:
    """Let the bank find out at last that it took the money, and call us back."""
    with httpx.Client(timeout=BANK_SECONDS, trust_env=False) as bank:
        address = f"{settings.SANDBOX_ADDRESS}/control/resolve"
        bank.post(address, json={"attempt_key": attempt_key, "outcome": "succeeded"})


def day_later(visitor: Visitor) -> Told:
    """Move the demo's clock a day on, with automatic renewal switched on before."""
    switch_on(visitor)
    return Told() if time.move(time.DAY) else Told("clock_stays")


def together(visitor: Visitor, one: Callable[[], S], other: Callable[[], T]) -> tuple[S, T]:
    """Do two acts at the same instant, each in a thread of its own."""
    gate = threading.Barrier(2)

    def begin(act: Callable[[], U]) -> U:
        try:
            with translation.override(visitor.language):
                gate.wait(TOGETHER_SECONDS)
                return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(begin, one), pool.submit(begin, other)
        try:
            return first.result(TOGETHER_SECONDS), second.result(TOGETHER_SECONDS)
        except TimeoutError as error:
            raise LostWayError("it took too long") from error


MISFORTUNES: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "press-twice": press_twice,
        "cut": cut,
        "race": race,
        "lie": lie,
        "late-yes": late_yes,
        "day-later": day_later,
    }
)
