"""What an event says: the whole task, what changed, who did it and why.

These structs are the public contract (`contracts/events/*.schema.json`) and only ever gain fields.
None forbids fields that it does not know: a replica of an older version reads what a newer writes.
Times are RFC 3339 in UTC; a `due_date` is a plain date when `all_day` is set.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

ActorType = Literal["user", "token", "agent", "system"]
EventType = Literal[
    "task.created", "task.updated", "task.completed", "task.deleted", "reminder.triggered"
]
Status = Literal["pending", "completed"]
Priority = Literal["low", "medium", "high", "urgent"]
_FORMS: Final = [{"type": "string", "format": form} for form in ("date-time", "date")]
Due = Annotated[
    str,
    Meta(
        description="RFC 3339 with an offset from UTC; a plain date when `all_day` is set.",
        extra_json_schema={"anyOf": _FORMS},
    ),
]
Moment = Annotated[datetime, Meta(tz=True)]
"""An instant: without an offset from UTC it would be none."""
Version = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 2**53})]


class Actor(Struct, frozen=True):
    """Who did it: a person, a personal access token, an agent, or TaskFlow itself."""

    type: ActorType
    id: str
    name: str


class Recurrence(Struct, frozen=True, omit_defaults=True):
    """How a task repeats: a canonical RRULE (RFC 5545 section 3.3.10) and what it cannot say.

    `policy`, `exdates` and `rdates` are left out where they say nothing: what is added to a
    contract must not stand in the way of who does not know it. The rest is always there.

    Attributes:
        rule: The RRULE without its name, such as `FREQ=WEEKLY;BYDAY=MO`.
        mode: `schedule` follows the calendar, `completion` counts from when it was done.
        until: The last moment, RFC 3339 or a wall time, or a plain date.
        count: How many occurrences there are in all.
        month_end: What the 31st is in a short month: its last day, or nothing.
        policy: `one_open` makes the next task when this one is done or skipped, `pile_up` makes
            each on its date whether or not the last is done.
        exdates: What is left out of the schedule: wall times, or plain dates for whole days.
        rdates: What is added to it, in the same forms.
    """

    rule: str
    # What a factory gives is written also where `omit_defaults` leaves out a plain default.
    mode: Literal["schedule", "completion"] = field(default_factory=lambda: "schedule")
    until: str | None = field(default_factory=lambda: None)
    count: int | None = field(default_factory=lambda: None)
    month_end: Literal["clamp", "skip"] = field(default_factory=lambda: "skip")
    policy: Literal["one_open", "pile_up"] = "one_open"
    exdates: tuple[str, ...] = ()
    rdates: tuple[str, ...] = ()


class Nag(Struct, frozen=True):
    """To remind again until the task is done or the reminder is acknowledged.

    Attributes:
        every: An ISO 8601 duration, a minute to a day.
        times: How often again, at most.
    """

    every: str
    times: int


class Reminder(Struct, frozen=True, omit_defaults=True):
    """When to remind: an ISO 8601 duration before the due date, or an instant; one of the two.

    Attributes:
        nag: Whether to go on until somebody reacts.
    """

    offset: str | None = None
    at: Moment | None = None
    nag: Nag | None = None


class TaskState(Struct, frozen=True):
    """A task as everybody outside sees it.

    Attributes:
        planned_date: The due date that its series gives it; another `due_date` was moved by hand.
        floating: Whether `timezone` is its owner's, and changes when theirs does.
    """

    id: UUID
    user_id: UUID
    title: str
    description: str
    status: Status
    priority: Priority
    tags: tuple[str, ...]
    due_date: Due | None
    all_day: bool
    timezone: str
    recurrence: Recurrence | None
    reminders: tuple[Reminder, ...]
    series_id: UUID | None
    occurrence_date: str | None
    version: Version
    created_at: Moment
    updated_at: Moment
    completed_at: Moment | None
    deleted_at: Moment | None = None
    planned_date: Due | None = None
    floating: bool = False


class Change(Struct, frozen=True):
    """One field's value before and after, as in the task's JSON."""

    old: Any
    new: Any


class Digest(Struct, frozen=True):
    """What missed reminders are told of together as, where there were many of one person.

    Attributes:
        place: Which of them this one is; the first stands for all where only one is announced.
        missed: How many there were as far as was known when this one fired; bounded.
    """

    id: UUID
    place: int
    missed: int


class ReminderFacts(Struct, frozen=True):
    """Which reminder fired, when it should have, and how late it was.

    Attributes:
        repetition: How often it had nagged before; absent the first time.
        digest: Set where it was missed together with many others.
    """

    id: UUID
    offset: str | None
    due_date: Due | None
    fire_at: Moment
    late_by_seconds: int
    repetition: int | UnsetType = UNSET
    digest: Digest | UnsetType = UNSET


class TaskEvent(Struct, frozen=True):
    """The `data` of every event.

    Attributes:
        task: The whole task after the change; before it, for a deletion.
        changes: By field; empty for a creation.
        causation_id: The event that led to this one.
        reminder: Set in `reminder.triggered` alone.
        owner_erased: True in one `task.deleted`, of a task that never was: the account of the user
            is erased. Forget all that you keep of them, also what comes later.
    """

    event_id: UUID
    event_type: EventType
    task_id: UUID
    user_id: UUID
    actor: Actor
    version: Version
    timestamp: Moment
    correlation_id: str
    causation_id: UUID | None
    task: TaskState
    changes: dict[str, Change]
    reminder: ReminderFacts | UnsetType = UNSET
    owner_erased: bool | UnsetType = UNSET
