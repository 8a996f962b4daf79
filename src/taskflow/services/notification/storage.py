"""The tables of notifications and tickets."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from taskflow.accounts.model import Identity
from taskflow.accounts.tokens import digest
from taskflow.base import cursors
from taskflow.db.transaction import Transaction
from taskflow.services.notification.frames import Note, decode

BUMP = """
INSERT INTO notifications.positions (user_id, last) VALUES ($1, 1)
ON CONFLICT (user_id) DO UPDATE SET last = positions.last + 1
RETURNING last
"""
INSERT = """
INSERT INTO notifications.items (user_id, id, event_id, data, created_at)
VALUES ($1, $2, $3, $4, $5)
"""
POSITION = "SELECT last FROM notifications.positions WHERE user_id = $1"
OLDEST = "SELECT min(id) FROM notifications.items WHERE user_id = $1"
AFTER = """
SELECT data::text AS data FROM notifications.items
 WHERE user_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4
"""
LIST = """
SELECT id, data::text AS data, read_at FROM notifications.items
 WHERE user_id = $1 AND id < $2 AND (NOT $3 OR read_at IS NULL)
 ORDER BY id DESC LIMIT $4
"""
UNREAD = "SELECT count(*) FROM notifications.items WHERE user_id = $1 AND read_at IS NULL"
READ = """
UPDATE notifications.items SET read_at = coalesce(read_at, $3) WHERE user_id = $1 AND id = $2
"""
READ_ALL = """
UPDATE notifications.items SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL
"""
PRUNE = "DELETE FROM notifications.items WHERE created_at < $1"
PRUNE_TICKETS = "DELETE FROM notifications.tickets WHERE expires_at < $1"
ADD_TICKET = "INSERT INTO notifications.tickets (hash, identity, expires_at) VALUES ($1, $2, $3)"
USE_TICKET = """
DELETE FROM notifications.tickets WHERE hash = $1 RETURNING identity, expires_at
"""
_BEYOND: Final = 2**62
LIST_NAME: Final = "notifications"
_Place = tuple[cursors.Number]


class Listed(NamedTuple):
    """A note in the list, and when it was read."""

    note: Note
    read_at: datetime | None


async def add(transaction: Transaction, user_id: UUID, note: Note) -> Note:
    """Keep a note under the user's next number; the user's row is locked until the commit."""
    number = await transaction.value(BUMP, user_id)
    numbered = msgspec.structs.replace(note, id=number)
    body = msgspec.json.encode(numbered).decode()
    await transaction.execute(INSERT, user_id, number, note.event_id, body, note.created_at)
    return numbered


async def position(transaction: Transaction, user_id: UUID) -> int:
    """The user's last number."""
    return await transaction.value(POSITION, user_id) or 0


async def oldest(transaction: Transaction, user_id: UUID) -> int | None:
    """The first number that is still kept."""
    found: int | None = await transaction.value(OLDEST, user_id)
    return found


async def after(
    transaction: Transaction, user_id: UUID, number: int, up_to: int = _BEYOND, limit: int = 500
) -> list[Note]:
    """Notes past a number, in order."""
    rows = await transaction.rows(AFTER, user_id, number, up_to, limit)
    return [decode(row["data"]) for row in rows]


async def listing(
    transaction: Transaction, user_id: UUID, limit: int, cursor: str | None, *, unread: bool
) -> tuple[list[Listed], str | None]:
    """A page of notes, newest first, and where the older ones begin."""
    before = _BEYOND if cursor is None else cursors.decode(cursor, LIST_NAME, _Place)[0]
    rows: list[Any] = await transaction.rows(LIST, user_id, before, unread, limit + 1)
    found = [Listed(decode(row["data"]), row["read_at"]) for row in rows[:limit]]
    return found, cursors.encode(LIST_NAME, rows[limit - 1]["id"]) if len(rows) > limit else None


async def unread(transaction: Transaction, user_id: UUID) -> int:
    """How many notes were not read."""
    found: int = await transaction.value(UNREAD, user_id)
    return found


async def mark_read(transaction: Transaction, user_id: UUID, number: int, now: datetime) -> bool:
    """Mark a note as read; False when there is none."""
    return number < _BEYOND and await transaction.execute(READ, user_id, number, now) == 1


async def mark_all_read(transaction: Transaction, user_id: UUID, now: datetime) -> int:
    """Mark all of a user's notes as read."""
    return await transaction.execute(READ_ALL, user_id, now)


async def prune(transaction: Transaction, before: datetime, now: datetime) -> None:
    """Forget old notes and tickets."""
    await transaction.execute(PRUNE, before)
    await transaction.execute(PRUNE_TICKETS, now)


async def add_ticket(
    transaction: Transaction, ticket: str, identity: Identity, expires_at: datetime
) -> None:
    """Keep a ticket's hash and whom it stands for."""
    body = msgspec.json.encode(identity).decode()
    await transaction.execute(ADD_TICKET, digest(ticket), body, expires_at)


async def use_ticket(transaction: Transaction, ticket: str, now: datetime) -> Identity | None:
    """Whom a ticket stands for; it is good for this one use."""
    row: Any = await transaction.row(USE_TICKET, digest(ticket))
    if row is None or row["expires_at"] <= now:
        return None
    return msgspec.json.decode(row["identity"], type=Identity)
