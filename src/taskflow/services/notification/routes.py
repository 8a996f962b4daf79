"""The doors to the list of notifications, and to tickets for streams."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from litestar import get, post
from msgspec import UNSET, Struct, UnsetType

from taskflow.accounts.model import Identity
from taskflow.accounts.tokens import new_opaque
from taskflow.base.clock import Clock
from taskflow.base.errors import NotFound
from taskflow.chassis.inputs import Cursor, Limit
from taskflow.db.engine import Database
from taskflow.events.payloads import EventType, ReminderFacts, TaskState
from taskflow.services.notification import storage

TICKET_SECONDS: Final = 30
TICKET_PREFIX: Final = "tft_"


class Notification(Struct):
    """A notification in the list; `reminder` is set where it tells of one."""

    id: int
    event_type: EventType
    task_id: UUID
    title: str
    body: str
    task: TaskState
    version: int
    created_at: datetime
    read_at: datetime | None
    reminder: ReminderFacts | UnsetType = UNSET


class NotificationPage(Struct):
    """Some notifications, newest first, and how many of all are unread."""

    items: list[Notification]
    unread: int
    next_cursor: str | None


class Ticket(Struct):
    """A ticket for one stream; good for one use within so many seconds."""

    ticket: str
    expires_in: int


class Unread(Struct):
    """How many notifications are unread."""

    unread: int


@get("/notifications", tags=["notifications"])
async def list_notifications(
    caller: Identity,
    database: Database,
    unread: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    limit: Limit = 50,
    cursor: Cursor = None,
) -> NotificationPage:
    """The caller's notifications."""
    async with database.transaction(read_only=True) as transaction:
        found, last = await storage.listing(
            transaction, caller.user_id, limit, cursor, unread=unread
        )
        count = await storage.unread(transaction, caller.user_id)
    return NotificationPage([_shown(one) for one in found], count, last)


@post("/notifications/{notification_id:int}/read", status_code=200, tags=["notifications"])
async def read_notification(
    notification_id: int, caller: Identity, database: Database, clock: Clock
) -> Unread:
    """Mark a notification as read."""
    async with database.transaction() as transaction:
        if not await storage.mark_read(transaction, caller.user_id, notification_id, clock.now()):
            raise NotFound(f"there is no notification {notification_id}")
        return Unread(await storage.unread(transaction, caller.user_id))


@post("/notifications/read-all", status_code=200, tags=["notifications"])
async def read_all_notifications(caller: Identity, database: Database, clock: Clock) -> Unread:
    """Mark all notifications as read."""
    async with database.transaction() as transaction:
        await storage.mark_all_read(transaction, caller.user_id, clock.now())
    return Unread(0)


@post("/notifications/ticket", opt={"scope": "read"}, tags=["notifications"])
async def make_stream_ticket(caller: Identity, database: Database, clock: Clock) -> Ticket:
    """A ticket for a stream, for clients that can send no header."""
    ticket = new_opaque(TICKET_PREFIX)
    expires_at = clock.now() + timedelta(seconds=TICKET_SECONDS)
    async with database.transaction() as transaction:
        await storage.add_ticket(transaction, ticket, caller, expires_at)
    return Ticket(ticket, TICKET_SECONDS)


def _shown(listed: storage.Listed) -> Notification:
    note = listed.note
    names = Notification.__struct_fields__[1:-2]
    values = {name: getattr(note, name) for name in names}
    return Notification(id=note.id or 0, **values, read_at=listed.read_at, reminder=note.reminder)


ROUTES = [list_notifications, read_notification, read_all_notifications, make_stream_ticket]
