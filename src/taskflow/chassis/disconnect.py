"""Stops work whose client has gone, where the work costs more than watching the connection."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from litestar.exceptions import HTTPException
from litestar.types import Receive

from taskflow.base.errors import TaskFlowError

T = TypeVar("T")
# As nginx calls it; nobody reads the answer, but the metrics tell of it.
CLIENT_CLOSED: Final = 499


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do work for a client whose request has been read to its end.

    Raises:
        HTTPException: 499, the client has gone, and the work was cancelled.
    """
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_settled(work))
        watching = group.create_task(_cancel_when_gone(receive, working))
        await asyncio.wait([working])
        watching.cancel()
    if working.cancelled():
        raise HTTPException("the client has gone", status_code=CLIENT_CLOSED)
    outcome = working.result()
    if isinstance(outcome, TaskFlowError):
        raise outcome
    return outcome


async def _settled(work: Coroutine[Any, Any, T]) -> T | TaskFlowError:
    """What the work comes to; an error goes on as it is, not as a group of one."""
    try:
        return await work
    except TaskFlowError as error:
        return error


async def _cancel_when_gone(receive: Receive, working: "asyncio.Task[Any]") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    working.cancel()
