"""Kept means of payment: kept with consent, ordered, broken, taken away, ended with the holding.

What gateways say is given to the verbs by hand here; the sandbox bank that keeps numbers is tried
in test_kept_numbers.py, charges by kept means in test_charging.py.
"""

import hashlib
import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils.translation import override

from everline import autorenewal, cards, holders, ids, notices, payments, renewals, topups
from everline.payments import consent, gateways
from everline.payments.gateways import Kept
from everline.people.models import Person
from tests.town import at_once, findings
from tests.world import World

WORDS = consent.KEEP_VERSION

CONSENTS = {
    ("2026-12", "en"): "40d481ae39afca97",
    ("2026-12", "zh-hans"): "f33fdf4d34932b9d",
    ("2026-12", "id"): "e6b9cc9a0690201f",
}
"""What each version of the consent says in each language, by hash: it never changes again."""


FIRST = "tok-1"


def kept(token: str = FIRST, masked: str = "•••• 0010") -> Kept:
    return Kept(token, "", masked)


def wanted(world: World, card: cards.Card, *, words: str = WORDS, **kept_by: Any) -> UUID:
    """Open a renewal whose means is to be kept."""
    answer = renewals.place(
        world.caller(),
        world.order(card, world.plan()),
        "sandbox",
        None,
        world.at,
        kept=payments.KeptMeans(words_version=words, **kept_by),
    )
    assert answer.id is not None, answer
    return answer.id


def keep(world: World, card: cards.Card, token: str = FIRST) -> payments.Method:
    """Keep a means by paying with it; gives the method that was kept last."""
    attempt = world.send(wanted(world, card))
    world.hear(attempt, "succeeded", reference="r", kept=kept(token, f"•• {token[-1]}"))
    return payments.methods_of(card.account_id)[-1]


def test_what_was_agreed_to_is_kept_when_it_has_paid(town: World) -> None:
    card = town.card()
    attempt = town.send(wanted(town, card))
    assert (attempt.keeps, attempt.is_unattended, attempt.token) == (True, False, None)
    assert payments.methods_of(card.account_id) == []
    town.hear(attempt, "succeeded", reference="r", masked_means="•• 10", kept=kept())
    (method,) = payments.methods_of(card.account_id)
    assert (method.gateway, method.masked_means, method.state, method.channel) == (
        "sandbox",
        "•••• 0010",
        "active",
        "web",
    )
    row = "select token, words_version, position from payments_method"
    assert town.all(row) == [("tok-1", WORDS, 1)]
    town.hear(attempt, "succeeded", reference="r", kept=kept("tok-2"))
    assert len(payments.methods_of(card.account_id)) == 1
    assert findings(town) == {}


@pytest.mark.parametrize("said", ["nothing kept", "not agreed", "declined"])
def test_nothing_else_is_kept(town: World, said: str) -> None:
    card = town.card()
    renewal = wanted(town, card, words="" if said == "not agreed" else WORDS)
    attempt = town.send(renewal)
    if said == "declined":
        town.hear(attempt, "failed", reason="no", kept=kept())
    else:
        town.hear(
            attempt, "succeeded", reference="r", kept=kept() if said == "not agreed" else None
        )
    assert payments.methods_of(card.account_id) == []


def test_a_top_up_keeps_its_means_too(town: World) -> None:
    card = town.card()
    answer = topups.place(
        town.caller(),
        town.topup_order(card, 500),
        "sandbox",
        None,
        town.at,
        kept=payments.KeptMeans(words_version=WORDS),
    )
    assert answer.id is not None
    town.hear(town.send(answer.id), "succeeded", reference="r", kept=kept())
    (method,) = payments.methods_of(card.account_id)
    assert method.channel == "web"


def test_a_kept_method_pays_and_its_token_stands_in_no_attempt(town: World) -> None:
    card = town.card()
    method = keep(town, card)
    renewal = wanted(town, card, words="", method_id=method.id)
    attempt = town.send(renewal)
    assert (attempt.token, attempt.method_id) == ("tok-1", method.id)
    assert town.all("select token from payments_attempt") == [(None,), (None,)]
    assert "tok-1" not in repr(attempt)
    assert town.hear(attempt, "succeeded", reference="r2")[1] == "paid"
    assert findings(town) == {}


