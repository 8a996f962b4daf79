"""The doors to one task."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post, put

from taskflow.accounts.model import Identity
from taskflow.accounts.queries import preferences_of
from taskflow.base.clock import Clock
from taskflow.base.errors import Conflict, Invalid
from taskflow.chassis.acting import IfMatch, actor_of, version_of
from taskflow.chassis.homes import FLOATING, at_home, come_home
from taskflow.chassis.inputs import zoned
from taskflow.chassis.task_bodies import given
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.services.task_api.answers import (
    ETAG,
    LOCATION,
    OF_TASK,
    UNCHANGED,
    etag_of,
    shown,
)
from taskflow.services.task_api.idempotency import Answer, idempotent, respond
from taskflow.services.task_api.requests import IdempotencyKey, IfNoneMatch
from taskflow.services.task_api.schemas import CompletionBody, TaskBody, TaskPatch
from taskflow.tasks import commands, queries
from taskflow.tasks.floating import hold_zone
from taskflow.tasks.model import Actor, Task

# The next task of a series counts from there, and due dates begin with this year.
EARLIEST: Final = datetime(1900, 1, 2, tzinfo=UTC)


@post("/tasks", responses={201: OF_TASK}, response_headers=[LOCATION, ETAG], tags=["tasks"])
async def create_task(
    request: Request[Any, Any, Any],
    data: TaskBody,
    caller: Identity,
    database: Database,
    clock: Clock,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Create a task. With an `Idempotency-Key` it is created once, however often this is sent."""
    now = clock.now()
    async with database.transaction() as transaction:

        async def work() -> Answer:
            timezone = await _timezone_of(transaction, caller, data)
            actor, wanted = (
                actor_of(caller),
                await at_home(transaction, caller.user_id, given(data)),
            )
            task = await commands.create(transaction, actor, wanted, now, timezone)
            location = f"/api/v1/tasks/{task.id}"
            headers = {"Location": location, "ETag": etag_of(task)}
            return Answer(201, headers, msgspec.json.encode(task.state()))

        sent = (request.url.path, await request.body())
        answer = await idempotent(transaction, caller.user_id, idempotency_key, sent, now, work)
    return respond(request, answer)


@get(
    "/tasks/{task_id:str}",
    responses={200: OF_TASK, 304: UNCHANGED},
    response_headers=[ETAG],
    tags=["tasks"],
)
async def get_task(
    task_id: UUID, caller: Identity, database: Database, if_none_match: IfNoneMatch = None
) -> Response[bytes]:
    """One task; with `If-None-Match` 304 while it has not changed."""
    async with database.transaction(read_only=True) as transaction:
        task = await queries.get(transaction, caller.user_id, task_id)
    if if_none_match == etag_of(task):
        return Response(b"", status_code=304, headers={"ETag": etag_of(task)})
    return shown(task)


@patch(
    "/tasks/{task_id:str}",
    responses={200: OF_TASK},
    response_headers=[ETAG],
    opt={"raises": (Conflict,)},
    tags=["tasks"],
)
async def patch_task(
    task_id: UUID,
    data: TaskPatch,
    caller: Identity,
    database: Database,
    clock: Clock,
    if_match: IfMatch = None,
) -> Response[bytes]:
    """Change some fields (JSON merge patch)."""
    now, version = clock.now(), version_of(if_match)
    async with database.transaction() as transaction:
        wanted = await at_home(transaction, caller.user_id, given(data))
        task = await apply_patch(transaction, actor_of(caller), task_id, wanted, now, version)
    return shown(task)


@put("/tasks/{task_id:str}", responses={200: OF_TASK}, response_headers=[ETAG], tags=["tasks"])
async def put_task(
    task_id: UUID,
    data: TaskBody,
    caller: Identity,
    database: Database,
    clock: Clock,
    if_match: IfMatch = None,
) -> Response[bytes]:
    """Replace the writable fields; what is left out takes its default."""
    now, version = clock.now(), version_of(if_match)
    async with database.transaction() as transaction:
        actor, wanted = actor_of(caller), await at_home(transaction, caller.user_id, given(data))
        task = await commands.put(transaction, actor, task_id, wanted, now, version)
    return shown(task)


