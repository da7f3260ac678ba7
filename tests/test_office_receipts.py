"""One renewal in the office: its receipt sent again, one row a recipient; and a new service PIN."""

import pytest
from django.test import Client

from everline import ids, notices, trust
from everline.people.roles import Role
from everline.trust import acts
from tests.desk import errors, fill, office, signed_in, text
from tests.test_office import act
from tests.world import World

__all__ = ["office"]

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.


@pytest.fixture
def support(office: World) -> Client:
    return signed_in(office.staff(Role.SUPPORT))


def sent(world: World) -> list[tuple[str, str, str, str]]:
    return world.all("select medium, recipient, locale, state from notices_notice order by medium")


def send_all(world: World) -> int:
    """Be the worker once: do every job that sends a notice."""
    notices.install({"email": notices.Outbox(), "sms": notices.Outbox()})
    jobs = world.all(
        "select j.subject_id, j.id from jobs_job j where j.kind = 'notify' and j.state = 'ready'"
    )
    for notice_id, job_id in jobs:
        notices.send(notice_id, world.now)
        world.owner.execute("delete from jobs_job where id = %s", [job_id])
    return len(jobs)


def test_a_receipt_is_sent_to_whom_it_was_not_and_again_to_whom_it_was(
    office: World, support: Client
) -> None:
    sold = office.renew(office.card(balance=5000), office.plan())
    office.deliver_all()
    path = f"renewals/{sold.id}/send"
    assert sent(office) == []
    fill(support, path, times=3, to="Ana@Testline.Example", locale="id")
    assert sent(office) == [("email", "ana@testline.example", "id", "waiting")]
    assert send_all(office) == 1
    assert sent(office)[0][3] == "sent"
    fill(support, path, to="ana@testline.example", locale="en")
    assert sent(office) == [("email", "ana@testline.example", "en", "waiting")]
    assert send_all(office) == 1
    fill(support, path, to="+351 91 555 0100", locale="en")
    assert sent(office)[1] == ("sms", "+351915550100", "en", "waiting")
    assert send_all(office) == 1
    page = text(support.get(f"/office/renewals/{sold.id}"))
    assert "ana@testline.example" in page
    assert "+351915550100" in page
    kept = [each for each in acts.newest() if each.verb == "send_receipt"]
    assert len(kept) == 3
    assert "ana@" not in str([each.facts for each in kept])
    letter = notices.newest(5)
    assert {each.template for each in letter} == {"renewed"}


def test_a_job_that_died_sends_again(office: World, support: Client) -> None:
    sold = office.renew(office.card(balance=5000), office.plan())
    office.deliver_all()
    path = f"renewals/{sold.id}/send"
    fill(support, path, to="ana@testline.example")
    office.owner.execute("update notices_notice set state = 'failed'")
    office.owner.execute("update jobs_job set state = 'dead', tries = 12 where kind = 'notify'")
    fill(support, path, to="ana@testline.example")
    assert office.all("select state, tries from jobs_job where kind = 'notify'") == [("ready", 0)]
    assert len(sent(office)) == 1


@pytest.mark.parametrize("typed", ["", "ana", "ana@", "12345", "08123456789", "x" * 300])
def test_what_is_neither_address_nor_number_is_said(
    office: World, support: Client, typed: str
) -> None:
    sold = office.renew(office.card(balance=5000), office.plan())
    office.deliver_all()
    answer = fill(support, f"renewals/{sold.id}/send", to=typed)
    assert errors(answer) == ["to"]
    assert sent(office) == []


def test_nothing_is_confirmed_that_was_not_delivered(office: World, support: Client) -> None:
    opened = office.place(office.card(), office.plan())
    fill(support, f"renewals/{opened}/send", to="ana@testline.example")
    assert sent(office) == []
    assert acts.newest() == []
    page = text(support.get(f"/office/renewals/{opened}"))
    assert f"/office/renewals/{opened}/send" not in page
    assert support.get(f"/office/renewals/{ids.uuid7(office.at)}").status_code == 404


def test_a_new_pin_is_shown_once_works_and_ends_the_old_one(office: World, support: Client) -> None:
    card = office.card()
    trust.set_pin(office.caller("web"), card.account_id, "2580", office.at)
    shown = text(act(support, f"cards/{card.id}/pin", times=2))
    pin = shown.partition('class="once">')[2].partition("<")[0].strip()
    assert len(pin) == 6
    assert trust.check_pin(card.account_id, pin, office.at).is_right
    assert not trust.check_pin(card.account_id, "2580", office.at).is_right
    assert pin not in text(support.get(f"/office/cards/{card.id}"))
    [kept] = acts.newest()
    assert kept.verb == "set_pin"
    assert pin not in str(kept.facts)
    finance = signed_in(office.staff(Role.FINANCE))
    assert finance.get(f"/office/cards/{card.id}/pin").status_code == 403
