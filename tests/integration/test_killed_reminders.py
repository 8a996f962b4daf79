"""`kill -9` at every step of a reminder: one event, at least one message, and a true timeline.

The process is the real one. Where it stands when it is killed is certain: either it waits for a
lock that the test holds, or the receiver kills it before it answers.
"""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest
from tests.carrying import add_channel, are, fire, history, states, until
from tests.fresh import connected, fresh_address
from tests.planning import follow, make_event, make_task, reminder_events, statuses
from tests.receiver import Receiver, receiving

from taskflow.base.clock import SystemClock
from taskflow.db.engine import Database
from taskflow.events.payloads import Reminder
from taskflow.services.reminder.scheduler import plans

SECOND = timedelta(seconds=1)
WAITING = """
SELECT count(*) FROM pg_locks
 WHERE NOT granted AND relation = $1::regclass
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
LEASES_LAPSE = "UPDATE reminders.deliveries SET next_at = now() WHERE state = 'claimed'"


class Stage(NamedTuple):
    """A database of the test's own, with one reminder of somebody who has a channel."""

    address: str
    own: Database
    receiver: Receiver
    user_id: UUID
    reminder: UUID


class Processes:
    """Processes that are killed, at the latest in the end."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, address: str) -> None:
        """Start one more."""
        command = [sys.executable, "-m", "tests.reminder_process", address]
        self._running.append(subprocess.Popen(command))

    def kill(self) -> None:
        """`kill -9` of all that run."""
        for process in self._running:
            process.kill()
            process.wait()
        self._running.clear()


@pytest.fixture
def processes() -> Iterator[Processes]:
    found = Processes()
    yield found
    found.kill()


@pytest.fixture
async def stage(dsn: str) -> AsyncIterator[Stage]:
    async with (
        fresh_address(dsn) as address,
        connected(address, None) as own,
        receiving() as receiver,
    ):
        task = make_task(Reminder(at=datetime.now(UTC) - SECOND))
        await follow(own, make_event(task, datetime.now(UTC) - 60 * SECOND))
        await add_channel(own, task.user_id, f"{receiver.url}/a")
        yield Stage(address, own, receiver, task.user_id, plans(task)[0].id)


@asynccontextmanager
async def held(stage: Stage, table: str, mode: str) -> AsyncIterator[None]:
    """Nobody gets past this table, and somebody has come to it."""
    connection = await asyncpg.connect(stage.address)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"LOCK TABLE {table} IN {mode} MODE")
    try:
        yield
    finally:
        await transaction.rollback()
        await connection.close()


async def somebody_waits(stage: Stage, table: str) -> None:
    async def waits() -> bool:
        async with stage.own.transaction(read_only=True) as transaction:
            return bool(await transaction.value(WAITING, table))

    await until(waits)


async def ends_well(stage: Stage, processes: Processes) -> None:
    """Whoever comes next brings it to its end: one event, its id alone, a true timeline."""
    async with stage.own.transaction() as transaction:
        await transaction.execute(LEASES_LAPSE)
    processes.start(stage.address)
    await are(stage.own, stage.user_id, "delivered")
    processes.kill()
    (event,) = await reminder_events(stage.own, [stage.reminder])
    assert stage.receiver.ids("/a") == {event.event_id}
    assert await statuses(stage.own, [stage.reminder]) == {stage.reminder: "sent"}
    steps = [one.what for one in await history(stage.own, stage.reminder)]
    assert steps.count("fired") == steps.count("delivered") == 1


async def results(stage: Stage) -> list[str | None]:
    return [one.result for one in await history(stage.own, stage.reminder) if one.attempt]


async def test_killed_while_it_fires_it_has_not_fired_and_does_so_once(
    stage: Stage, processes: Processes
) -> None:
    async with held(stage, "delivery.outbox", "SHARE"):
        processes.start(stage.address)
        await somebody_waits(stage, "delivery.outbox")
        processes.kill()
        assert await statuses(stage.own, [stage.reminder]) == {stage.reminder: "pending"}
        assert await states(stage.own, stage.user_id) == []
    await ends_well(stage, processes)
    assert await results(stage) == ["delivered"]


async def test_killed_after_the_claim_and_before_the_sending_it_is_sent_by_the_next(
    stage: Stage, processes: Processes
) -> None:
    await fire(stage.own, SystemClock())
    async with held(stage, "reminders.told", "ACCESS EXCLUSIVE"):
        processes.start(stage.address)
        await somebody_waits(stage, "reminders.told")
        processes.kill()
        assert await states(stage.own, stage.user_id) == ["claimed"]
    assert stage.receiver.messages["/a"] == []
    await ends_well(stage, processes)
    assert len(stage.receiver.messages["/a"]) == 1
    assert await results(stage) == ["unknown", "delivered"]


async def test_killed_while_the_receiver_has_it_nobody_says_it_was_delivered_and_it_comes_again(
    stage: Stage, processes: Processes
) -> None:
    stage.receiver.on_message = processes.kill
    stage.receiver.held.add("/a")
    processes.start(stage.address)

    async def has_it() -> bool:
        return len(stage.receiver.messages["/a"]) == 1

    await until(has_it)
    assert await states(stage.own, stage.user_id) == ["claimed"]
    assert await results(stage) == []
    stage.receiver.on_message = lambda: None
    stage.receiver.held.clear()
    await ends_well(stage, processes)
    assert len(stage.receiver.messages["/a"]) == 2
    assert await results(stage) == ["unknown", "delivered"]


async def test_killed_between_the_answer_and_its_receipt_it_comes_again_under_the_same_id(
    stage: Stage, processes: Processes
) -> None:
    async with held(stage, "reminders.attempts", "SHARE"):
        processes.start(stage.address)
        await somebody_waits(stage, "reminders.attempts")
        processes.kill()
        assert await states(stage.own, stage.user_id) == ["claimed"]
    await ends_well(stage, processes)
    assert len(stage.receiver.messages["/a"]) == 2
    assert await results(stage) == ["unknown", "delivered"]
