"""The other end of a stream, without a network."""

import asyncio
import re
from typing import Any
from uuid import UUID

from tests.notes import USER

from taskflow.accounts.model import Identity
from taskflow.chassis.wire import Wire
from taskflow.services.notification.connections import Outgoing
from taskflow.services.notification.hub import Hub
from taskflow.services.notification.stream import Stream


class Client:
    """The other end of a stream."""

    def __init__(self, session: int = 1, *, user: UUID = USER, wants_all: bool = False) -> None:
        self.taken: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.progress = asyncio.Event()
        identity = Identity(
            user, "user", str(user), "Test User", "user", frozenset({"read"}), UUID(int=session)
        )
        self.stream = Stream(identity, self._send, Wire(None), Outgoing(1_000), wants_all=wants_all)

    @property
    def text(self) -> bytes:
        return b"".join(self.taken)

    @property
    def ids(self) -> list[int]:
        return [int(found) for found in re.findall(rb"^id: (\d+)$", self.text, re.MULTILINE)]

    async def has(self, wanted: bytes) -> None:
        while wanted not in self.text:
            self.progress.clear()
            await self.progress.wait()

    async def _send(self, message: Any) -> None:
        if not self.gate.is_set():
            await self.gate.wait()
        self.taken.append(message["body"])
        self.progress.set()


def live(hub: Hub, position: int, **options: Any) -> Client:
    client = Client(**options)
    hub.open(client.stream)
    hub.begin(client.stream, position)
    hub.go_live(client.stream)
    return client
