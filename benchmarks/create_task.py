"""Goal 10, create a task: 32 connections that each send the next request at the last one's answer.

Contenders take turns on one embedded PostgreSQL, each with a database of the same schema: TaskFlow
as people run it (which also delivers every event to four consumers in the same process), and the
textbook application, which only writes its event down. Before the others' turns TaskFlow's outbox
has run empty. pgbench with the same statements is the machine's limit.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.databases import add_database
from benchmarks.figures import Figure, Report, Target, percentile, ratios
from benchmarks.http_load import Run, closed_loop, post
from benchmarks.options import Options
from benchmarks.people import enrol, person, tokens
from benchmarks.pgbench import run_pgbench
from benchmarks.processes import Failed, Program, free_ports
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
TASKS: Final = "SELECT count(*) FROM tasks.tasks"
EVENTS: Final = "SELECT count(*) FROM delivery.outbox"
TRAIL: Final = "SELECT count(*) FROM audit.task_events"
Runs = defaultdict[str, list[Run]]


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
        peer_port = await _start_peer(stack, product, folder)
        makers = [_requests(token) for token in tokens(product.data_dir, people)]
        runs, drains = Runs(list), []
        for number in range(options.repetitions + 1):
            seconds = options.seconds if number else WARM_SECONDS
            runs[OURS].append(await closed_loop(product.port, makers, seconds, CREATED))
            drains.append(await product.drained())
            runs[PEER].append(await closed_loop(peer_port, makers, seconds, CREATED))
            dsn = product.dsn("pgbench")
            runs[LIMIT].append(await run_pgbench(dsn, folder, POOL, seconds))
        await _refuse_losses(product, runs)
        notes = _notes(options, drains[1:])
        return Report(GOAL, "create a task", _figures(runs), notes)


async def _start_peer(stack: AsyncExitStack, product: Product, folder: Path) -> int:
    port, key_file = free_ports(1), folder / "public.pem"
    public = load_signing_key(product.data_dir).public_key()
    key_file.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    arguments = [str(port), product.dsn("textbook"), str(key_file), str(POOL)]
    program = Program("textbook", ["-m", "benchmarks.peers.textbook", *arguments], folder, {})
    stack.push_async_callback(program.stop)
    await program.start("Uvicorn running")
    return port


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


async def _refuse_losses(product: Product, runs: Runs) -> None:
    """Every task that was acknowledged is there, and so is its event.

    Raises:
        Failed: one is missing, or there is one too many.
    """
    for who, database, statements in (
        (OURS, "taskflow", (TASKS, TRAIL)),
        (PEER, "textbook", (TASKS, EVENTS)),
    ):
        acknowledged = sum(len(run.latencies) for run in runs[who])
        for statement in statements:
            found = await product.count(statement, database)
            if found != acknowledged:
                raise Failed(f"{who}: {statement} gives {found} for {acknowledged} answers")


def _notes(options: Options, drains: list[float]) -> list[str]:
    return [
        f"{options.connections} connections, {options.seconds:g} s a turn, a person each; "
        f"database connections: TaskFlow 8 a service, textbook {POOL}, "
        f"pgbench {POOL}",
        f"after a turn TaskFlow's consumers had everything within {max(drains):.1f} s",
        "every acknowledged task and its event were found afterwards",
    ]


def _figures(runs: Runs) -> list[Figure]:
    rates = {who: tuple(run.per_second for run in done[1:]) for who, done in runs.items()}
    figures = [
        Figure(goal=GOAL, what="created", who=who, unit="tasks/s", samples=samples)
        for who, samples in rates.items()
    ]
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        figures += [
            Figure(
                goal=GOAL,
                what=name,
                who=who,
                unit="ms",
                samples=tuple(percentile(run.latencies, share) * 1e3 for run in done[1:]),
                target=Target("at most", 25) if (who, name) == (OURS, "p99") else None,
            )
            for who, done in runs.items()
        ]
    for other, target in ((PEER, Target("at least", 2.5)), (LIMIT, None)):
        figures.append(
            Figure(
                goal=GOAL,
                what="rate, ours to theirs",
                who=other,
                unit="×",
                samples=ratios(rates[OURS], rates[other]),
                target=target,
            )
        )
    return figures
