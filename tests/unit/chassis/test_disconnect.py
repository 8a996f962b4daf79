"""Work for a client that has gone is not carried on."""

import asyncio
from typing import Any

import pytest
from litestar.exceptions import HTTPException

from taskflow.base.errors import Unauthenticated
from taskflow.chassis.disconnect import while_connected


class Client:
    """The client's side of a request: sends what it is told to."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive(self) -> Any:
        return await self.messages.get()


async def test_work_ends_with_its_result_while_the_client_stays() -> None:
    client = Client()
    client.messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert await while_connected(client.receive, work()) == 7


async def test_work_is_cancelled_when_the_client_goes() -> None:
    client, was_cancelled = Client(), asyncio.Event()

    async def work() -> None:
        client.messages.put_nowait({"type": "http.disconnect"})
        try:
            await asyncio.Event().wait()
        finally:
            was_cancelled.set()

    with pytest.raises(HTTPException) as gone:
        await while_connected(client.receive, work())
    assert gone.value.status_code == 499
    assert was_cancelled.is_set()


async def test_what_the_work_raises_comes_out_as_it_is() -> None:
    async def work() -> None:
        raise Unauthenticated("nobody we know")

    with pytest.raises(Unauthenticated, match="nobody we know"):
        await while_connected(Client().receive, work())
