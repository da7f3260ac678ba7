"""Slips: the same facts on paper and on the screen, in every language, never wider than the paper.

tests/printer.py is the printer. What a till shows around a slip is in test_store.py.
"""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageChops, ImageDraw

from everline import catalogue, ids, slips
from everline.renewals import Renewal
from everline.slips import PAPERS, Cash, Issuer, Kind, Line, Slip, raster
from everline.slips.printing import arranged, is_text
from everline.topups import TopUp
from tests import printer
from tests.test_web_words import RENEWAL
from tests.world import START

LOCALES = ("en", "zh-hans", "id")
POLICY = catalogue.Policy("Testline", "testline.example", "", "", {"IDR": 0}, 15, 30, 30, 6, 90)
STORE = Issuer("南京东路店", "黄浦区", "SHA-001", "SHA-001-T1")
SOLD = replace(
    RENEWAL,
    state="delivered",
    means="deposit",
    paid_at=START,
    plan_names={"en": "Monthly 30 GB", "zh-Hans": "月套餐 30 GB", "id": "Bulanan 30 GB"},
    starts_at=START,
    ends_at=START + timedelta(days=30),
)
TOP_UP = TopUp(
    id=ids.uuid7(START),
    account_id=SOLD.account_id,
    card_id=SOLD.card_id,
    iccid=SOLD.iccid,
    zone="Asia/Jakarta",
    channel="store",
    source="SHA-001-T1",
    request_id="1",
    state="paid",
    reason="",
    means="deposit",
    payer_id=SOLD.account_id,
    amount=5_000_000,
    currency="IDR",
    placed_at=START,
    paid_at=START,
    deadline_at=None,
    attempt_id=None,
    attempt_state=None,
    attempt_reason=None,
    attempt_is_hard=None,
    gateway=None,
    masked_means=None,
    page_url=None,
    refund_state=None,
)


def slip(locale: str, sold: Renewal = SOLD, *, cash: Cash | None = None, **more: bool) -> Slip:
    with translation.override(locale):
        return slips.of_renewal(
            sold, POLICY, STORE, public_address="http://localhost:8000", cash=cash, **more
        )


def lines(made: Slip) -> list[Line]:
    with translation.override(made.language):
        return list(made.lines())


def printed(made: Slip, width: str = "58") -> printer.Paper:
    with translation.override(made.language):
        return printer.read(slips.print_slip(made, PAPERS[width]))


def drawn(made: Slip) -> str:
    with translation.override(made.language):
        return render_to_string("slips/slip.html", {"drawn": slips.draw(made)})


def squeezed(text: str) -> str:
    return "".join(text.split())


def is_bold(line: Line) -> bool:
    return line.kind in {Kind.NAME, Kind.TITLE, Kind.STRONG}


def halves(line: Line, dots: int, locale: str) -> list[Line]:
    """Take a drawn pair apart that does not fit side by side; each half is a line of its own."""
    both = f"{line.left}  {line.right}"
    if not line.right or is_text(line.left + line.right):
        return [line]
    if raster.width(both, locale, is_bold=is_bold(line)) <= dots:
        return [line]
    return [Line(line.kind, line.left), Line(line.kind, "", line.right)]


def cuts(line: Line, dots: int, locale: str) -> list[tuple[str, str]]:
    bold = is_bold(line)
    return list(arranged(line, lambda part: raster.width(part, locale, is_bold=bold) <= dots))


def pictures(line: Line, dots: int, locale: str) -> list[Image.Image]:
    bold = is_bold(line)
    middle = line.kind in {Kind.NAME, Kind.TITLE, Kind.TEXT}
    return [
        raster.line(left, right, dots, locale, is_bold=bold, centred=middle)
        for left, right in cuts(line, dots, locale)
    ]


@pytest.mark.parametrize("width", PAPERS)
@pytest.mark.parametrize("locale", LOCALES)
def test_the_bytes_begin_show_the_code_and_cut(locale: str, width: str) -> None:
    paper = printed(slip(locale), width)
    number = ids.outside("rnw", SOLD.id)
    assert (paper.starts, paper.cuts, paper.page) == (1, 1, 19)
    assert paper.codes == [f"http://localhost:8000/verify/{number}"]
    assert bool(paper.pictures), "the store's name is Chinese in every language"


@pytest.mark.parametrize("locale", LOCALES)
def test_paper_and_screen_carry_the_same_lines(locale: str) -> None:
    made = slip(locale, cash=Cash(2000, 770))
    paper, screen = printed(made), squeezed(html.unescape(re.sub(r"<[^>]+>", " ", drawn(made))))
    text = squeezed("".join(paper.texts))
    expected = []
    with translation.override(locale):
        for whole in made.lines():
            if whole.kind is Kind.QR:
                assert f'alt="{whole.left}"' in drawn(made)
                continue
            assert squeezed(whole.left) in screen
            assert squeezed(whole.right) in screen
            for line in halves(whole, 384, locale):
                if is_text(line.left + line.right):
                    assert squeezed(line.left).strip("-") in text
                    assert squeezed(line.right) in text
                else:
                    expected += pictures(line, 384, locale)
    assert len(paper.pictures) == len(expected)
    for got, wanted in zip(paper.pictures, expected, strict=True):
        assert got.size == wanted.size
        assert ImageChops.difference(got.convert("L"), wanted.convert("L")).getbbox() is None


