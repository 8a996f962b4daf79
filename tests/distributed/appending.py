"""Somebody who changes tasks without a pause, and consumers that note in what order they hear."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome
from taskflow.db.engine import Database
from taskflow.tasks import commands
from taskflow.tasks.model import Actor

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TASKS = 24
# As busy as a small team's installation in its worst second.
PAUSE_SECONDS = 0.01
USER = uuid4()
ACTOR = Actor(USER, "user", str(USER), "Ann", "correlation")


class _Told(msgspec.Struct):
    task_id: str
    version: int


class _Event(msgspec.Struct):
    data: _Told
    type: str = ""


class Listener:
    """A consumer that notes every event it hears of, in its order."""

    def __init__(self) -> None:
        self.heard: dict[str, list[int]] = {}
        self.aside: list[str] = []
        self.updates: dict[str, list[int]] = {}
        self._news = asyncio.Event()

    async def handle(self, messages: Sequence[Message]) -> list[Outcome]:
        for message in messages:
            event = msgspec.json.decode(message.body, type=_Event)
            told = event.data
            self.heard.setdefault(told.task_id, []).append(told.version)
            # A broker keeps the order of a key within a topic, not between topics.
            if event.type == "task.updated":
                self.updates.setdefault(told.task_id, []).append(told.version)
        self._news.set()
        return [DONE] * len(messages)

    async def set_aside(self, message: Message, reason: str) -> None:
        self.aside.append(f"{reason}: {message.body!r}")

    async def has_heard(self, versions: Mapping[str, int]) -> None:
        """Wait until it has heard of every version of every task up to these."""
        await self.until(lambda: self.missing(versions) == {})

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until what it has heard makes something true."""
        while not is_so():
            self._news.clear()
            await self._news.wait()

    def missing(self, versions: Mapping[str, int]) -> dict[str, set[int]]:
        """Which versions it has not heard of."""
        lacking = {
            task: set(range(1, last + 1)) - set(self.heard.get(task, ()))
            for task, last in versions.items()
        }
        return {task: lacks for task, lacks in lacking.items() if lacks}

    def disordered(self) -> list[str]:
        """Tasks whose updates it did not first hear of in their order."""
        first = {task: list(dict.fromkeys(versions)) for task, versions in self.updates.items()}
        return [task for task, versions in first.items() if versions != sorted(versions)]


class Appender:
    """Changes tasks; each change is an event in the outbox.

    Attributes:
        versions: Of each task the newest one that is committed.
    """

    def __init__(self, database: Database) -> None:
        self.versions: dict[str, int] = {}
        self._database = database

    async def run(self) -> None:
        """Append until cancelled."""
        for number in range(TASKS):
            async with self._database.transaction() as transaction:
                task = await commands.create(transaction, ACTOR, {"title": f"{number}"}, NOW)
            self.versions[str(task.id)] = task.version
        while True:
            for task_id in list(self.versions):
                await self._change(task_id)

    async def _change(self, task_id: str) -> None:
        given = {"title": f"{self.versions[task_id]}"}
        async with self._database.transaction() as transaction:
            task = await commands.update(transaction, ACTOR, UUID(task_id), given, NOW)
        self.versions[task_id] = task.version
        await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def appending(database: Database) -> AsyncIterator[Appender]:
    """Somebody appends while the block runs."""
    appender = Appender(database)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(appender.run())
        yield appender
        running.cancel()
