"""Automatic renewal in the office: what is told on every screen, and what a person releases."""

import uuid
from typing import Any

import pytest
from django.test import Client

from everline import autorenewal
from everline.people.roles import Role
from everline.trust import acts
from tests.armed import armed, end_of, paid, policy, sweep
from tests.desk import office, signed_in, text
from tests.world import World

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


def _press(client: Client, address: str, times: int = 1) -> Any:
    asked = client.get(address)
    assert asked.status_code == 200, address
    request_id = text(asked).partition('name="request_id" value="')[2][:36]
    answer = None
    for _time in range(times):
        answer = client.post(address, {"request_id": request_id})
    return answer


def _stop(world: World) -> uuid.UUID:
    stop_id = uuid.uuid4()
    world.insert(
        "autorenewal_stop",
        id=stop_id,
        scope="operator",
        since=world.at,
        charged=4000,
        expected=70,
        allowed=1000,
        released_by="",
    )
    return stop_id


def test_support_releases_a_parked_card_once_and_it_is_recorded(office: World) -> None:
    policy(office, auto_card_day_max=0)
    card = armed(office, office.plan(), balance=5000)
    office.at = end_of(office, card).replace(hour=1)
    sweep(office)
    support = signed_in(office.staff(Role.SUPPORT))
    shown = text(support.get("/office/auto-renewal"))
    assert card.iccid[-4:] in shown
    assert card.iccid not in shown
    assert "automatic charges in 24 hours" in shown
    address = f"/office/auto-renewal/cards/{card.id}"
    answer = _press(support, address, times=2)
    assert answer.status_code == 303
    assert autorenewal.parked() == []
    assert [act.verb for act in acts.newest()].count("release_card") == 1
    assert "The card renews by itself again." in text(support.get("/office/auto-renewal"))
    policy(office, auto_card_day_max=3)
    sweep(office)
    assert paid(office, card) == 1
    late = support.post(address, {"request_id": str(uuid.uuid4())})
    assert late.status_code == 303
    assert "Nothing is held back here any more." in text(support.get("/office/auto-renewal"))
    assert support.get(address).status_code == 404


def test_finance_lets_automatic_charges_go_on(office: World) -> None:
    stop = _stop(office)
    finance = signed_in(office.staff(Role.FINANCE))
    for screen in ("today", "queues", "auto-renewal"):
        assert "All automatic charges have been stopped since" in text(
            finance.get(f"/office/{screen}")
        )
    support = signed_in(office.staff(Role.SUPPORT))
    assert "Let them go on" not in text(support.get("/office/auto-renewal"))
    assert support.get(f"/office/auto-renewal/stops/{stop}").status_code == 403
    _press(finance, f"/office/auto-renewal/stops/{stop}", times=2)
    assert autorenewal.stopped() is None
    assert [act.verb for act in acts.newest()].count("release_stop") == 1
    assert "stopped since" not in text(finance.get("/office/queues"))


def test_what_was_not_tried_is_told_on_every_screen(office: World) -> None:
    card = armed(office, office.plan(days=7), balance=5000)
    autorenewal.judge_hours(office.at)
    office.owner.execute("update cards_card set next_rung_at = 'infinity'")
    office.at = end_of(office, card)
    owner = signed_in(office.staff(Role.OWNER))
    assert "due and not tried" not in text(owner.get("/office/today"))
    autorenewal.judge_hours(office.at)
    assert "Automatic renewals that were due and not tried:" in text(owner.get("/office/today"))
    assert 'class="late"' in text(owner.get("/office/auto-renewal"))


@pytest.mark.parametrize("locale", ["zh-hans", "id"])
def test_it_is_said_in_each_language(office: World, locale: str) -> None:
    _stop(office)
    shown = text(signed_in(office.staff(Role.OWNER), locale).get("/office/auto-renewal"))
    said = {"zh-hans": "所有自动扣款已停止", "id": "Semua debit otomatis dihentikan"}
    assert said[locale] in shown


def test_silence_is_told(office: World) -> None:
    office.owner.execute(
        "insert into autorenewal_beat (id, at, clock_offset) values (1, %s, '0')", [office.at]
    )
    owner = signed_in(office.staff(Role.OWNER))
    office.advance(minutes=5)
    assert "silent since" not in text(owner.get("/office/today"))
    office.advance(minutes=9)
    assert "silent since" in text(owner.get("/office/today"))
