"""The clock: one reading, one offset, and instants that people read with their zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from everline import clock
from everline.clock import UnknownZoneError

AT = datetime(2026, 12, 21, 7, 5, 59, tzinfo=UTC)


@pytest.fixture
def unmoved() -> Iterator[None]:
    """Give the process its clock back."""
    yield
    clock.use_offset(timedelta)


def test_now_is_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    at = clock.now()

    assert before <= at <= datetime.now(UTC)
    assert at.tzinfo is UTC


def test_an_offset_moves_the_clock_and_is_asked_each_time(unmoved: None) -> None:
    offsets = iter([timedelta(days=40), timedelta(days=-1)])
    clock.use_offset(lambda: next(offsets))

    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=40)) < timedelta(seconds=5)
    assert abs(clock.now() - datetime.now(UTC) + timedelta(days=1)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("locale", "zone", "text"),
    [
        ("en", "Asia/Jakarta", "21 Dec 2026, 14:05 (Asia/Jakarta)"),
        ("zh_Hans", "Asia/Shanghai", "2026年12月21日 15:05（Asia/Shanghai）"),
        ("zh-hans", "Asia/Shanghai", "2026年12月21日 15:05（Asia/Shanghai）"),
        ("id", "Asia/Jakarta", "21 Des 2026, 14.05 (Asia/Jakarta)"),
        ("de", "Europe/Berlin", "21.12.2026, 08:05 (Europe/Berlin)"),
        ("en", "America/New_York", "21 Dec 2026, 02:05 (America/New_York)"),
        ("en", "UTC", "21 Dec 2026, 07:05 (UTC)"),
    ],
)
def test_how_an_instant_is_written(locale: str, zone: str, text: str) -> None:
    assert clock.format_instant(AT, zone, locale) == text


@pytest.mark.parametrize(
    ("hour", "text"),
    [
        (0, "25 Oct 2026, 02:30 (Europe/Berlin, UTC+02:00)"),
        (1, "25 Oct 2026, 02:30 (Europe/Berlin, UTC+01:00)"),
        (2, "25 Oct 2026, 03:30 (Europe/Berlin)"),
    ],
)
def test_a_time_that_the_clocks_show_twice_names_its_offset(hour: int, text: str) -> None:
    at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)

    assert clock.format_instant(at, "Europe/Berlin", "en") == text


@given(
    st.timedeltas(timedelta(0), timedelta(days=366 * 60)),
    st.sampled_from(["Asia/Jakarta", "Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe"]),
    st.sampled_from(["en", "zh_Hans"]),
)
def test_two_minutes_are_never_written_alike(since: timedelta, zone: str, locale: str) -> None:
    at = datetime(1975, 1, 1, tzinfo=UTC) + since
    minute = at.replace(second=0, microsecond=0)

    assert clock.format_instant(at, zone, locale) == clock.format_instant(minute, zone, locale)
    for other in (timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=1)):
        assert clock.format_instant(at, zone, locale) != clock.format_instant(
            at + other, zone, locale
        )


def test_an_instant_is_aware() -> None:
    with pytest.raises(ValueError, match="aware"):
        clock.format_instant(AT.replace(tzinfo=None), "UTC", "en")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Asia/jakarta",
        "WIB",
        "CET",
        "+07:00",
        "Factory",
        "../../etc/passwd",
        "/etc/localtime",
        "Asia",
    ],
)
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZoneError) as caught:
        clock.zone(name)

    assert caught.value.field == "zone"
    assert "Asia/Jakarta" in caught.value.sentence
    with pytest.raises(UnknownZoneError):
        clock.format_instant(AT, name, "en")


def test_every_listed_zone_can_be_read() -> None:
    for name in clock.zones():
        assert clock.zone(name) is ZoneInfo(name)
        assert len(name) <= 40, "the card's column is as long"
