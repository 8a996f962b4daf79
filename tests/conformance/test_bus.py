"""What every bus promises; each adapter runs the whole suite."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from taskflow.base.errors import Unavailable
from taskflow.bus.memory import Limits, MemoryBus
from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Bus, Outcome, Subscription, Verdict

TOPIC = "taskflow.tasks.created"
OTHER_TOPIC = "taskflow.tasks.reminder-triggered"
PATIENCE_SECONDS = 20
Misdeed = Callable[[], Awaitable[list[Outcome]]]


async def hang() -> list[Outcome]:
    await asyncio.Event().wait()
    return []


async def answer_nothing() -> list[Outcome]:
    return []


async def break_down() -> list[Outcome]:
    raise ZeroDivisionError


async def cancel_itself() -> list[Outcome]:
    raise asyncio.CancelledError


class Reader:
    """A consumer that remembers what it has seen and answers as it is told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.topics = frozenset({TOPIC})
        self.seen: list[Message] = []
        self.aside: list[Message] = []
        self.outcomes: dict[int, list[Outcome]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.progress = asyncio.Event()
        self.called = asyncio.Event()
        self.misdeeds: dict[int, list[Misdeed]] = {}
        self.cannot_set_aside = 0

    async def handle(self, messages: Sequence[Message]) -> list[Outcome]:
        self.called.set()
        await self.gate.wait()
        self.seen += messages
        self.progress.set()
        for message in messages:
            if waiting := self.misdeeds.get(message.position):
                return await waiting.pop(0)()
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
        if self.cannot_set_aside:
            self.cannot_set_aside -= 1
            raise ZeroDivisionError
        self.aside.append(message)

    def subscription(self, batch_size: int = 1) -> Subscription:
        return Subscription(
            consumer=self.name,
            topics=self.topics,
            handle=self.handle,
            set_aside=self.set_aside,
            batch_size=batch_size,
        )


class Log:
    """What an outbox is to a bus: messages that can be read again."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.is_away = 0

    async def reload(self, positions: Sequence[int]) -> list[Message]:
        if self.is_away:
            self.is_away -= 1
            raise Unavailable("the outbox is away")
        return [self.messages[position] for position in positions]

    def write(self, position: int, key: str, topic: str = TOPIC) -> Message:
        message = self.messages[position] = Message(position, topic, key, str(position).encode())
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


def make(log: Log, *readers: Reader, call_seconds: float = 60.0) -> MemoryBus:
    limits = Limits(
        lane_messages=50,
        runs=2_000,
        retry_delays=(0.01, 0.01),
        away_seconds=0.01,
        call_seconds=call_seconds,
    )
    bus = MemoryBus(log.reload, limits)
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


@pytest.mark.parametrize("misdeed", [hang, answer_nothing, break_down, cancel_itself])
async def test_a_call_that_breaks_or_never_ends_is_tried_again_and_delays_nobody(
    misdeed: Misdeed,
) -> None:
    log, reader = Log(), Reader("one")
    reader.misdeeds = {1: [misdeed], 2: [misdeed] * 3}
    bus = make(log, reader, call_seconds=0.1)
    async with running(bus):
        await bus.publish([log.write(n, f"task-{n}") for n in range(1, 21)])
        assert await settle(bus, 20) == set(range(1, 21))
    assert [message.position for message in reader.seen].count(1) == 2
    assert [message.position for message in reader.aside] == [2]


async def test_what_cannot_be_set_aside_yet_waits_and_delays_nobody() -> None:
    log, reader = Log(), Reader("one")
    reader.outcomes[1] = [Outcome(Verdict.POISON, "unreadable")] * 5
    reader.cannot_set_aside = 3
    bus = make(log, reader)
    async with running(bus):
        await bus.publish([log.write(1, "a"), log.write(2, "b"), log.write(3, "a")])
        assert await settle(bus, 3) == {1, 2, 3}
    assert [message.position for message in reader.aside] == [1]
    assert [one.position for one in reader.seen if one.key == "a"] == [1, 1, 1, 1, 3]


async def test_where_nothing_of_a_key_works_only_its_first_message_is_tried_for_long() -> None:
    log, reader = Log(), Reader("one")
    broken = Outcome(Verdict.RETRY, "broken")
    reader.outcomes = {1: [broken] * 3, 2: [broken], 4: [broken] * 2}
    bus = make(log, reader)
    async with running(bus):
        await bus.publish([log.write(n, "a") for n in range(1, 5)])
        await settle(bus, 4)
    assert [message.position for message in reader.seen] == [1, 1, 1, 2, 3, 4, 4, 4]
    assert [message.position for message in reader.aside] == [1, 2]


async def test_what_is_published_again_while_it_is_held_is_delivered_once() -> None:
    log, reader = Log(), Reader("one")
    reader.gate.clear()
    bus = make(log, reader)
    messages = [log.write(n, f"task-{n}") for n in range(1, 101)]
    async with running(bus):
        await bus.publish(messages)
        await bus.publish(messages)
        reader.gate.set()
        assert len(await settle(bus, 100)) == 100
    assert len(reader.seen) == 100


async def test_a_bus_that_is_cancelled_settles_nothing_that_was_not_done() -> None:
    log, reader = Log(), Reader("one")
    reader.misdeeds = {1: [hang]}
    bus = make(log, reader)
    await bus.publish([log.write(1, "a"), log.write(2, "a")])
    async with asyncio.TaskGroup() as group:
        delivering = group.create_task(bus.run())
        await reader.has_seen(1)
        delivering.cancel()
    assert bus.backlog() == {"one": 2}
