"""Goal 6, lateness: how late reminders fire of which many are pending, half planned meanwhile.

Contenders take turns on one embedded PostgreSQL, each with a database of its own, in which as many
are pending for the next months: TaskFlow as people run it, all five services in a process, with
every event delivered to its consumers; procrastinate; APScheduler. What is planned meanwhile comes
to TaskFlow as tasks over HTTP. A timer and a durable commit for each is the machine's limit.

A reminder of ours has fired when its transaction is committed, a job when its function begins.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from benchmarks import pen, reminder_rows
from benchmarks.contenders import SCHEDULERS, Contender, Ring, awa, open_ring
from benchmarks.due import AHEAD_SECONDS, Workload
from benchmarks.figures import Figure, Report, Target, percentile, ratios
from benchmarks.http_load import Connection, connect, post
from benchmarks.options import Options
from benchmarks.people import enrol, person, tokens
from benchmarks.processes import Failed
from benchmarks.product import Product
from taskflow.accounts.model import User

GOAL: Final = 6
OURS: Final = Contender("TaskFlow", "benchmarks.pen", "ours")
LIMIT: Final = Contender("a timer and a commit", "benchmarks.peers.raw_timers", "alone")
# Where promotion takes longer than its interval awa pauses it, so the tighter may do worse.
PEERS: Final = (*SCHEDULERS, awa(250), awa(50), awa(10))
# Rows are written before it starts, which takes a while on a busy machine.
START_SECONDS: Final = 30.0
STEP_SECONDS: Final = 0.2
DRAIN_SECONDS: Final = 300.0
CREATED: Final = 201
CONNECTIONS: Final = 8
MILLISECONDS: Final = 1e3
SENT: Final = (
    "SELECT count(*) FROM reminders.reminders WHERE status = 'sent' AND fire_at >= "
    "to_timestamp({begin})"
)
TOLD: Final = (
    "SELECT count(DISTINCT event_id) FROM audit.task_events WHERE event_type = "
    "'reminder.triggered' AND timestamp >= to_timestamp({begin})"
)


class Turn(NamedTuple):
    """How late each was, in seconds; of ours also the memory at the end, in MiB."""

    late: list[float]
    memory: float = 0.0


class Ours:
    """TaskFlow over a database that stays, started anew for each turn.

    Args:
        ring: Where its database is.
        folder: Gets its data, its output and its notes.
    """

    def __init__(self, ring: Ring, folder: Path) -> None:
        self._ring = ring
        self._dsn = ring.dsn(OURS)
        self._folder = folder
        self._owner: User = person()

    async def prepare(self, pending: int) -> None:
        """Make the tables, an account, and what is far ahead."""
        await self._ring.add_migrated(OURS)
        await enrol(self._dsn, [self._owner])
        await reminder_rows.seed(self._dsn, pending, self._owner.id)

    async def run(self, workload: Workload) -> Turn:
        """Take a turn.

        Raises:
            Failed: one was lost, or fired or told of twice.
        """
        workload = workload._replace(begin=round(time.time() + START_SECONDS))
        await reminder_rows.write(self._dsn, workload, self._owner.id)
        notes = self._folder / "ours.json"
        product = Product(
            self._folder, OURS.module, TASKFLOW_DATABASE_URL=self._dsn, **{pen.FILE: str(notes)}
        )
        await product.start()
        workload.refuse_late()
        try:
            await self._plan(product, workload)
            await self._all_sent(product, workload)
            memory = product.program.use().pss
        finally:
            await product.stop()
        late = msgspec.json.decode(notes.read_bytes(), type=list[float])
        if len(late) != workload.due:
            raise Failed(f"{len(late)} reminders fired of {workload.due}")
        return Turn(late, memory)

    async def _plan(self, product: Product, workload: Workload) -> None:
        """Make the tasks of those that are planned meanwhile, each a while before its time."""
        (token,) = tokens(product.data_dir, [self._owner])
        connections = await connect(product.port, CONNECTIONS)
        numbers = iter(workload.meanwhile())
        async with asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(_plan(connection, token, workload, numbers))
        for connection in connections:
            connection.close()

    async def _all_sent(self, product: Product, workload: Workload) -> None:
        """Wait until every one is marked, and was told of once."""
        deadline = time.time() + DRAIN_SECONDS
        for statement in (SENT, TOLD):
            question = statement.format(begin=workload.begin)
            while (found := await self._ring.count(OURS, question)) < workload.due:
                if time.time() > deadline:
                    raise Failed(f"{found} of {workload.due} after a while: {question}")
                await asyncio.sleep(STEP_SECONDS)
        await product.drained()
        if found != workload.due:
            raise Failed(f"{found} reminders were told of, of {workload.due}")


async def _plan(
    connection: Connection, token: str, workload: Workload, numbers: Iterator[int]
) -> None:
    for number in numbers:
        at = workload.at(number)
        await asyncio.sleep(at - AHEAD_SECONDS - time.time())
        instant = datetime.fromtimestamp(at, UTC).isoformat()
        body = {"title": f"Reminder {number}", "reminders": [{"at": instant}]}
        answer = await connection.ask(post("/api/v1/tasks", token, msgspec.json.encode(body)))
        if answer.status != CREATED:
            raise Failed(f"answered {answer.status}: {answer.body[:300]!r}")


async def measure(options: Options, folder: Path) -> Report:
    """Run the benchmark."""
    workload = Workload(options.due, options.due_seconds, is_half_planned_meanwhile=True)
    turns: defaultdict[str, list[Turn]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        ring = await open_ring(stack, folder)
        ours = Ours(ring, folder)
        await ours.prepare(options.pending)
        await ring.add_migrated(LIMIT)
        for one in PEERS:
            await ring.add_seeded(one, options.pending)
        for _ in range(options.repetitions):
            turns[OURS.name].append(await ours.run(workload))
            for one in (LIMIT, *PEERS):
                noted = await ring.run(one, workload)
                turns[one.name].append(Turn([late for _, late in noted]))
    return Report(GOAL, "lateness of reminders", _figures(turns), _notes(options))


def _figures(turns: dict[str, list[Turn]]) -> list[Figure]:
    targets = {"p99": Target("at most", 50.0), "latest": Target("at most", 250.0)}
    measured = {
        (what, who): tuple(percentile(turn.late, share) * MILLISECONDS for turn in done)
        for what, share in (("p50", 0.5), ("p99", 0.99), ("latest", 1.0))
        for who, done in turns.items()
    }
    figures = [
        Figure(
            goal=GOAL,
            what=what,
            who=who,
            unit="ms late",
            samples=samples,
            target=targets.get(what) if who == OURS.name else None,
        )
        for (what, who), samples in measured.items()
    ]
    for one in (LIMIT, *PEERS):
        samples = ratios(measured["p99", OURS.name], measured["p99", one.name])
        what = "p99, ours to theirs"
        figures.append(Figure(goal=GOAL, what=what, who=one.name, unit="times", samples=samples))
    memory = tuple(turn.memory for turn in turns[OURS.name])
    figures.append(Figure(goal=GOAL, what="memory", who=OURS.name, unit="MiB", samples=memory))
    return figures


def _notes(options: Options) -> list[str]:
    return [
        f"{options.pending:,} pending; {options.due:,} due within {options.due_seconds:g} s",
        "half of them planned meanwhile, five seconds ahead; every one found fired, once",
        "TaskFlow runs whole, and delivers every event to its consumers meanwhile",
        "its memory is that of all five services (PSS), the database's left out",
        "procrastinate polls each 10 ms; APScheduler sleeps until the next job's time",
        "awa promotes what is due in an interval, its default and two tighter",
    ]
