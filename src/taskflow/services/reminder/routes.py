"""The doors to reminders."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from litestar import get, post
from msgspec import Struct, field

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict, Invalid
from taskflow.chassis.inputs import Cursor, Limit, zoned
from taskflow.db.engine import Database
from taskflow.services.reminder import storage
from taskflow.services.reminder.ports import Schedule
from taskflow.tasks.durations import parse_duration

LONGEST: Final = timedelta(days=366)


class ReminderState(Struct):
    """A reminder; `reason` says why a cancelled one does not fire."""

    id: UUID
    task_id: UUID
    offset: str | None
    at: datetime | None
    fire_at: datetime
    status: storage.Status
    reason: str | None
    fired_at: datetime | None
    late_by_seconds: int | None


class ReminderPage(Struct):
    """Some reminders by time, and the cursor of the next ones."""

    items: list[ReminderState]
    next_cursor: str | None


class SnoozeBody(Struct, forbid_unknown_fields=True):
    """For how long (`for`, an ISO 8601 duration), or until when."""

    duration: str | None = field(default=None, name="for")
    until: datetime | None = None


@get("/reminders", tags=["reminders"])
async def list_reminders(
    caller: Identity,
    database: Database,
    status: storage.Status | None = None,
    task_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ReminderPage:
    """The caller's reminders."""
    async with database.transaction(read_only=True) as transaction:
        found, last = await storage.listing(
            transaction, caller.user_id, status, task_id, limit, cursor
        )
    return ReminderPage([ReminderState(*one) for one in found], last)


@post(
    "/reminders/{reminder_id:str}/snooze",
    status_code=200,
    opt={"raises": (Conflict,)},
    tags=["reminders"],
)
async def snooze_reminder(
    reminder_id: UUID,
    data: SnoozeBody,
    caller: Identity,
    database: Database,
    clock: Clock,
    schedule: Schedule,
) -> ReminderState:
    """Let a reminder fire again later."""
    until = _until(data, clock.now())
    async with database.transaction() as transaction:
        kept = await storage.lock(transaction, caller.user_id, reminder_id)
        if kept.status == "cancelled":
            raise Conflict(kept.reason or "the reminder was cancelled")
        if (closed := await storage.why_closed(transaction, kept.task_id)) is not None:
            raise Conflict(f"nothing of it fires: {closed}")
        await storage.snooze(transaction, reminder_id, until)
        transaction.after_commit(lambda: schedule.plan({reminder_id: until}))
        return ReminderState(*await storage.lock(transaction, caller.user_id, reminder_id))


@post(
    "/reminders/{reminder_id:str}/acknowledge",
    status_code=200,
    opt={"raises": (Conflict,)},
    tags=["reminders"],
)
async def acknowledge_reminder(
    reminder_id: UUID, caller: Identity, database: Database
) -> ReminderState:
    """Note that a reminder was seen; a pending one does not fire any more."""
    async with database.transaction() as transaction:
        kept = await storage.lock(transaction, caller.user_id, reminder_id)
        if kept.status == "cancelled":
            raise Conflict(kept.reason or "the reminder was cancelled")
        await storage.acknowledge(transaction, reminder_id)
        return ReminderState(*await storage.lock(transaction, caller.user_id, reminder_id))


def _until(data: SnoozeBody, now: datetime) -> datetime:
    if (data.duration is None) == (data.until is None):
        raise Invalid.field("for", "give either `for` or `until`")
    if data.duration is not None:
        duration = parse_duration(data.duration, "for")
        until = now + timedelta(days=duration.days, seconds=duration.seconds)
    else:
        until = zoned("until", data.until) or now
    if not timedelta(seconds=1) <= until - now <= LONGEST:
        raise Invalid.field("until", "must lie from a second to a year ahead")
    return until


ROUTES = [list_reminders, snooze_reminder, acknowledge_reminder]
