"""Watches that no version of a task is missing: each event's predecessor is in the trail, too.

Versions are dense, so a gap that does not close within minutes is a lost event, or one that was set
aside. What arrives in order costs nothing; only an event whose predecessor was not seen just before
is looked up, once it has had time to arrive.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED
from taskflow.services.audit_logger import storage

PATIENCE_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 15.0
KEPT_SECONDS: Final = 24 * 3600.0
REMEMBERED: Final = 10_000
AT_ONCE: Final = 1_000

log = structlog.get_logger()


class Version(NamedTuple):
    """A version of a task."""

    task_id: UUID
    version: int


class Gaps:
    """The versions that are missing, or may be. Pure: the monotonic time is an argument.

    A restart forgets them; each is kept for a day, and no more than so many.
    """

    def __init__(self, capacity: int = REMEMBERED) -> None:
        self._capacity = capacity
        self._last: OrderedDict[UUID, int] = OrderedDict()
        self._wanted: OrderedDict[Version, float] = OrderedDict()
        self._missing: set[Version] = set()

    def __len__(self) -> int:
        return len(self._missing)

    def saw(self, events: Iterable[TaskEvent], now: float) -> None:
        """Note what was written; a reminder has no version of its own."""
        for event in events:
            if event.event_type == REMINDER_TRIGGERED:
                continue
            known = self._last.pop(event.task_id, 0)
            self._last[event.task_id] = max(known, event.version)
            self._found(Version(event.task_id, event.version))
            if event.version > 1 and known != event.version - 1:
                self._wanted.setdefault(Version(event.task_id, event.version - 1), now)
        while len(self._last) > self._capacity:
            self._last.popitem(last=False)
        while len(self._wanted) > self._capacity:
            self._found(next(iter(self._wanted)))

    def due(self, now: float) -> list[Version]:
        """What has had time to arrive, some at a time; what is too old is given up."""
        for version in [one for one, since in self._wanted.items() if now - since > KEPT_SECONDS]:
            self._found(version)
        ripe = [one for one, since in self._wanted.items() if now - since >= PATIENCE_SECONDS]
        return ripe[:AT_ONCE]

    def looked(self, asked: Sequence[Version], missing: Iterable[Version]) -> None:
        """What was asked for is there, or else missing."""
        absent = set(missing)
        for version in asked:
            if version not in absent:
                self._found(version)
            elif version in self._wanted:  # It may have come since it was looked up.
                self._missing.add(version)
                self._wanted.move_to_end(version)

    def _found(self, version: Version) -> None:
        self._wanted.pop(version, None)
        self._missing.discard(version)


async def watch(database: Database, gaps: Gaps) -> None:
    """Look for what may be missing until cancelled."""
    while True:
        try:
            await look(database, gaps)
        except Unavailable as error:
            log.warning("gaps.waiting", reason=error.detail)
        await asyncio.sleep(LOOK_SECONDS)


async def look(database: Database, gaps: Gaps) -> None:
    """Look up what has had time to arrive.

    Raises:
        Unavailable: the database is away.
    """
    asked = gaps.due(monotonic())
    if not asked:
        return
    async with database.transaction(read_only=True) as transaction:
        missing = [Version(*row) for row in await storage.absent(transaction, asked)]
    if missing:
        log.error("audit.versions_missing", count=len(missing), task_id=str(missing[0].task_id))
    gaps.looked(asked, missing)
