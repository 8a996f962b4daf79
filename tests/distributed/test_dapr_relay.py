"""Two relays on one outbox, a real sidecar each and a real Kafka: whatever is killed, every event
arrives, each task's in their order, and no two events of a task are ever in flight at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from tests.distributed.appending import Appender, Listener, appending
from tests.distributed.replicas_of_task_api import Replica
from tests.distributed.services import Place
from tests.distributed.stage import BULK, EACH, Stage
from tests.distributed.watch import overlapping
from tests.fresh import connected, fresh_address

from taskflow.db.engine import Database
from taskflow.outbox.leases import LEASE_SECONDS, RENEW_SECONDS, SHARDS

PATIENCE_SECONDS = 90.0
# Beside the lease and a look at it: what a busy machine may take.
SLACK_SECONDS = 5.0
HELD = """
SELECT count(*) AS shards FROM delivery.leases
 WHERE expires_at > clock_timestamp() GROUP BY holder ORDER BY shards
"""
WAITING = "SELECT count(*) FROM delivery.outbox"


class Drill:
    """What a drill runs on.

    Args:
        stage: Kafka and the consumers.
        database: Whose outbox is published.
        replicas: Who publish it.
    """

    def __init__(self, stage: Stage, database: Database, replicas: list[Replica]) -> None:
        self.stage = stage
        self.database = database
        self.replicas = replicas
        self.listeners = [Listener(), Listener()]
        for replica in replicas:
            replica.watch.flights.clear()
        for name, listener in zip((EACH, BULK), self.listeners, strict=True):
            stage.applications[name].handler = listener

    async def held(self) -> list[int]:
        """How many shards each replica holds."""
        async with self.database.transaction(read_only=True) as transaction:
            return [row["shards"] for row in await transaction.rows(HELD)]

    async def until_held(self, *shards: int) -> None:
        """Wait until the replicas hold so many shards each."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.held() != list(shards):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)

    async def have_heard(self, appender: Appender) -> None:
        """Wait until every consumer has heard of all that is committed by now."""
        versions = dict(appender.versions)
        for listener in self.listeners:
            await listener.has_heard(versions)

    @asynccontextmanager
    async def under_load(self) -> AsyncIterator[Appender]:
        """Append while the block runs; then wait until everybody has heard of everything."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async with appending(self.database) as appender:
                await self.listeners[0].until(lambda: len(self.listeners[0].updates) > SHARDS)
                yield appender
            await self.have_heard(appender)
            while await self._waiting():  # noqa: ASYNC110 - what processes do has no event
                await asyncio.sleep(0.02)

    def faults(self) -> list[object]:
        """What was out of order, set aside, or in flight with another event of its task."""
        flights = [flight for replica in self.replicas for flight in replica.watch.flights]
        found: list[object] = [*overlapping(flights)]
        for listener in self.listeners:
            found += [*listener.disordered(), *listener.aside]
        return found

    async def _waiting(self) -> bool:
        async with self.database.transaction(read_only=True) as transaction:
            return bool(await transaction.value(WAITING))


@pytest.fixture(scope="module")
async def replicas(stage: Stage, dsn: str) -> AsyncIterator[tuple[Stage, Database, list[Replica]]]:
    async with fresh_address(dsn) as address:
        place = Place(stage.folder, address, stage.kafka.address, stage.ports)
        made = [Replica(number, place) for number in (1, 2)]
        try:
            for replica in made:
                await replica.start()
            async with connected(address, "taskflow_task_api") as database:
                yield stage, database, made
        finally:
            await asyncio.gather(*(replica.stop() for replica in made))


@pytest.fixture
def drill(replicas: tuple[Stage, Database, list[Replica]]) -> Drill:
    return Drill(*replicas)


async def test_what_a_killed_relay_published_is_taken_over_within_its_lease(
    drill: Drill, record_testsuite_property: Callable[[str, object], None]
) -> None:
    victim = drill.replicas[0]
    await drill.until_held(SHARDS // 2, SHARDS // 2)
    async with drill.under_load() as appender:
        killed_at = asyncio.get_running_loop().time()
        victim.process.kill()
        async with asyncio.timeout(LEASE_SECONDS + RENEW_SECONDS + SLACK_SECONDS):
            await drill.until_held(SHARDS)
        took = asyncio.get_running_loop().time() - killed_at
        record_testsuite_property("take_over_seconds", round(took, 2))
        await drill.have_heard(appender)
    assert drill.faults() == []


async def test_a_sidecar_that_is_killed_under_a_relay_loses_nothing(drill: Drill) -> None:
    sidecar = drill.replicas[1].sidecar
    async with drill.under_load() as appender:
        sidecar.kill()
        await asyncio.to_thread(sidecar.start)
        await drill.have_heard(appender)
    assert drill.faults() == []


async def test_a_broker_that_is_away_for_a_while_loses_nothing_and_nobody_need_do_anything(
    drill: Drill,
) -> None:
    kafka = drill.stage.kafka
    async with drill.under_load() as appender:
        await asyncio.to_thread(kafka.stop)
        await asyncio.to_thread(kafka.start)
        await drill.have_heard(appender)
    assert drill.faults() == []
