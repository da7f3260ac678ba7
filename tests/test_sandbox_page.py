"""The sandbox bank's own payment page, as a browser without script uses it."""

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, strategies as st

from everline.money import Money
from everline.payments.gateways import (
    ActionNeeded,
    Charge,
    Failed,
    Pending,
    Succeeded,
)
from everline.payments.gateways.sandbox import Sandbox
from everline.simulators import numbers
from tests.simulator import HOUR_MS, RETURN_URL, Receiver, SimulatorProcess, now, order, wait_until


class TestPage:
    """The bank's own page, as a browser without script uses it."""

    def opened(self, sandbox: Sandbox, charge: Charge) -> str:
        told = sandbox.charge(charge)
        assert isinstance(told, ActionNeeded)
        return told.url

    @pytest.mark.parametrize("conduct", numbers.CONDUCTS, ids=lambda each: each.name)
    def test_every_number(
        self,
        simulator: SimulatorProcess,
        sandbox: Sandbox,
        browser: httpx.Client,
        conduct: numbers.Conduct,
    ) -> None:
        charge = order()
        url = self.opened(sandbox, charge)
        page = browser.get(url)
        assert conduct.spaced in page.text
        assert f'value="{conduct.number}"' in page.text
        moved = browser.post(url, data={"number": conduct.spaced})
        assert moved.status_code == 303
        if conduct.name == "confirm":
            moved = browser.post(
                httpx.URL(url).join(moved.headers["location"]), data={"answer": "yes"}
            )
        assert moved.headers["location"] == RETURN_URL
        told = sandbox.query(charge.attempt_key, now())
        if conduct.is_cut:
            assert isinstance(told, Pending)
            assert "Do not pay again" in browser.get(url).text
            simulator.settings(clock_offset_ms=HOUR_MS + 1000)
            told = sandbox.query(charge.attempt_key, now())
        assert isinstance(told, Succeeded if conduct.is_yes else Failed)
        assert "finished" in browser.get(url).text

    def test_choosing_from_the_list(self, sandbox: Sandbox, browser: httpx.Client) -> None:
        charge = order()
        url = self.opened(sandbox, charge)
        browser.post(url, data={"number": "", "chosen": "4000000000000010"})
        assert isinstance(sandbox.query(charge.attempt_key, now()), Succeeded)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("4111 1111 1111 1111", "not a test number"),
            ("4111 1111 1111 1112", "not complete"),
            ("987654", "not complete"),
            ("<b>987654</b>", "not complete"),
        ],
    )
    def test_a_number_that_is_no_test_number_stays_nowhere(
        self,
        simulator: SimulatorProcess,
        sandbox: Sandbox,
        browser: httpx.Client,
        typed: str,
        said: str,
    ) -> None:
        url = self.opened(sandbox, order())
        page = browser.post(url, data={"number": typed})
        assert page.status_code == 422
        assert said in page.text
        assert typed not in page.text
        digits = typed.replace(" ", "")
        assert digits not in page.text
        for file in simulator.folder.iterdir():
            assert digits.encode() not in file.read_bytes()
        assert browser.post(url, data={"number": "4000000000000010"}).status_code == 303

    def test_numbers_paid_with_are_kept_masked(
        self, simulator: SimulatorProcess, sandbox: Sandbox, browser: httpx.Client
    ) -> None:
        charge = order()
        url = self.opened(sandbox, charge)
        browser.post(url, data={"number": "4000000000000010"})
        assert simulator.charge(charge.attempt_key)["masked_means"] == "•••• 0010"
        for file in simulator.folder.iterdir():
            assert b"4000000000000010" not in file.read_bytes()

    def test_cancelling(self, sandbox: Sandbox, browser: httpx.Client) -> None:
        charge = order()
        url = self.opened(sandbox, charge)
        moved = browser.post(url, data={"number": "", "cancel": "1"})
        assert moved.headers["location"] == RETURN_URL
        told = sandbox.query(charge.attempt_key, now())
        assert isinstance(told, Failed)
        assert told.reason == "cancelled"

    @pytest.mark.parametrize("by", ["query", "page"])
    def test_expiring(self, sandbox: Sandbox, browser: httpx.Client, by: str) -> None:
        charge = order(expires_at=now() + timedelta(milliseconds=1500 if by == "page" else 60_000))
        url = self.opened(sandbox, charge)
        if by == "query":
            told = sandbox.query(charge.attempt_key, charge.expires_at)
            assert isinstance(told, Failed)
            assert told.reason == "expired"
        else:
            wait_until(lambda: "Nothing was charged" in browser.get(url).text)
        browser.post(url, data={"number": "4000000000000010"})
        assert isinstance(sandbox.query(charge.attempt_key, now()), Failed)

    @pytest.mark.race
    def test_the_button_pressed_twice(
        self, simulator: SimulatorProcess, sandbox: Sandbox, receiver: Receiver
    ) -> None:
        charge = order(notify_url=receiver.url)
        url = self.opened(sandbox, charge)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: httpx.post(url, data={"number": "4000000000000010"}), range(8)))
        assert len(simulator.charge(charge.attempt_key)["events"]) == 1

    @pytest.mark.parametrize(
        ("locale", "shown"),
        [
            ("en", ('lang="en"', "IDR\N{NO-BREAK SPACE}50,000", "no real money")),
            ("zh-hans", ('lang="zh-Hans"', "IDR\N{NO-BREAK SPACE}50,000", "不涉及真实资金")),
            ("id", ('lang="id"', "Rp\N{NO-BREAK SPACE}50.000", "bukan uang sungguhan")),
            ("fr", ('lang="en"', "IDR\N{NO-BREAK SPACE}50,000", "no real money")),
        ],
    )
    def test_languages(
        self, sandbox: Sandbox, browser: httpx.Client, locale: str, shown: tuple[str, str, str]
    ) -> None:
        charge = order(locale=locale, amount=Money(5_000_000, "IDR"))
        page = browser.get(self.opened(sandbox, charge)).text
        lang, amount, said = shown
        assert f"<html {lang}>" in page
        assert amount in page
        assert said in page
        other = browser.get(self.opened(sandbox, charge), params={"locale": "id"}).text
        assert '<html lang="id">' in other

    def test_everything_is_escaped(self, sandbox: Sandbox, browser: httpx.Client) -> None:
        charge = order(description='<script>alert("1")</script> & $amount')
        page = browser.get(self.opened(sandbox, charge)).text
        assert "<script" not in page
        assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; $amount" in page

    def test_headers_and_forms(self, sandbox: Sandbox, browser: httpx.Client) -> None:
        page = browser.get(self.opened(sandbox, order()))
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self' http://localhost:9;" in f"{policy};"
        assert page.headers["cache-control"] == "no-store"
        for sheet in re.findall(r'(?:href|src)="(/page/[^"]+)"', page.text):
            assert browser.get(page.url.join(sheet)).status_code == 200

    def test_a_page_that_is_not_there(
        self, simulator: SimulatorProcess, browser: httpx.Client
    ) -> None:
        page = browser.get(f"{simulator.url}/pay/chg_none?locale=zh-Hans")
        assert page.status_code == 404
        assert "没有这笔付款" in page.text

    def test_words_are_complete(self) -> None:
        folder = Path(numbers.__file__).parent / "pages"
        english = json.loads((folder / "en.json").read_text("utf-8"))
        for tag in ("zh-Hans", "id"):
            words = json.loads((folder / f"{tag}.json").read_text("utf-8"))
            assert list(words) == list(english)
            for key, sentence in words.items():
                assert sentence
                assert set(re.findall(r"\$\w+", sentence)) == set(
                    re.findall(r"\$\w+", english[key])
                )


