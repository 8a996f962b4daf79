"""The tables of notifications and tickets."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import count
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from taskflow.accounts.model import Identity
from taskflow.accounts.tokens import digest
from taskflow.base import cursors
from taskflow.db.transaction import Transaction
from taskflow.inbox.erased import removal, remove_some
from taskflow.services.notification.frames import Note, decode

# Rows are locked in the order of the users, so that two batches never wait for each other.
BUMP = """
INSERT INTO notifications.positions (user_id, last)
SELECT * FROM unnest($1::uuid[], $2::bigint[])
ON CONFLICT (user_id) DO UPDATE SET last = positions.last + EXCLUDED.last
RETURNING user_id, last
"""
INSERT = """
INSERT INTO notifications.items (user_id, id, event_id, data, created_at, kept_at)
SELECT note.*, $6 FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::jsonb[], $5::timestamptz[])
                       AS note
"""
POSITIONS = "SELECT user_id, last FROM notifications.positions WHERE user_id = ANY($1::uuid[])"
AFTER = """
SELECT data::text AS data FROM notifications.items
 WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""
# The first is given however long it is, so that nothing stands in the way of what follows.
PAGE = """
SELECT id, event_type, data
  FROM (SELECT id, data->>'event_type' AS event_type, data::text AS data,
               row_number() OVER (ORDER BY id) AS place,
               sum(octet_length(data::text)) OVER (ORDER BY id) AS bytes
          FROM notifications.items
         WHERE user_id = $1 AND id > $2 AND id <= $3
         ORDER BY id LIMIT $4) AS found
 WHERE place = 1 OR bytes <= $5
 ORDER BY id
"""
LIST = """
SELECT id, data::text AS data, read_at FROM notifications.items
 WHERE user_id = $1 AND id < $2
 ORDER BY id DESC LIMIT $3
"""
LIST_UNREAD = """
SELECT id, data::text AS data, read_at FROM notifications.items
 WHERE user_id = $1 AND id < $2 AND read_at IS NULL
 ORDER BY id DESC LIMIT $3
"""
UNREAD = "SELECT count(*) FROM notifications.items WHERE user_id = $1 AND read_at IS NULL"
READ = """
UPDATE notifications.items SET read_at = coalesce(read_at, $3) WHERE user_id = $1 AND id = $2
"""
READ_ALL = """
UPDATE notifications.items SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL
"""
# A user's oldest go first whatever the clock did, so that those kept have no hole between them.
PRUNE = """
WITH old AS (
  SELECT user_id, id FROM notifications.items WHERE kept_at < $1 ORDER BY kept_at LIMIT $2
), up_to AS (
  SELECT user_id, max(id) AS id FROM old GROUP BY user_id
)
DELETE FROM notifications.items AS item USING up_to
 WHERE item.user_id = up_to.user_id AND item.id <= up_to.id
"""
PRUNE_TICKETS = """
DELETE FROM notifications.tickets WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM notifications.tickets WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
"""
ADD_TICKET = "INSERT INTO notifications.tickets (hash, identity, expires_at) VALUES ($1, $2, $3)"
USE_TICKET = """
DELETE FROM notifications.tickets WHERE hash = $1 RETURNING identity, expires_at
"""
FORGET: Final = (
    removal("notifications.items", "id"),
    removal("notifications.positions", "user_id"),
    removal("notifications.tickets", "hash", "identity->>'user_id' = $1::uuid::text"),
)
READ_TICKET = "SELECT identity, expires_at FROM notifications.tickets WHERE hash = $1"
_BEYOND: Final = 2**62
LIST_NAME: Final = "notifications"
_Place = tuple[cursors.Number]


class Addressed(NamedTuple):
    """A note and whom it is for."""

    user_id: UUID
    note: Note


class Listed(NamedTuple):
    """A note in the list, and when it was read."""

    note: Note
    read_at: datetime | None


class Kept(NamedTuple):
    """A note as it was kept: its JSON is not read."""

    id: int
    event_type: str
    body: bytes


async def add(
    transaction: Transaction, notes: Sequence[Addressed], now: datetime
) -> list[Addressed]:
    """Keep notes under their users' next numbers, but for the silent ones.

    The users' rows are locked until the commit.
    """
    wanted = Counter(user_id for user_id, note in notes if not note.silent)
    if not wanted:
        return list(notes)
    users = sorted(wanted)
    last = await transaction.rows(BUMP, users, [wanted[user_id] for user_id in users])
    following = {user_id: count(number - wanted[user_id] + 1) for user_id, number in last}
    found = [
        one if one.note.silent else _numbered(one, next(following[one.user_id])) for one in notes
    ]
    kept = [_row(one) for one in found if not one.note.silent]
    await transaction.execute(INSERT, *(list(column) for column in zip(*kept, strict=True)), now)
    return found


