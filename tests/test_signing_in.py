"""Signing in by a code: who is let in, how often it may be tried, and what nobody may learn.

The pages are driven as a browser without script drives them; the messages are read where the demo
shows them. Passkeys are tried in test_passkeys.py, the account itself in test_account.py.
"""

import logging
import re
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from everline import catalogue, notices
from everline.channels.web import signing_forms
from everline.database.requests import Answer
from everline.holders import codes
from everline.people.models import Person
from everline.trust import limits
from everline.trust.limits import Limit
from tests.reader import Browser, on_the_pages
from tests.town import Spoiler, at_once
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

MAIL = "putri@testline.example"
PHONE = "+628125550123"


@pytest.fixture
def shop(town: World) -> Iterator[World]:
    with on_the_pages(town):
        yield town


def message(to: str) -> notices.Notice:
    return next(each for each in notices.newest(50) if each.recipient == to)


def code_for(to: str) -> str:
    return str(message(to).facts["code"])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def ask(shop: World, address: str = MAIL, query: str = "") -> Browser:
    return Browser(shop).get(f"/sign-in{query}").press("/sign-in" + query, address=address)


def enter(shop: World, address: str = MAIL, query: str = "") -> Browser:
    browser = ask(shop, address, query)
    good = [each.facts["code"] for each in notices.newest(50) if "code" in each.facts]
    return browser.press(code=good[0])


def send(world: World, address: str = MAIL) -> tuple[Answer, str]:
    contact = notices.Contact(email=address)
    answer = codes.send(world.caller(), "sign_in", contact, world.at)
    assert answer.id is not None
    code = world.one("select facts ->> 'code' from notices_notice where fact_id = %s", answer.id)
    return answer, str(code)


