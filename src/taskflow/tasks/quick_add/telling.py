"""Says what was understood of a line. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from taskflow.events.payloads import Reminder
from taskflow.tasks.durations import parse_duration
from taskflow.tasks.phrased import Placed
from taskflow.tasks.phrases.sentence_words import counted, day_text, listed
from taskflow.tasks.phrases.sentences import sentence
from taskflow.tasks.zones import wall_time

_NOTHING: Final = "no date"
_DAY_SECONDS: Final = 86_400
_HOUR_SECONDS: Final = 3_600


def told(given: Mapping[str, object], placed: Placed | None, zone: ZoneInfo) -> str:
    """What was understood beside the title, in words."""
    said = [_due(placed, zone)] if placed else [_NOTHING]
    if "priority" in given:
        said.append(f"{given['priority']} priority")
    if given["tags"]:
        said.append(f"tagged {listed(cast('list[str]', given['tags']))}")
    reminders = cast("list[Reminder]", given["reminders"])
    if reminders:
        said.append(f"reminder {listed(list(_reminders(reminders, zone)))}")
    return "; ".join(said)


def _due(placed: Placed, zone: ZoneInfo) -> str:
    due = placed.due
    day = wall_time(due, zone) if isinstance(due, datetime) else due
    words = day_text(day)
    if isinstance(day, datetime):
        words += f" at {day.hour}:{day.minute:02}"
    if placed.recurrence is None:
        return f"due {words}"
    return f"{sentence(placed.recurrence)}, first on {words}"


def _reminders(reminders: list[Reminder], zone: ZoneInfo) -> Iterator[str]:
    for reminder in reminders:
        if reminder.offset is not None:
            yield f"{_length(reminder.offset)} before"
        elif reminder.at is not None:
            at = wall_time(reminder.at, zone)
            yield f"on {day_text(at)} at {at.hour}:{at.minute:02}"


def _length(offset: str) -> str:
    """A duration in its largest whole units: 1 day, 90 minutes."""
    days, seconds = parse_duration(offset, "offset")
    if days and not seconds:
        return counted(days, "day")
    if seconds % _HOUR_SECONDS == 0 and not days:
        return counted(seconds // _HOUR_SECONDS, "hour")
    return counted((days * _DAY_SECONDS + seconds) // 60, "minute")
