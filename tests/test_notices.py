"""Notices: worded in three languages, sent by real SMTP, refused and repeated as queues need."""

import importlib
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import clear_url_caches

from everline import ids, notices, renewals
from everline.config import urls
from everline.errors import FaultError
from tests.mail import MailServer
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

EMAIL = "ana@customers.example"
PHONE = "+351910000001"
SAID = {
    "en": ("Receipt", "Valid until", "balance", "€10.00", "22 Dec 2026, 03:00 (Europe/Lisbon)"),
    "zh-Hans": ("收据", "有效期至", "账户余额", "€10.00", "2026年12月22日 03:00（Europe/Lisbon）"),
    "id": (
        "Bukti",
        "Berlaku sampai",
        "saldo",
        "€10,00",
        "22 Des 2026, 03.00 (Europe/Lisbon)",
    ),
}


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with MailServer() as server:
        monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
        monkeypatch.setattr(settings, "EMAIL_PORT", server.port)
        notices.install({"email": notices.Smtp()})
        yield server
    notices.install({})


@pytest.fixture
def outbox() -> Iterator[None]:
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    yield
    notices.install({})


def renewed(
    world: World,
    *,
    email: str = EMAIL,
    phone: str = "",
    locale: str = "en",
    plan_name: str | None = None,
) -> uuid.UUID:
    """Renew a card, deliver it, and give the renewal's id: its notices are written then."""
    card, plan = world.card(balance=1000), world.plan(price=1000)
    if plan_name is not None:
        world.owner.execute(
            "update catalogue_plan set names = jsonb_build_object('en', %s::text)", [plan_name]
        )
    contact = renewals.Contact(email=email, phone=phone, locale=locale)
    answer = world.renew(card, plan, contact=contact)
    assert answer.id is not None
    world.verb("begin_delivery", answer.id, "apply", "simulated", world.at)
    assert world.verb("deliver", answer.id, "done", "", world.at) == "delivered"
    return answer.id


def only(world: World) -> uuid.UUID:
    """Give the one notice that waits."""
    ((notice,),) = world.all("select id from notices_notice where state = 'waiting'")
    assert isinstance(notice, uuid.UUID)
    return notice


def state(world: World, notice: uuid.UUID) -> str:
    return str(world.one("select state from notices_notice where id = %s", notice))


@pytest.mark.parametrize("locale", SAID)
def test_a_confirmation_says_everything_in_the_recipients_language(
    world: World, outbox: None, locale: str
) -> None:
    renewal = renewed(world, phone=PHONE, locale=locale)
    letters = {notice.medium: notice for notice in notices.newest(10)}
    from everline.catalogue import policy

    words = letters["email"].words(policy())
    receipt = ids.outside("rnw", renewal)
    iccid = str(world.one("select iccid from cards_card"))
    for part in (*SAID[locale], receipt, ids.Iccid(iccid).masked, f"/renewals/{receipt}"):
        assert part in words.text
        assert part in words.html
    assert iccid not in words.text
    short = letters["sms"].words(policy()).short
    assert SAID[locale][4] in short
    assert receipt in short
    assert f"*{iccid[-4:]}" in short
    assert len(short) < notices.wording.SMS_LENGTH_MAX
    assert "%(" not in words.text + words.subject + short


def test_a_locale_that_nobody_speaks_is_answered_in_english(world: World) -> None:
    renewed(world, locale="tlh")
    from everline.catalogue import policy

    (notice,) = notices.newest(10)
    assert "is renewed" in notice.words(policy()).text


def test_an_email_leaves_by_smtp_once(world: World, mail: MailServer) -> None:
    renewed(world)
    notice = only(world)
    assert notices.send(notice, world.now) == "sent"
    assert notices.send(notice, world.now) == "sent"
    (kept,) = mail.kept
    message = kept.message
    assert kept.recipients == [EMAIL]
    assert message["To"] == EMAIL
    assert message["From"] == "Testline <hello@testline.example>"
    assert message["Message-ID"] == f"<{ids.outside('ntc', notice)}@testline.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_chinese_arrives_as_it_was_written(world: World, mail: MailServer) -> None:
    renewed(world, locale="zh-Hans")
    notices.send(only(world), world.now)
    (kept,) = mail.kept
    text = kept.message.get_body(("plain",))
    assert text is not None
    assert "续费成功" in text.get_content()
    assert kept.message["Subject"].strip().startswith("续费成功")


