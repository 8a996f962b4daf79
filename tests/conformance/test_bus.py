"""What every bus promises; each adapter runs the whole suite."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from taskflow.bus.memory import Limits, MemoryBus
from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Bus, Outcome, Subscription, Verdict

TOPIC = "taskflow.tasks.created"
PATIENCE_SECONDS = 20


class Reader:
    """A consumer that remembers what it has seen and answers as it is told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[Message] = []
        self.aside: list[Message] = []
        self.outcomes: dict[int, list[Outcome]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.progress = asyncio.Event()

    async def handle(self, messages: Sequence[Message]) -> list[Outcome]:
        await self.gate.wait()
        self.seen += messages
        self.progress.set()
        return [self._answer(message) for message in messages]

    async def has_seen(self, count: int) -> None:
        while len(self.seen) < count:
            self.progress.clear()
            await self.progress.wait()

    def _answer(self, message: Message) -> Outcome:
        waiting = self.outcomes.get(message.position)
        return waiting.pop(0) if waiting else DONE

    async def set_aside(self, message: Message, reason: str) -> None:
        assert reason
        self.aside.append(message)

    def subscription(self, batch_size: int = 1) -> Subscription:
        return Subscription(
            consumer=self.name,
            topics=frozenset({TOPIC}),
            handle=self.handle,
            set_aside=self.set_aside,
            batch_size=batch_size,
        )


class Log:
    """What an outbox is to a bus: messages that can be read again."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}

    async def reload(self, positions: Sequence[int]) -> list[Message]:
        return [self.messages[position] for position in positions]

    def write(self, position: int, key: str) -> Message:
        message = self.messages[position] = Message(position, TOPIC, key, str(position).encode())
        return message


@asynccontextmanager
async def running(bus: Bus) -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(bus.run())
        yield
        await bus.stop()


async def settle(bus: Bus, count: int) -> set[int]:
    positions: set[int] = set()
    while len(positions) < count:
        positions |= set(await bus.settled())
    return positions


def make(log: Log, *readers: Reader) -> MemoryBus:
    bus = MemoryBus(
        log.reload, Limits(lane_messages=50, retry_delays=(0.01, 0.01), away_seconds=0.01)
    )
    for reader in readers:
        bus.subscribe(reader.subscription())
    return bus


async def test_every_consumer_gets_every_message_in_the_order_of_its_key() -> None:
    log, one, two = Log(), Reader("one"), Reader("two")
    bus = make(log, one, two)
    async with running(bus):
        await bus.publish([log.write(n, f"task-{n % 7}") for n in range(1, 301)])
        assert await settle(bus, 300) == set(range(1, 301))
    for reader in (one, two):
        for key in {message.key for message in reader.seen}:
            positions = [message.position for message in reader.seen if message.key == key]
            assert positions == sorted(positions)
        assert len(reader.seen) == 300


async def test_what_fails_is_delivered_again_before_what_follows_it() -> None:
    log, reader = Log(), Reader("one")
    reader.outcomes[1] = [Outcome(Verdict.RETRY, "not yet"), Outcome(Verdict.AWAY, "away")]
    bus = make(log, reader)
    async with running(bus):
        await bus.publish([log.write(1, "a"), log.write(2, "a"), log.write(3, "b")])
        await settle(bus, 3)
    assert [message.position for message in reader.seen if message.key == "a"] == [1, 1, 1, 2]
    assert reader.aside == []


async def test_poison_and_what_keeps_failing_is_set_aside_and_blocks_nothing() -> None:
    log, reader = Log(), Reader("one")
    reader.outcomes[1] = [Outcome(Verdict.POISON, "unreadable")]
    reader.outcomes[2] = [Outcome(Verdict.RETRY, "broken")] * 3
    bus = make(log, reader)
    async with running(bus):
        await bus.publish(
            [log.write(1, "a"), log.write(2, "b"), log.write(3, "a"), log.write(4, "b")]
        )
        await settle(bus, 4)
    assert sorted(message.position for message in reader.aside) == [1, 2]
    assert {message.position for message in reader.seen} == {1, 2, 3, 4}


async def test_a_consumer_that_stands_still_delays_nobody_and_loses_nothing() -> None:
    log, slow, quick = Log(), Reader("slow"), Reader("quick")
    slow.gate.clear()
    bus = make(log, slow, quick)
    async with running(bus):
        await bus.publish([log.write(n, f"task-{n}") for n in range(1, 1001)])
        await quick.has_seen(1000)
        assert slow.seen == []
        assert bus.backlog()["slow"] == 1000
        slow.gate.set()
        assert len(await settle(bus, 1000)) == 1000
    assert sorted(message.position for message in slow.seen) == list(range(1, 1001))


async def test_stopping_lets_running_calls_end_and_settles_nothing_else() -> None:
    log, reader = Log(), Reader("one")
    reader.gate.clear()
    bus = make(log, reader)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        ended = group.create_task(bus.run())
        await bus.publish([log.write(n, "a") for n in range(1, 4)])
        await asyncio.sleep(0)
        await bus.stop()
        reader.gate.set()
        await ended
    assert [message.position for message in reader.seen] in ([], [1])
