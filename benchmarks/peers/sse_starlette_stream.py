"""A fan-out as sse-starlette's documentation shows it: a queue and a generator for each stream."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
import uvloop
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from benchmarks import frame

PING_SECONDS = 3600
QUEUES: set[asyncio.Queue[int]] = set()


async def events() -> AsyncIterator[Any]:
    """One stream's events."""
    queue: asyncio.Queue[int] = asyncio.Queue()
    QUEUES.add(queue)
    try:
        yield ServerSentEvent(event="ready", data="{}")
        while True:
            number = await queue.get()
            yield ServerSentEvent(id=str(number), event=frame.EVENT, data=frame.data(number))
    finally:
        QUEUES.discard(queue)


async def stream(_request: Request) -> Any:
    """`GET /`."""
    return EventSourceResponse(events(), ping=PING_SECONDS)


class Server(uvicorn.Server):
    """uvicorn that says when it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        print(frame.READY, flush=True)


async def serve(port: int) -> None:
    """Serve until standard input ends."""
    app = Starlette(routes=[Route("/", stream)])
    config = uvicorn.Config(
        app, port=port, log_level="warning", http="httptools", loop="uvloop", lifespan="off"
    )
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(Server(config).serve())
        async for number in frame.commands():
            for queue in QUEUES:
                queue.put_nowait(number)
        serving.cancel()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