def test_a_plan_name_can_neither_add_a_header_nor_a_tag(world: World, mail: MailServer) -> None:
    renewed(world, plan_name="Bad\r\nBcc: thief@example.com\u2028<script>alert(1)</script>")
    notices.send(only(world), world.now)
    (kept,) = mail.kept
    assert kept.message["Bcc"] is None
    assert kept.recipients == [EMAIL]
    page = kept.message.get_body(("html",))
    assert page is not None
    assert "<script" not in page.get_content()


@pytest.mark.parametrize("address", ["a@b.example\r\nBcc: thief@example.com", "nobody", "a@b@c"])
def test_what_is_no_address_fails_for_good_and_nothing_is_sent(
    world: World, mail: MailServer, address: str
) -> None:
    renewed(world, email=address)
    notice = only(world)
    assert notices.send(notice, world.now) == "failed"
    assert state(world, notice) == "failed"
    assert mail.kept == []


@pytest.mark.parametrize("place", ["to_recipient", "to_data"])
def test_a_final_no_ends_it_and_a_passing_one_is_tried_again(
    world: World, mail: MailServer, place: str
) -> None:
    renewed(world)
    notice = only(world)
    getattr(mail.replies, place).extend([b"451 busy", b"550 no such mailbox"])
    with pytest.raises(FaultError, match="451"):
        notices.send(notice, world.now)
    assert state(world, notice) == "waiting"
    assert notices.send(notice, world.now) == "failed"
    assert mail.kept == []


def test_a_mail_server_that_is_away_is_a_fault(
    world: World, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed(world)
    notice = only(world)
    monkeypatch.setattr(settings, "EMAIL_PORT", 9)
    with pytest.raises(FaultError):
        notices.send(notice, world.now)
    assert state(world, notice) == "waiting"
    monkeypatch.setattr(settings, "EMAIL_PORT", mail.port)
    assert notices.send(notice, world.now) == "sent"


def test_a_medium_without_a_sender_waits(world: World, mail: MailServer) -> None:
    renewed(world, email="", phone=PHONE)
    notice = only(world)
    with pytest.raises(FaultError, match="no sender"):
        notices.send(notice, world.now)
    assert state(world, notice) == "waiting"


def test_a_refund_is_told_with_its_reason(world: World, outbox: None) -> None:
    renewal = renewed(world)
    notices.send(only(world), world.now)
    world.verb(
        "reverse", "line", "tests", "take-it-back", b"hash", renewal, "asked", world.at
    )  # fmt: skip
    world.verb("begin_delivery", renewal, "reverse", "simulated", world.at)
    assert world.verb("withdrawn", renewal, "done", "", world.at) == "reversed"
    from everline.catalogue import policy

    notice = only(world)
    (found,) = [each for each in notices.newest(5) if each.id == notice]
    words = found.words(policy())
    assert "€10.00" in words.subject
    assert "taken back" in words.text
    assert notices.send(notice, world.now) == "sent"


def test_the_outbox_shows_the_newest_in_a_demo_and_is_absent_otherwise(
    world: World, outbox: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewal = renewed(world, phone=PHONE, locale="id")
    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    assert client.get("/outbox").status_code == 404
    monkeypatch.setattr(settings, "DEMO", True)
    _read_addresses_again()
    try:
        page = client.get("/outbox")
        assert page.status_code == 200
        text = page.content.decode()
        assert text.index(PHONE) != text.index(EMAIL)
        assert ids.outside("rnw", renewal) in text
        assert "Berlaku sampai" in text
        assert page["Cache-Control"] == "no-store"
    finally:
        monkeypatch.undo()
        _read_addresses_again()


def _read_addresses_again() -> None:
    importlib.reload(urls)
    clear_url_caches()
