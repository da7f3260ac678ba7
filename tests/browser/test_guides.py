"""The guides: whoever does what one says meets each of its steps, and its pages are looked at.

With WRITE_PICTURES=1 each walk goes in all languages and writes the pictures that the guides show.
Without it each goes in one language, which is enough to find a step that is no longer there.
"""

import pytest

from everline.guides import GUIDES, HEIGHT, WIDTH
from tests.browser.guided import SCREENS, WALKS, Album
from tests.browser.stage import Stage
from tests.browser.windows import TAGS, WRITES, Windows, fits, seen

LANGUAGES = tuple(TAGS)
ALL = [(name, language) for name in GUIDES for language in LANGUAGES]
ONE = [(name, LANGUAGES[place % len(LANGUAGES)]) for place, name in enumerate(GUIDES)]


@pytest.mark.parametrize(("name", "language"), ALL if WRITES else ONE)
def test_each_step_of_a_guide_is_met(
    name: str, language: str, stage: Stage, windows: Windows
) -> None:
    width, height = SCREENS.get(name, (WIDTH, HEIGHT))
    page = windows.open(language, 360, viewport={"width": width, "height": height})
    album = Album(GUIDES[name], language, stage, page)
    WALKS[name](album)
    assert sorted(album.met) == sorted(step.name for step in GUIDES[name].steps)


@pytest.mark.skipif(WRITES, reason="the demo serves the pictures that were there when it began")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guides_are_read(language: str, stage: Stage, windows: Windows) -> None:
    page = windows.open(language, 360)
    page.goto(f"{stage.address}/help")
    seen(page, f"help-{language}", full_page=True)
    for name in GUIDES:
        page.click(f'.helped a[href="/help/{name}"]')
        page.locator("#guide-title").wait_for()
        fits(page)
        for image in page.locator(".guided img").all():
            image.scroll_into_view_if_needed()
            assert image.evaluate("async (it) => (await it.decode(), it.naturalWidth)") == WIDTH
        page.goto(f"{stage.address}/help")
    page.goto(f"{stage.address}/help/before#bound")
    seen(page, f"guide-{language}", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    seen(page, f"guide-{language}-wide", full_page=True)
