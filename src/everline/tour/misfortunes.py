"""What goes wrong in the world, on purpose: pressed twice, cut off, raced, lied to, overslept.

Every one of them is done to the real doors. What keeps it to one renewal stands in the verbs; here
nobody helps them.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Final, TypeVar

from django.db import connections
from django.utils import translation

from everline.tour import time
from everline.tour.browser import Browser, LostWayError
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

TOGETHER_SECONDS: Final = 10
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
        "day-later": day_later,
    }
)
