"""Goal 15, idle: `taskflow up` with nothing to do: the memory and the processor time of it all.

Every repetition starts it on an empty folder, lets it settle, and watches all its processes, the
database's included. The memory that counts is the proportional set size (PSS), in which a page that
several processes share counts once. The floor is what the embedded PostgreSQL has of it.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.figures import Figure, Report, Target
from benchmarks.options import Options
from benchmarks.processes import Program
from benchmarks.product import Product

GOAL: Final = 15
SETTLE_SECONDS: Final = 5.0
PARTS: Final = {"TaskFlow": "", "of it PostgreSQL": "postgres"}


class Idle(NamedTuple):
    """What a part of the product held at the end, and used meanwhile."""

    pss: float
    rss: float
    core_percent: float
    processes: float


async def measure(options: Options, folder: Path) -> Report:
    """Run the benchmark."""
    found: dict[str, list[Idle]] = {who: [] for who in PARTS}
    for number in range(options.repetitions):
        place = folder / str(number)
        place.mkdir(mode=0o755)
        product = Product(place)
        await product.start()
        try:
            await asyncio.sleep(SETTLE_SECONDS)
            await _watch(product.program, options.seconds, found)
        finally:
            await product.stop()
    note = f"watched for {options.seconds:g} s, {SETTLE_SECONDS:g} s after the start; no account"
    return Report(GOAL, "nothing to do", _figures(found), [note])


async def _watch(program: Program, seconds: float, found: dict[str, list[Idle]]) -> None:
    before = {who: program.use(name) for who, name in PARTS.items()}
    await asyncio.sleep(seconds)
    for who, name in PARTS.items():
        now = program.use(name)
        share = (now.cpu_seconds - before[who].cpu_seconds) / seconds * 100
        found[who].append(Idle(now.pss, now.rss, share, now.processes))


def _figures(found: dict[str, list[Idle]]) -> list[Figure]:
    most = {("memory, PSS", "TaskFlow"): 200.0, ("processor", "TaskFlow"): 1.0}
    measures: dict[str, tuple[str, Callable[[Idle], float]]] = {
        "memory, PSS": ("MiB", lambda one: one.pss),
        "memory, RSS": ("MiB", lambda one: one.rss),
        "processor": ("% of a core", lambda one: one.core_percent),
        "processes": ("", lambda one: one.processes),
    }
    return [
        Figure(
            goal=GOAL,
            what=what,
            who=who,
            unit=unit,
            samples=tuple(read(one) for one in idles),
            target=Target("at most", most[what, who]) if (what, who) in most else None,
        )
        for what, (unit, read) in measures.items()
        for who, idles in found.items()
    ]
