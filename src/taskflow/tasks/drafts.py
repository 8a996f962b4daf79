"""Turns what a person wrote into valid fields of a task. Pure: the time is an argument."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeVar, cast

from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence, Reminder
from taskflow.tasks.durations import parse_duration, parse_nag
from taskflow.tasks.model import WRITABLE, Fields
from taskflow.tasks.phrased import Place, phrased
from taskflow.tasks.recurrence import (
    occurrence_key,
    parse_recurrence,
    require_occurrence,
    schedule_of,
)
from taskflow.tasks.recurrence_dates import rezoned, settled
from taskflow.tasks.recurrence_rules import require_days
from taskflow.tasks.zones import YEARS, instant, is_left_out, parse_zone

MAX_TITLE: Final = 255
MAX_DESCRIPTION: Final = 10_000
MAX_TAGS: Final = 20
MAX_TAG: Final = 50
MAX_REMINDERS: Final = 20
# Further on a reminder is a slip of the pen, or of the unit.
REMINDER_YEARS: Final = 10
When = TypeVar("When", date, datetime)
_UNPRINTABLE = re.compile(r"[\x00\ud800-\udfff]")

DEFAULTS: Final = Fields(
    title="",
    description="",
    priority="medium",
    tags=(),
    due=None,
    all_day=False,
    timezone="UTC",
    recurrence=None,
    reminders=(),
    floating=False,
)


def drafted(
    base: Fields,
    given: Mapping[str, object],
    now: datetime,
    known_reminders: Iterable[Reminder] = (),
) -> Fields:
    """The fields that result from writing what is given over `base`.

    Args:
        base: What holds where nothing is given.
        given: By the names and in the types of the task's JSON.
        now: Reminders may not lie before it, but for those that `base` or `known_reminders` has.
        known_reminders: Reminders that the task had before.

    Raises:
        Invalid: a field breaks a rule.
    """
    values: dict[str, Any] = {name: getattr(base, name) for name in WRITABLE}
    for name, read in _READERS.items():
        if name in given:
            values[name] = read(given[name])
    if "timezone" in given and "floating" not in given:
        values["floating"] = False
    values |= {"due": _due(base, given, values), "due_wall": _named_wall(given)}
    if "recurrence" in given:
        values |= _recurrence(given, values, now)
    values["due_wall"] = _due_wall(values)
    values["recurrence"] = _settled(base, given, values)
    if "reminders" in given:
        known = {*known_reminders, *base.reminders}
        values["reminders"] = _reminders(given["reminders"], known, now)
    fields = Fields(**values)
    _require_recurring(base, given, fields, now)
    if fields.due is None and any(reminder.offset for reminder in fields.reminders):
        raise Invalid.field("reminders", "a reminder before the due date needs a due date")
    return fields


def _counts_anew(base: Fields, fields: Fields) -> bool:
    """Whether a recurrence differs, or what it counts from does."""
    names = ("recurrence", "due", "all_day", "timezone")
    return any(getattr(base, name) != getattr(fields, name) for name in names)


def first_occurrence_date(fields: Fields, now: datetime) -> str:
    """The key of a new series' first task: its due date, or else the present moment."""
    return occurrence_key(fields.due if fields.due is not None else now, fields)


def relative_only(reminders: Iterable[Reminder]) -> tuple[Reminder, ...]:
    """The reminders that count from the due date."""
    return tuple(reminder for reminder in reminders if reminder.offset)


def clean(name: str, value: object, limit: int, at_least: int = 0) -> str:
    """A text of a bounded length that every part of the system can carry.

    Raises:
        Invalid: it is none.
    """
    if not isinstance(value, str):
        raise Invalid.field(name, "must be a text")
    if _UNPRINTABLE.search(value):
        raise Invalid.field(name, "must have no NUL character and no lone surrogate")
    if len(value) > limit or len(value.strip()) < at_least:
        raise Invalid.field(name, f"must have {at_least} to {limit} characters")
    return value


def _tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > MAX_TAGS:
        raise Invalid.field("tags", f"must be a list of at most {MAX_TAGS} texts")
    tags = (clean(f"tags[{index}]", tag, MAX_TAG, 1).strip() for index, tag in enumerate(value))
    return tuple(dict.fromkeys(tags))


def _timezone(value: object) -> str:
    return parse_zone(clean("timezone", value, 100, 1)).key


_READERS: Final[dict[str, Callable[[object], object]]] = {
    "title": lambda value: clean("title", value, MAX_TITLE, 1),
    "description": lambda value: clean("description", value or "", MAX_DESCRIPTION),
    "priority": lambda value: value or "medium",
    "tags": lambda value: _tags(value or ()),
    "all_day": bool,
    "timezone": _timezone,
    "floating": bool,
}


def _due(
    base: Fields, given: Mapping[str, object], values: Mapping[str, Any]
) -> datetime | date | None:
    """The due date, in the form that `all_day` asks for."""
    all_day: bool = values["all_day"]
    if "due_date" in given:
        return _parse_due(given["due_date"], all_day=all_day)
    due, zone = base.due, parse_zone(values["timezone"])
    if due is None or isinstance(due, datetime) is not all_day:
        return due
    if isinstance(due, datetime):
        return due.astimezone(zone).date()
    return datetime.combine(due, time(), zone).astimezone(UTC)


