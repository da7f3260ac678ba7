"""What the tour owns at the doors: a till with its clerk, a kiosk, a key of the API.

Made when they are first needed, by the acts that the office and a store's people do: a code is
opened, the device enrols with it, the clerk signs in. The keys of devices live in this process.
"""

import threading
from datetime import datetime
from typing import Final

from django.contrib.auth.models import Group

from everline import ids
from everline.people import keys, terminals
from everline.people.models import APIKey, Employment, Partner, Person, Retailer, Terminal
from everline.people.roles import Role
from everline.tour.browser import Browser, LostWayError
from everline.tour.visits import CURRENCY, secret_of

TILL: Final = "TOUR-T1"
CLERK: Final = "tour-clerk@senandi.example"
KIOSK: Final = "TOUR-K1"
_keys: Final[dict[str, str]] = {}
_making: Final = threading.Lock()


def store() -> Retailer:
    """Choose the store at which the tour's till stands: the second, as in the demo's papers."""
    found = list(Retailer.objects.filter(currency=CURRENCY, closed_at=None).order_by("code")[:2])
    if not found:
        raise LostWayError("there is no store that sells in the tour's currency")
    return found[-1]


def partner_key(at: datetime) -> str:
    """Give the tour's own key of the first partner's API, made from the server's key once."""
    partner = Partner.objects.filter(currency=CURRENCY).order_by("code").first()
    if partner is None:
        raise LostWayError("there is no partner that pays in the tour's currency")
    key = keys.PREFIX + (secret_of("key", partner.id) + secret_of("key-end", partner.id))[:43]
    APIKey.objects.get_or_create(
        key_hash=keys.digest(key),
        defaults={
            "id": ids.uuid7(at),
            "partner_id": partner.id,
            "hint": key[-keys.HINT_LENGTH :],
            "created_at": at,
        },
    )
    return key


def at_till(browser: Browser, at: datetime) -> None:
    """Stand a signed-in clerk at the tour's till in this browser, enrolling it if need be."""
    _clerk(store(), at)
    _be(browser, "till", TILL, at)
    page = browser.get("/till/sign-in")
    where, fields = page.form("/till/sign-in")
    browser.post(where, fields | {"email": CLERK, "password": secret_of("clerk", CLERK)})


def at_kiosk(browser: Browser, at: datetime) -> None:
    """Stand at the tour's kiosk, enrolling it if need be."""
    _be(browser, "kiosk", KIOSK, at)


def forget() -> None:
    """Forget the devices' keys, as when a process turns to another database."""
    _keys.clear()


def _be(browser: Browser, kind: str, code: str, at: datetime) -> None:
    """Make this browser a device of the tour."""
    with _making:
        known = _keys.get(code)
        if known is None or terminals.find_terminal(known, at) is None:
            known = _keys[code] = _enrolled(browser, kind, code, at)
    browser.keep(f"everline_{kind}", known, f"/{kind}")


def _enrolled(browser: Browser, kind: str, code: str, at: datetime) -> str:
    """Let this browser in as a device of the tour, by a one-time code typed into its page."""
    row, _made = Terminal.objects.get_or_create(
        code=code,
        defaults={"id": ids.uuid7(at), "retailer": store(), "kind": kind, "name": "Tour"},
    )
    where, fields = browser.get(f"/{kind}/enrol").form(f"/{kind}/enrol")
    answer = browser.send(where, fields | {"code": terminals.open_enrolment(row.id, at)})
    key = answer.cookies.get(f"everline_{kind}")
    if not key:
        raise LostWayError(f"the {kind} was not enrolled")
    return key


def _clerk(place: Retailer, at: datetime) -> None:
    """Employ the tour's clerk, once; the password is made from the server's key."""
    person, is_new = Person.objects.get_or_create(
        email=CLERK,
        defaults={"id": ids.uuid7(at), "name": "Tour", "is_staff": True},
    )
    password = secret_of("clerk", CLERK)
    if is_new or not person.check_password(password):
        person.set_password(password)
        person.save(update_fields=["password"])
        person.groups.add(Group.objects.get(name=Role.CLERK))
    Employment.objects.get_or_create(
        person=person,
        ends_at=None,
        defaults={"id": ids.uuid7(at), "retailer": place, "starts_at": at},
    )
