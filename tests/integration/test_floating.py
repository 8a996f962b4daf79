"""An owner's change of zone and the making of floating tasks: whichever is first, none is left."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from tests.waiting import waits_or_ends

from taskflow.db.engine import Database
from taskflow.events.envelope import decode
from taskflow.tasks import commands, floating
from taskflow.tasks.floating import BATCH
from taskflow.tasks.model import Actor, Task

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
FLOATING = {
    "title": "Stretch",
    "due_date": "2026-03-09T09:00:00Z",
    "timezone": "Europe/Berlin",
    "floating": True,
}
ZONES = "SELECT timezone, count(*) AS number FROM tasks.tasks WHERE user_id = $1 GROUP BY 1"
TOLD = "SELECT envelope FROM delivery.outbox WHERE key = $1 ORDER BY id"


def somebody() -> Actor:
    user_id = uuid4()
    return Actor(user_id, "user", str(user_id), "Ann", "correlation")


async def move(database: Database, actor: Actor) -> int:
    async with database.transaction() as transaction:
        return await floating.move_floating(transaction, actor, "Asia/Tokyo", NOW)


async def zones(database: Database, actor: Actor) -> dict[str, int]:
    async with database.transaction(read_only=True) as transaction:
        rows = await transaction.rows(ZONES, actor.user_id)
    return {row["timezone"]: row["number"] for row in rows}


async def test_more_than_a_batch_moves_with_one_event_for_each(database: Database) -> None:
    actor = somebody()
    async with database.transaction() as transaction:
        made: list[Task] = [
            await commands.create(transaction, actor, FLOATING, NOW) for _ in range(BATCH + 3)
        ]
        fixed = {**FLOATING, "floating": False}
        await commands.create(transaction, actor, fixed, NOW)
    assert await move(database, actor) == BATCH + 3
    assert await move(database, actor) == 0
    assert await zones(database, actor) == {"Asia/Tokyo": BATCH + 3, "Europe/Berlin": 1}
    async with database.transaction(read_only=True) as transaction:
        rows = await transaction.rows(TOLD, str(made[-1].id))
    events = [decode(row["envelope"]).data for row in rows]
    assert [event.event_type for event in events] == ["task.created", "task.updated"]
    assert msgspec.to_builtins(events[-1].changes) == {
        "due_date": {"old": "2026-03-09T09:00:00Z", "new": "2026-03-09T01:00:00Z"},
        "timezone": {"old": "Europe/Berlin", "new": "Asia/Tokyo"},
    }


async def test_a_change_of_zone_waits_for_a_floating_task_that_is_being_made(
    database: Database,
) -> None:
    actor = somebody()

    async def move_on() -> None:
        await move(database, actor)

    async with asyncio.TaskGroup() as group, database.transaction() as transaction:
        await floating.hold_zone(transaction, actor.user_id)
        moving = group.create_task(move_on())
        await waits_or_ends(database, moving)
        await commands.create(transaction, actor, FLOATING, NOW)
    assert await zones(database, actor) == {"Asia/Tokyo": 1}
