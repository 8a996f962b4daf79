"""What people mean when they snooze without typing a time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.base.errors import Invalid
from taskflow.services.reminder.presets import PRESETS, after, preset_time, presets
from taskflow.tasks.durations import Duration

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2011, 12, 1, tzinfo=UTC)


def test_each_preset_is_a_time_on_the_persons_wall() -> None:
    # A Monday noon in Berlin.
    now = datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert presets(now, BERLIN) == {
        "in_10_minutes": now + timedelta(minutes=10),
        "in_an_hour": now + timedelta(hours=1),
        "this_evening": datetime(2026, 3, 2, 17, tzinfo=UTC),
        "tomorrow_morning": datetime(2026, 3, 3, 8, tzinfo=UTC),
        "next_week": datetime(2026, 3, 9, 8, tzinfo=UTC),
    }


def test_an_evening_that_has_begun_is_not_offered_and_not_taken() -> None:
    now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    assert "this_evening" not in presets(now, BERLIN)
    with pytest.raises(Invalid, match="this evening has begun"):
        preset_time("this_evening", now, BERLIN)


def test_tomorrow_morning_keeps_its_wall_time_when_the_clocks_change() -> None:
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = preset_time("tomorrow_morning", saturday, BERLIN)
    assert found == datetime(2026, 3, 29, 7, tzinfo=UTC)


def test_days_of_a_free_time_are_the_walls_and_hours_are_exact() -> None:
    # The clocks go forward in Berlin on the night after; Samoa left out the 30th of that month.
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert after(Duration(1, 0), saturday, BERLIN) == datetime(2026, 3, 29, 11, tzinfo=UTC)
    assert after(Duration(0, 86_400), saturday, BERLIN) == datetime(2026, 3, 29, 12, tzinfo=UTC)
    apia, eve = ZoneInfo("Pacific/Apia"), datetime(2011, 12, 29, 20, tzinfo=UTC)
    assert after(Duration(1, 0), eve, apia) == datetime(2011, 12, 30, 20, tzinfo=UTC)


@given(
    st.integers(0, 20 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.sampled_from(("UTC", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe")),
)
def test_all_of_them_lie_ahead_at_any_time_anywhere(now: datetime, zone: str) -> None:
    found = presets(now, ZoneInfo(zone))
    assert set(PRESETS) - set(found) <= {"this_evening"}
    assert all(timedelta(0) < until - now <= timedelta(days=9) for until in found.values())
