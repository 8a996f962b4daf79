"""The processes in which Apprise runs: started when one is needed, ended when none is.

A process has one request at a time. What takes too long is killed, and so is what nobody asked for
a while: a person's service can neither hold ours up nor be there for nothing. Before that it is
told to hurry: what a service has answered by then counts, whatever of it is still to come.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
import structlog

from taskflow.base.errors import TimedOut, TooMany, Unavailable
from taskflow.base.settings import trusting_environment
from taskflow.services.reminder.channels.worker_protocol import Reply, Request

MODULE: Final = "taskflow.services.reminder.channels.apprise_worker"
MOST: Final = 2
# Importing Apprise takes a second or two of a busy machine.
START_SECONDS: Final = 30.0
TURN_SECONDS: Final = 30.0
IDLE_SECONDS: Final = 60.0
MOST_REQUESTS: Final = 200
# How long a process has to say what came of it, once its time is over or we stop.
HURRY_SECONDS: Final = 1.0

log = structlog.get_logger()


class Workers:
    """Asks Apprise.

    Args:
        allowed: The setting of the same name, for the process to hold itself to.
        idle_seconds: How long a process is kept that nobody asks.
        hurry_seconds: How long one that is told to hurry has for its answer.
    """

    def __init__(
        self,
        allowed: str | None,
        idle_seconds: float = IDLE_SECONDS,
        hurry_seconds: float = HURRY_SECONDS,
    ) -> None:
        self._allowed = allowed or ""
        self._idle_seconds = idle_seconds
        self._hurry_seconds = hurry_seconds
        self._idle: list[_Worker] = []
        self._room = asyncio.Semaphore(MOST)
        self._shares: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def ask(self, request: Request, seconds: float, owner: UUID | None = None) -> Reply:
        """Have one request answered.

        Args:
            request: What.
            seconds: How long the answer may take, once there is a process to give it.
            owner: For whom; each person has one process at a time, so that the other is there for
                others.

        Raises:
            TimedOut: it took longer.
            TooMany: others took all of the time.
            Unavailable: the process ended, or could not be started.
        """
        async with self._turn(owner):
            worker, reply = await self._take(), None
            try:
                reply = await worker.ask(request, seconds, self._hurry_seconds)
            finally:
                # Who has not answered may still be at it.
                await (worker.end() if reply is None else self._give_back(worker))
            return reply

    async def close(self) -> None:
        """End the processes that wait."""
        while self._idle:
            await self._idle.pop().end()

    @asynccontextmanager
    async def _turn(self, owner: UUID | None) -> AsyncIterator[None]:
        """A turn among those who ask, which nobody waits for without an end."""
        async with AsyncExitStack() as turn:
            try:
                async with asyncio.timeout(TURN_SECONDS):
                    if owner is not None:
                        share = self._shares.setdefault(owner, asyncio.Lock())
                        await turn.enter_async_context(share)
                    await turn.enter_async_context(self._room)
            except TimeoutError as error:
                detail = "too much is told through Apprise at this moment"
                raise TooMany(detail, retry_after_seconds=int(TURN_SECONDS)) from error
            yield

    async def _take(self) -> "_Worker":
        while self._idle:
            worker = self._idle.pop()
            if worker.wake():
                return worker
            await worker.end()
        return await _Worker.start(self._allowed)

    async def _give_back(self, worker: "_Worker") -> None:
        if worker.answered >= MOST_REQUESTS:
            await worker.end()
            return
        worker.sleep(self._idle_seconds)
        self._idle.append(worker)


class _Worker:
    """One process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._timer: asyncio.TimerHandle | None = None
        self._is_killed = False
        self.answered = 0

    @classmethod
    async def start(cls, allowed: str) -> "_Worker":
        """Start one, and wait until it has read all that it may.

        Raises:
            Unavailable: it does not start.
        """
        given = trusting_environment() | {"HOME": os.devnull, "NETRC": os.devnull}
        command = (sys.executable, "-P", "-m", MODULE, allowed)
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=given, start_new_session=True
            )
        except OSError as error:
            raise Unavailable("the process of Apprise cannot be started") from error
        worker, is_ready = cls(process), False
        try:
            await worker.read(START_SECONDS)
            is_ready = True
        finally:
            if not is_ready:
                await worker.end()
        return worker

    async def ask(self, request: Request, seconds: float, hurry_seconds: float) -> Reply:
        """Have a request answered; it may be asked nothing more when that fails."""
        if self._process.stdin is None:
            raise Unavailable("the process of Apprise takes nothing")
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")
        self.answered += 1
        try:
            return await self.read(seconds)
        except (TimedOut, asyncio.CancelledError):
            # Whoever is cancelled now has the answer all the same, if there is one, and gives it.
            reply = await self._hurry(hurry_seconds)
            if reply is None:
                raise
            return reply

    async def _hurry(self, seconds: float) -> Reply | None:
        """What it says when it waits for no more of what a service answers; None for nothing."""
        with suppress(ProcessLookupError, TimedOut, Unavailable):
            self._process.send_signal(signal.SIGUSR1)
            return await self.read(seconds)
        return None

    async def read(self, seconds: float) -> Reply:
        """The next line that it says."""
        if self._process.stdout is None:
            raise Unavailable("the process of Apprise says nothing")
        try:
            async with asyncio.timeout(seconds):
                line = await self._process.stdout.readline()
            return msgspec.json.decode(line, type=Reply)
        except TimeoutError as error:
            raise TimedOut(f"it did not answer within {seconds:g} s") from error
        except (msgspec.DecodeError, ValueError, ConnectionError) as error:
            raise Unavailable("the process of Apprise ended") from error

    def sleep(self, seconds: float) -> None:
        """Wait to be asked, for no longer than this."""
        self._timer = asyncio.get_running_loop().call_later(seconds, self._kill)

    def wake(self) -> bool:
        """Wait no more; returns whether it is still there."""
        if self._timer is not None:
            self._timer.cancel()
        return not self._is_killed and self._process.returncode is None

    async def end(self) -> None:
        """End it, whatever it does."""
        if self._timer is not None:
            self._timer.cancel()
        self._kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    def _kill(self) -> None:
        # Its end is known a little later than it comes.
        self._is_killed = True
        if self._process.returncode is None:
            self._process.kill()
