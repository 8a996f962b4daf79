"""What a courier is about to claim when it is stopped."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.carrying import add_channel, fire, history, planned, states, until
from tests.planning import Wall
from tests.receiver import HttpChannel

from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.services.reminder.courier import Courier
from taskflow.services.reminder.figures import Figures
from taskflow.services.reminder.settling import Terms

NOBODY_CLAIMS = "LOCK TABLE reminders.deliveries IN ACCESS EXCLUSIVE MODE"
WAITING = """
SELECT count(*) FROM pg_locks
 WHERE NOT granted AND relation = 'reminders.deliveries'::regclass
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    yield database
    await database.close()


async def test_what_is_being_claimed_when_we_stop_is_given_back_before_we_have_stopped(
    own: Database,
) -> None:
    wall, figures = Wall(), Figures(Metrics("reminder"), ["hook"])
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, "http://unused.example")
    await fire(own, wall)
    courier = Courier(HttpChannel(), own, wall, figures, Terms(frozenset(["hook"])))
    async with own.transaction() as transaction:
        await transaction.execute(NOBODY_CLAIMS)
        running = asyncio.create_task(courier.run())
        await until(lambda: is_waiting(own))
        stopping = asyncio.create_task(courier.stop())
        await asyncio.wait({stopping}, timeout=0.1)
        assert not stopping.done()
    await stopping
    running.cancel()
    assert await states(own, task.user_id) == ["waiting"]
    assert [one for one in await history(own, reminder) if one.attempt] == []


async def is_waiting(own: Database) -> bool:
    async with own.transaction(read_only=True) as transaction:
        return bool(await transaction.value(WAITING))
