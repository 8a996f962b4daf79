"""Goal 2, fan-out: one event of 330 bytes to 2,000 open streams.

Three servers run at once, each with all its streams open: ours, a raw asyncio write loop (the
machine's limit) and sse-starlette. They take turns. A turn is some events, each sent when all
streams have the one before; the rate is from the command to send until the last stream has it. As
the load generator shares the machine, the server's own processor time is reported beside it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from tests.distributed.ports import free_span

from benchmarks import crowd, frame
from benchmarks.figures import Figure, Report, Target, ratios
from benchmarks.options import Options
from benchmarks.people import STREAMING, person, tokens
from benchmarks.processes import Failed, Program, allow_files

GOAL: Final = 2
OURS: Final = "TaskFlow"
RAW: Final = "raw asyncio"
PEER: Final = "sse-starlette"
TURN_SECONDS: Final = 60.0


class Turn(NamedTuple):
    """What one turn measured."""

    streams_per_second: float
    cpu_microseconds: float


class Contender:
    """A server and the crowd that listens to it."""

    def __init__(self, name: str, program: Program) -> None:
        self.name = name
        self.turns: list[Turn] = []
        self._program = program
        self._sent = 0
        self._counts: list[int] = []
        self._partial: dict[int, bytes] = {}
        self._missing = 0
        self._all_have_it = asyncio.Event()
        self._listeners: list[crowd.Listener] = []

    async def open(self, port: int, request: bytes, streams: int) -> None:
        """Open all streams."""
        self._counts = [0] * streams
        requests = [request] * streams
        self._listeners = await crowd.gather(port, requests, frame.GREETING, self._heard)

    def close(self) -> None:
        """Leave all streams."""
        for listener in self._listeners:
            listener.close()

    async def take_turn(self, events: int) -> None:
        """Send so many events, one after the other."""
        used, begun = self._program.use().cpu_seconds, perf_counter()
        async with asyncio.timeout(TURN_SECONDS):
            for _ in range(events):
                await self._send()
        seconds, used = perf_counter() - begun, self._program.use().cpu_seconds - used
        writes = events * len(self._counts)
        self.turns.append(Turn(writes / seconds, used / writes * 1e6))
        self._refuse_losses()

    async def _send(self) -> None:
        self._sent += 1
        self._missing = len(self._counts)
        self._all_have_it.clear()
        self._program.tell(b"%d\n" % self._sent)
        await self._all_have_it.wait()

    def _heard(self, number: int, data: bytes) -> None:
        data = self._partial.pop(number, b"") + data
        found = data.count(frame.marker(self._sent))
        if not found:
            self._partial[number] = data
            return
        self._counts[number] += found
        self._missing -= found
        if self._missing <= 0:
            self._all_have_it.set()

    def _refuse_losses(self) -> None:
        if wrong := sum(count != self._sent for count in self._counts):
            raise Failed(f"{self.name}: {wrong} streams did not get each event once")


async def measure(options: Options, folder: Path) -> Report:
    """Run the benchmark."""
    streams = min(options.fan_out_streams, allow_files(options.fan_out_streams * 3) // 3)
    async with AsyncExitStack() as stack:
        contenders = [await _start(stack, folder, name, streams) for name in (OURS, RAW, PEER)]
        for _ in range(options.repetitions):
            for contender in contenders:
                await contender.take_turn(options.fan_out_events)
        note = f"{streams} streams, {options.fan_out_events} events a turn, {frame.BYTES} bytes"
        return Report(GOAL, "one event to all streams", _figures(contenders), [note])


async def _start(stack: AsyncExitStack, folder: Path, name: str, streams: int) -> Contender:
    port, data_dir = free_span(1), folder / "stream"
    arguments = {
        OURS: ["-m", "benchmarks.our_stream", str(data_dir), str(port), str(streams)],
        RAW: ["-m", "benchmarks.peers.raw_stream", str(port)],
        PEER: ["-m", "benchmarks.peers.sse_starlette_stream", str(port)],
    }[name]
    program = Program(name, arguments, folder, {})
    stack.push_async_callback(program.stop)
    await program.start(frame.READY)
    contender = Contender(name, program)
    stack.callback(contender.close)
    token = tokens(data_dir, [person(STREAMING)])[0] if name == OURS else ""
    path = "/api/v1/notifications/stream" if name == OURS else "/"
    await contender.open(port, crowd.ask_for(path, token), streams)
    return contender


def _figures(contenders: Sequence[Contender]) -> list[Figure]:
    rates = {one.name: [turn.streams_per_second for turn in one.turns] for one in contenders}
    used = {one.name: [turn.cpu_microseconds for turn in one.turns] for one in contenders}
    figures = [
        Figure(goal=GOAL, what="written", who=name, unit="streams/s", samples=tuple(samples))
        for name, samples in rates.items()
    ]
    figures += [
        Figure(goal=GOAL, what="processor time", who=name, unit="µs/stream", samples=tuple(samples))
        for name, samples in used.items()
    ]
    for other, limit in ((RAW, 0.7), (PEER, 3.0)):
        figures += [
            Figure(
                goal=GOAL,
                what="rate, ours to theirs",
                who=other,
                unit="times",
                samples=ratios(rates[OURS], rates[other]),
                target=Target("at least", limit),
            ),
            Figure(
                goal=GOAL,
                what="processor time, theirs to ours",
                who=other,
                unit="times",
                samples=ratios(used[other], used[OURS]),
            ),
        ]
    return figures
