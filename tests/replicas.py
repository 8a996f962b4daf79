"""Replicas of the reminder service's schedule, in one Redis."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Self

from tests.redis_server import RedisServer

from taskflow.base.clock import Clock
from taskflow.chassis.redis import RedisClient
from taskflow.db.engine import Database
from taskflow.services.reminder.ports import Claim
from taskflow.services.reminder.schedule_redis import RedisSchedule

PATIENCE_SECONDS = 30


class Replicas:
    """Makes schedules over one table and one Redis, and runs them until it is left.

    Args:
        server: The Redis.
        database: The table.
    """

    def __init__(self, server: RedisServer, database: Database) -> None:
        self._server = server
        self._database = database
        self._loops: list[asyncio.Task[None]] = []

    def make(self, clock: Clock) -> RedisSchedule:
        """A schedule that tells and hears nothing yet."""
        return RedisSchedule(RedisClient(self._server.url), self._database, clock)

    async def start(self, clock: Clock) -> RedisSchedule:
        """A schedule that runs and hears the others."""
        schedule = self.make(clock)
        self._loops.append(asyncio.create_task(schedule.run()))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await until(lambda: schedule.next is not None)
        schedule.forget()
        return schedule

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    for _ in count():
        if holds():
            return
        await asyncio.sleep(0.01)


async def claimed(schedule: RedisSchedule, now: datetime, limit: int = 500) -> Claim:
    """What a schedule claims as soon as its set is whole and told of everything."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in count():
            if (found := await schedule.claim(now, limit)) is not None:
                return found
            await asyncio.sleep(0.01)
    raise AssertionError
