"""What is written down of a reminder, so that anybody can see why it came, or why not. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from taskflow.base.clock import rfc3339
from taskflow.events.payloads import ReminderFacts, TaskEvent
from taskflow.services.reminder.catch_up import Due, Fired
from taskflow.services.reminder.lifecycle import Result, State
from taskflow.services.reminder.scheduler import Standing, passed_over

What = Literal[
    "planned",
    "replanned",
    "cancelled",
    "postponed",
    "fired",
    "delivered",
    "seen",
    "snoozed",
    "done",
]
PAGE: Final = "page"
MUTED: Final = "notifications are set to none"


class Entry(NamedTuple):
    """Something that happened to a reminder.

    Attributes:
        facts: What else there is to say, as JSON has it.
    """

    reminder_id: UUID
    user_id: UUID
    at: datetime
    what: What
    facts: "Mapping[str, Any] | Firing"


class Firing(Struct, frozen=True, omit_defaults=True):
    """What there is to say of a firing; a struct, since thousands are written in a second."""

    event_id: UUID
    fire_at: datetime
    late_by_seconds: int
    repetition: int = 0
    next_at: datetime | None = None
    digest_id: UUID | None = None
    reason: str | None = None
    passed_over: int = 0


class Told(NamedTuple):
    """An entry as it was written down."""

    at: datetime
    what: What
    facts: dict[str, Any]


class Carried(NamedTuple):
    """Where a delivery stands.

    Attributes:
        is_patient: Whether it waits for channels that could not be reached.
        withdrawn_at: Since when it tells of the reminder no more, where that is so.
        withdrawn_for: Why.
    """

    id: UUID
    kind: str
    state: State
    channel: str
    next_at: datetime
    reason: str | None
    created_at: datetime
    finished_at: datetime | None
    channel_name: str | None
    is_patient: bool = False
    withdrawn_at: datetime | None = None
    withdrawn_for: str | None = None


class Attempt(NamedTuple):
    """An attempt at a delivery and what came of it."""

    delivery_id: UUID
    channel: str
    channel_name: str
    attempt: int
    at: datetime
    result: Result
    detail: str
    latency_ms: int | None
    next_at: datetime | None


def of_planning(
    reminder_id: UUID, before: Standing | None, after: Standing, event: TaskEvent
) -> list[Entry]:
    """What a change of its task did to a reminder.

    Args:
        reminder_id: Which.
        before: Where it stood; None where it was not known.
        after: Where it stands now.
        event: The change.
    """
    by = {"event_id": str(event.event_id), "event_type": event.event_type}
    moved = before is not None and before.planned_at != after.planned_at
    told: list[tuple[What, dict[str, Any]]] = []
    if moved and before is not None:
        told.append(("replanned", {"old": rfc3339(before.fire_at), "new": rfc3339(after.fire_at)}))
    if after.status == "cancelled" and (moved or before is None or _why(before) != _why(after)):
        told.append(("cancelled", {"reason": after.reason}))
    if after.status == "pending" and not moved and (before is None or before.status != "pending"):
        told.append(("planned", {"fire_at": rfc3339(after.fire_at)}))
    found = (reminder_id, event.user_id, event.timestamp)
    return [Entry(*found, what, facts | by) for what, facts in told]


def _why(standing: Standing) -> tuple[str, str | None]:
    return standing.status, standing.reason


def of_closing(reminder_id: UUID, reason: str, event: TaskEvent) -> Entry:
    """The task of a reminder that has fired was completed or deleted."""
    by = {"event_id": str(event.event_id), "event_type": event.event_type}
    return Entry(reminder_id, event.user_id, event.timestamp, "done", {"reason": reason} | by)


def of_carrying(facts: ReminderFacts, event: TaskEvent, now: datetime) -> Entry:
    """The bus has carried the event of a reminder that fired."""
    latency = max((now - event.timestamp).total_seconds(), 0.0)
    told = {"channel": PAGE, "result": "delivered", "latency_ms": round(latency * 1000)}
    told |= {"event_id": str(event.event_id)}
    return Entry(facts.id, event.user_id, now, "delivered", told)


def of_firing(fired: Fired, now: datetime) -> Entry:
    """That it fired, and how many of its repetitions went by before it did."""
    due = fired.due
    facts = Firing(
        fired.event_id,
        due.fire_at,
        fired.late_by_seconds,
        due.standing.nag_done,
        fired.following.at if fired.following else None,
        fired.digest.id if fired.digest else None,
        MUTED if fired.is_muted else None,
        passed_over(due.standing, fired.following),
    )
    return Entry(due.id, due.user_id, now, "fired", facts)


def of_postponing(
    due: Due, now: datetime, until: datetime, missed_at: datetime | None = None
) -> Entry:
    """It was due within quiet hours, or was missed before and came into them."""
    times = {"fire_at": rfc3339(due.fire_at), "until": rfc3339(until)}
    times |= {"missed_at": rfc3339(missed_at)} if missed_at else {}
    return Entry(due.id, due.user_id, now, "postponed", times | {"reason": "quiet hours"})


class Person(NamedTuple):
    """Whose reminder it is that somebody did something to, and when."""

    user_id: UUID
    reminder_id: UUID
    now: datetime


def of_hand(of: Person, what: What, facts: Mapping[str, Any] | None = None) -> Entry:
    """Its owner did something to it: saw it, snoozed it, or was done with it."""
    return Entry(of.reminder_id, of.user_id, of.now, what, facts or {})
