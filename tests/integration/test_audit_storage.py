"""The trail's table keeps an event once in whichever partition, and lets nobody change it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest
from tests.fresh import fresh_database

from taskflow.base.ids import new_id
from taskflow.db.engine import Database
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_CREATED
from taskflow.services.audit_logger import storage
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.model import Actor, event_of, new_task

USER = UUID(int=1)
ACTOR = Actor(USER, "user", str(USER), "Ann", "correlation")
# A clock that had lost its battery, both sides of a month's border, and a clock far ahead.
MOMENTS = [
    datetime(1971, 1, 1, tzinfo=UTC),
    datetime(2031, 2, 28, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(2031, 3, 1, tzinfo=UTC),
    datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC),
]
PARTITIONS = """
SELECT inhrelid::regclass::text AS name FROM pg_inherits
 WHERE inhparent = 'audit.task_events'::regclass
"""
WHERE_IT_IS = "SELECT tableoid::regclass::text FROM audit.task_events WHERE event_id = $1"


def told_at(moment: datetime) -> TaskEvent:
    # The ids of one process never fall back, so each clock has a process of its own.
    event_id = UUID(int=(int(moment.timestamp() * 1000) << 80) | 0x7 << 76 | 0b10 << 62 | 5)
    task = new_task(drafted(DEFAULTS, {"title": "Water"}, moment), new_id(moment), USER, moment)
    return event_of(ACTOR, TASK_CREATED, task, {}, event_id)


@pytest.fixture
async def trail(dsn: str) -> AsyncIterator[Database]:
    async with fresh_database(dsn, "taskflow_audit") as database:
        yield database


@pytest.fixture
async def owner(trail: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(trail._dsn)
    yield connection
    await connection.close()


async def test_an_event_stands_once_whenever_its_month_gets_a_partition(
    trail: Database, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    events = [told_at(moment) for moment in MOMENTS]
    months = [date(2031, 3, 1), date(2031, 2, 1), date(2099, 12, 1), date(1971, 1, 1)]
    counts = []
    async with trail.transaction() as transaction:
        made = [await storage.make_partition(transaction, months[0])]
    for month in (None, *months[1:]):
        async with trail.transaction() as transaction:
            counts.append(await storage.insert(transaction, [*events, *events]))
            if month is not None:
                made.append(await storage.make_partition(transaction, month))
    assert counts == [4, 0, 0, 0]
    # A month with events in the default partition stays there: no event is ever moved.
    assert made == [True, False, False, False]
    places = [await owner.fetchval(WHERE_IT_IS, event.event_id) for event in events]
    assert places == [
        "audit.task_events_other",
        "audit.task_events_other",
        "audit.task_events_2031_03",
        "audit.task_events_other",
    ]


@pytest.mark.parametrize("replication_role", ["origin", "replica"])
async def test_no_partition_can_be_changed_by_its_owner(
    trail: Database, owner: "asyncpg.Connection[asyncpg.Record]", replication_role: str
) -> None:
    await owner.execute(f"SET session_replication_role = {replication_role}")
    async with trail.transaction() as transaction:
        await storage.make_partition(transaction, date(2031, 3, 1))
        await storage.insert(transaction, [told_at(moment) for moment in MOMENTS])
    names = [row["name"] for row in await owner.fetch(PARTITIONS)]
    assert len(names) >= 3
    for name in ["audit.task_events", "audit.task_events_other", "audit.task_events_2031_03"]:
        for statement in (f"UPDATE {name} SET actor = 'x'", f"DELETE FROM {name}"):  # noqa: S608 - our own tables
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="immutable"):
                await owner.execute(statement)
    for name in [*names, "audit.task_events"]:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="immutable"):
            await owner.execute(f"TRUNCATE {name}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.task_events SET version = 2",
        "DELETE FROM audit.task_events",
        "TRUNCATE audit.task_events",
        "DROP TABLE audit.task_events_other",
        "ALTER TABLE audit.task_events DISABLE TRIGGER immutable",
        "ALTER TABLE audit.task_events DETACH PARTITION audit.task_events_other",
        "SELECT * FROM accounts.users",
        "DELETE FROM delivery.outbox",
        "SET session_replication_role = replica",
        "DROP FUNCTION audit.refuse() CASCADE",
    ],
)
async def test_the_services_role_may_add_and_read_and_nothing_else(
    trail: Database, owner: "asyncpg.Connection[asyncpg.Record]", statement: str
) -> None:
    await owner.execute("SET SESSION AUTHORIZATION taskflow_audit")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(statement)
    assert trail.role == "taskflow_audit"
