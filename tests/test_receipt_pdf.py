"""Receipts as PDF: the words of the page, in its language, and no sign of a name becomes markup."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings

from everline import catalogue, ids, notices, renewals
from tests import paper
from tests.reader import Browser, on_the_pages
from tests.test_notices import only, renewed
from tests.town import give_back
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

HOSTILE = '#panic("no") $x$ *b* _u_ [c] <d> @e \\f `g` // h /* i */ = j'
SAID = {
    "en": ("Receipt", "Renewed", "Valid until", "€10.00", "8900", "22 Dec 2026, 03:00"),
    "zh-hans": ("收据", "续费成功", "有效期至", "€10.00", "2026年12月22日 03:00"),
    "id": ("Bukti pembayaran", "Berhasil diperpanjang", "Berlaku sampai", "€10,00", "22 Des 2026"),
}
GIVEN_BACK = {"en": "Refunded", "zh-hans": "已退款", "id": "Dana sudah dikembalikan"}


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def number(renewal_id: uuid.UUID) -> str:
    return ids.outside("rnw", renewal_id)


def opened(world: World, path: str, locale: str = "en") -> str:
    """Open a PDF as a stranger's browser does, and read it."""
    answer = Browser(world, locale).client.get(path)
    assert answer.status_code == 200, answer.status_code
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    assert re.fullmatch(r'inline; filename="(rnw|top)_\w{26}\.pdf"', answer["Content-Disposition"])
    assert answer.content.startswith(b"%PDF-")
    return paper.words(answer.content)


@pytest.mark.parametrize("locale", SAID)
def test_it_says_what_the_page_says(shop: World, locale: str) -> None:
    renewal_id = renewed(shop, plan_name=HOSTILE)
    said = opened(shop, f"/renewals/{number(renewal_id)}/receipt.pdf", locale).replace("\xa0", " ")
    for each in (*SAID[locale], number(renewal_id), "testline.example"):
        assert each.replace(" ", "") in said.replace(" ", ""), each
    assert HOSTILE.replace(" ", "") in said.replace(" ", "")
    assert renewals.find(renewal_id).iccid not in said  # type: ignore[union-attr]


@pytest.mark.parametrize("locale", GIVEN_BACK)
def test_a_refund_stands_on_it(shop: World, locale: str) -> None:
    renewal = shop.place(shop.card(), shop.plan())
    shop.hear(shop.send(renewal), "succeeded", reference="r")
    renewals.reverse(shop.caller(), renewal, "asked", shop.at)
    assert give_back(shop) == ["succeeded"]
    path = f"/renewals/{number(renewal)}"
    page = Browser(shop, locale).get(path)
    assert f"{path}/receipt.pdf" in page.page
    said = opened(shop, f"{path}/receipt.pdf", locale).replace(" ", "")
    assert page.title == GIVEN_BACK[locale]
    assert GIVEN_BACK[locale].replace(" ", "") in said


def test_nothing_paid_is_no_receipt(shop: World) -> None:
    renewal = shop.place(shop.card(), shop.plan())
    path = f"/renewals/{number(renewal)}"
    page = Browser(shop).get(path)
    assert "receipt.pdf" not in page.page
    assert page.get(f"{path}/receipt.pdf").status == 404
    assert page.get(f"/renewals/{number(ids.uuid7(shop.at))}/receipt.pdf").status == 404


def test_a_top_up_has_one_too(shop: World) -> None:
    store, card = shop.partner(deposit=5000), shop.card()
    answer = shop.top_up(card, 1250, store, channel="partner")
    assert answer.id is not None
    path = f"/top-ups/{ids.outside('top', answer.id)}"
    assert f"{path}/receipt.pdf" in Browser(shop).get(path).page
    said = opened(shop, f"{path}/receipt.pdf")
    assert "€12.50" in said
    assert "Top-up done" in said


@pytest.mark.parametrize("locale", ["en", "zh-Hans", "id"])
def test_messages_lead_to_it(shop: World, locale: str) -> None:
    renewal_id = renewed(shop, locale=locale)
    (waiting,) = [each for each in notices.newest(5) if each.id == only(shop)]
    words = waiting.words(catalogue.policy())
    address = f"{settings.PUBLIC_ADDRESS}/renewals/{number(renewal_id)}/receipt.pdf"
    assert address in words.text
    assert address in words.html
    opened(shop, address.removeprefix(settings.PUBLIC_ADDRESS), locale.lower())


def test_an_address_that_asks_for_many_is_stopped(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOOK_UPS_PER_MINUTE", 2)
    renewal_id = renewed(shop)
    browser = Browser(shop)
    path = f"/renewals/{number(renewal_id)}/receipt.pdf"
    codes = [browser.client.get(path, REMOTE_ADDR="192.0.2.77").status_code for _each in range(3)]
    assert codes == [200, 200, 429]
