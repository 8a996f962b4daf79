"""A receiver of reminders over HTTP, and the channel that reaches it, as real as any outside."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec

from taskflow.services.reminder.channels.port import Addressee, Message, NotDelivered, Receipt

GONE: Final = 410
REFUSED: Final = 400
OK: Final = 200


class Receiver:
    """Takes messages at any path, and answers as it is told to.

    Attributes:
        messages: What came, by path.
        answers: What to answer next at a path; 200 where there is nothing.
        on_message: Called before the answer.
        pauses: How many seconds it takes to answer at a path; none where there is nothing.
    """

    def __init__(self) -> None:
        self.url = ""
        self.messages: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.answers: defaultdict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
        self.on_message: Callable[[], None] = lambda: None
        self.held: set[str] = set()
        self.is_free = asyncio.Event()
        self.pauses: dict[str, float] = {}

    def ids(self, path: str) -> set[UUID]:
        """The ids of what came."""
        return {UUID(one["id"]) for one in self.messages[path]}

    def answer(self, path: str, *statuses: int, **headers: str) -> None:
        """Answer so, one after the other, before all is well again."""
        self.answers[path] += [(status, headers) for status in statuses]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection with one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split()[1]
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        self.messages[path].append(json.loads(await reader.readexactly(length)))
        self.on_message()
        if path in self.held:
            await self.is_free.wait()
        await asyncio.sleep(self.pauses.get(path, 0))
        status, headers = self.answers[path].pop(0) if self.answers[path] else (OK, {})
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        said = [f"HTTP/1.1 {status} Said", "Content-Length: 0", "Connection: close", *lines]
        writer.write(("\r\n".join(said) + "\r\n\r\n").encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield receiver
        receiver.is_free.set()


class HttpChannel:
    """Posts messages to the `url` of an address."""

    def __init__(self, kind: str = "hook") -> None:
        self._kind = kind

    @property
    def kind(self) -> str:
        """Its name."""
        return self._kind

    async def send(self, addressee: Addressee, message: Message) -> Receipt:
        """Post it."""
        body = msgspec.json.encode(message)
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                answer = await client.post(addressee.address["url"], content=body)
        except httpx.TransportError as error:
            raise NotDelivered(f"no answer: {type(error).__name__}") from error
        if answer.is_success:
            return Receipt(f"answered {answer.status_code}")
        wish = answer.headers.get("retry-after")
        raise NotDelivered(
            f"answered {answer.status_code}",
            is_final=answer.status_code == REFUSED,
            is_gone=answer.status_code == GONE,
            retry_after=timedelta(seconds=int(wish)) if wish else None,
        )
