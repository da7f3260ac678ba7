"""PayPal, with script and without: our policy lets people go there and back.

It is no part of the demo, so the pages are served by this process, beside PayPal's double.
"""

import pytest

from tests.browser.windows import Windows
from tests.paypal_bank import states
from tests.peers.paypal.double import Double
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")


@pytest.mark.parametrize("with_script", [True, False], ids=["script", "no-script"])
def test_there_away_and_there_again(
    paypal_bank: World, paypal_double: Double, served: str, windows: Windows, *, with_script: bool
) -> None:
    card, plan = paypal_bank.card(), paypal_bank.plan(price=1250)
    page = windows.open("en", 360, java_script_enabled=with_script)
    page.goto(served)
    page.fill("input[name=number]", card.iccid)
    page.press("input[name=number]", "Enter")
    page.wait_for_url("**/cards/**")
    page.goto(f"{page.url.partition('?')[0]}/plans/{plan.code}")
    page.get_by_role("button", name="Pay with PayPal").click()
    page.wait_for_url(f"{paypal_double.url}/checkoutnow**")
    page.click("#leave")
    page.get_by_role("heading", name="You left before paying").wait_for()
    page.get_by_role("button", name="Pay with PayPal").click()
    page.wait_for_url(f"{paypal_double.url}/checkoutnow**")
    page.click("#pay")
    page.get_by_role("heading", name="Paid, being delivered").wait_for()
    assert states(paypal_bank) == ("succeeded", "paid")
    assert len(paypal_double.books.orders) == 2
