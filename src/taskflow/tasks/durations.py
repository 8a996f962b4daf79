"""Durations before a due date (RFC 5545 section 3.3.6): nominal days, exact hours. Pure.

Those between the repetitions of a reminder that nags are exact: there a day has 24 hours.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Nag
from taskflow.tasks.zones import instant, wall_time

LONGEST: Final = timedelta(days=366)
SHORTEST_NAG: Final = timedelta(minutes=1)
LONGEST_NAG: Final = timedelta(days=1)
MOST_NAGS: Final = 20
_FORM: Final = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,4})D)?"
    r"(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,8})S)?)?"
)


class Duration(NamedTuple):
    """So many days of wall time and so many exact seconds."""

    days: int
    seconds: int


def parse_duration(text: str, field: str) -> Duration:
    """Read an ISO 8601 duration such as `PT1H`, `P1D` or `P1DT12H`; zero is allowed.

    Args:
        text: The duration.
        field: What an error calls it.

    Raises:
        Invalid: it is no duration, or longer than a year.
    """
    match = _FORM.fullmatch(text)
    parts = (
        {name: int(value) for name, value in match.groupdict().items() if value} if match else {}
    )
    if not parts or text.endswith("T"):
        raise Invalid.field(field, "must be an ISO 8601 duration such as PT1H or P1D")
    days = parts.get("weeks", 0) * 7 + parts.get("days", 0)
    seconds = parts.get("hours", 0) * 3600 + parts.get("minutes", 0) * 60 + parts.get("seconds", 0)
    if timedelta(days, seconds) > LONGEST:
        raise Invalid.field(field, "must be at most a year")
    return Duration(days, seconds)


def before(due: datetime, duration: Duration, zone: ZoneInfo) -> datetime:
    """The instant a duration before a due instant: days by the wall, then exact seconds."""
    if duration.days:
        due = instant(wall_time(due, zone) - timedelta(days=duration.days), zone)
    return due.astimezone(UTC) - timedelta(seconds=duration.seconds)


def parse_nag(nag: Nag, field: str) -> timedelta:
    """How long a reminder waits before it repeats itself.

    Args:
        nag: As somebody wrote it.
        field: What an error calls it.

    Raises:
        Invalid: it is shorter than a minute, longer than a day, or repeated too often.
    """
    duration = parse_duration(nag.every, f"{field}.every")
    every = timedelta(duration.days, duration.seconds)
    if not SHORTEST_NAG <= every <= LONGEST_NAG:
        raise Invalid.field(f"{field}.every", "must be from a minute (PT1M) to a day (P1D)")
    if not 1 <= nag.times <= MOST_NAGS:
        raise Invalid.field(f"{field}.times", f"must be from 1 to {MOST_NAGS}")
    return every
