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
    "dead",
    "stopped",
    "redelivered",
]
PAGE: Final = "page"
TURNED_OFF: Final = "the channel was turned off or taken away"
CHANGED_HOURS: Final = "quiet hours were changed"
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
        last_at: When it was attempted last; None where it never was.
        withdrawn_at: Since when it tells of the reminder no more, where that is so.
        withdrawn_for: Why.
        left_out_at: Since when it told of it no more until it was asked for once more.
        is_on: Whether the channel is still there and turned on.
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
    last_at: datetime | None = None
    left_out_at: datetime | None = None
    is_on: bool = True

    @property
    def is_without(self) -> bool:
        """Whether it was withdrawn, and not only while an attempt went out that was the last."""
        if self.withdrawn_at is None or self.state not in ("delivered", "dead"):
            return self.withdrawn_at is not None
        is_late = self.last_at is None or self.last_at > self.withdrawn_at
        return self.kind == "digest" and is_late


class End(NamedTuple):
    """How a delivery ended that no channel took."""

    what: Literal["dead", "stopped"]
    at: datetime
    reason: str


class Attempt(NamedTuple):
    """An attempt at a delivery and what came of it.

    Attributes:
        attempt: The how-manieth by this channel.
        number: The how-manieth by all channels.
    """

    delivery_id: UUID
    channel: str
    channel_name: str
    attempt: int
    at: datetime
    result: Result
    detail: str
    latency_ms: int | None
    next_at: datetime | None
    number: int = 0


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
    moved = before is not None and (
        before.planned_at != after.planned_at or _is_freed(before, after)
    )
    told: list[tuple[What, dict[str, Any]]] = []
    if moved and before is not None and before.fire_at != after.fire_at:
        told.append(("replanned", {"old": rfc3339(before.fire_at), "new": rfc3339(after.fire_at)}))
    if after.status == "cancelled" and (moved or before is None or _why(before) != _why(after)):
        told.append(("cancelled", {"reason": after.reason}))
    if after.status == "pending" and not moved and (before is None or before.status != "pending"):
        told.append(("planned", {"fire_at": rfc3339(after.fire_at)}))
    found = (reminder_id, event.user_id, event.timestamp)
    return [Entry(*found, what, facts | by) for what, facts in told]


def _is_freed(before: Standing, after: Standing) -> bool:
    """Whether quiet hours do not hold it up any more."""
    return before.is_held_up and before.fire_at != after.fire_at


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


def of_changed_hours(
    user_id: UUID, reminder_id: UUID, now: datetime, old: datetime, new: datetime
) -> Entry:
    """It was held up by quiet hours, and its owner has changed these, or their time zone."""
    facts = {"old": rfc3339(old), "new": rfc3339(new), "reason": CHANGED_HOURS}
    return Entry(reminder_id, user_id, now, "replanned", facts)


class Person(NamedTuple):
    """Whose reminder it is that somebody did something to, and when."""

    user_id: UUID
    reminder_id: UUID
    now: datetime


def of_hand(of: Person, what: What, facts: Mapping[str, Any] | None = None) -> Entry:
    """Its owner did something to it: saw it, snoozed it, or was done with it."""
    return Entry(of.reminder_id, of.user_id, of.now, what, facts or {})


def end_of(carried: Carried) -> End | None:
    """How a delivery ended for one reminder; None where it goes on, or was taken."""
    at = carried.finished_at or carried.created_at
    if carried.state == "stopped" or carried.is_without:
        reason = carried.withdrawn_for or carried.reason or ""
        return End("stopped", carried.withdrawn_at or at, reason)
    if carried.state == "dead":
        return End("dead", at, (carried.reason or "") if carried.last_at else TURNED_OFF)
    return None


def of_redelivery(of: Person, carried: Carried, by: Mapping[str, Any], after: int) -> list[Entry]:
    """Its owner asks for a delivery once more: how it had ended, where that is not an attempt.

    Args:
        of: Whose, which and when.
        carried: Where the delivery stands for this reminder.
        by: `channel` and `channel_name` of the one that is asked for.
        after: How many attempts there were.
    """
    found, delivery = [], {"delivery_id": str(carried.id)}
    if end := end_of(carried):
        former = {"channel": carried.channel, "channel_name": carried.channel_name}
        facts = {**former, **delivery, "reason": end.reason}
        found.append(Entry(of.reminder_id, of.user_id, end.at, end.what, facts))
    return [*found, of_hand(of, "redelivered", {**by, **delivery, "after": after})]
