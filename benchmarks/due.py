"""What goals 6 and 7 have in common: what is due when, what each contender notes, and its check.

A contender is a program that is given a database, a file and a workload. Half of what is due it may
know beforehand; the other half, where the workload says so, is planned while it runs. At the end it
writes down how late each was, under its number, so that what was lost or came twice is found.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec

from benchmarks.processes import Failed

# Who plans meanwhile does so at least that long before the time.
AHEAD_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 900.0
Noted = list[tuple[int, float]]
"""Numbers, and by how many seconds each was late."""


class Workload(NamedTuple):
    """What is due.

    Attributes:
        due: How many.
        seconds: Within which time, evenly.
        is_half_planned_meanwhile: Whether half of them are planned as the time goes on.
        begin: When the first is due, in seconds since 1970.
    """

    due: int
    seconds: float
    is_half_planned_meanwhile: bool
    begin: float = 0.0

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Self:
        """From the arguments of a program."""
        due, seconds, meanwhile = arguments
        return cls(int(due), float(seconds), meanwhile == "meanwhile")

    @property
    def arguments(self) -> list[str]:
        """As the arguments of a program."""
        meanwhile = "meanwhile" if self.is_half_planned_meanwhile else "before"
        return [str(self.due), str(self.seconds), meanwhile]

    def at(self, number: int) -> float:
        """When one of them is due."""
        return self.begin + number * self.seconds / self.due

    def refuse_late(self) -> None:
        """What is planned beforehand must be so before the first is due.

        Raises:
            Failed: it took too long, so that lateness would be that of planning.
        """
        if time.time() > self.begin:
            raise Failed("planning took longer than was allowed for")

    def before(self) -> Iterator[int]:
        """Those that are planned beforehand: all, or every other one."""
        return iter(range(0, self.due, 2 if self.is_half_planned_meanwhile else 1))

    def meanwhile(self) -> Iterator[int]:
        """Those that are planned as the time goes on."""
        return iter(range(1, self.due, 2) if self.is_half_planned_meanwhile else ())


async def run(module: str, arguments: Sequence[str], folder: Path) -> None:
    """Run a contender to its end.

    Raises:
        Failed: it failed or did not end; carries the end of its output.
    """
    command = [sys.executable, "-m", module, *arguments]
    output = folder / "contender.log"
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(*command, stdout=file, stderr=file)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            code = await process.wait()
    if code:
        raise Failed(f"{module}:\n{output.read_text(errors='replace')[-2000:]}")


def write(path: Path, noted: Noted) -> None:
    """Write down what was noted."""
    path.write_bytes(msgspec.json.encode(noted))


def read(path: Path, workload: Workload) -> Noted:
    """What was noted.

    Raises:
        Failed: one was lost or came twice.
    """
    noted = msgspec.json.decode(path.read_bytes(), type=Noted)
    times = Counter(number for number, _ in noted)
    if times != Counter(range(workload.due)):
        lost = workload.due - len(times)
        twice = sum(times.values()) - len(times)
        raise Failed(f"{path.stem}: of {workload.due} reminders {lost} lost, {twice} twice")
    return noted
