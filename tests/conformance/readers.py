"""A consumer as the tests of a bus have it, and how they see the bus that carries to it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome, Subscription, Verdict
from taskflow.events.topics import TOPIC_OF

TOPICS = tuple(TOPIC_OF.values())
TOPIC = TOPICS[0]
UNREADABLE = "no event of ours"


class Reader:
    """A consumer that remembers what it has seen, by number, and answers as it is told.

    Args:
        run: Of the test; what is left over of others is taken and forgotten.
    """

    def __init__(self, run: str) -> None:
        self.seen: list[tuple[int, str]] = []
        self.finished: list[int] = []
        self.aside: list[tuple[int, str]] = []
        self.strangers: list[tuple[str, bytes]] = []
        self.outcomes: dict[int, list[Outcome]] = {}
        self.most_in_hand = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._run = run
        self._in_hand = 0
        self._progress = asyncio.Event()

    @property
    def numbers(self) -> list[int]:
        """What it has seen, in the order in which it did."""
        return [number for number, _ in self.seen]

    async def handle(self, messages: Sequence[Message]) -> list[Outcome]:
        """Answer when the gate is open."""
        self._in_hand += len(messages)
        self.most_in_hand = max(self.most_in_hand, self._in_hand)
        self._progress.set()
        try:
            await self.gate.wait()
        finally:
            self._in_hand -= len(messages)
        return [self._answer(message) for message in messages]

    async def set_aside(self, message: Message, reason: str) -> None:
        """Remember what was set aside: an event's number, or a stranger's topic and bytes."""
        number = self._number(message.body)
        if number is not None:
            self.aside.append((number, reason))
        elif self._run.encode() in message.body:
            self.strangers.append((message.topic, message.body))
        self._progress.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until what it has seen makes something true."""
        while not is_so():
            self._progress.clear()
            await self._progress.wait()

    async def has_seen(self, numbers: Iterable[int]) -> None:
        """Wait until it has seen all of them."""
        wanted = set(numbers)
        await self.until(lambda: wanted <= set(self.numbers))

    async def has_finished(self, numbers: Iterable[int]) -> None:
        """Wait until it has handled all of them."""
        wanted = set(numbers)
        await self.until(lambda: wanted <= set(self.finished))

    async def has_set_aside(self, count: int) -> None:
        """Wait until it has set aside so many, events or not."""
        await self.until(lambda: len(self.aside) + len(self.strangers) >= count)

    def subscription(self, name: str, batch_size: int = 1) -> Subscription:
        """Its subscription to every topic."""
        return Subscription(
            consumer=name,
            topics=frozenset(TOPICS),
            handle=self.handle,
            set_aside=self.set_aside,
            batch_size=batch_size,
        )

    def in_order(self, key: str) -> bool:
        """Whether the first sight of each message of a key came in the order of publishing."""
        numbers = list(dict.fromkeys(number for number, its in self.seen if its == key))
        return numbers == sorted(numbers)

    def _answer(self, message: Message) -> Outcome:
        number = self._number(message.body)
        if number is None:
            # A leftover of another test is an event; what is none is poison.
            return DONE if _id_of(message.body) else Outcome(Verdict.POISON, UNREADABLE)
        self.seen.append((number, message.key))
        self._progress.set()
        waiting = self.outcomes.get(number)
        outcome = waiting.pop(0) if waiting else DONE
        if outcome.verdict is Verdict.DONE:
            self.finished.append(number)
        return outcome

    def _number(self, body: bytes) -> int | None:
        run, _, number = _id_of(body).partition("/")
        return int(number) if run == self._run else None


class Carrier(Protocol):
    """A bus with two consumers, as a test sees it.

    Attributes:
        one: Takes one message at a time.
        two: Takes many at once.
        most_in_hand: How many messages a consumer may be given before it has answered.
        is_leaving: Whether the consumers have been told to stop.
    """

    one: Reader
    two: Reader
    most_in_hand: int

    @property
    def is_leaving(self) -> bool: ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when the bus has taken them."""
        ...

    async def write(self, topic: str, *bodies: bytes) -> None:
        """Put bytes on a topic that need be no events; they contain no line break."""
        ...

    async def leave(self) -> None:
        """Stop the consumers gracefully, as a process does."""
        ...

    async def come_back(self) -> None:
        """Start the consumers again."""
        ...


Carriers = Callable[[str], AbstractAsyncContextManager[Carrier]]


def message(run: str, number: int, key: str, topic: str = TOPIC) -> Message:
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
    return Message(number, topic, key, msgspec.json.encode(event))


def _id_of(body: bytes) -> str:
    """The event's id; empty where it is no event."""
    try:
        event: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    found = event.get("id") if isinstance(event, dict) else None
    return found if isinstance(found, str) else ""
