"""When a task's reminders are due, and why one is not. Pure: time is an argument."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from taskflow.base.ids import derived_id
from taskflow.events.payloads import Reminder, TaskState
from taskflow.tasks.durations import before, parse_duration, parse_nag
from taskflow.tasks.zones import parse_zone

PAST: Final = "its time had already passed"
COMPLETED: Final = "the task was completed"
DELETED: Final = "the task was deleted"
REMOVED: Final = "the reminder was removed"
MOVED: Final = "it was moved to another time"


class Plan(NamedTuple):
    """When a task asks for a reminder."""

    id: UUID
    offset: str | None
    at: datetime | None
    planned_at: datetime
    nag_every_seconds: int | None = None
    nag_times: int | None = None


class Standing(NamedTuple):
    """Where a reminder stands.

    `fire_at` is `planned_at`, or later where it was snoozed or postponed, or repeats itself;
    `reason` says why it does not fire.

    Attributes:
        nag_done: Which repetition it is at; 0 until it has fired once.
        missed_at: When it should have come, where it was missed and then postponed.
        postponed_from: When it was due, where quiet hours hold it up until `fire_at`; of no
            meaning once it has fired.
    """

    planned_at: datetime
    fire_at: datetime
    status: Literal["pending", "sent", "acknowledged", "cancelled"]
    reason: str | None = None
    fired_at: datetime | None = None
    late_by_seconds: int | None = None
    nag_every_seconds: int | None = None
    nag_times: int | None = None
    nag_done: int = 0
    missed_at: datetime | None = None
    postponed_from: datetime | None = None

    @property
    def is_held_up(self) -> bool:
        """Whether it waits for the end of quiet hours."""
        return self.status == "pending" and self.postponed_from is not None


class Repetition(NamedTuple):
    """The next time that a reminder nags, and which repetition that is."""

    number: int
    at: datetime


def plans(task: TaskState) -> list[Plan]:
    """The reminders that a task asks for."""
    return [
        Plan(reminder_id(task, one), one.offset, one.at, planned_at, *_nag(one))
        for one in task.reminders
        if (planned_at := planned_time(task, one)) is not None
    ]


def _nag(reminder: Reminder) -> tuple[int | None, int | None]:
    if reminder.nag is None:
        return None, None
    every = parse_nag(reminder.nag, "nag")
    return int(every.total_seconds()), reminder.nag.times


def repetition(fired: Standing, now: datetime) -> Repetition | None:
    """When a reminder that fires now nags next; None where that was all.

    Repetitions whose time has passed meanwhile are passed over: one reminder is enough for them.
    """
    if fired.nag_every_seconds is None or fired.nag_times is None:
        return None
    every = timedelta(seconds=fired.nag_every_seconds)
    steps = max((now - fired.fire_at) // every, 0) + 1
    number = fired.nag_done + steps
    return Repetition(number, fired.fire_at + steps * every) if number <= fired.nag_times else None


def passed_over(fired: Standing, following: Repetition | None) -> int:
    """How many repetitions of a reminder had their time before it fired.

    Args:
        fired: Where it stood.
        following: When it nags next.
    """
    last = following.number - 1 if following else fired.nag_times or 0
    return max(last - fired.nag_done, 0)


def settle(
    wanted: Sequence[Plan],
    known: Mapping[UUID, Standing],
    asked_at: datetime,
    closed: str | None,
    *,
    is_urgent: bool = False,
) -> dict[UUID, Standing]:
    """Where a task's reminders stand after a change of it; only those that the change moves.

    Args:
        wanted: What the task asks for now.
        known: Where its reminders stood.
        asked_at: When the change was made, however late we hear of it: what was ahead then is
            not past, and what is due and has not fired yet still fires.
        closed: Why nothing of the task fires, if that is so.
        is_urgent: Whether quiet hours do not hold for the task.
    """
    found = {plan.id: _settled(plan, known.get(plan.id), asked_at, closed) for plan in wanted}
    if is_urgent:
        found = {identity: _freed(one, asked_at) for identity, one in found.items()}
    for identity, standing in known.items():
        if identity not in found and standing.status == "pending":
            found[identity] = standing._replace(status="cancelled", reason=REMOVED)
    return {
        identity: standing
        for identity, standing in found.items()
        if known.get(identity) != standing
    }


def _settled(
    plan: Plan, known: Standing | None, asked_at: datetime, closed: str | None
) -> Standing:
    """A reminder keeps its state for as long as its planned time stays the same.

    What quiet hours hold up was due and has not been told: it comes still at their end where its
    time moves to another one that has passed, as it does with its owner's time zone. Where it was
    cancelled meanwhile it is due again at once: quiet hours may have changed, and hold it up anew
    where they have not.
    """
    if known is not None and known.is_held_up and plan.planned_at <= asked_at:
        known = known._replace(planned_at=plan.planned_at)
    if known is None or known.planned_at != plan.planned_at:
        known = Standing(plan.planned_at, plan.planned_at, "cancelled")
    known = _nagging(plan, known)
    if known.status in ("sent", "acknowledged"):
        return known
    if closed is not None:
        return known._replace(status="cancelled", reason=closed)
    if known.status == "pending" or known.fire_at > asked_at:
        again = known._replace(status="pending", reason=None)
        return again if known.status == "pending" else _freed(again, asked_at)
    return known._replace(reason=PAST) if known.fired_at is None else _resumed(known, asked_at)


def _freed(known: Standing, asked_at: datetime) -> Standing:
    """What quiet hours held up is due at once, though never before its time."""
    if known.postponed_from is None or not known.is_held_up:
        return known
    fire_at = min(max(known.postponed_from, asked_at), known.fire_at)
    return known._replace(fire_at=fire_at, postponed_from=None)


def _resumed(known: Standing, asked_at: datetime) -> Standing:
    """What has fired and was cancelled goes on with its nagging, where any is left."""
    following = repetition(known, asked_at)
    if following is None:
        return _for_good(known)
    number, at = following
    known = known._replace(missed_at=None, postponed_from=None)
    return known._replace(status="pending", reason=None, fire_at=at, nag_done=number)


def _for_good(known: Standing) -> Standing:
    """It has fired, and does not again."""
    fire_at = known.fired_at or known.fire_at
    known = known._replace(missed_at=None, postponed_from=None)
    return known._replace(status="sent", reason=None, fire_at=fire_at, nag_done=0)


def _nagging(plan: Plan, known: Standing) -> Standing:
    """Nag as the task asks for now; whoever has nagged as often already has fired for good."""
    every, times = plan.nag_every_seconds, plan.nag_times
    known = known._replace(nag_every_seconds=every, nag_times=times)
    if known.status == "pending" and known.nag_done > (times or 0):
        return _for_good(known)
    return known


def why_withdrawn(before: Standing, after: Standing, closed: str | None) -> str | None:
    """Why nobody has to be told any more that a reminder fired; None where that is not so.

    Args:
        before: Where it stood.
        after: Where it stands after a change of its task.
        closed: Why nothing of the task fires, if that is so.
    """
    if before.fired_at is None:
        return None
    if closed is None and after.planned_at != before.planned_at:
        return MOVED
    return closed or (after.reason if after.status == "cancelled" else None)


def why_closed(task: TaskState, *, is_deleted: bool) -> str | None:
    """Why nothing of a task fires; None when it does."""
    if is_deleted or task.deleted_at is not None:
        return DELETED
    return COMPLETED if task.status == "completed" else None


def reminder_id(task: TaskState, reminder: Reminder) -> UUID:
    """The id that a reminder of a task always has."""
    name = f"offset:{reminder.offset}" if reminder.offset else f"at:{reminder.at}"
    return derived_id(task.id, name, task.created_at)


def planned_time(task: TaskState, reminder: Reminder) -> datetime | None:
    """When a reminder is due; offsets count back from the due date's wall time (RFC 5545 3.6.6)."""
    if reminder.at is not None:
        return reminder.at
    if task.due_date is None or reminder.offset is None:
        return None
    zone = parse_zone(task.timezone)
    if task.all_day:
        day = date.fromisoformat(task.due_date)
        due = datetime.combine(day, time(), zone).astimezone(UTC)
    else:
        due = datetime.fromisoformat(task.due_date)
    return before(due, parse_duration(reminder.offset, "offset"), zone)
