"""Brings changes and what the streams told of them together, and refuses losses and repeats."""

import asyncio
from datetime import datetime
from time import time
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from benchmarks.processes import Failed

END: Final = b"\n\n"
DATA: Final = b"data: "
EVENT: Final = b"event: task.created"
STEP_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 30.0


class Created(msgspec.Struct):
    """What an answer says, as far as it matters here."""

    id: UUID


class Told(msgspec.Struct):
    """What a frame says, as far as it matters here; `created_at` is the event's timestamp."""

    task_id: UUID
    created_at: datetime


class Answered(NamedTuple):
    """When a change was answered, and to whom."""

    who: int
    at: float


class Came(NamedTuple):
    """When a frame came, on whose stream, and of when its event is."""

    who: int
    at: float
    event_at: float


class Arrivals:
    """The changes of a turn and the frames that came of them."""

    def __init__(self) -> None:
        self._answered: dict[UUID, Answered] = {}
        self._came: dict[UUID, Came] = {}
        self._repeated = 0
        self._partial: dict[int, bytes] = {}
        self._answer = msgspec.json.Decoder(Created)
        self._frame = msgspec.json.Decoder(Told)

    def answered(self, who: int, body: bytes) -> None:
        """A change has been acknowledged."""
        self._answered[self._answer.decode(body).id] = Answered(who, time())

    def heard(self, who: int, data: bytes) -> None:
        """Bytes have come on a stream."""
        at = time()
        *frames, rest = (self._partial.pop(who, b"") + data).split(END)
        if rest.strip():
            self._partial[who] = rest
        for frame in frames:
            if EVENT in frame:
                self._note(who, at, frame)

    async def conclude(self) -> tuple[list[float], list[float]]:
        """Seconds from event and from answer to receipt, of every change; begins a new turn.

        Raises:
            Failed: a change was not told of, twice, or to somebody else.
        """
        for _ in range(int(PATIENCE_SECONDS / STEP_SECONDS)):
            if len(self._came) >= len(self._answered):
                break
            await asyncio.sleep(STEP_SECONDS)
        answered, came, repeated = self._answered, self._came, self._repeated
        self._answered, self._came, self._repeated = {}, {}, 0
        lost = len(answered.keys() - came.keys())
        astray = sum(answered[task].who != one.who for task, one in came.items())
        if lost or repeated or astray:
            raise Failed(f"{lost} changes were lost, {repeated} repeated, {astray} went astray")
        since_event = [one.at - one.event_at for one in came.values()]
        return since_event, [max(0.0, one.at - answered[task].at) for task, one in came.items()]

    def _note(self, who: int, at: float, frame: bytes) -> None:
        told = self._frame.decode(frame.partition(DATA)[2])
        self._repeated += told.task_id in self._came
        self._came[told.task_id] = Came(who, at, told.created_at.timestamp())
