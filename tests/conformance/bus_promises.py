"""What every bus promises, as tests that each adapter runs: at least once, in the order of a key,
again where it failed, aside where it keeps failing, and no consumer that delays another."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import uuid4

import msgspec

from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome, Subscription, Verdict

TOPIC = "taskflow.tasks.created"


class Reader:
    """A consumer that remembers what it has seen, by number, and answers as it is told."""

    def __init__(self, run: str) -> None:
        self.seen: list[tuple[int, str]] = []
        self.aside: list[tuple[int, str]] = []
        self.outcomes: dict[int, list[Outcome]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self._run = run
        self._progress = asyncio.Event()

    @property
    def numbers(self) -> list[int]:
        """What it has seen, in the order in which it did."""
        return [number for number, _ in self.seen]

    async def handle(self, messages: Sequence[Message]) -> list[Outcome]:
        await self.gate.wait()
        return [self._answer(message) for message in messages]

    async def set_aside(self, message: Message, reason: str) -> None:
        number = self._number(message)
        if number is not None:
            self.aside.append((number, reason))
            self._progress.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until what it has seen makes something true."""
        while not is_so():
            self._progress.clear()
            await self._progress.wait()

    async def has_seen(self, numbers: Sequence[int]) -> None:
        """Wait until it has seen all of them."""
        await self.until(lambda: set(numbers) <= set(self.numbers))

    def subscription(self, name: str) -> Subscription:
        return Subscription(
            consumer=name,
            topics=frozenset({TOPIC}),
            handle=self.handle,
            set_aside=self.set_aside,
        )

    def in_order(self, key: str) -> bool:
        """Whether the first sight of each message of a key came in the order of publishing."""
        numbers = list(dict.fromkeys(number for number, its in self.seen if its == key))
        return numbers == sorted(numbers)

    def _answer(self, message: Message) -> Outcome:
        number = self._number(message)
        if number is None:
            return DONE  # A leftover of another test.
        self.seen.append((number, message.key))
        self._progress.set()
        waiting = self.outcomes.get(number)
        return waiting.pop(0) if waiting else DONE

    def _number(self, message: Message) -> int | None:
        event: dict[str, Any] = msgspec.json.decode(message.body)
        run, _, number = event["id"].partition("/")
        return int(number) if run == self._run else None


class Carrier(Protocol):
    """A bus with two consumers, as a test sees it."""

    one: Reader
    two: Reader

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when the bus has taken them."""
        ...

    async def restart(self) -> None:
        """Stop the consumers gracefully and start them again, as a process does."""
        ...


Carriers = Callable[[str], AbstractAsyncContextManager[Carrier]]


def message(run: str, number: int, key: str) -> Message:
    """A small event of a test's run."""
    event = {
        "specversion": "1.0",
        "id": f"{run}/{number}",
        "source": "/taskflow/task-api",
        "type": "task.created",
        "partitionkey": key,
        "subject": key,
        "datacontenttype": "application/json",
        "data": {"number": number},
    }
    return Message(number, TOPIC, key, msgspec.json.encode(event))


class BusPromises:
    """The suite; an adapter's test class inherits it and gives the fixture `carriers`."""

    PATIENCE_SECONDS = 30.0

    async def test_every_consumer_gets_every_message_in_the_order_of_its_key(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            await carrier.publish([message(run, n, f"task-{n % 7}") for n in range(1, 201)])
            for reader in (carrier.one, carrier.two):
                await reader.has_seen(range(1, 201))
                assert all(reader.in_order(f"task-{n}") for n in range(7))

    async def test_what_fails_is_delivered_again_before_what_follows_it(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            carrier.one.outcomes[1] = [Outcome(Verdict.RETRY, "not yet")] * 2
            await carrier.publish([message(run, n, "a") for n in (1, 2)])
            await carrier.one.has_seen([1, 2])
            assert carrier.one.numbers[:4] == [1, 1, 1, 2]
            assert carrier.one.aside == []

    async def test_poison_is_set_aside_at_once_and_blocks_nothing(self, carriers: Carriers) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            carrier.one.outcomes[1] = [Outcome(Verdict.POISON, "no event of ours")]
            await carrier.publish([message(run, n, "a") for n in (1, 2)])
            await carrier.one.has_seen([2])
            assert carrier.one.aside == [(1, "no event of ours")]
            assert carrier.one.numbers == [1, 2]

    async def test_what_keeps_failing_is_set_aside_with_its_reason_and_blocks_nothing_for_ever(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS * 3), carriers(run) as carrier:
            carrier.one.outcomes[1] = [Outcome(Verdict.RETRY, "broken")] * 100
            await carrier.publish([message(run, n, "a") for n in (1, 2)])
            await carrier.one.has_seen([2])
            await carrier.one.until(lambda: bool(carrier.one.aside))
            assert carrier.one.aside == [(1, "broken")]
            assert carrier.two.numbers == [1, 2]

    async def test_a_consumer_that_stands_still_delays_nobody_and_loses_nothing(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS * 2), carriers(run) as carrier:
            carrier.one.gate.clear()
            await carrier.publish([message(run, n, f"task-{n}") for n in range(1, 101)])
            await carrier.two.has_seen(range(1, 101))
            assert carrier.one.seen == []
            carrier.one.gate.set()
            await carrier.one.has_seen(range(1, 101))

    async def test_a_restart_loses_nothing_and_keeps_the_order_of_a_key(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS * 2), carriers(run) as carrier:
            first = [message(run, n, f"task-{n % 5}") for n in range(1, 101)]
            await carrier.publish(first)
            await carrier.one.until(lambda: len(carrier.one.seen) >= 10)
            await carrier.restart()
            await carrier.publish([message(run, n, f"task-{n % 5}") for n in range(101, 151)])
            for reader in (carrier.one, carrier.two):
                await reader.has_seen(range(1, 151))
                assert all(reader.in_order(f"task-{n}") for n in range(5))
