"""The outbox's rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from taskflow.bus.message import Message
from taskflow.db.transaction import Transaction
from taskflow.outbox.tail import Horizon, Tail

COMPOSED = """
INSERT INTO delivery.outbox (event_id, source, topic, key, envelope, created_at)
"""
# The transaction gets its number before it takes a position: the relay's tail relies on that.
ONE = """
SELECT $1::uuid, $2::text, $3::text, $4::text, $5::bytea, $6::timestamptz
  FROM pg_current_xact_id()
"""
INSERT = COMPOSED + ONE
NUMBER = "SELECT pg_current_xact_id()"
# Each part is limited by itself, so that neither a long backlog nor a wide gap is read whole.
READ_NEW = """
(SELECT id, topic, key, envelope, created_at
   FROM delivery.outbox WHERE id > $1 ORDER BY id LIMIT $4)
UNION ALL
(SELECT found.*
   FROM unnest($2::bigint[], $3::bigint[]) AS gap (first, last)
  CROSS JOIN LATERAL (
        SELECT id, topic, key, envelope, created_at FROM delivery.outbox
         WHERE id BETWEEN gap.first AND gap.last ORDER BY id LIMIT $4
        ) AS found)
ORDER BY id LIMIT $4
"""
# Of each task the oldest event; only so many rows are looked at, however long the backlog is.
READ_HEADS = """
SELECT id, topic, key, envelope, created_at
  FROM (
    SELECT oldest.*, row_number() OVER (PARTITION BY key ORDER BY id) AS turn
      FROM (
        SELECT id, topic, key, envelope, created_at FROM delivery.outbox
         WHERE source = $1 AND shard = ANY($2::smallint[])
         ORDER BY id LIMIT 4 * $3
      ) AS oldest
  ) AS numbered
 WHERE turn = 1
 ORDER BY id
 LIMIT $3
"""
# The snapshot is older than the transaction's own number, so it may be late but never early.
HORIZON = """
SELECT pg_current_xact_id()::text::bigint AS newest,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest
"""
READ_AGAIN = """
SELECT id, topic, key, envelope, created_at
  FROM delivery.outbox WHERE id = ANY($1::bigint[]) ORDER BY id
"""
DELETE = "DELETE FROM delivery.outbox WHERE id = ANY($1::bigint[])"
# Counted up to a bound; beyond it, as many as there are positions from the first to the last.
PENDING = """
SELECT counted.pending, heads.created_at AS oldest, heads.first, (
         SELECT max(id) FROM delivery.outbox
       ) AS last
  FROM (
    SELECT count(*) AS pending FROM (SELECT FROM delivery.outbox LIMIT $1) AS waiting
  ) AS counted
  LEFT JOIN (
    SELECT id AS first, created_at FROM delivery.outbox ORDER BY id LIMIT 1
  ) AS heads ON true
"""
MOST_COUNTED = 10_000


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
        await transaction.execute(NUMBER)
        await transaction.copy("delivery.outbox", Row._fields, rows)


async def compose(transaction: Transaction, query: str, *parameters: object) -> None:
    """Write what a query gives, in its order: the columns of a `Row`."""
    await transaction.execute(NUMBER)
    await transaction.execute(COMPOSED + query, *parameters)


async def read_new(transaction: Transaction, tail: Tail, limit: int) -> list[Message]:
    """Messages past the tail's position and those that have filled a gap before it, in order."""
    firsts, lasts = [gap.first for gap in tail.gaps], [gap.last for gap in tail.gaps]
    rows = await transaction.rows(READ_NEW, tail.position, firsts, lasts, limit)
    return [Message(*row) for row in rows]


async def read_heads(
    transaction: Transaction, source: str, shards: Sequence[int], limit: int
) -> list[Message]:
    """Of each task in these shards the oldest event of a source, in order."""
    return [Message(*row) for row in await transaction.rows(READ_HEADS, source, shards, limit)]


async def horizon(transaction: Transaction) -> Horizon:
    """Where the numbers of transactions stand."""
    row = await transaction.row(HORIZON)
    return Horizon(row["newest"], row["oldest"]) if row else Horizon(0, 0)


async def read_again(transaction: Transaction, positions: Sequence[int]) -> list[Message]:
    """Messages by their positions, in order."""
    return [Message(*row) for row in await transaction.rows(READ_AGAIN, positions)]


async def delete(transaction: Transaction, positions: Sequence[int]) -> None:
    """Forget what everybody has."""
    await transaction.execute(DELETE, positions)


async def pending(transaction: Transaction) -> Pending:
    """How much waits, and since when; beyond `MOST_COUNTED` about how much."""
    row = await transaction.row(PENDING, MOST_COUNTED)
    if row is None or row["oldest"] is None:
        return Pending(0, None)
    most = row["last"] - row["first"] + 1
    return Pending(row["pending"] if row["pending"] < MOST_COUNTED else most, row["oldest"])
