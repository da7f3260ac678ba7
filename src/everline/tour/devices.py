"""Six devices, each one press away from a renewal: what its person does there, step by step.

Each function goes through the door as that person does and gives what came of it. The misfortunes
that can be pressed stand in misfortunes.py; what the page shows is read from the core alone.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from django.conf import settings

from everline import autorenewal, cards, clock, notices
from everline.cards import Card
from everline.channels.hotline.phone import Call, Phone
from everline.tour import outfit, time
from everline.tour.browser import BANK_SECONDS, Browser, LostWayError, Page
from everline.tour.visits import PLAN, Visitor

APPROVED: Final = "4000000000000010"
KIOSK_PAYS: Final = "/kiosk/pay"
AT_KIOSK: Final = threading.Lock()
"""One person at a time stands at the tour's kiosk."""

SIGNATURE: Final = "X-Twilio-Signature"
LANGUAGE_KEYS: Final = {"en": "1", "zh-hans": "2", "id": "3"}
OUTBOX_MAX: Final = 50
JUST_AFTER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What the visitor is told of an act: a kind of outcome, and a sentence that a door said."""

    kind: str = "done"
    said: str = ""


Act = Callable[[Visitor], Told]


def phone(visitor: Visitor) -> Told:
    """Renew online: number, plan, price details, bank card, receipt."""
    browser = Browser(visitor.network, visitor.language)
    where, fields = order_form(browser, visitor)
    browser.pay_at_bank(browser.post(where, fields | {"means": "gateway"}), APPROVED)
    return Told()


def calendar(visitor: Visitor) -> Told:
    """Switch automatic renewal on, and let time pass until it is due."""
    switch_on(visitor)
    standing = autorenewal.standing(visitor.card.id, clock.now())
    if standing is None or standing.next_at is None:
        raise LostWayError("nothing is due")
    forward = max(standing.next_at + JUST_AFTER - clock.now(), timedelta(0))
    return Told() if time.move(min(forward, time.DAY)) else Told("clock_stays")


def telephone(visitor: Visitor) -> Told:
    """Call from the card's number: the same plan again, from the balance, by PIN."""
    browser = Browser(visitor.network, visitor.language)

    def send(address: str, form: Mapping[str, str], signature: str) -> str:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return browser.raw(path, form, {SIGNATURE: signature})

    line = Phone(f"{settings.PUBLIC_ADDRESS}/hotline/voice", settings.HOTLINE_TOKEN, send)
    call = Call(f"CA{uuid4().hex}", visitor.card.msisdn or "")
    line.dial(call)
    # Whoever called before is greeted in the language of that call, and is not asked for it.
    asks_language = len({each.language for each in call.heard}) > 1
    language = LANGUAGE_KEYS.get(visitor.language, "1") if asks_language else ""
    for key in f"{language}11{visitor.pin}#":
        line.press(call, key)
    return Told()


def till(visitor: Visitor) -> Told:
    """Renew at a store: the clerk enters the number, takes the exact cash, hands the slip over."""
    browser = Browser(visitor.network, visitor.language)
    outfit.at_till(browser, clock.now())
    where, fields = browser.get("/till").form("/till")
    entered = browser.post(where, fields | {"number": visitor.card.iccid})
    shown = browser.get(f"{entered.at}/plans/{PLAN}")
    where, fields = shown.form(f"/plans/{PLAN}")
    browser.post(where, again(shown, fields) | {"pay": "typed", "tendered": ""})
    return Told()


def partner(visitor: Visitor) -> Told:
    """Renew on a partner's platform: its program asks for a quote and orders, by the API."""
    program = Browser(visitor.network, visitor.language)
    key = {"Authorization": f"Bearer {outfit.partner_key(clock.now())}"}
    asked = {"iccid": visitor.card.iccid, "plan": PLAN}
    quote = program.call("POST", "/api/v1/quotes", key, asked)
    if "total" not in quote:
        raise LostWayError("the API gave no quote")
    order = asked | {"quoted_total": quote["total"], "quoted_end": quote["ends_at"]}
    headers = key | {"Idempotency-Key": str(uuid4())}
    program.call("POST", "/api/v1/renewals", headers, order)
    return Told()


