"""A task's recurrence out of a phrase, and its due date where it has none. Pure.

A due date stands: it is the first of the series, whatever days the phrase names, as with a rule.
Without one the first occurrence from now on is when the task is due: on a day, where the phrase
says no time. Every so many weeks, months or years count from that first one.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from taskflow.base.errors import FieldError, Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.phrases.understanding import Origin, Understood, understand
from taskflow.tasks.zones import instant, wall_time

_OURS: Final = ("text", "recurrence.rule")


class Placed(NamedTuple):
    """How a task recurs, if it does, and when it is due: an instant, or a day.

    Attributes:
        wall: What the wall says of the instant, also where the zone leaves that out on its day.
    """

    recurrence: Recurrence | None
    due: datetime | date
    all_day: bool
    wall: datetime | None = None


class Place(NamedTuple):
    """Where a phrase meets a task.

    Attributes:
        due: When the task is due already.
        all_day: Whether that is a day; without a due date, whether it was said that it will be.
        zone: Whose wall time the phrase means.
        now: The present.
    """

    due: datetime | date | None
    all_day: bool
    zone: ZoneInfo
    now: datetime


def phrased(given: Mapping[str, object], place: Place) -> Placed:
    """What the `text` of a recurrence makes of a task.

    Raises:
        Invalid: it is not understood, or does not fit to the task.
    """
    try:
        text = given["text"]
        if given.get("rule") is not None:
            raise misread("stands beside a rule; only one of them may be", 0)
        beside = {name: value for name, value in given.items() if name != "text"}
        return place_in(understand(str(text), origin_of(place), beside), place)
    except Invalid as error:
        raise renamed(error, "recurrence.text") from None


def origin_of(place: Place) -> Origin:
    """Where a phrase about this task is said from."""
    here = wall_time(place.now, place.zone)
    if place.due is None:
        return Origin(here.date(), here, place.zone, is_fixed=False)
    if isinstance(place.due, datetime):
        return Origin(here.date(), wall_time(place.due, place.zone), place.zone)
    return Origin(here.date(), datetime.combine(place.due, time()), place.zone)


def place_in(understood: Understood, place: Place) -> Placed:
    """What is understood, in a task.

    Raises:
        Invalid: the task cannot have it so.
    """
    if understood.has_time and place.all_day:
        message = "says a time, but the task has a whole day; give its due date a time"
        raise misread(message, understood.time_position)
    if place.due is not None:
        start = origin_of(place).start.date()
        if understood.starting not in (None, start):
            raise misread("the due date says another start", understood.starting_position)
        return Placed(understood.recurrence, place.due, place.all_day)
    if understood.has_time or understood.is_hourly:
        due = instant(understood.start, place.zone).astimezone(UTC)
        return Placed(understood.recurrence, due, all_day=False, wall=understood.start)
    return Placed(understood.recurrence, understood.start.date(), all_day=True)


def renamed(error: Invalid, field: str) -> Invalid:
    """The same error, of a text by the name that it has in a request."""
    found = [
        FieldError(field, one.message, one.position or 0) if one.field in _OURS else one
        for one in error.errors
    ]
    return Invalid("; ".join(f"{one.field}: {one.message}" for one in found), *found)
