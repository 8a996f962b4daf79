"""Programs under measurement: started, waited for, measured, stopped."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final, NamedTuple

import psutil

START_SECONDS: Final = 90.0
STOP_SECONDS: Final = 20.0
STEP_SECONDS: Final = 0.02
RESERVED_FILES: Final = 256
MEBIBYTE: Final = 1024 * 1024


class Failed(Exception):
    """A benchmark cannot be run, or what it measured lost or refused something."""


class Use(NamedTuple):
    """What a program and its children need.

    Attributes:
        rss: The sum of the resident sizes, in MiB.
        pss: The same, but a page that several share counts once in all (Linux).
        cpu_seconds: Processor time so far, also of children that have ended.
    """

    processes: int
    rss: float
    pss: float
    cpu_seconds: float


class Program:
    """A Python program in a process of its own; its output goes to a file.

    Args:
        name: What the file is called.
        arguments: What follows `python`.
        folder: Where the file is.
        environment: Added to ours, of which no TaskFlow setting is passed on.
    """

    def __init__(
        self, name: str, arguments: list[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._arguments = [sys.executable, *arguments]
        self._output = folder / f"{name}.log"
        ours = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        self._environment = {**ours, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, ready: str) -> None:
        """Start, and wait until the output has the words that say so.

        Raises:
            Failed: it ended or took too long; carries the end of its output.
        """
        self._process = process = self._launch()
        for _ in range(int(START_SECONDS / STEP_SECONDS)):
            if ready in self._output.read_text(errors="replace"):
                return
            if process.poll() is not None:
                break
            await asyncio.sleep(STEP_SECONDS)
        last = self._output.read_text(errors="replace")[-2000:]
        await self.stop()
        raise Failed(f"{' '.join(self._arguments)} did not start:\n{last}")

    async def stop(self) -> None:
        """Ask it to stop, and make it where that takes too long."""
        process, self._process = self._process, None
        if process is None:
            return
        self._pipe(process).close()
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def tell(self, line: bytes) -> None:
        """Write to its standard input."""
        pipe = self._pipe(self._running())
        pipe.write(line)
        pipe.flush()

    def use(self, name: str = "") -> Use:
        """What it and its children have and have used; narrowed to those with this in the name."""
        family = [one for one in self._family() if name in one.name()]
        held = [one.memory_full_info() for one in family]
        return Use(
            processes=len(family),
            rss=sum(one.rss for one in held) / MEBIBYTE,
            pss=sum(one.pss for one in held) / MEBIBYTE,
            cpu_seconds=sum(sum(one.cpu_times()[:4]) for one in family),
        )

    def _launch(self) -> subprocess.Popen[bytes]:
        with self._output.open("wb") as output:
            return subprocess.Popen(
                self._arguments,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )

    def _family(self) -> list[psutil.Process]:
        root = psutil.Process(self._running().pid)
        return [root, *root.children(recursive=True)]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise Failed("the program is not running")
        return self._process

    @staticmethod
    def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
        if process.stdin is None:
            raise Failed("the program has no standard input")
        return process.stdin


def allow_files(wanted: int) -> int:
    """Raise the limit of open files, for us and what we start; returns how many streams fit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    room = most - RESERVED_FILES if most != resource.RLIM_INFINITY else wanted
    return min(wanted, room)


def _is_setting(name: str) -> bool:
    return name.startswith("TASKFLOW_")
