"""The webhooks of the hotline from outside: signatures, hostile input, the end of a call.

And the telephone of the demo, which calls them. What is said in a call is tested in
test_hotline.py, and the dialogue as data in test_hotline_flow.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import include, path
from twilio.request_validator import RequestValidator

from everline import clock, trust
from everline.cards import Card
from everline.channels.hotline import legs, trying, urls
from everline.channels.hotline.models import Leg
from everline.config.urls import urlpatterns as known_addresses
from everline.office.audit import audit
from tests.channels.hotline import PIN, TOKEN, Line
from tests.world import Plan, World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

_hotline = [*urls.urlpatterns, path("try", trying.telephone, name="try")]
urlpatterns = [path("hotline/", include((_hotline, "hotline"))), *known_addresses]
"""The addresses with the demo's telephone, which these tests' mode does not have."""

VOICE: Final = "/hotline/voice"
FORM: Final = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _moment(world: World) -> Iterator[None]:
    """Let the pages' clock show the world's time."""
    settings.HOTLINE_TOKEN = TOKEN
    clock.use_offset(lambda: world.at - datetime.now(UTC) + timedelta(milliseconds=20))
    yield
    clock.use_offset(timedelta)
    settings.HOTLINE_TOKEN = ""


def _card(world: World, balance: int = 9500) -> tuple[Card, Plan]:
    card = world.card(balance=balance)
    trust.set_pin(world.caller("web"), card.account_id, PIN, world.at)
    return card, world.plan()


def _paid(world: World) -> int:
    assert [finding.invariant.name for finding in audit(world.at) if finding.total] == []
    return int(
        world.one("select count(*) from renewals_renewal where state in ('paid', 'delivered')")
    )


def _send(
    form: dict[str, str], signature: str | None = "right", path: str = VOICE, token: str = TOKEN
) -> Any:
    """Post a webhook, signed rightly unless said otherwise; None is no signature."""
    given = _sign(form, path, token) if signature == "right" else signature
    return Client(SERVER_NAME="localhost").post(
        path,
        urlencode(form),
        content_type=FORM,
        headers={} if given is None else {"x-twilio-signature": given},
    )


def _sign(form: dict[str, str], path: str = VOICE, token: str = TOKEN) -> str:
    address = f"{settings.PUBLIC_ADDRESS}{path}"
    return str(RequestValidator(token).compute_signature(address, form))


def test_only_what_the_provider_signed_is_answered(world: World) -> None:
    form = {"CallSid": "CA1", "From": "anonymous"}
    good = _sign(form)
    assert _send(form, good).status_code == 200
    assert _send(form, None).status_code == 403
    assert _send(form, _sign(form, token="another")).status_code == 403
    assert _send(form | {"Digits": "1"}, good).status_code == 403
    assert _send(form, good, f"{VOICE}?turn=1").status_code == 403
    assert _send(form, good, "/hotline/status").status_code == 403
    assert Leg.objects.count() == 1


def test_without_a_token_there_is_no_hotline(world: World) -> None:
    form = {"CallSid": "CA1"}
    settings.HOTLINE_TOKEN = ""
    assert _send(form, _sign(form)).status_code == 404
    assert _send(form, _sign(form, token="")).status_code == 404


def test_only_a_short_form_is_read(world: World) -> None:
    form = {"CallSid": "CA1"}
    long = form | {"Filler": "x" * 20_000}
    assert _send(long, _sign(long)).status_code == 413
    client = Client(SERVER_NAME="localhost")
    answer = client.post(VOICE, "{}", content_type="application/json")
    assert answer.status_code == 415
    assert client.get(VOICE).status_code == 405


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"CallSid": ""},
        {"CallSid": "../../etc"},
        {"CallSid": "x" * 65},
        {"CallSid": "CA1", "Digits": "12;drop"},
        {"CallSid": "CA1", "Digits": "1" * 33},
        {"CallSid": "CA1", "Digits": "٣"},
    ],
)
def test_what_no_provider_sends_is_turned_away(world: World, form: dict[str, str]) -> None:
    answer = _send(form | {"From": "1"})
    assert answer.status_code == 400
    assert Leg.objects.count() == 0


def test_a_call_that_is_not_known_is_hung_up_on(world: World) -> None:
    answer = _send({"CallSid": "CA404", "Digits": "1"}, path=f"{VOICE}?turn=3")
    assert answer.status_code == 200
    assert b"<Hangup" in answer.content
    assert b"<Say" not in answer.content


def test_hanging_up_forgets_what_was_said_and_a_day_forgets_the_call(world: World) -> None:
    card, _plan = _card(world)
    assert card.msisdn is not None
    line = Line(card.msisdn)
    line.dial()
    ended = {"CallSid": line.call.sid, "CallStatus": "completed"}
    assert _send(ended, path="/hotline/status").status_code == 204
    leg = Leg.objects.get()
    assert leg.ended_at is not None
    assert leg.answer == ""
    assert legs.forget(world.at + timedelta(hours=23)) == 0
    assert legs.forget(world.at + timedelta(hours=25)) == 1
    assert Leg.objects.count() == 0


@pytest.fixture
def browser() -> Iterator[Client]:
    """Open a browser where the page of the demo has its address."""
    with override_settings(ROOT_URLCONF=__name__):
        yield Client(SERVER_NAME="localhost")


def test_the_telephone_of_the_demo_calls_the_real_webhooks(world: World, browser: Client) -> None:
    card, _plan = _card(world)
    page = "/hotline/try"
    assert "data-heard" in browser.get(page).content.decode()
    browser.post(page, {"act": "dial", "caller": card.msisdn})
    for key in f"1211{PIN}":
        browser.post(page, {"key": key})
    shown = browser.get(page).content.decode()
    assert "\N{BULLET}" * 4 in shown
    assert PIN not in shown
    browser.post(page, {"key": "#"})
    assert "Paid, being delivered." in browser.get(page).content.decode()
    assert _paid(world) == 1
    browser.post(page, {"act": "wait"})
    browser.post(page, {"key": "not a key"})
    assert "We did not hear a key." in browser.get(page).content.decode()
    browser.post(page, {"act": "hang_up"})
    assert "On the line" not in browser.get(page).content.decode()


def test_the_page_keeps_its_language_though_the_webhook_speaks_another(
    world: World, browser: Client
) -> None:
    page = "/hotline/try"
    chinese = {"accept-language": "zh-hans"}
    browser.post(page, {"act": "dial", "caller": "anonymous"}, headers=chinese)
    browser.post(page, {"key": "3"}, headers=chinese)
    shown = browser.get(page, headers=chinese).content.decode()
    assert "挂断" in shown
    assert "Kartu mana" in shown
