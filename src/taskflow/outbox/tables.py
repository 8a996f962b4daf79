"""The outbox's rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from taskflow.bus.message import Message
from taskflow.db.transaction import Transaction

INSERT = """
INSERT INTO delivery.outbox (event_id, source, topic, key, envelope, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
INSERT_MANY = """
INSERT INTO delivery.outbox (event_id, source, topic, key, envelope, created_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
"""
READ_NEW = """
SELECT id, topic, key, envelope
  FROM delivery.outbox
 WHERE id > $1 OR id = ANY($2::bigint[])
 ORDER BY id
 LIMIT $3
"""
READ_AGAIN = """
SELECT id, topic, key, envelope FROM delivery.outbox WHERE id = ANY($1::bigint[]) ORDER BY id
"""
DELETE = "DELETE FROM delivery.outbox WHERE id = ANY($1::bigint[])"
PENDING = "SELECT count(*) AS pending, min(created_at) AS oldest FROM delivery.outbox"


class Row(NamedTuple):
    """What is written for one event."""

    event_id: UUID
    source: str
    topic: str
    key: str
    envelope: bytes
    created_at: datetime


class Pending(NamedTuple):
    """How much waits to be delivered, and since when."""

    events: int
    oldest: datetime | None


async def insert(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Write rows in their order."""
    if len(rows) == 1:
        await transaction.execute(INSERT, *rows[0])
    elif rows:
        await transaction.execute(
            INSERT_MANY, *(list(column) for column in zip(*rows, strict=True))
        )


async def read_new(
    transaction: Transaction, after: int, gaps: Sequence[int], limit: int
) -> list[Message]:
    """Messages past a position and those that have filled a gap before it, in order."""
    return [Message(*row) for row in await transaction.rows(READ_NEW, after, gaps, limit)]


async def read_again(transaction: Transaction, positions: Sequence[int]) -> list[Message]:
    """Messages by their positions, in order."""
    return [Message(*row) for row in await transaction.rows(READ_AGAIN, positions)]


async def delete(transaction: Transaction, positions: Sequence[int]) -> None:
    """Forget what everybody has."""
    await transaction.execute(DELETE, positions)


async def pending(transaction: Transaction) -> Pending:
    """How much waits, and since when."""
    row = await transaction.row(PENDING)
    return Pending(row["pending"], row["oldest"]) if row else Pending(0, None)
