"""Live notes between replicas: each stream is told once and in order, whatever becomes of Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Counter
from tests.notes import make_note
from tests.planning import Wall, make_event, make_task
from tests.redis_server import RedisServer
from tests.replicas import PATIENCE_SECONDS, until
from tests.streaming import live

from taskflow.base.settings import Settings
from taskflow.chassis.handlers import Delivery
from taskflow.chassis.redis import RedisClient
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.services.notification.backlog import TableBacklog
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.notification.fanout import CHANNEL, MOST_BYTES, MOST_UNSENT, Fanout
from taskflow.services.notification.hub import Hub


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The notification service's connections."""
    database = Database(dsn, "taskflow_notifications", Hints())
    await database.open()
    yield database
    await database.close()


class Replica:
    """A notification service: its streams, what it keeps, and its fan-out."""

    def __init__(self, database: Database, server: RedisServer) -> None:
        self.database = database
        self.hub = Hub(Settings.load(), TableBacklog(database))
        self.lost = Counter("lost", "Hints.", registry=CollectorRegistry())
        self.fanout = Fanout(RedisClient(server.url), self.hub, self.lost)
        self._notifier = Notifier(self.fanout.publish, Wall())

    async def consume(self, user: UUID) -> None:
        """Keep a note of an event of the user."""
        event = make_event(replace(make_task(), user_id=user), Wall().at)
        async with self.database.transaction() as transaction:
            await self._notifier.tell(transaction, [Delivery(transaction, event, None)])


@asynccontextmanager
async def running(own: Database, server: RedisServer) -> AsyncIterator[list[Replica]]:
    """Two replicas that hear one another."""
    replicas = [Replica(own, server) for _ in range(2)]
    async with asyncio.timeout(4 * PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loops = [group.create_task(one.hub.run()) for one in replicas]
        loops += [group.create_task(one.fanout.run()) for one in replicas]
        for _ in count():
            if server.ask("PUBSUB", "NUMSUB", CHANNEL).endswith(b":2\r\n"):
                break
            await asyncio.sleep(0.01)
        yield replicas
        for loop in loops:
            loop.cancel()


async def test_a_note_reaches_the_streams_of_all_replicas_once(
    own: Database, redis_server: RedisServer
) -> None:
    user = uuid4()
    async with running(own, redis_server) as (here, there):
        clients = [live(one.hub, 0, user=user, wants_all=True) for one in (here, there)]
        here.fanout.publish(user, make_note(None, title="silent"))
        here.fanout.publish(user, make_note(1))
        there.fanout.publish(user, make_note(2))
        await asyncio.gather(*(client.has(b"id: 2\n") for client in clients))
    for client in clients:
        assert client.ids == [1, 2]
        assert client.text.count(b'"id":null') == 1
    assert clients[0].text == clients[1].text


async def test_a_long_note_is_read_from_the_table(own: Database, redis_server: RedisServer) -> None:
    user = uuid4()
    async with running(own, redis_server) as (here, there):
        client = live(there.hub, 0, user=user)
        await here.consume(user)
        await client.has(b"id: 1\n")
        (note,) = await TableBacklog(own).after(user, 0)
        await here.consume(user)
        await client.has(b"id: 2\n")
        here.fanout.publish(user, replace(note, title="x" * MOST_BYTES, id=2))
        await here.consume(user)
        await client.has(b"id: 3\n")
    assert client.ids == [1, 2, 3]
    assert len(client.text) < MOST_BYTES


async def test_what_no_replica_understands_does_no_harm(
    own: Database, redis_server: RedisServer
) -> None:
    user = uuid4()
    async with running(own, redis_server) as (here, there):
        client = live(there.hub, 0, user=user)
        redis_server.ask("PUBLISH", CHANNEL, "nonsense")
        await here.consume(user)
        await client.has(b"id: 1\n")
    assert client.ids == [1]


async def test_numbers_stay_dense_and_streams_in_order_while_redis_is_killed_and_frozen(
    own: Database, redis_server: RedisServer
) -> None:
    user, total = uuid4(), 0
    async with running(own, redis_server) as replicas:
        clients = [live(one.hub, 0, user=user) for one in replicas]
        for number in range(10):
            await disturb(redis_server, number)
            await asyncio.gather(*(replicas[n % 2].consume(user) for n in range(20)))
            total += 20
            last = b"id: %d\n" % total
            await asyncio.gather(*(client.has(last) for client in clients))
    for client in clients:
        assert client.ids == list(range(1, total + 1))


async def test_hints_that_cannot_be_sent_are_given_up_and_counted(
    own: Database, redis_server: RedisServer
) -> None:
    redis_server.kill()
    replica, user = Replica(own, redis_server), uuid4()
    for number in range(1, MOST_UNSENT + 11):
        replica.fanout.publish(user, make_note(number))
    assert replica.lost._value.get() == 10
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(replica.fanout.run())
        await until(lambda: not replica.fanout._unsent)
        loop.cancel()
    assert replica.lost._value.get() == MOST_UNSENT + 10


async def disturb(server: RedisServer, number: int) -> None:
    """Something else each time; Redis comes back erased."""
    server.thaw()
    if not server.is_running:
        await asyncio.to_thread(server.start)
    if number % 3 == 1:
        server.kill()
    elif number % 3 == 2:
        server.freeze()