@delete("/tasks/{task_id:str}", tags=["tasks"])
async def delete_task(
    task_id: UUID, caller: Identity, database: Database, clock: Clock, if_match: IfMatch = None
) -> None:
    """Move a task to the trash, where it can be restored for 30 days."""
    now, version = clock.now(), version_of(if_match)
    async with database.transaction() as transaction:
        await commands.delete(transaction, actor_of(caller), task_id, now, version)


@post(
    "/tasks/{task_id:str}/complete",
    status_code=200,
    responses={200: OF_TASK},
    response_headers=[ETAG],
    tags=["tasks"],
)
async def complete_task(
    task_id: UUID,
    caller: Identity,
    database: Database,
    clock: Clock,
    data: CompletionBody | None = None,
    if_match: IfMatch = None,
) -> Response[bytes]:
    """Complete a task; doing it twice changes nothing."""
    now, version = clock.now(), version_of(if_match)
    at = zoned("completed_at", data.completed_at if data else None) or now
    if not EARLIEST <= at <= now:
        raise Invalid.field("completed_at", f"must lie between {EARLIEST.year} and now")
    async with database.transaction() as transaction:
        task = await commands.complete(transaction, actor_of(caller), task_id, at, now, version)
    return shown(task)


@post(
    "/tasks/{task_id:str}/reopen",
    status_code=200,
    responses={200: OF_TASK},
    response_headers=[ETAG],
    opt={"raises": (Conflict,)},
    tags=["tasks"],
)
async def reopen_task(
    task_id: UUID, caller: Identity, database: Database, clock: Clock, if_match: IfMatch = None
) -> Response[bytes]:
    """Make a completed task pending again; 409 while an earlier one of its series is open."""
    now, version = clock.now(), version_of(if_match)
    async with database.transaction() as transaction:
        await hold_zone(transaction, caller.user_id)
        task = await commands.reopen(transaction, actor_of(caller), task_id, now, version)
        task = await come_home(transaction, actor_of(caller), task, now)
    return shown(task)


@post(
    "/tasks/{task_id:str}/restore",
    status_code=200,
    responses={200: OF_TASK},
    response_headers=[ETAG],
    opt={"raises": (Conflict,)},
    tags=["tasks"],
)
async def restore_task(
    task_id: UUID, caller: Identity, database: Database, clock: Clock
) -> Response[bytes]:
    """Take a task out of the trash; 409 while another one of its series is open."""
    now = clock.now()
    async with database.transaction() as transaction:
        await hold_zone(transaction, caller.user_id)
        task = await commands.restore(transaction, actor_of(caller), task_id, now)
        task = await come_home(transaction, actor_of(caller), task, now)
    return shown(task)


async def apply_patch(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    wanted: dict[str, object],
    now: datetime,
    version: int | None,
) -> Task:
    """A patch; a `status` in it completes or reopens the task beside the other changes."""
    status = wanted.pop("status", None)
    if status == "pending":
        await hold_zone(transaction, actor.user_id)
    task = await commands.update(transaction, actor, task_id, wanted, now, version)
    if status == "completed":
        return await commands.complete(transaction, actor, task_id, now, now)
    if status == "pending":
        task = await commands.reopen(transaction, actor, task_id, now)
        return await come_home(transaction, actor, task, now)
    return task


async def _timezone_of(transaction: Transaction, caller: Identity, data: TaskBody) -> str:
    """The zone of the caller's wall, where the body names none."""
    if isinstance(data.timezone, str) and data.timezone != FLOATING:
        return data.timezone
    return (await preferences_of(transaction, caller.user_id)).timezone


ROUTES = [
    create_task, get_task, patch_task, put_task, delete_task,
    complete_task, reopen_task, restore_task,
]  # fmt: skip
