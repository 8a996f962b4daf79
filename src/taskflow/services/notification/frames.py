"""What a stream sends: notes as server-sent events, encoded once each. Pure."""

import sys
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from taskflow.events.payloads import EventType, Priority, ReminderFacts, TaskEvent, TaskState
from taskflow.events.topics import REMINDER_TRIGGERED, TASK_COMPLETED, TASK_CREATED, TASK_DELETED

HEARTBEAT: Final = b": \n\n"
REPLACED: Final = b"event: replaced\ndata: {}\n\n"
GOODBYE: Final = b"retry: 3000\n\n"
# The identity behind a stream has ended: whoever has a new one comes back at once.
RENEW: Final = b"retry: 200\n\n"
# What a note takes in memory beside its longest text.
_NOTE_BYTES: Final = 2_000
LATE_SECONDS: Final = 60
_IMPORTANT: Final[frozenset[Priority]] = frozenset({"high", "urgent"})
_WORDS: Final = {
    TASK_CREATED: "Task created",
    TASK_COMPLETED: "Task completed",
    TASK_DELETED: "Task deleted",
    REMINDER_TRIGGERED: "Reminder",
}

Key = tuple[UUID, bool]


class Note(Struct, frozen=True, dict=True):
    """What a person is told of one event; `id` is None where it is not in the list.

    Attributes:
        reminder: Set where it tells of a reminder: it is seen, snoozed and acknowledged by its id.
    """

    id: int | None
    event_type: EventType
    task_id: UUID
    title: str
    body: str
    task: TaskState
    version: int
    created_at: datetime
    event_id: UUID
    quiet: bool | UnsetType = UNSET
    silent: bool | UnsetType = UNSET
    merged: int | UnsetType = UNSET
    reminder: ReminderFacts | UnsetType = UNSET

    @property
    def key(self) -> Key:
        """Notes of one key are merged; a reminder is never, nor is what is told with what is not.

        Otherwise a change that nobody wants to hear of would take the place of one that they do.
        """
        if self.event_type == REMINDER_TRIGGERED:
            return self.event_id, False
        return self.task_id, bool(self.silent)

    @cached_property
    def encoded(self) -> bytes:
        """Its JSON, made once: for the table, for other replicas and for every stream."""
        return msgspec.json.encode(self)

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, its longest text being encoded as well."""
        return _NOTE_BYTES + 2 * sys.getsizeof(self.task.description)

    def over(self, older: "Note | None") -> "Note":
        """This note in the place of an unsent older one; it is quiet when both are."""
        if older is None:
            return self
        quiet = self.quiet and older.quiet
        return replace(self, merged=(older.merged or 0) + 1, quiet=quiet or UNSET)

    def frame(self) -> bytes:
        """As a server-sent event."""
        return frame(self.id, self.event_type, self.encoded)


def note_of(event: TaskEvent) -> Note:
    """What an event says to its owner."""
    word = _WORDS.get(event.event_type, "Task updated")
    changed = ", ".join(sorted(event.changes)) if word == "Task updated" else ""
    return Note(
        id=None,
        event_type=event.event_type,
        task_id=event.task_id,
        title=f"{word}: {event.task.title}",
        body=f"Changed: {changed}" if changed else _late(event),
        task=event.task,
        version=event.version,
        created_at=event.timestamp,
        event_id=event.event_id,
        reminder=event.reminder,
    )


def _late(event: TaskEvent) -> str:
    """What there is to say of a reminder that comes late, and of others that were missed with it.

    Of a digest the first speaks for all.
    """
    facts = event.reminder
    if not facts or facts.late_by_seconds < LATE_SECONDS:
        return ""
    said = f"Late by {timedelta(seconds=facts.late_by_seconds)}"
    if facts.digest and facts.digest.place == 1 and facts.digest.missed > 1:
        said += f"; {facts.digest.missed - 1} more were missed"
    return said


def is_important(event: TaskEvent) -> bool:
    """Whether it concerns a reminder, or a task of high or urgent priority."""
    return event.event_type == REMINDER_TRIGGERED or event.task.priority in _IMPORTANT


def is_told_by_another(event: TaskEvent) -> bool:
    """Whether the first of a digest speaks for it."""
    return bool(event.reminder and event.reminder.digest and event.reminder.digest.place > 1)


def has_just_fired(event: TaskEvent, now: datetime) -> bool:
    """Whether it is a reminder that quiet hours have let through a moment ago."""
    is_reminder = event.event_type == REMINDER_TRIGGERED
    return is_reminder and now - event.timestamp <= timedelta(seconds=LATE_SECONDS)


def frame(number: int | None, event_type: str, body: bytes) -> bytes:
    """A server-sent event from a note's JSON, which is a single line."""
    name = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (name, event_type.encode(), body)


def ready(position: int) -> bytes:
    """The first frame of a stream."""
    return b'retry: 3000\nevent: ready\ndata: {"position": %d}\n\n' % position


def resync(position: int) -> bytes:
    """What a client gets that has to fetch afresh."""
    return b'event: resync\ndata: {"position": %d}\n\n' % position


def decode(encoded: bytes) -> Note:
    """A note as it was kept or told of; it is not encoded again."""
    note: Note = msgspec.json.decode(encoded, type=Note)
    note.__dict__["encoded"] = encoded
    return note