@pytest.mark.parametrize("which", ["another card's", "unknown", "ended", "broken", "elsewhere"])
def test_only_a_good_method_of_the_card_pays(town: World, which: str) -> None:
    card, other = town.card(), town.card()
    method = keep(town, other if which == "another card's" else card).id
    if which == "unknown":
        method = uuid4()
    if which == "ended":
        payments.end_method(town.caller(), card.id, method, town.at)
    if which == "broken":
        town.owner.execute("update payments_method set state = 'broken'")
    gateway = "terminal" if which == "elsewhere" else "sandbox"
    gateways.install({name: gateways.gateway("sandbox") for name in ("sandbox", "terminal")})
    plan = town.plan()
    by = payments.KeptMeans(method_id=method)
    for answer in (
        renewals.place(town.caller(), town.order(card, plan), gateway, None, town.at, kept=by),
        topups.place(town.caller(), town.topup_order(card, 500), gateway, None, town.at, kept=by),
    ):
        assert (answer.outcome, answer.reason) == ("refused", "method_unknown")
    open_one = town.place(card, plan)
    town.hear(town.send(open_one), "failed", reason="no")
    again = renewals.retry_payment(town.caller(), open_one, gateway, None, town.at, kept=by)
    assert again.reason == "method_unknown"


def test_the_same_request_with_other_means_is_refused(town: World) -> None:
    card, plan = town.card(), town.plan()
    order, caller = town.order(card, plan), town.caller()
    first = renewals.place(caller, order, "sandbox", None, town.at)
    again = renewals.place(
        caller, order, "sandbox", None, town.at, kept=payments.KeptMeans(words_version=WORDS)
    )
    assert (first.outcome, again.reason) == ("placed", "request_reused")
    assert renewals.place(caller, order, "sandbox", None, town.at).replayed


def test_a_hard_decline_breaks_a_method_until_it_is_kept_anew(town: World) -> None:
    card = town.card()
    method = keep(town, card)
    attempt = town.send(wanted(town, card, words="", method_id=method.id))
    town.hear(attempt, "failed", reason="lost_card", is_hard=True)
    (broken,) = payments.methods_of(card.account_id)
    assert (broken.state, broken.reason) == ("broken", "lost_card")
    assert payments.usable_methods(card.account_id, "EUR") == []
    retried = renewals.retry_payment(
        town.caller(),
        attempt.purpose_id,
        "sandbox",
        None,
        town.at,
        kept=payments.KeptMeans(words_version=WORDS),
    )
    assert retried.outcome == "placed"
    town.hear(town.send(attempt.purpose_id), "succeeded", reference="r", kept=kept("tok-1"))
    (again,) = payments.methods_of(card.account_id)
    assert (again.id, again.state, again.reason) == (method.id, "active", "")


def test_a_soft_decline_breaks_nothing(town: World) -> None:
    card = town.card()
    method = keep(town, card)
    attempt = town.send(wanted(town, card, words="", method_id=method.id))
    town.hear(attempt, "failed", reason="insufficient_funds", is_hard=False)
    assert payments.methods_of(card.account_id)[0].is_active


def test_the_order_is_the_holders(town: World) -> None:
    card = town.card()
    first, second, third = (keep(town, card, f"tok-{number}") for number in (1, 2, 3))
    caller = town.caller()
    wish = [third.id, first.id]
    for _time in range(2):
        answer = payments.order_methods(caller, card.id, wish, town.at)
        assert answer.outcome == "methods_ordered"
    order = [each.id for each in payments.methods_of(card.account_id)]
    assert order == [third.id, first.id, second.id]
    stranger = town.card()
    payments.order_methods(town.caller(), stranger.id, [second.id, third.id], town.at)
    assert [each.id for each in payments.methods_of(card.account_id)] == order


def owner_of(world: World, card: cards.Card) -> Person:
    """Give a card a holder."""
    person = Person.objects.create_user("ayu@testline.example")
    world.insert(
        "people_holding",
        id=ids.uuid7(world.at),
        account_id=card.account_id,
        person_id=person.id,
        starts_at=world.at,
    )
    return person


def code_to(recipient: str | None) -> str:
    return next(
        str(each.facts["code"])
        for each in notices.newest(50)
        if each.recipient == recipient and "code" in each.facts
    )


def jobs(world: World) -> list[UUID]:
    return [one for (one,) in world.all("select subject_id from jobs_job where kind = 'forget'")]


