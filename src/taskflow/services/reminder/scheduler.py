"""When a task's reminders are due, and why one is not. Pure: time is an argument."""

from datetime import UTC, date, datetime, time
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from taskflow.base.ids import derived_id
from taskflow.events.payloads import Reminder, TaskState
from taskflow.tasks.durations import before, parse_duration


class Plan(NamedTuple):
    """What should be known of one reminder; `reason` says why it will not fire."""

    id: UUID
    offset: str | None
    at: datetime | None
    fire_at: datetime
    reason: str | None


def plans(task: TaskState, now: datetime, *, is_deleted: bool) -> list[Plan]:
    """The reminders of a task, as its newest state asks for them."""
    closed = _closed(task, is_deleted=is_deleted)
    found = []
    for reminder in task.reminders:
        fire_at = fire_time(task, reminder)
        if fire_at is None:
            continue
        past = "its time had already passed" if fire_at <= now else None
        identity = reminder_id(task, reminder)
        found.append(Plan(identity, reminder.offset, reminder.at, fire_at, closed or past))
    return found


def reminder_id(task: TaskState, reminder: Reminder) -> UUID:
    """The id that a reminder of a task always has."""
    name = f"offset:{reminder.offset}" if reminder.offset else f"at:{reminder.at}"
    return derived_id(task.id, name, task.created_at)


def fire_time(task: TaskState, reminder: Reminder) -> datetime | None:
    """When a reminder is due; offsets count back from the due date's wall time (RFC 5545 3.6.6)."""
    if reminder.at is not None:
        return reminder.at
    if task.due_date is None or reminder.offset is None:
        return None
    zone = ZoneInfo(task.timezone)
    if task.all_day:
        day = date.fromisoformat(task.due_date)
        due = datetime.combine(day, time(), zone).astimezone(UTC)
    else:
        due = datetime.fromisoformat(task.due_date)
    return before(due, parse_duration(reminder.offset, "offset"), zone)


def _closed(task: TaskState, *, is_deleted: bool) -> str | None:
    if is_deleted or task.deleted_at is not None:
        return "the task was deleted"
    return "the task was completed" if task.status == "completed" else None
