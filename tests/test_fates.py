"""What becomes of the present plan, told before paying: the same words at every channel."""

import pytest
from django.utils import translation

from everline import renewals
from everline.channels.hotline import ear
from tests.marketplace import QUOTES, Platform
from tests.reader import Browser, on_the_pages
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

FATES = {
    ("queue", False): "No plan is running on this card, so the new one starts at once.",
    ("stack", False): "No plan is running on this card. The new one starts now.",
    ("queue", True): "Starts after the present plan, on %(starts_at)s.",
    ("stack", True): "Added now: the data left is kept and adds to the new plan's.",
    ("replace", True): "Replaces the present plan now. What is left of it is lost.",
}


@pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
def test_what_starts_behind_other_terms_is_never_said_to_start_at_once(
    town: World, platform: Platform, locale: str
) -> None:
    """A term that was bought ahead may be all there is, when the one before was taken back."""
    card, plan = town.card(balance=9000), town.plan()
    first = town.renew(card, plan)
    town.renew(card, plan)
    assert first.id is not None
    sentence = "Starts after the plans that are paid already, on %(starts_at)s."
    with translation.override(locale):
        said = translation.gettext(sentence).split("%")[0]
    asked = {"iccid": card.iccid, "plan": plan.code}
    with on_the_pages(town):
        for is_taken_back in (False, True):
            if is_taken_back:
                renewals.reverse(town.caller("line"), first.id, "mistake", town.at)
            quote = platform.send("POST", QUOTES, asked, Accept_Language=locale)
            assert quote.body["on_renewal_words"].startswith(said), is_taken_back
            page = Browser(town, locale).choose(card, plan).text
            assert said in page
            (told,) = renewals.quote([card.id], plan.version_id, None, "web", town.at)
            assert told.starts_at is not None
            assert told.starts_at > town.at
            with translation.override(locale):
                assert translation.gettext("It starts at once.") != ear.fate(told)


@pytest.mark.parametrize("locale", ["en", "zh-hans", "id"])
def test_the_fate_of_leftovers_is_told_alike_at_every_channel(
    town: World, platform: Platform, locale: str
) -> None:
    told = set()
    with on_the_pages(town):
        for (on_renewal, is_running), english in FATES.items():
            card, plan = town.card(balance=9000), town.plan(on_renewal=on_renewal)
            if is_running:
                town.renew(card, plan)
                town.advance(minutes=1)
            asked = {"iccid": card.iccid, "plan": plan.code}
            said = platform.send("POST", QUOTES, asked, Accept_Language=locale)
            assert said.status == 200, said
            words = said.body["on_renewal_words"]
            assert words in Browser(town, locale).choose(card, plan).text
            assert "%" not in words
            if locale == "en":
                assert words.startswith(english.split("%")[0])
            told.add(words.split("2026")[0])
    assert len(told) == len(FATES)
    with translation.override(locale):
        sentence = translation.gettext(FATES["stack", True])
    assert sentence in told
