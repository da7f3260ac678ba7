"""Setting a gateway up by variables, as tests of each do, and what the doctor says of it."""

from collections.abc import Mapping

import pytest
from django.conf import settings

from everline.config import doctor


def give(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str], **but: str) -> None:
    """Set variables, some of them otherwise."""
    for name, value in {**values, **but}.items():
        monkeypatch.setattr(settings, name.removeprefix("EVERLINE_"), value)


def check(name: str) -> doctor.Check:
    """Give the one check of this name."""
    (found,) = [each for each in doctor.outside() if each.name == name]
    return found