def _parse_due(value: object, *, all_day: bool) -> datetime | date | None:
    if value is None:
        return None
    text = clean("due_date", value, 64, 1)
    try:
        due = date.fromisoformat(text) if all_day else datetime.fromisoformat(text)
    except ValueError:
        form = "a date such as 2026-01-24" if all_day else "RFC 3339, such as 2026-01-24T10:00:00Z"
        raise Invalid.field("due_date", f"must be {form}") from None
    if isinstance(due, datetime):
        if due.tzinfo is None:
            raise Invalid.field("due_date", "needs an offset from UTC, such as Z or +01:00")
        due = _in_years(due).astimezone(UTC)
    return _in_years(due)


def _in_years(when: When) -> When:
    if when.year not in YEARS:
        raise Invalid.field("due_date", f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return when


def _recurrence(
    given: Mapping[str, object], values: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The recurrence; a phrase gives the due date too, where the task has none."""
    if given["recurrence"] is None:
        return {"recurrence": None}
    wanted = cast("Mapping[str, object]", given["recurrence"])
    if not isinstance(wanted.get("text"), str):
        return {"recurrence": parse_recurrence(wanted)}
    all_day = values["all_day"] if values["due"] is not None else bool(given.get("all_day"))
    placed = phrased(wanted, Place(values["due"], all_day, parse_zone(values["timezone"]), now))
    found = {"recurrence": placed.recurrence, "due": placed.due, "all_day": placed.all_day}
    return found | ({"due_wall": placed.wall} if placed.wall else {})


def _named_wall(given: Mapping[str, object]) -> datetime | None:
    """What a due date shows on a wall with its offset; UTC is on no wall."""
    text = given.get("due_date")
    if given.get("all_day") or not isinstance(text, str):
        return None
    named = datetime.fromisoformat(text)
    return named.replace(tzinfo=None) if named.utcoffset() else None


def _due_wall(values: Mapping[str, Any]) -> datetime | None:
    """The wall time that is meant where it floats and the zone leaves it out on its day.

    A series whose rule has no time of its own has that of its first instant.
    """
    wall: datetime | None = values["due_wall"]
    recurrence: Recurrence | None = values["recurrence"]
    zone = parse_zone(values["timezone"])
    if wall is None or not values["floating"] or not is_left_out(wall, zone):
        return None
    is_timed = recurrence is None or "BYHOUR" in recurrence.rule
    return wall if is_timed and instant(wall, zone) == values["due"] else None


def _settled(
    base: Fields, given: Mapping[str, object], values: Mapping[str, Any]
) -> Recurrence | None:
    """The recurrence with its dates on the task's wall; with a due date they move to another's."""
    recurrence: Recurrence | None = values["recurrence"]
    if recurrence is None:
        return None
    zone = parse_zone(values["timezone"])
    stands = "recurrence" not in given and "due_date" not in given
    if stands and not base.all_day and base.timezone != zone.key:
        recurrence = rezoned(recurrence, parse_zone(base.timezone), zone)
    return settled(recurrence, zone, all_day=values["all_day"], floating=values["floating"])


def _require_recurring(
    base: Fields, given: Mapping[str, object], fields: Fields, now: datetime
) -> None:
    """Refuse a recurrence that the task cannot have; what it had before stays."""
    recurrence = fields.recurrence
    if recurrence is None:
        return
    if (recurrence, fields.all_day) != (base.recurrence, base.all_day):
        require_days(recurrence, all_day=fields.all_day)
    if "recurrence" in given and _counts_anew(base, fields):
        require_occurrence(schedule_of(fields, fields.due or now))


def _reminders(value: object, known: set[Reminder], now: datetime) -> tuple[Reminder, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MAX_REMINDERS:
        raise Invalid.field("reminders", f"must be a list of at most {MAX_REMINDERS}")
    reminders = [_reminder(f"reminders[{index}]", one) for index, one in enumerate(value)]
    known_times = {reminder.at for reminder in known}
    latest = now + timedelta(days=366 * REMINDER_YEARS)
    for index, reminder in enumerate(reminders):
        if reminder.at is not None and reminder.at not in known_times and reminder.at <= now:
            raise Invalid.field(f"reminders[{index}].at", "must lie in the future")
        if reminder.at is not None and reminder.at not in known_times and reminder.at >= latest:
            message = f"must lie within {REMINDER_YEARS} years from now"
            raise Invalid.field(f"reminders[{index}].at", message)
    _require_one_of_each(reminders)
    return tuple(dict.fromkeys(reminders))


def _require_one_of_each(reminders: Sequence[Reminder]) -> None:
    """A reminder is known by its time: two of one time may not nag differently."""
    named: dict[tuple[object, object], Reminder] = {}
    for index, one in enumerate(reminders):
        if named.setdefault((one.offset, one.at), one) != one:
            raise Invalid.field(f"reminders[{index}].nag", "differs from that of the same reminder")


def _reminder(name: str, value: object) -> Reminder:
    if not isinstance(value, Reminder) or (value.offset is None) == (value.at is None):
        raise Invalid.field(name, "needs either an offset or an instant `at`")
    if value.nag is not None:
        parse_nag(value.nag, f"{name}.nag")
    if value.offset is not None:
        parse_duration(value.offset, f"{name}.offset")
        return value
    at = cast("datetime", value.at)
    if at.tzinfo is None:
        raise Invalid.field(f"{name}.at", "needs an offset from UTC, such as Z or +01:00")
    if at.year not in YEARS:
        raise Invalid.field(f"{name}.at", f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return replace(value, at=at.astimezone(UTC))
