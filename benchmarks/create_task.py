"""Goal 10, create a task: 32 connections that each send the next request at the last one's answer.

Contenders take turns on one embedded PostgreSQL, each with a database of the same schema: TaskFlow
as people run it (which also delivers every event to four consumers in the same process), and the
textbook application, which only writes its event down. Before the others' turns TaskFlow's outbox
has run empty. pgbench with the same statements is the machine's limit.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.distributed.ports import free_span

from benchmarks.databases import add_database
from benchmarks.figures import Figure, Report, Target, percentile, ratios
from benchmarks.http_load import Run, closed_loop, post
from benchmarks.options import Options
from benchmarks.people import enrol, person, tokens
from benchmarks.pgbench import run_pgbench
from benchmarks.processes import Failed, Program
from benchmarks.product import Product
from taskflow.accounts.keys import load_signing_key

GOAL: Final = 10
OURS: Final = "TaskFlow"
PEER: Final = "FastAPI + SQLAlchemy"
LIMIT: Final = "pgbench"
PATH: Final = "/api/v1/tasks"
CREATED: Final = 201
WARM_SECONDS: Final = 2.0
POOL: Final = 8  # what a service of ours has, within the embedded database's limit for all
OWN_TIME: Final = "processor time, application"
TASKS: Final = "SELECT count(*) FROM tasks.tasks"
EVENTS: Final = "SELECT count(*) FROM delivery.outbox"
TRAIL: Final = "SELECT count(*) FROM audit.task_events"


class Turn(NamedTuple):
    """What one turn measured; processor time in seconds, TaskFlow's consumers' included."""

    run: Run
    application: float
    database: float
    drain: float = 0.0


class Ring:
    """The contenders, in a state to take turns.

    Args:
        product: TaskFlow, in whose PostgreSQL all of them work.
        peer: The textbook application.
        peer_port: Where that listens.
        makers: The requests, a maker for each connection.
    """

    def __init__(
        self, product: Product, peer: Program, peer_port: int, makers: list[Callable[[], bytes]]
    ) -> None:
        self.turns: defaultdict[str, list[Turn]] = defaultdict(list)
        self._product = product
        self._peer = peer
        self._peer_port = peer_port
        self._makers = makers

    async def take_turns(self, seconds: float, folder: Path) -> None:
        """Each contender once."""
        for who, program, port in (
            (OURS, self._product.program, self._product.port),
            (PEER, self._peer, self._peer_port),
        ):
            spent = self._spent(program)
            run = await closed_loop(port, self._makers, seconds, CREATED)
            drain = await self._product.drained()
            application, database = (
                after - before for after, before in zip(self._spent(program), spent, strict=True)
            )
            self.turns[who].append(Turn(run, application, database, drain))
        spent = self._spent(self._product.program)
        run = await run_pgbench(self._product.dsn(LIMIT), folder, POOL, seconds)
        database = self._spent(self._product.program)[1] - spent[1]
        self.turns[LIMIT].append(Turn(run, 0.0, database))

    def _spent(self, program: Program) -> tuple[float, float]:
        """Processor time so far: of a program without its database, and of the database."""
        database = self._product.program.use("postgres").cpu_seconds
        own = program.use().cpu_seconds - program.use("postgres").cpu_seconds
        return own, database


async def measure(options: Options, folder: Path) -> Report:
    """Run the benchmark."""
    async with AsyncExitStack() as stack:
        product = Product(folder)
        stack.push_async_callback(product.stop)
        await product.start()
        people = [person() for _ in range(options.connections)]
        await enrol(product.dsn(), people)
        for database in ("textbook", "pgbench"):
            await add_database(product.dsn(), product.dsn(database), database)
            await enrol(product.dsn(database), people)
        peer, port = await _start_peer(stack, product, folder)
        makers = [_requests(token) for token in tokens(product.data_dir, people)]
        ring = Ring(product, peer, port, makers)
        await ring.take_turns(WARM_SECONDS, folder)
        for _ in range(options.repetitions):
            await ring.take_turns(options.seconds, folder)
        await _refuse_losses(product, ring.turns)
        turns = {who: done[1:] for who, done in ring.turns.items()}
        notes = _notes(options, [turn.drain for turn in turns[OURS]])
        return Report(GOAL, "create a task", _figures(turns), notes)


async def _start_peer(stack: AsyncExitStack, product: Product, folder: Path) -> tuple[Program, int]:
    port, key_file = free_span(1), folder / "public.pem"
    public = load_signing_key(product.data_dir).public_key()
    key_file.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    arguments = [str(port), product.dsn("textbook"), str(key_file), str(POOL)]
    program = Program("textbook", ["-m", "benchmarks.peers.textbook", *arguments], folder, {})
    stack.push_async_callback(program.stop)
    await program.start("Uvicorn running")
    return program, port


def _requests(token: str) -> Callable[[], bytes]:
    """Makes one person's requests, each with a title of its own."""
    numbers = count(1)

    def make() -> bytes:
        body = {
            "title": f"Water the plants, {next(numbers)}",
            "description": "On the balcony, all of them",
            "priority": "high",
            "tags": ["home", "garden"],
            "due_date": "2031-01-24T10:00:00+01:00",
        }
        return post(PATH, token, msgspec.json.encode(body))

    return make