def _numbered(one: Addressed, number: int) -> Addressed:
    return one._replace(note=msgspec.structs.replace(one.note, id=number))


def _row(one: Addressed) -> tuple[object, ...]:
    user_id, note = one
    return user_id, note.id, note.event_id, note.encoded.decode(), note.created_at


async def positions(transaction: Transaction, users: Collection[UUID]) -> dict[UUID, int]:
    """The last number of each user who has any."""
    return {row[0]: row[1] for row in await transaction.rows(POSITIONS, list(users))}


async def after(transaction: Transaction, user_id: UUID, number: int, limit: int) -> list[Note]:
    """Notes past a number, in order."""
    rows = await transaction.rows(AFTER, user_id, number, limit)
    return [decode(row["data"].encode()) for row in rows]


async def page(
    transaction: Transaction, user_id: UUID, number: int, up_to: int, limit: int, most_bytes: int
) -> list[Kept]:
    """The first notes past a number up to another, as they were kept, in order."""
    rows = await transaction.rows(PAGE, user_id, number, up_to, limit, most_bytes)
    return [Kept(row["id"], row["event_type"], row["data"].encode()) for row in rows]


async def listing(
    transaction: Transaction, user_id: UUID, limit: int, cursor: str | None, *, unread: bool
) -> tuple[list[Listed], str | None]:
    """A page of notes, newest first, and where the older ones begin."""
    before = _BEYOND if cursor is None else cursors.decode(cursor, LIST_NAME, _Place)[0]
    statement = LIST_UNREAD if unread else LIST
    rows: list[Any] = await transaction.rows(statement, user_id, before, limit + 1)
    found = [Listed(decode(row["data"].encode()), row["read_at"]) for row in rows[:limit]]
    return found, cursors.encode(LIST_NAME, rows[limit - 1]["id"]) if len(rows) > limit else None


async def unread(transaction: Transaction, user_id: UUID) -> int:
    """How many notes were not read."""
    found: int = await transaction.value(UNREAD, user_id)
    return found


async def mark_read(transaction: Transaction, user_id: UUID, number: int, now: datetime) -> bool:
    """Mark a note as read; False when there is none."""
    if not 0 < number < _BEYOND:
        return False
    return await transaction.execute(READ, user_id, number, now) == 1


async def mark_all_read(transaction: Transaction, user_id: UUID, now: datetime) -> int:
    """Mark all of a user's notes as read."""
    return await transaction.execute(READ_ALL, user_id, now)


async def prune(transaction: Transaction, before: datetime, limit: int) -> int:
    """Forget about so many of the oldest notes kept before an instant; returns how many."""
    return await transaction.execute(PRUNE, before, limit)


async def prune_tickets(transaction: Transaction, now: datetime, limit: int) -> int:
    """Forget some tickets that have expired; returns how many."""
    return await transaction.execute(PRUNE_TICKETS, now, limit)


async def forget_user(transaction: Transaction, user_id: UUID, limit: int) -> int:
    """Remove what is kept of a user, so many rows."""
    return await remove_some(transaction, FORGET, user_id, limit)


async def add_ticket(
    transaction: Transaction, ticket: str, identity: Identity, expires_at: datetime
) -> None:
    """Keep a ticket's hash and whom it stands for."""
    body = msgspec.json.encode(identity).decode()
    await transaction.execute(ADD_TICKET, digest(ticket), body, expires_at)


async def use_ticket(transaction: Transaction, ticket: str, now: datetime) -> Identity | None:
    """Whom a ticket stands for; it is good for this one use."""
    return await _ticket(transaction, USE_TICKET, ticket, now)


async def read_ticket(transaction: Transaction, ticket: str, now: datetime) -> Identity | None:
    """Whom a ticket stands for; it stays good."""
    return await _ticket(transaction, READ_TICKET, ticket, now)


async def _ticket(
    transaction: Transaction, statement: str, ticket: str, now: datetime
) -> Identity | None:
    row: Any = await transaction.row(statement, digest(ticket))
    if row is None or row["expires_at"] <= now:
        return None
    return msgspec.json.decode(row["identity"], type=Identity)
