"""Goal 3, commit to browser: 5,000 people have a stream open each; 200 changes happen a second.

A change is a task that one of them creates over HTTP against `taskflow up`, at fixed moments
whether or not earlier answers are there (an open loop). Its commit lies between the event's
timestamp, which is taken before the transaction, and the answer's arrival at the writer. Both
bounds are reported; the target is held against the earlier moment, which is the stricter one.

The machine's limit: pgbench at the same pace for the database, and how late the load generator's
own timer fires for the processor, since no arrival can be noticed sooner than that.
"""

import asyncio
import gc
import random
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from benchmarks import crowd
from benchmarks.arrivals import Arrivals
from benchmarks.databases import add_database
from benchmarks.figures import Figure, Report, Target, percentile
from benchmarks.frame import GREETING
from benchmarks.http_load import Connection, connect, post
from benchmarks.options import Options
from benchmarks.people import enrol, person, tokens
from benchmarks.pgbench import run_pgbench
from benchmarks.processes import Failed, allow_files
from benchmarks.product import Product

GOAL: Final = 3
OURS: Final = "TaskFlow"
LIMIT: Final = "pgbench"
TIMER: Final = "load generator"
STREAM: Final = "/api/v1/notifications/stream"
TASKS: Final = "/api/v1/tasks"
BODY: Final = b'{"title":"Water the plants","description":"On the balcony","priority":"high"}'
CREATED: Final = 201
WRITERS: Final = 64
SEED: Final = 3


class Turn(NamedTuple):
    """What one turn measured, in seconds."""

    since_event: list[float]
    since_answer: list[float]
    lateness: list[float]
    database: list[float]


class Writers:
    """People who create tasks, at a pace, over some keep-alive connections."""

    def __init__(self, connections: list[Connection], requests: list[bytes]) -> None:
        self.lateness: list[float] = []
        self._requests = requests
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    async def write(self, per_second: int, seconds: float, arrivals: Arrivals) -> None:
        """Start a change at each of its moments; returns when all are answered."""
        chosen, begun = random.Random(SEED), perf_counter()
        self.lateness.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(int(per_second * seconds)):
                due = begun + number / per_second
                await asyncio.sleep(max(0.0, due - perf_counter()))
                self.lateness.append(perf_counter() - due)
                who = chosen.randrange(len(self._requests))
                group.create_task(self._create(who, arrivals))

    async def _create(self, who: int, arrivals: Arrivals) -> None:
        connection = await self._free.get()
        answer = await connection.ask(self._requests[who])
        self._free.put_nowait(connection)
        if answer.status != CREATED:
            raise Failed(f"answered {answer.status}: {answer.body[:300]!r}")
        arrivals.answered(who, answer.body)


async def measure(options: Options, folder: Path) -> Report:
    """Run the benchmark."""
    streams = allow_files(options.streams + WRITERS) - WRITERS
    async with AsyncExitStack() as stack:
        product = Product(folder)
        stack.push_async_callback(product.stop)
        await product.start()
        await add_database(product.dsn(), product.dsn(LIMIT), LIMIT)
        arrivals = Arrivals()
        writers = await _assemble(stack, product, streams, arrivals)
        turns = []
        for _ in range(options.repetitions):
            await writers.write(options.changes_per_second, options.stream_seconds, arrivals)
            since_event, since_answer = await arrivals.conclude()
            await product.drained()
            run = await run_pgbench(
                product.dsn(LIMIT), folder, 8, min(options.seconds, options.stream_seconds),
                per_second=options.changes_per_second,
            )  # fmt: skip
            turns.append(Turn(since_event, since_answer, [*writers.lateness], run.latencies))
        return Report(GOAL, "commit to browser", _figures(turns), _notes(options, streams))


async def _assemble(
    stack: AsyncExitStack, product: Product, streams: int, arrivals: Arrivals
) -> Writers:
    """People, their streams, and the connections over which they write."""
    people = [person() for _ in range(streams)]
    await enrol(product.dsn(), people)
    keys = tokens(product.data_dir, people)
    opening = [crowd.ask_for(STREAM, key) for key in keys]
    for listener in await crowd.gather(product.port, opening, GREETING, arrivals.heard):
        stack.callback(listener.close)
    connections = await connect(product.port, WRITERS)
    for connection in connections:
        stack.callback(connection.close)
    gc.freeze()
    return Writers(connections, [post(TASKS, key, BODY) for key in keys])


def _figures(turns: list[Turn]) -> list[Figure]:
    targets = {0.5: Target("at most", 3), 0.99: Target("at most", 20), 1.0: None}
    names = {0.5: "p50", 0.99: "p99", 1.0: "longest"}
    rows = (
        ("event's timestamp to receipt", OURS, 0),
        ("answer to receipt", OURS, 1),
        ("timer's lateness", TIMER, 2),
        ("transaction at the same pace", LIMIT, 3),
    )
    return [
        Figure(
            goal=GOAL,
            what=f"{what}, {name}",
            who=who,
            unit="ms",
            samples=tuple(percentile(turn[place], share) * 1e3 for turn in turns),
            target=targets[share] if place == 0 else None,
        )
        for what, who, place in rows
        for share, name in names.items()
    ]


def _notes(options: Options, streams: int) -> list[str]:
    short = "" if streams == options.streams else f" (of {options.streams}: open files are limited)"
    pace = f"{options.changes_per_second} changes a second for {options.stream_seconds:g} s a turn"
    return [
        f"{streams} streams{short}, {pace}",
        "each change came once, on the stream of its owner and on no other",
        "a note that came before the answer did counts as 0 ms after it",
    ]