async def _refuse_losses(product: Product, turns: Mapping[str, list[Turn]]) -> None:
    """Every task that was acknowledged is there, and so is its event.

    Raises:
        Failed: one is missing, or there is one too many.
    """
    for who, database, statements in (
        (OURS, "taskflow", (TASKS, TRAIL)),
        (PEER, "textbook", (TASKS, EVENTS)),
    ):
        acknowledged = sum(len(turn.run.latencies) for turn in turns[who])
        for statement in statements:
            found = await product.count(statement, database)
            if found != acknowledged:
                raise Failed(f"{who}: {statement} gives {found} for {acknowledged} answers")


def _notes(options: Options, drains: list[float]) -> list[str]:
    pools = f"TaskFlow 8 a service, textbook {POOL}, pgbench {POOL}"
    return [
        f"{options.connections} connections with a person each, {options.seconds:g} s a turn",
        f"connections to the database: {pools}",
        f"after a turn TaskFlow's consumers had everything within {max(drains):.1f} s",
        "processor time is until then: TaskFlow's has all four consumers' work in it",
        "every acknowledged task and its event were found afterwards",
    ]


def _figures(turns: Mapping[str, list[Turn]]) -> list[Figure]:
    figures = [
        Figure(
            goal=GOAL,
            what=what,
            who=who,
            unit=unit,
            samples=tuple(read(turn) for turn in done),
            target=Target("at most", 25) if (who, what) == (OURS, "p99") else None,
        )
        for what, unit, read in MEASURES
        for who, done in turns.items()
        if (who, what) != (LIMIT, OWN_TIME)
    ]
    rates = {who: [turn.run.per_second for turn in done] for who, done in turns.items()}
    for other, target in ((PEER, Target("at least", 2.5)), (LIMIT, None)):
        figures.append(
            Figure(
                goal=GOAL,
                what="rate, ours to theirs",
                who=other,
                unit="times",
                samples=ratios(rates[OURS], rates[other]),
                target=target,
            )
        )
    return figures


def _each(turn: Turn, seconds: float) -> float:
    """Milliseconds for each task of a turn."""
    return seconds / len(turn.run.latencies) * 1e3


MEASURES: Final[tuple[tuple[str, str, Callable[[Turn], float]], ...]] = (
    ("created", "tasks/s", lambda turn: turn.run.per_second),
    ("p50", "ms", lambda turn: percentile(turn.run.latencies, 0.5) * 1e3),
    ("p99", "ms", lambda turn: percentile(turn.run.latencies, 0.99) * 1e3),
    (OWN_TIME, "ms/task", lambda turn: _each(turn, turn.application)),
    ("processor time, database", "ms/task", lambda turn: _each(turn, turn.database)),
)
