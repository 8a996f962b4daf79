"""What a person is told by a channel: one reminder, or all that they missed. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from taskflow.events.payloads import Priority, TaskState
from taskflow.services.reminder.channels.port import Message
from taskflow.tasks.zones import parse_zone, wall_time

RANKS: Final[tuple[Priority, ...]] = ("low", "medium", "high", "urgent")
# A digest names so many, and counts the others.
MOST_NAMED: Final = 20
# From so much on somebody is told that it is late.
LATE_SECONDS: Final = 60


class Member(NamedTuple):
    """A reminder that a message tells of."""

    reminder_id: UUID
    fire_at: datetime
    late_by_seconds: int
    task: TaskState


class Contents(NamedTuple):
    """What a message tells of.

    Attributes:
        named: The urgent ones, then the others, the earliest of each first: all of them, or as
            many as a digest names.
        number: How many there are in all; at least one.
        priority: That of the most urgent of them all.
    """

    named: Sequence[Member]
    number: int
    priority: Priority


def message_of(delivery_id: UUID, contents: Contents) -> Message:
    """What to say; the same delivery and contents give the same message.

    Args:
        delivery_id: The id on every attempt.
        contents: What it tells of.
    """
    first = min(contents.named, key=lambda one: one.fire_at)
    is_digest = contents.number > 1
    title = f"{contents.number} reminders were missed" if is_digest else first.task.title
    return Message(
        id=delivery_id,
        kind="digest" if is_digest else "reminder",
        title=title,
        body=_listed(contents) if is_digest else _body(first),
        link="/" if is_digest else f"/#task-{first.task.id}",
        priority=contents.priority,
        fire_at=first.fire_at,
        late_by_seconds=first.late_by_seconds,
        reminder_ids=tuple(one.reminder_id for one in contents.named),
        task_id=None if is_digest else first.task.id,
    )


def _body(member: Member) -> str:
    lines = [_due(member.task), _late(member)]
    return "\n".join(line for line in lines if line) or "Reminder"


def _listed(contents: Contents) -> str:
    named = [_line(one) for one in contents.named]
    rest = contents.number - len(contents.named)
    return "\n".join(named + ([f"and {rest} more"] if rest > 0 else []))


def _line(member: Member) -> str:
    urgent = "Urgent: " if member.task.priority == "urgent" else ""
    facts = "; ".join(one for one in (_due(member.task), _missed(member)) if one)
    return f"- {urgent}{member.task.title}" + (f" ({facts})" if facts else "")


def _due(task: TaskState) -> str:
    if task.due_date is None:
        return ""
    if task.all_day:
        return f"Due {date.fromisoformat(task.due_date):%A %d %B %Y}"
    local = wall_time(datetime.fromisoformat(task.due_date), parse_zone(task.timezone))
    return f"Due {local:%A %d %B %Y, %H:%M} ({task.timezone})"


def _missed(member: Member) -> str:
    """When it was to come, with the day where that was another one."""
    if member.late_by_seconds < LATE_SECONDS:
        return ""
    zone = parse_zone(member.task.timezone)
    local = wall_time(member.fire_at, zone)
    today = wall_time(member.fire_at + timedelta(seconds=member.late_by_seconds), zone).date()
    day = "" if local.date() == today else f"on {local:%d %B %Y} "
    return f"was to come {day}at {local:%H:%M}"


def _late(member: Member) -> str:
    if member.late_by_seconds < LATE_SECONDS:
        return ""
    local = wall_time(member.fire_at, parse_zone(member.task.timezone))
    length = timedelta(seconds=member.late_by_seconds)
    return f"This is late by {length}: it was to come on {local:%d %B %Y at %H:%M}"