def kiosk(visitor: Visitor) -> Told:
    """Renew at a kiosk: language, number, plan, price, and a bank card at its card terminal."""
    with AT_KIOSK:
        browser = Browser(visitor.network, visitor.language)
        where, fields = kiosk_form(browser, visitor)
        shown = browser.post(where, fields | {"by": "card"})
        if shown.at != KIOSK_PAYS:
            return Told("refused", shown.sentence())
        tap(browser)
    return Told()


def kiosk_form(browser: Browser, visitor: Visitor) -> tuple[str, dict[str, str]]:
    """Touch the language, enter the number, choose the plan; gives the order's form."""
    outfit.at_kiosk(browser, clock.now())
    where, fields = browser.get("/kiosk").form("/kiosk/begin")
    begun = browser.post(where, fields | {"language": visitor.language})
    where, fields = begun.form("/kiosk/card")
    browser.post(where, fields | {"number": visitor.card.iccid})
    shown = browser.get(f"/kiosk/plans/{PLAN}")
    where, fields = shown.form(f"/plans/{PLAN}")
    return where, again(shown, fields)


def tap(browser: Browser) -> None:
    """Hold a bank card to the kiosk's card terminal, see the outcome, and go away."""
    with httpx.Client(timeout=BANK_SECONDS, trust_env=False) as reader:
        address = f"{settings.SANDBOX_ADDRESS}/reader/{outfit.KIOSK}"
        reader.post(address, data={"turn": "approve"})
    where, fields = browser.get(KIOSK_PAYS).form("/kiosk/leave")
    browser.post(where, fields)


def order_form(browser: Browser, visitor: Visitor) -> tuple[str, dict[str, str]]:
    """Enter the card's number on the first page and choose the plan; gives the order's form."""
    where, fields = browser.get("/").form("/")
    entered = browser.post(where, fields | {"number": visitor.card.iccid})
    shown = browser.get(f"{entered.at}/plans/{PLAN}")
    where, fields = shown.form(f"/plans/{PLAN}")
    return where, again(shown, fields)


def again(shown: Page, fields: dict[str, str]) -> dict[str, str]:
    """Tick that the same plan is wanted once more, where a page asks for that."""
    return fields | {"again": "on"} if 'name="again"' in shown.text else fields


def signed_in(visitor: Visitor) -> Browser:
    """Sign in as the card's holder, by the code that lands in the demo's outbox."""
    browser = Browser(visitor.network, visitor.language)
    where, fields = browser.get("/sign-in").form("/sign-in")
    asked = browser.post(where, fields | {"address": visitor.email})
    where, fields = asked.form("/sign-in/code")
    code = next(
        each.facts.get("code", "")
        for each in notices.newest(OUTBOX_MAX)
        if each.recipient == visitor.email and each.template == "code_sign_in"
    )
    browser.post(where, fields | {"code": code})
    return browser


def switch_on(visitor: Visitor) -> None:
    """Give the consent to automatic renewal on the card's page, once."""
    if autorenewal.standing(visitor.card.id, clock.now()) is not None:
        return
    browser = signed_in(visitor)
    where, fields = browser.get("/").form("/")
    shown = browser.post(where, fields | {"number": visitor.card.iccid})
    where, fields = shown.form("/auto-renewal")
    browser.post(where, fields)


def is_short(card: Card, at: datetime) -> bool:
    """Tell whether a card's month ends soon enough for automatic renewal to be due in a day."""
    until = cards.status(card, at).valid_until
    return until is not None and timedelta(hours=25) < until - at < timedelta(hours=47)


DEVICES: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "phone": phone,
        "calendar": calendar,
        "telephone": telephone,
        "till": till,
        "partner": partner,
        "kiosk": kiosk,
    }
)
