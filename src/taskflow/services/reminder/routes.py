"""The doors to reminders."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from litestar import get, post
from msgspec import Struct, field

from taskflow.accounts.model import Identity
from taskflow.accounts.queries import preferences_of
from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict, Invalid
from taskflow.chassis.inputs import Cursor, Limit, zoned
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.services.reminder import reactions, receipts, storage
from taskflow.services.reminder.history import Person
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.presets import Preset, after, preset_time, presets
from taskflow.services.reminder.pruning import KEEP_DELIVERIES
from taskflow.services.reminder.timeline import Happening, timeline
from taskflow.tasks.durations import parse_duration
from taskflow.tasks.zones import parse_zone

LONGEST: Final = timedelta(days=366)


class ReminderState(Struct):
    """A reminder; `reason` says why a cancelled one does not fire.

    Attributes:
        seen_at: When it was seen since it fired last.
        nag_every_seconds: How long it waits before it repeats itself, where it nags.
        nag_times: How often it repeats itself at most.
        nag_done: Which repetition it is at.
    """

    id: UUID
    task_id: UUID
    offset: str | None
    at: datetime | None
    fire_at: datetime
    status: storage.Status
    reason: str | None
    fired_at: datetime | None
    late_by_seconds: int | None
    seen_at: datetime | None
    nag_every_seconds: int | None
    nag_times: int | None
    nag_done: int


class ReminderPage(Struct):
    """Some reminders by time, and the cursor of the next ones."""

    items: list[ReminderState]
    next_cursor: str | None


class Timeline(Struct):
    """What happened to a reminder, in order; the newest of it where that is very much."""

    reminder_id: UUID
    items: list[Happening]


class SnoozeBody(Struct, forbid_unknown_fields=True):
    """For how long (`for`, an ISO 8601 duration), until when, or by a preset: one of the three."""

    duration: str | None = field(default=None, name="for")
    until: datetime | None = None
    preset: Preset | None = None


class SnoozePreset(Struct):
    """A preset, and what it means now."""

    preset: Preset
    until: datetime


class SnoozePresets(Struct):
    """The presets that mean something now, in the caller's time zone."""

    timezone: str
    items: list[SnoozePreset]


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


@get("/reminders/{reminder_id:str}/timeline", tags=["reminders"])
async def get_reminder_timeline(
    reminder_id: UUID, caller: Identity, database: Database, clock: Clock
) -> Timeline:
    """Why a reminder came, or why not: all that happened to it."""
    async with database.transaction(read_only=True) as transaction:
        await storage.find(transaction, caller.user_id, reminder_id)
        told = await receipts.entries(transaction, reminder_id)
        carried = await receipts.deliveries(transaction, reminder_id)
        attempts = await receipts.attempts(transaction, [one.id for one in carried])
    known_since = clock.now() - KEEP_DELIVERIES
    return Timeline(reminder_id, timeline(told, carried, attempts, known_since))


@get("/reminders/snooze-presets", tags=["reminders"])
async def list_snooze_presets(caller: Identity, database: Database, clock: Clock) -> SnoozePresets:
    """Until when each preset would snooze a reminder now."""
    async with database.transaction(read_only=True) as transaction:
        wanted = await preferences_of(transaction, caller.user_id)
    found = presets(clock.now(), parse_zone(wanted.timezone))
    return SnoozePresets(wanted.timezone, [SnoozePreset(*one) for one in found.items()])


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
    now = clock.now()
    async with database.transaction() as transaction:
        until = await _until(transaction, data, caller, now)
        person = Person(caller.user_id, reminder_id, now)
        kept = await reactions.snooze(transaction, person, until, data.preset)
        transaction.after_commit(lambda: schedule.plan({reminder_id: until}))
    return ReminderState(*kept)


@post(
    "/reminders/{reminder_id:str}/acknowledge",
    status_code=200,
    opt={"raises": (Conflict,)},
    tags=["reminders"],
)
async def acknowledge_reminder(
    reminder_id: UUID, caller: Identity, database: Database, clock: Clock
) -> ReminderState:
    """Note that a reminder was seen and is done with; it does not fire, nag or go out any more."""
    async with database.transaction() as transaction:
        person = Person(caller.user_id, reminder_id, clock.now())
        return ReminderState(*await reactions.acknowledge(transaction, person))


@post(
    "/reminders/{reminder_id:str}/seen",
    status_code=200,
    opt={"raises": (Conflict,)},
    tags=["reminders"],
)
async def see_reminder(
    reminder_id: UUID, caller: Identity, database: Database, clock: Clock
) -> ReminderState:
    """Note that a reminder that has fired was seen; seeing it again changes nothing."""
    async with database.transaction() as transaction:
        person = Person(caller.user_id, reminder_id, clock.now())
        return ReminderState(*await reactions.see(transaction, person))


async def _until(
    transaction: Transaction, data: SnoozeBody, caller: Identity, now: datetime
) -> datetime:
    if sum(one is not None for one in (data.duration, data.until, data.preset)) != 1:
        raise Invalid.field("for", "give one of `for`, `until` and `preset`")
    zone = parse_zone((await preferences_of(transaction, caller.user_id)).timezone)
    if data.preset is not None:
        return preset_time(data.preset, now, zone)
    if data.duration is not None:
        until = after(parse_duration(data.duration, "for"), now, zone)
    else:
        until = zoned("until", data.until) or now
    if not timedelta(seconds=1) <= until - now <= LONGEST:
        name = "until" if data.duration is None else "for"
        raise Invalid.field(name, "must lie from a second to a year ahead")
    return until


ROUTES = [
    list_reminders,
    list_snooze_presets,
    get_reminder_timeline,
    snooze_reminder,
    acknowledge_reminder,
    see_reminder,
]
