"""Goal 7, a burst: many reminders due in one second, each marked and told of durably.

The rate is of all, from the time of the first to when the last has fired. Contenders take turns on
one embedded PostgreSQL, each with a database of its own: our firing, procrastinate, APScheduler,
awa (which get fewer: the first two would take minutes, and awa fires nothing more once too many are
due). The same rows by SQL alone, all of them due already, are the machine's limit.
"""

from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import due
from benchmarks.contenders import SCHEDULERS, Contender, awa, open_ring
from benchmarks.due import Workload
from benchmarks.figures import Figure, Report, Target, ratios
from benchmarks.options import Options

GOAL: Final = 7
OURS: Final = Contender("TaskFlow", "benchmarks.our_reminders", "burst")
LIMIT: Final = Contender("SQL alone", "benchmarks.peers.raw_statements", "alone")
# Its default, and a tighter one that a promotion of many may exceed, upon which awa pauses.
AWA: Final = (awa(250), awa(50))
PEERS: Final = (*SCHEDULERS, *AWA)


class Turn(NamedTuple):
    """What one turn gave."""

    per_second: float
    longest: float


async def measure(options: Options, folder: Path) -> Report:
    """Run the benchmark."""
    turns: defaultdict[str, list[Turn]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        ring = await open_ring(stack, folder)
        for one in (OURS, LIMIT):
            await ring.add_migrated(one)
        for one in PEERS:
            await ring.add_seeded(one, 0)
        for _ in range(options.repetitions):
            for one in (OURS, LIMIT, *PEERS):
                workload = _workload(one, options)
                late = await ring.run(one, workload)
                turns[one.name].append(_turn(workload, late))
    return Report(GOAL, "reminders due in one second", _figures(turns), _notes(options))


def _workload(one: Contender, options: Options) -> Workload:
    few = options.awa_burst if one in AWA else options.peer_burst
    return Workload(few if one in PEERS else options.burst, 1.0, is_half_planned_meanwhile=False)


def _turn(workload: Workload, noted: due.Noted) -> Turn:
    end = max(workload.at(number) + late for number, late in noted)
    return Turn(workload.due / end, max(late for _, late in noted))


def _figures(turns: dict[str, list[Turn]]) -> list[Figure]:
    rates = {who: tuple(turn.per_second for turn in done) for who, done in turns.items()}
    figures = [
        Figure(
            goal=GOAL,
            what="fired",
            who=who,
            unit="reminders/s",
            samples=samples,
            target=Target("at least", 20_000) if who == OURS.name else None,
        )
        for who, samples in rates.items()
    ]
    for one in (LIMIT, *PEERS):
        samples = ratios(rates[OURS.name], rates[one.name])
        what = "rate, ours to theirs"
        figures.append(Figure(goal=GOAL, what=what, who=one.name, unit="times", samples=samples))
    for who, done in turns.items():
        if who == LIMIT.name:
            continue
        longest = tuple(turn.longest for turn in done)
        figures.append(
            Figure(goal=GOAL, what="latest of all", who=who, unit="s late", samples=longest)
        )
    return figures


def _notes(options: Options) -> list[str]:
    return [
        f"{options.burst:,} reminders within a second; {options.peer_burst:,} jobs for the peers",
        f"{options.awa_burst:,} for awa, whose rate cannot exceed that number",
        "every one was found fired, once; fsync and synchronous_commit on",
        "ours: the reminder service's firing in a process; the mark and the event are one commit",
        "a job of a peer counts when its function begins",
    ]
