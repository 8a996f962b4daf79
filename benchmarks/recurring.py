"""Goal 17, recurring tasks by the thousand: 10,000 of which the next is due in the same minute.

`taskflow up` runs all services, and a further process a second replica of what makes the tasks that
pile up. Timed are (a) 10,000 series that pile up and are all due at one minute: from that minute to
the last of their next tasks; (b) 10,000 tasks of other series, completed in bulk: from the first
request to the last of their next tasks. All events of all of it are delivered to all services in
the same process meanwhile. It fails where a task is missing or came twice.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import asyncpg
import httpx
import msgspec

from benchmarks import materialiser, people
from benchmarks.figures import Figure, Report, Target
from benchmarks.options import Options
from benchmarks.processes import Failed, Program
from benchmarks.product import Product
from taskflow.base.clock import rfc3339

GOAL: Final = 17
AT_ONCE: Final = 500
STEP_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 600.0
# The minute lies at least so far ahead once all series stand.
LEAD: Final = timedelta(seconds=5)
TARGET: Final = Target("at most", 60.0)
OPEN: Final = """
SELECT count(*) FROM tasks.tasks
 WHERE title = '{}' AND status = 'pending' AND occurrence_date <> '{}'
"""
BRING_SERIES: Final = "UPDATE recurring.series SET start_at = $1, next_at = $2"
BRING_INSTANCES: Final = "UPDATE recurring.instances SET planned_date = $1"
TWICE: Final = """
SELECT count(*) - count(DISTINCT (series_id, occurrence_date))
  FROM tasks.tasks WHERE series_id IS NOT NULL
"""


class Course(msgspec.Struct):
    """The product, a person's client, and how many series there are to be."""

    product: Product
    client: httpx.AsyncClient
    series: int


async def measure(options: Options, folder: Path) -> Report:
    """Run the benchmark."""
    seconds: dict[str, list[float]] = {"due at once": [], "done at once": []}
    for number in range(options.repetitions):
        place = folder / str(number)
        place.mkdir(mode=0o755)
        product = Product(place)
        await product.start()
        dsn = product.dsn()
        replica = Program("replica", ["-m", "benchmarks.materialiser", dsn], place, {})
        await replica.start(materialiser.READY)
        try:
            await _run(product, options.recurring, seconds)
        finally:
            await replica.stop()
            await product.stop()
    note = f"{options.recurring:,} series; two replicas of the loop; every event is delivered too"
    return Report(GOAL, "recurring tasks in the same minute", _figures(seconds), [note])


async def _run(product: Product, series: int, seconds: dict[str, list[float]]) -> None:
    person = people.person()
    await people.enrol(product.dsn(), [person])
    (token,) = people.tokens(product.data_dir, [person])
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{product.port}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
    ) as client:
        course = Course(product, client, series)
        seconds["due at once"].append(await _due_at_once(course))
        await product.drained()
        seconds["done at once"].append(await _done_at_once(course))
    if await product.count(TWICE):
        raise Failed("an occurrence has two tasks")


async def _due_at_once(course: Course) -> float:
    """Seconds from the minute to the last task.

    The series are begun far ahead, and brought near once all of them stand.
    """
    far = (datetime.now(UTC) + timedelta(days=40)).isoformat()
    rule = {"rule": "FREQ=DAILY", "policy": "pile_up"}
    await _create(course, {"title": "piled", "due_date": far, "recurrence": rule})
    await course.product.drained()
    soon = datetime.now(UTC) + LEAD
    minute = soon.replace(second=0, microsecond=0) + timedelta(minutes=1)
    await _bring_near(course.product, minute)
    await asyncio.sleep((minute - datetime.now(UTC)).total_seconds())
    await _counted(course, OPEN.format("piled", far[:10]))
    return (datetime.now(UTC) - minute).total_seconds()


async def _bring_near(product: Product, minute: datetime) -> None:
    connection = await asyncpg.connect(product.dsn())
    first = rfc3339(minute - timedelta(days=1))
    try:
        await connection.execute(BRING_SERIES, first, minute)
        await connection.execute(BRING_INSTANCES, first)
    finally:
        await connection.close()


async def _done_at_once(course: Course) -> float:
    """Seconds from the first completion to the last next task."""
    due = datetime.now(UTC) + timedelta(days=1)
    task = {"title": "single", "due_date": due.isoformat(), "recurrence": {"rule": "FREQ=WEEKLY"}}
    ids = [one["id"] for one in await _create(course, task)]
    await course.product.drained()
    begun = perf_counter()
    for start in range(0, len(ids), AT_ONCE):
        await _bulk(course, {"complete": ids[start : start + AT_ONCE]})
    await _counted(course, OPEN.format("single", due.date()))
    return perf_counter() - begun


async def _create(course: Course, task: dict[str, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for start in range(0, course.series, AT_ONCE):
        count = min(AT_ONCE, course.series - start)
        made += [one["task"] for one in await _bulk(course, {"create": [task] * count})]
    return made


async def _bulk(course: Course, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await course.client.post("/tasks/bulk", json=body)
    results: list[dict[str, Any]] = answer.json()["results"]
    if any(one["status"] >= 300 for one in results):  # noqa: PLR2004 - not a success of HTTP
        raise Failed(f"a task was refused: {answer.text[:500]}")
    return results


async def _counted(course: Course, statement: str) -> None:
    deadline = perf_counter() + PATIENCE_SECONDS
    while (found := await course.product.count(statement)) < course.series:
        if perf_counter() > deadline:
            raise Failed(f"{found} of {course.series} tasks were made")
        await asyncio.sleep(STEP_SECONDS)


def _figures(seconds: dict[str, list[float]]) -> list[Figure]:
    return [
        Figure(
            goal=GOAL, what=what, who="TaskFlow", unit="s", samples=tuple(samples), target=TARGET
        )
        for what, samples in seconds.items()
    ]