class TestNumbers:
    """The table itself."""

    def test_every_number_is_valid_and_unlike_the_others(self) -> None:
        assert all(numbers.is_complete(each.number) for each in numbers.CONDUCTS)
        assert len({each.number[-4:] for each in numbers.CONDUCTS}) == len(numbers.CONDUCTS)

    @given(st.sampled_from(numbers.CONDUCTS), st.integers(0, 15), st.integers(1, 9))
    def test_one_wrong_digit_is_found(self, conduct: numbers.Conduct, place: int, by: int) -> None:
        wrong = (int(conduct.number[place]) + by) % 10
        assert not numbers.is_complete(
            conduct.number[:place] + str(wrong) + conduct.number[place + 1 :]
        )


class TestHostileRequests:
    """The simulator answers anything with an error and goes on."""

    @pytest.mark.parametrize(
        ("call", "body", "status"),
        [
            ("POST /v1/charges", b"{", 400),
            ("POST /v1/charges", b"[]", 400),
            ("POST /v1/charges", b"\xff\xfe", 400),
            ("POST /v1/charges", b"x" * 70_000, 413),
            ("GET /v1/charges?key=none", b"", 404),
            ("GET /v1/charges?key=none&at=yesterday", b"", 400),
            ("GET /../../etc/passwd", b"", 404),
            ("GET /page/../store.py", b"", 404),
            ("POST /control/faults", b'{"next": [{"on": "charge", "fault": "flood"}]}', 400),
            ("POST /control/settings", b'{"speed": 3}', 400),
            ("POST /control/resolve", b'{"attempt_key": "none", "outcome": "failed"}', 404),
            ("DELETE /v1/charges", b"", 501),
        ],
    )
    def test_a_clear_error(
        self,
        simulator: SimulatorProcess,
        browser: httpx.Client,
        call: str,
        body: bytes,
        status: int,
    ) -> None:
        method, path = call.split()
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        told = browser.request(method, f"{simulator.url}{path}", content=body, headers=headers)
        assert told.status_code == status
        assert simulator.read("health")["status"] == "ok"
        assert "Traceback" not in (simulator.folder / "log").read_text()
