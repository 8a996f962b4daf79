"""Tells the streams of other replicas of a note, by a message in Redis that may be lost.

The replica that has kept a note hands it to its own streams and publishes a hint; the others hand
that to theirs. The table stays the truth: whoever missed a hint, or got one too many, sees that by
the numbers, and the hub looks for what is missing at short intervals. What has no number because it
is not in the list (`silent`) is a hint and nothing more; so no message is ever sent twice.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final, NoReturn
from uuid import UUID, uuid4

import msgspec
import structlog
from prometheus_client import Counter

from taskflow.base.errors import Unavailable
from taskflow.chassis.redis import Redis, RedisClient
from taskflow.chassis.service import Context
from taskflow.services.notification import frames
from taskflow.services.notification.frames import Note
from taskflow.services.notification.hub import Hub

CHANNEL: Final = "taskflow:notes"
# Beyond so many bytes others read the note from the table; what has no number always goes whole.
MOST_BYTES: Final = 32 * 1024
MOST_UNSENT: Final = 1_000
BATCH: Final = 200

log = structlog.get_logger()


class Hint(msgspec.Struct, array_like=True, frozen=True):
    """A note that a replica has kept; the body is its JSON, None where it is long."""

    origin: UUID
    user_id: UUID
    body: bytes | None


_DECODER: Final = msgspec.msgpack.Decoder(Hint)


class Fanout:
    """Hands notes to the streams of all replicas.

    Args:
        client: The Redis.
        hub: The streams of this process.
        lost: Counts hints that were given up; what they told of is found in the table.

    Attributes:
        client: The Redis.
    """

    def __init__(self, client: RedisClient, hub: Hub, lost: Counter) -> None:
        self.client = client
        self._hub = hub
        self._lost = lost
        self._origin = uuid4()
        self._unsent: deque[Hint] = deque()
        self._has_unsent = asyncio.Event()

    @classmethod
    def of(cls, context: Context, hub: Hub) -> "Fanout":
        """The fan-out of a service, through the Redis that its settings name.

        Raises:
            Invalid: that is no address of a Redis.
        """
        text = "Hints to other replicas that were given up; the table has what they told of."
        lost = context.metrics.counter("taskflow_note_hints_lost_total", text)
        return cls(RedisClient.of(context.settings), hub, lost)

    def publish(self, user_id: UUID, note: Note) -> None:
        """Tell a user's streams of a note; called after the commit, so it never waits."""
        self._hub.publish(user_id, note)
        is_whole = note.id is None or len(note.encoded) <= MOST_BYTES
        if len(self._unsent) == MOST_UNSENT:
            self._lost.inc()
            return
        self._unsent.append(Hint(self._origin, user_id, note.encoded if is_whole else None))
        self._has_unsent.set()

    async def run(self) -> None:
        """Send and hear, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send_always(), name="notes to other replicas")
                group.create_task(self.client.listen(CHANNEL, self._hear, self._hub.look))
        finally:
            await self.client.close()

    async def _send_always(self) -> NoReturn:
        while True:
            await self._has_unsent.wait()
            self._has_unsent.clear()
            while self._unsent:
                hints = [self._unsent.popleft() for _ in range(min(BATCH, len(self._unsent)))]
                try:
                    await self.client.call(partial(_send, hints), attempts=1)
                except Unavailable:
                    self._lost.inc(len(hints) + len(self._unsent))
                    self._unsent.clear()

    def _hear(self, message: bytes) -> None:
        """Another replica has kept a note, or we have."""
        try:
            hint = _DECODER.decode(message)
            if hint.origin == self._origin or not self._hub.listens(hint.user_id):
                return
            note = None if hint.body is None else frames.decode(hint.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            # Another version of ourselves speaks like this; the table is the same for both.
            log.debug("notes.hint_not_read", reason=str(error))
            note = None
        if note is None:
            self._hub.look()
        else:
            self._hub.publish(hint.user_id, note)


async def _send(hints: Sequence[Hint], redis: Redis) -> None:
    async with redis.pipeline(transaction=False) as pipeline:
        for hint in hints:
            pipeline.publish(CHANNEL, msgspec.msgpack.encode(hint))
        await pipeline.execute()