class TestEntering:
    """A code opens, and opens an account for who is new."""

    @pytest.mark.parametrize("address", [MAIL, PHONE])
    def test_the_first_code_opens_an_account_and_the_next_enters_it(
        self, shop: World, address: str
    ) -> None:
        browser = enter(shop, address)
        assert browser.at == "/my/cards"
        assert "Your account is open" in browser.text
        [person] = Person.objects.all()
        assert address in {person.email, person.phone}
        assert not person.has_usable_password()
        again = enter(shop, address.upper() if "@" in address else f"00{address[1:]}")
        assert again.at == "/my/cards"
        assert "Your account is open" not in again.text
        assert Person.objects.count() == 1

    def test_a_holder_whom_the_operator_knows_comes_in_by_the_address(self, shop: World) -> None:
        card = shop.card()
        person = Browser(shop).sign_in(card)
        assert person.email is not None
        assert card.masked in enter(shop, person.email).text

    def test_the_message_speaks_the_language_of_the_page(self, shop: World) -> None:
        browser = Browser(shop, "zh-hans").get("/sign-in").press("/sign-in", address=PHONE)
        browser.press(code=code_for(PHONE))
        words = message(PHONE).words(catalogue.policy())
        assert words.locale == "zh-hans"
        assert Person.objects.get().locale == "zh-hans"

    def test_one_leads_on_to_where_one_came_from_and_to_no_other_site(self, shop: World) -> None:
        card = shop.card()
        at = Browser(shop).enter(card.iccid).at
        assert enter(shop, MAIL, f"?next={at}").at == at
        for bad in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"):
            assert enter(shop, "b@testline.example", f"?next={bad}").at == "/my/cards"
            shop.advance(hours=1)

    def test_the_session_has_a_new_key_after_entering(self, shop: World) -> None:
        browser = ask(shop)
        before = browser.client.session.session_key
        browser.press(code=code_for(MAIL))
        after = browser.client.session.session_key
        assert before
        assert before != after
        fixed = Browser(shop)
        fixed.client.cookies["sessionid"] = before
        assert fixed.get("/my/cards").title == "Sign in or open an account"

    def test_a_code_is_good_once(self, shop: World) -> None:
        browser = ask(shop)
        shop.advance(seconds=1)
        other = ask(shop)
        code = code_for(MAIL)
        assert other.press(code=code).at == "/my/cards"
        browser.press(code=code)
        assert "code is wrong" in browser.text

    def test_a_code_ends_after_ten_minutes(self, shop: World) -> None:
        browser = ask(shop)
        code = code_for(MAIL)
        shop.advance(minutes=10, seconds=1)
        browser.press(code=code)
        assert browser.at == "/sign-in"
        assert "no longer good" in browser.text
        assert Person.objects.count() == 0

    def test_pressing_twice_sends_one_code(self, shop: World) -> None:
        browser = Browser(shop).get("/sign-in")
        where, fields = browser.form("/sign-in")
        for _press in range(2):
            browser.post(where, fields | {"address": MAIL})
        assert len(notices.newest(50)) == 1
        browser.press(code=code_for(MAIL))
        assert browser.at == "/my/cards"

    def test_a_new_code_can_be_asked_for(self, shop: World) -> None:
        browser = ask(shop)
        first = code_for(MAIL)
        shop.advance(seconds=30)
        browser.press("/again")
        assert "on its way" in browser.text
        second = code_for(MAIL)
        assert browser.press(code=second).at == "/my/cards"
        assert first != second or len(notices.newest(50)) == 2

    def test_staff_is_led_to_the_password_and_holders_have_none(self, shop: World) -> None:
        staff = Person.objects.create_user("boss@testline.example", "open sesame", is_staff=True)
        holder = Person.objects.create_user(MAIL, "open sesame")
        browser = enter(shop, "boss@testline.example")
        assert browser.at == "/sign-in/password"
        assert "Staff sign in with their password." in browser.text
        assert browser.press(username=holder.email, password="open sesame").status == 422
        assert browser.press(username=staff.email, password="open sesame").at == "/my/cards"

    def test_the_office_asks_for_a_password(self, shop: World) -> None:
        for path in ("/office", "/office/tables", "/sign-in?next=/office/cards"):
            browser = Browser(shop).get(path)
            assert browser.at.startswith("/sign-in/password?next=%2Foffice")

    def test_somebody_who_was_shut_out_is_nobody(self, shop: World) -> None:
        Person.objects.create_user(MAIL, is_active=False)
        assert "no longer good" in enter(shop).text


