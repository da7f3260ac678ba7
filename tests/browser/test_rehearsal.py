"""The simulator's report: one file without a script that fits, is readable and asks for nothing."""

from pathlib import Path

import pytest

from everline.config.plugs import KINDS, sweeps
from everline.database.addresses import Addresses
from everline.simulation import Ground, Outside, Setting, run
from everline.simulation.report import write_report
from tests.browser.windows import Windows, seen

LOOKS = (("en", 1280), ("zh-Hans", 360), ("id", 1280))


@pytest.fixture
def reports(logins: Addresses, template: str, tmp_path: Path) -> Path:
    """Write one run's report in each language; before a window opens, as Django wants no loop."""
    setting = Setting(seed=1, numbers=tuple(range(1, 101)), days=25)
    outside = Outside(KINDS, sweeps(one_at_a_time=True))
    outcome = run(Ground(logins, template), outside, setting, wants_figures=True)
    assert outcome.is_clean, outcome.violations
    for language, _width in LOOKS:
        write_report(tmp_path / f"{language}.html", outcome, None, language.lower())
    return tmp_path


def test_a_report_is_read(reports: Path, windows: Windows) -> None:
    for language, width in LOOKS:
        page = windows.open(language, width)
        page.goto((reports / f"{language}.html").as_uri())
        assert page.locator("h1").inner_text()
        assert page.locator("script").count() == 0
        assert page.locator(".plot path").count() > 10
        seen(page, "rehearsal")
