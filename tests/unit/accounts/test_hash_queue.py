"""Hashes wait in a queue that has an end, and leave it when nobody waits for them any more."""

import asyncio
import threading

import pytest

from taskflow.accounts.hash_queue import HashQueue
from taskflow.base.errors import Unavailable


class Work:
    """Work that holds a thread until it is let go."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.runs = 0

    def hold(self) -> str:
        assert self.may_end.wait(10)
        return "held"

    def run(self) -> str:
        self.runs += 1
        return "ran"


async def test_beyond_its_size_the_queue_refuses_at_once_and_later_takes_again() -> None:
    queue, work = HashQueue(threads=1, waiting=2), Work()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(queue.run(work.hold)) for _ in range(3)]
        await asyncio.sleep(0)
        assert queue.admitted == 3
        with pytest.raises(Unavailable, match="passwords"):
            await queue.run(work.run)
        work.may_end.set()
    assert [task.result() for task in tasks] == ["held"] * 3
    assert await queue.run(work.run) == "ran"
    assert work.runs == 1


async def test_who_stops_waiting_leaves_the_queue_and_nothing_runs() -> None:
    queue, work = HashQueue(threads=1, waiting=1), Work()
    async with asyncio.TaskGroup() as group:
        group.create_task(queue.run(work.hold))
        waiting = group.create_task(queue.run(work.run))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert queue.admitted == 1
        work.may_end.set()
    assert await queue.run(work.hold) == "held"
    assert work.runs == 0


async def test_work_that_fails_leaves_the_queue() -> None:
    queue = HashQueue(threads=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await queue.run(lambda: 1 // 0)
    assert queue.admitted == 0