class TestNobodyLearns:
    """Known and unknown addresses look the same, and nothing of them is told."""

    def test_known_and_unknown_addresses_take_the_same_way(self, shop: World) -> None:
        Person.objects.create_user(MAIL)
        Person.objects.create_user("boss@testline.example", "open sesame", is_staff=True)
        pages = set()
        for address in (MAIL, "nobody@testline.example", "boss@testline.example"):
            browser = ask(shop, address)
            told = browser.page.replace(address, "…")
            told = re.sub(r'(csrfmiddlewaretoken|request_id)" value="[^"]+"', "", told)
            pages.add((browser.status, browser.at, re.sub(r'nonce="[^"]+"', "", told)))
        assert len(pages) == 1

    def test_and_the_same_time(self, shop: World) -> None:
        for number in range(40):
            Person.objects.create_user(f"k{number}@testline.example")
        took: dict[str, list[int]] = {"k": [], "u": []}
        client = Browser(shop)
        for number in range(40):
            for kind in sorted(took, key=lambda _kind: number % 2):
                where, fields = client.get("/sign-in").form("/sign-in")
                shop.advance(minutes=5)
                began = time.perf_counter_ns()
                client.client.post(where, fields | {"address": f"{kind}{number}@testline.example"})
                took[kind].append(time.perf_counter_ns() - began)
        known, unknown = (statistics.median(took[kind]) for kind in "ku")
        spread = statistics.median(
            abs(each - middle)
            for kind, middle in (("k", known), ("u", unknown))
            for each in took[kind]
        )
        assert abs(known - unknown) < max(3 * spread, known / 4)

    def test_no_code_and_no_address_comes_into_a_log_or_an_address(
        self, shop: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            browser = ask(shop)
            code = code_for(MAIL)
            browser.press(code=code)
        assert MAIL not in caplog.text + browser.at
        assert code not in caplog.text

    def test_a_code_is_kept_as_a_hash_and_its_digits_go_with_it(self, shop: World) -> None:
        answer, code = send(shop)
        assert answer.id is not None
        kept = shop.all("select c::text from holders_code c")[0][0]
        assert code not in kept
        assert codes.enter(answer.id, code, "en", shop.at).outcome == "opened"
        assert "code" not in message(MAIL).facts
        assert MAIL not in shop.all("select c::text from holders_code c")[0][0]

    def test_what_was_never_used_is_forgotten(self, shop: World) -> None:
        answer, code = send(shop)
        assert codes.forget(shop.at) == 0
        assert codes.forget(shop.advance(minutes=11)) == 1
        [(facts, recipient)] = shop.all("select facts, recipient from notices_notice")
        assert "code" not in facts
        assert recipient == ""
        assert answer.id is not None
        assert codes.enter(answer.id, code, "en", shop.at).outcome == "ended"

    def test_a_code_that_is_too_old_is_not_sent(self, shop: World) -> None:
        send(shop)
        notice = message(MAIL)
        shop.advance(minutes=11)
        assert notices.send(notice.id, shop.now) == "stopped"

    @pytest.mark.parametrize(
        "typed", ["a@b.example\nBcc: c@d.example", "a@b.example\r\nX: y", "", "a@", "12", "+1"]
    )
    def test_what_is_no_address_is_explained(self, shop: World, typed: str) -> None:
        browser = ask(shop, typed)
        assert browser.status == 422 or "\n" in typed
        assert all("\n" not in each.recipient for each in notices.newest(5))


class TestTrying:
    """Codes cannot be tried out, alone or by many at once."""

    def test_five_wrong_codes_end_it(self, shop: World) -> None:
        browser = ask(shop)
        code = code_for(MAIL)
        for left in (4, 3, 2, 1):
            browser.press(code=wrong(code))
            assert f"You have {left} more" in browser.text
        browser.press(code=wrong(code))
        assert browser.at == "/sign-in"
        assert Person.objects.count() == 0

    def test_the_right_one_does_not_help_after_them(self, town: World) -> None:
        answer, code = send(town)
        assert answer.id is not None
        tried = partial(codes.enter, answer.id, wrong(code), "en", town.at)
        assert [tried().outcome for _try in range(5)] == ["wrong"] * 4 + ["ended"]
        assert codes.enter(answer.id, code, "en", town.at).outcome == "ended"

    @pytest.mark.race
    def test_many_at_once_are_counted_one_by_one(self, town: World) -> None:
        answer, code = send(town)
        assert answer.id is not None
        tried = partial(codes.enter, answer.id, wrong(code), "en", town.at)
        assert [each.outcome for each in at_once([tried] * 12)].count("wrong") == 4

    @pytest.mark.race
    def test_without_the_lock_more_could_be_tried(self, town: World, spoiler: Spoiler) -> None:
        spoiler.weaken(
            "try_code",
            ("c.purpose = try_code.purpose for update;",
             "c.purpose = try_code.purpose; perform pg_sleep(0.1);"),
        )  # fmt: skip
        answer, code = send(town)
        assert answer.id is not None
        tried = partial(codes.enter, answer.id, wrong(code), "en", town.at)
        assert [each.outcome for each in at_once([tried] * 12)].count("wrong") > 4

    @pytest.mark.race
    def test_many_who_enter_at_once_are_one_person(self, town: World) -> None:
        sent = [send(town) for _code in range(6)]
        calls = [
            partial(codes.enter, answer.id, code, "en", town.at)
            for answer, code in sent
            if answer.id is not None
        ]
        entered = at_once(calls)
        assert len({each.person for each in entered}) == 1
        assert sorted(each.outcome for each in entered) == ["entered"] * 5 + ["opened"]

    def test_one_address_gets_few_codes_and_is_told_when_there_is_one(self, shop: World) -> None:
        for _code in range(codes.SENT_TO_ADDRESS.most):
            assert ask(shop).at == "/sign-in/code"
            shop.advance(seconds=1)
        browser = ask(shop)
        assert browser.status == 429
        assert "Wait 15 minutes" in browser.text
        assert ask(shop, "other@testline.example").at == "/sign-in/code"
        shop.advance(minutes=16)
        assert ask(shop).at == "/sign-in/code"

    def test_one_network_asks_for_few_and_tries_few(
        self, shop: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = Limit("few", 2, timedelta(minutes=1))
        monkeypatch.setattr(codes, "SENT_FROM_NETWORK", few)
        for number in range(2):
            shop.advance(seconds=1)
            assert ask(shop, f"n{number}@testline.example").at == "/sign-in/code"
        assert ask(shop, "n3@testline.example").status == 429
        shop.advance(minutes=10, seconds=1)
        monkeypatch.setattr(codes, "TRIED_FROM_NETWORK", Limit("tries", 1, timedelta(minutes=1)))
        browser = ask(shop)
        code = code_for(MAIL)
        browser.press(code=wrong(code))
        assert browser.press(code=code).status == 429
        shop.advance(minutes=2)
        assert browser.press(code=code).at == "/my/cards"

    def test_too_many_wrong_passwords_close(
        self, shop: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            signing_forms, "WRONG_PASSWORDS", Limit("password", 3, timedelta(minutes=15))
        )
        Person.objects.create_user("boss@testline.example", "open sesame", is_staff=True)
        browser = Browser(shop)
        for _try in range(3):
            shop.advance(seconds=1)
            browser.get("/sign-in/password").press(
                username="boss@testline.example", password="wrong"
            )
        assert "is wrong" in browser.text
        browser.press(username="Boss@testline.example", password="open sesame")
        assert "Too many wrong tries" in browser.text
        shop.advance(minutes=16)
        browser.press(username="boss@testline.example", password="open sesame")
        assert browser.at == "/my/cards"


class TestLimits:
    """Turns, counted in the database."""

    FEW = Limit("few", 3, timedelta(minutes=10))

    def test_there_are_so_many_and_then_one_at_a_time(self, town: World) -> None:
        wait = partial(limits.seconds_to_wait, self.FEW, "me")
        assert [wait(town.at) for _turn in range(5)] == [0, 0, 0, 600, 600]
        assert wait(town.advance(minutes=4)) == 360
        assert [wait(town.advance(minutes=6)), wait(town.at)] == [0, 600]
        assert limits.seconds_to_wait(self.FEW, "you", town.at) == 0
        assert [wait(town.advance(hours=9)) for _turn in range(4)][:3] == [0, 0, 0]

    def test_they_can_be_given_back_and_are_forgotten(self, town: World) -> None:
        for _turn in range(4):
            limits.seconds_to_wait(self.FEW, "me", town.at)
        limits.give_back(self.FEW, "me")
        assert limits.seconds_to_wait(self.FEW, "me", town.at) == 0
        assert limits.forget(town.at) == 0
        assert limits.forget(town.advance(minutes=11)) == 1

    @pytest.mark.race
    def test_many_at_once_take_no_more(self, town: World) -> None:
        waits = at_once([partial(limits.seconds_to_wait, self.FEW, "me", town.at)] * 16)
        assert waits.count(0) == 3

    @pytest.mark.race
    def test_without_the_condition_they_would(self, town: World, spoiler: Spoiler) -> None:
        spoiler.weaken("take_turn", ("take_turn.every * take_turn.most;", "interval '1 day';"))
        waits = at_once([partial(limits.seconds_to_wait, self.FEW, "me", town.at)] * 16)
        assert waits.count(0) == 16