def test_what_is_taken_away_is_gone_and_its_gateway_is_told_by_a_job(town: World) -> None:
    card = town.card()
    first, second = keep(town, card, "tok-1"), keep(town, card, "tok-2")
    caller = town.caller()
    for _time in range(2):
        answer = payments.end_method(caller, card.id, first.id, town.at)
        assert (answer.outcome, answer.reason) == ("method_ended", None)
    assert payments.methods_of(card.account_id) == [second]
    assert payments.end_method(town.caller(), card.id, first.id, town.at).reason == "method_unknown"
    assert jobs(town) == [first.id]
    again = keep(town, card, "tok-1")
    assert again.id != first.id


def test_nobody_takes_anothers_means_away(town: World) -> None:
    card, other = town.card(), town.card()
    method = keep(town, card)
    refused = payments.end_method(town.caller(), other.id, method.id, town.at)
    assert refused.reason == "method_unknown"
    assert payments.methods_of(card.account_id) == [method]


@pytest.mark.parametrize("is_own", [True, False])
def test_who_claims_a_card_gets_no_strangers_means(
    town: World,
    is_own: bool,  # noqa: FBT001
) -> None:
    card = town.card()
    contact = renewals.Contact(email="ayu@testline.example")
    autorenewal.give_mandate(
        town.caller(), card.id, town.at, plan_id=None, words_version="2026-11", contact=contact
    )
    keep(town, card)
    email = "ayu@testline.example" if is_own else "budi@testline.example"
    person = Person.objects.create_user(email)
    sent = holders.send_code(town.caller(), person.id, card, "en", town.at)
    assert sent.id is not None
    answer = holders.claim(town.caller(), person.id, sent.id, code_to(card.msisdn), town.at)
    assert answer.outcome == "claimed"
    assert len(payments.methods_of(card.account_id)) == is_own
    assert len(jobs(town)) == (not is_own)


@pytest.mark.parametrize("ending", ["given up", "erased"])
def test_the_end_of_a_holding_ends_its_means(town: World, ending: str) -> None:
    card = town.card()
    person = owner_of(town, card)
    method = keep(town, card)
    begun = payments.begin_setup(town.caller(), card.id, "sandbox", WORDS, town.at)
    assert begun.id is not None
    dossier = str(holders.dossier(person.id, town.at))
    assert ("•• 1" in dossier, "tok-1" in dossier) == (True, False)
    if ending == "erased":
        holders.erase(town.caller(), person.id, town.at)
    else:
        holders.give_up(town.caller(), person.id, card.id, town.at)
    assert payments.methods_of(card.account_id) == []
    assert jobs(town) == [method.id]
    setup = payments.find_setup(begun.id)
    assert setup is not None
    assert (setup.state, setup.reason) == ("failed", "ended")


def test_what_its_holder_agreed_to_is_not_kept_for_the_next_one(town: World) -> None:
    card = town.card()
    person = owner_of(town, card)
    attempt = town.send(wanted(town, card))
    town.advance(minutes=1)
    holders.give_up(town.caller(), person.id, card.id, town.at)
    assert town.hear(attempt, "succeeded", reference="r", kept=kept())[1] == "paid"
    assert payments.methods_of(card.account_id) == []
    assert len(jobs(town)) == 1


def test_the_words_of_each_version_stay_as_they_were() -> None:
    for version in consent.KEEP_WORDS:
        for locale in ("en", "zh-hans", "id"):
            with override(locale):
                said = "\n".join(consent.keep_words(version))
            known = hashlib.sha256(said.encode()).hexdigest()[:16]
            assert CONSENTS.get((version, locale)) == known, (version, locale, said)


def test_a_token_is_in_no_log(town: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    card = town.card()
    method = keep(town, card, "tok-secret-1")
    town.hear(town.send(wanted(town, card, words="", method_id=method.id)), "failed", reason="no")
    assert "tok-secret-1" not in caplog.text
    assert "tok-secret-1" not in repr(payments.Said("succeeded", kept=kept("tok-secret-1")))


@pytest.mark.race
def test_kept_twice_at_once_is_kept_once(town: World) -> None:
    card = town.card()
    attempt = town.send(wanted(town, card))
    at_once([lambda: town.hear(attempt, "succeeded", reference="r", kept=kept())] * 6)
    assert len(payments.methods_of(card.account_id)) == 1
    assert findings(town) == {}
