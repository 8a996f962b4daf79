"""What nobody can ask for any more is removed in batches of a bounded size, by index."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

import pytest

from taskflow.accounts import sessions
from taskflow.base.ids import first_id_at, new_id
from taskflow.chassis import housekeeping
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.transaction import Transaction
from taskflow.inbox import dedup
from taskflow.services.notification import storage
from taskflow.services.task_api import idempotency
from taskflow.tasks import tables

NOW = datetime(2020, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
LIFETIME = timedelta(days=30)
LIMIT = 10


class Chore(NamedTuple):
    """Something to remove, how it comes to be, and how many there are."""

    statement: str
    prune: Callable[[Transaction, datetime, int], Awaitable[int]]
    add: Callable[[Transaction, datetime], Awaitable[object]]
    left: str
    index_name: str


async def add_session(transaction: Transaction, at: datetime) -> None:
    await transaction.execute(sessions.BEGIN, new_id(at), new_id(at), at, at)


async def add_refresh_token(transaction: Transaction, at: datetime) -> None:
    session_id, later = new_id(at), NOW + timedelta(days=9)
    await transaction.execute(sessions.BEGIN, session_id, new_id(at), at, later)
    await transaction.execute(sessions.ADD_TOKEN, session_id.bytes, session_id)
    await transaction.execute(sessions.USE, session_id.bytes, at)


async def add_key(transaction: Transaction, at: datetime) -> None:
    await transaction.execute(
        idempotency.KEEP, new_id(at), "key", b"hash", 200, "{}", b"answer", at
    )


async def add_mark(transaction: Transaction, at: datetime) -> None:
    event_id = UUID(int=first_id_at(at).int | secrets.randbits(62))
    await dedup.mark_seen(transaction, "housekeeping", [event_id])


async def add_ticket(transaction: Transaction, at: datetime) -> None:
    await transaction.execute(storage.ADD_TICKET, new_id(at).bytes, "{}", at)


CHORES = {
    "sessions": Chore(
        sessions.PRUNE,
        sessions.prune,
        add_session,
        "SELECT count(*) FROM accounts.sessions WHERE created_at <= $1 AND created_at = expires_at",
        "sessions_by_expiry",
    ),
    "refresh tokens": Chore(
        sessions.PRUNE_TOKENS,
        partial(sessions.prune_tokens, lifetime=LIFETIME),
        add_refresh_token,
        "SELECT count(*) FROM accounts.refresh_tokens WHERE used_at <= $1",
        "refresh_tokens_used",
    ),
    "idempotency keys": Chore(
        idempotency.PRUNE,
        idempotency.prune,
        add_key,
        "SELECT count(*) FROM tasks.idempotency_keys WHERE created_at <= $1",
        "idempotency_keys_by_age",
    ),
    "marks": Chore(
        dedup.PRUNE,
        dedup.prune,
        add_mark,
        "SELECT count(*) FROM delivery.inbox WHERE consumer = 'housekeeping' AND $1 < now()",
        "inbox_pkey",
    ),
    "tickets": Chore(
        storage.PRUNE_TICKETS,
        storage.prune_tickets,
        add_ticket,
        "SELECT count(*) FROM notifications.tickets WHERE expires_at <= $1",
        "tickets_by_expiry",
    ),
}


class Wall:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Database]:
    """Connections that may see every schema."""
    database = Database(dsn, None, Hints(), max_connections=2)
    await database.open()
    yield database
    await database.close()


async def count(database: Database, chore: Chore) -> int:
    async with database.transaction(read_only=True) as transaction:
        found: int = await transaction.value(chore.left, NOW)
    return found


@pytest.mark.parametrize("name", CHORES)
async def test_what_is_old_goes_in_batches_and_what_is_fresh_stays(
    owner: Database, name: str
) -> None:
    chore = CHORES[name]
    async with owner.transaction() as transaction:
        for _ in range(2 * LIMIT + 5):
            await chore.add(transaction, LONG_AGO)
        for _ in range(3):
            await chore.add(transaction, NOW)
    async with owner.transaction() as transaction:
        assert await chore.prune(transaction, NOW, LIMIT) == LIMIT
    assert await count(owner, chore) == LIMIT + 5 + 3
    await housekeeping.sweep(owner, Wall(), [chore.prune], batch=LIMIT)
    assert await count(owner, chore) == 3
    await housekeeping.sweep(owner, Wall(), [chore.prune], batch=LIMIT)
    assert await count(owner, chore) == 3
    long_after = NOW + timedelta(days=400)
    async with owner.transaction() as transaction:
        assert await chore.prune(transaction, long_after, 1000) >= 3


async def test_two_who_sweep_at_once_do_not_wait_for_each_other(owner: Database) -> None:
    chore = CHORES["tickets"]
    async with owner.transaction() as transaction:
        for _ in range(LIMIT):
            await chore.add(transaction, LONG_AGO)
    async with owner.transaction() as first, owner.transaction() as second:
        assert await chore.prune(first, NOW, LIMIT) == LIMIT
        assert await chore.prune(second, NOW, LIMIT) == 0


@pytest.mark.parametrize("name", CHORES)
async def test_what_is_old_is_found_by_its_index(owner: Database, name: str) -> None:
    chore = CHORES[name]
    bound = "'0190a000-0000-7000-8000-000000000000'" if name == "marks" else "'2020-01-01Z'"
    statement = chore.statement.replace("$1", bound).replace("$2", "10")
    async with owner.transaction() as transaction:
        await transaction.execute("SET LOCAL enable_seqscan = off")
        plan = [row[0] for row in await transaction.rows(f"EXPLAIN {statement}")]
    assert any(chore.index_name in line for line in plan), "\n".join(plan)


async def test_the_trash_is_emptied_by_its_index(owner: Database) -> None:
    statement = tables.PURGE.replace("$1", "'2020-01-01Z'").replace("$2", "10")
    async with owner.transaction() as transaction:
        await transaction.execute("SET LOCAL enable_seqscan = off")
        plan = [row[0] for row in await transaction.rows(f"EXPLAIN {statement}")]
    assert any("tasks_in_trash" in line for line in plan), "\n".join(plan)
