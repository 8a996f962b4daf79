"""Quiet hours end at a time on the wall, whatever the clocks do that night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from taskflow.accounts.model import NotificationPreferences, QuietHours, is_quiet
from taskflow.services.reminder.quiet import quiet_until
from taskflow.tasks.zones import wall_time

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
hours = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))
START = datetime(2011, 12, 1, tzinfo=UTC)
moments = st.integers(0, 15 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def wanted(start: str, end: str) -> NotificationPreferences:
    return NotificationPreferences(quiet_hours=QuietHours(start, end))


def test_without_quiet_hours_and_outside_of_them_nothing_waits() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert quiet_until(NotificationPreferences(), BERLIN, noon) is None
    assert quiet_until(wanted("22:00", "07:00"), BERLIN, noon) is None


def test_a_night_ends_in_the_morning_on_either_side_of_midnight() -> None:
    night = wanted("22:00", "07:00")
    for hour in (22, 5):
        day = 1 if hour > 12 else 2
        found = quiet_until(night, ZoneInfo("UTC"), datetime(2026, 3, day, hour, tzinfo=UTC))
        assert found == datetime(2026, 3, 2, 7, tzinfo=UTC)


def test_an_end_that_the_clocks_leave_out_is_moved_by_the_gap() -> None:
    # On 29 March 2026 Berlin goes from 02:00 to 03:00.
    at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    found = quiet_until(wanted("22:00", "02:30"), BERLIN, at)
    assert found == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_end_that_happens_twice_is_the_one_that_comes_next() -> None:
    # On 25 October 2026 02:30 happens in Berlin at 00:30 and at 01:30 in UTC.
    night = wanted("22:00", "02:30")
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert quiet_until(night, BERLIN, first - timedelta(minutes=10)) == first
    assert quiet_until(night, BERLIN, first + timedelta(minutes=40)) == second


@given(hours, hours, st.sampled_from(ZONES), moments)
def test_the_end_lies_ahead_within_two_days_and_holds_only_where_it_is_quiet(
    start: str, end: str, zone: str, now: datetime
) -> None:
    preferences, wall = wanted(start, end), ZoneInfo(zone)
    found = quiet_until(preferences, wall, now)
    assert (found is not None) == is_quiet(preferences, wall_time(now, wall).time())
    if found is not None:
        assert now < found <= now + timedelta(days=2)
        assert not is_quiet(preferences, wall_time(found, wall).time())