@pytest.mark.parametrize("locale", LOCALES)
def test_every_fact_that_a_person_needs_is_there(locale: str) -> None:
    said = {line.left: line.right for line in lines(slip(locale, cash=Cash(2000, 770)))}
    everything = " ".join([*said, *said.values()])
    for fact in ("Testline", "testline.example", "SHA-001-T1", "南京东路店", "8999 **** **** 1112"):
        assert fact in everything
    with translation.override(locale):
        for label in ("Plan", "Data", "Valid until", "Total, tax included", "Of which tax"):
            assert said[translation.gettext(label)]
        assert "Europe/Lisbon" in said[translation.gettext("Valid until")]
        assert "7" in said[translation.gettext("Change")]
        assert said[translation.gettext("Receipt number")] == ids.outside("rnw", SOLD.id)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_not_delivered_yet_is_said_so(locale: str) -> None:
    with translation.override(locale):
        words = translation.gettext("Paid, being delivered")
    assert words in [line.left for line in lines(slip(locale, replace(SOLD, state="paid")))]


def test_an_open_one_carries_its_spoken_code_and_a_paid_one_does_not() -> None:
    waiting = replace(SOLD, state="awaiting_payment", paid_at=None, spoken_code="48273956")
    assert "4827 3956" in [line.right for line in lines(slip("en", waiting))]
    assert "4827 3956" not in [
        line.right for line in lines(slip("en", replace(SOLD, spoken_code="48273956")))
    ]


def test_a_copy_says_so_and_the_deposit_is_no_affair_of_the_customers() -> None:
    said = lines(slip("en", is_copy=True))
    assert "Copy" in [line.left for line in said]
    assert "Copy" not in [line.left for line in lines(slip("en"))]
    assert "Deposit" not in " ".join(line.right for line in said)


def test_a_top_up_has_a_slip_too() -> None:
    with translation.override("id"):
        made = slips.of_top_up(
            TOP_UP, POLICY, STORE, public_address="http://x.example", cash=Cash(5_000_000, 0)
        )
    said = {line.left: line.right for line in lines(made)}
    assert said["Masuk ke saldo"] == "Rp 50.000"
    assert said["Kembalian"] == "Rp 0"
    assert made.verify_url.startswith("http://x.example/verify/top_")


CHINESE = "续费成功有效期至套餐流量合计含税付款现金找零收据编号卡号请勿重复支付正在核实"


def _glyph(sign: str) -> Image.Image:
    picture = Image.new("1", (48, 48), 1)
    ImageDraw.Draw(picture).text((4, 40), sign, fill=0, font=raster.font("zh-hans"), anchor="ls")
    return picture


def test_chinese_is_drawn_and_is_no_empty_box() -> None:
    box = _glyph("\U0010fffd")  # Nobody's sign: what stands for what the font lacks.
    assert box.convert("L").getextrema() == (0, 255), "the box itself is drawn"
    for sign in set(CHINESE):
        picture = _glyph(sign)
        assert picture.convert("L").getextrema() == (0, 255), f"{sign} is empty"
        assert ImageChops.difference(picture.convert("L"), box.convert("L")).getbbox(), sign


def test_the_face_is_the_simplified_one() -> None:
    assert raster.font("zh-hans").getname()[0] == "Noto Sans CJK SC"
    assert raster.font("en").getname()[0] == "Noto Sans CJK SC"


LONG = st.text(st.sampled_from("Wąß é-汉字续费,。abcQ%&<>"), min_size=1, max_size=120)


@settings(max_examples=8)
@given(name=LONG, place=LONG, plan=LONG, width=st.sampled_from(sorted(PAPERS)))
@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_wider_than_the_paper(
    locale: str, name: str, place: str, plan: str, width: str
) -> None:
    named = replace(SOLD, plan_names=dict.fromkeys(("en", "zh-Hans", "id"), plan))
    made = replace(slip(locale, named), issuer=Issuer(name, place, "X-1", "X-1-T1"))
    paper, size = printed(made, width), PAPERS[width]
    assert all(len(text) <= size.columns for text in paper.texts)
    assert all(picture.width == size.dots for picture in paper.pictures)
    for whole in lines(made):
        for line in halves(whole, size.dots, locale):
            if whole.kind is Kind.QR or is_text(line.left + line.right):
                continue
            bold = is_bold(line)
            cut = cuts(line, size.dots, locale)
            assert squeezed("".join(one + other for one, other in cut)) == squeezed(
                line.left + line.right
            )
            for one, other in cut:
                assert raster.width(one + other, locale, is_bold=bold) <= size.dots
