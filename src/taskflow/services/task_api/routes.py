"""The doors to tasks."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.openapi import ResponseSpec
from litestar.params import Parameter

from taskflow.accounts.model import Identity
from taskflow.accounts.queries import preferences_of
from taskflow.base.clock import Clock
from taskflow.base.errors import Invalid
from taskflow.chassis.tracing import present
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Priority, TaskState
from taskflow.services.task_api.bulk import run_bulk
from taskflow.services.task_api.idempotency import Answer, idempotent
from taskflow.services.task_api.schemas import (
    BulkAnswer,
    BulkBody,
    CompletionBody,
    TaskBody,
    TaskPage,
    TaskPatch,
    given,
)
from taskflow.tasks import commands, queries
from taskflow.tasks.model import Actor, Task

BULK_BYTES = 4 * 1024 * 1024
IfMatch = Annotated[str | None, Parameter(header="If-Match", required=False)]
IdempotencyKey = Annotated[str | None, Parameter(header="Idempotency-Key", required=False)]
Limit = Annotated[int, Parameter(ge=1, le=queries.MAX_LIMIT)]


def actor_of(caller: Identity) -> Actor:
    """The caller as the one who acts, with the trace of the request."""
    trace = present()
    return Actor(
        caller.user_id,
        caller.actor_type,
        caller.actor_id,
        caller.name,
        trace.correlation_id,
        None,
        trace.traceparent,
    )


@post("/tasks", responses={201: ResponseSpec(TaskState)}, tags=["tasks"])
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
            actor = actor_of(caller)
            task = await commands.create(transaction, actor, given(data), now, timezone)
            location = f"/api/v1/tasks/{task.id}"
            headers = {"Location": location, "ETag": f'"{task.version}"'}
            return Answer(201, headers, msgspec.json.encode(task.state()))

        body = await request.body()
        answer = await idempotent(transaction, caller.user_id, idempotency_key, body, now, work)
    return answer.response()


@get("/tasks", tags=["tasks"])
async def list_tasks(  # noqa: PLR0913, PLR0917 - each is a documented query parameter
    request: Request[Any, Any, Any],
    caller: Identity,
    database: Database,
    sort: str = "-created_at",
    limit: Limit = 50,
    cursor: str | None = None,
    status: str | None = None,
    priority: Priority | None = None,
    tag: str | None = None,
    q: str | None = None,
    due_before: datetime | None = None,
    due_after: datetime | None = None,
    series_id: UUID | None = None,
) -> TaskPage:
    """List tasks: pending and completed ones, or the trash with `status=deleted`."""
    _refuse_unknown(request)
    wanted = queries.Filter(
        status=status,
        priority=priority,
        tag=_text("tag", tag),
        q=_text("q", q),
        due_before=_zoned("due_before", due_before),
        due_after=_zoned("due_after", due_after),
        series_id=series_id,
    )
    async with database.transaction(read_only=True) as transaction:
        page = await queries.listing(
            transaction, caller.user_id, wanted, sort=sort, limit=limit, cursor=cursor
        )
    return TaskPage([task.state() for task in page.tasks], page.next_cursor)


@get("/tasks/{task_id:str}", responses={200: ResponseSpec(TaskState)}, tags=["tasks"])
async def get_task(
    request: Request[Any, Any, Any], task_id: UUID, caller: Identity, database: Database
) -> Response[bytes]:
    """One task; with `If-None-Match` 304 while it has not changed."""
    async with database.transaction(read_only=True) as transaction:
        task = await queries.get(transaction, caller.user_id, task_id)
    if request.headers.get("if-none-match") == f'"{task.version}"':
        return Response(b"", status_code=304, headers={"ETag": f'"{task.version}"'})
    return _shown(task)


@patch("/tasks/{task_id:str}", responses={200: ResponseSpec(TaskState)}, tags=["tasks"])
async def patch_task(
    task_id: UUID,
    data: TaskPatch,
    caller: Identity,
    database: Database,
    clock: Clock,
    if_match: IfMatch = None,
) -> Response[bytes]:
    """Change some fields (JSON merge patch)."""
    now, version = clock.now(), _version(if_match)
    wanted = given(data)
    async with database.transaction() as transaction:
        task = await apply_patch(transaction, actor_of(caller), task_id, wanted, now, version)
    return _shown(task)


@put("/tasks/{task_id:str}", responses={200: ResponseSpec(TaskState)}, tags=["tasks"])
async def put_task(
    task_id: UUID,
    data: TaskBody,
    caller: Identity,
    database: Database,
    clock: Clock,
    if_match: IfMatch = None,
) -> Response[bytes]:
    """Replace the writable fields; what is left out takes its default."""
    now, version = clock.now(), _version(if_match)
    async with database.transaction() as transaction:
        actor = actor_of(caller)
        task = await commands.put(transaction, actor, task_id, given(data), now, version)
    return _shown(task)


@delete("/tasks/{task_id:str}", tags=["tasks"])
async def delete_task(
    task_id: UUID, caller: Identity, database: Database, clock: Clock, if_match: IfMatch = None
) -> None:
    """Move a task to the trash, where it can be restored for 30 days."""
    now, version = clock.now(), _version(if_match)
    async with database.transaction() as transaction:
        await commands.delete(transaction, actor_of(caller), task_id, now, version)


@post(
    "/tasks/{task_id:str}/complete",
    status_code=200,
    responses={200: ResponseSpec(TaskState)},
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
    now, version = clock.now(), _version(if_match)
    at = _zoned("completed_at", data.completed_at if data else None) or now
    if at > now:
        raise Invalid.field("completed_at", "must not lie in the future")
    async with database.transaction() as transaction:
        task = await commands.complete(transaction, actor_of(caller), task_id, at, now, version)
    return _shown(task)


@post(
    "/tasks/{task_id:str}/reopen",
    status_code=200,
    responses={200: ResponseSpec(TaskState)},
    tags=["tasks"],
)
async def reopen_task(
    task_id: UUID, caller: Identity, database: Database, clock: Clock, if_match: IfMatch = None
) -> Response[bytes]:
    """Make a completed task pending again."""
    now, version = clock.now(), _version(if_match)
    async with database.transaction() as transaction:
        task = await commands.reopen(transaction, actor_of(caller), task_id, now, version)
    return _shown(task)


@post(
    "/tasks/{task_id:str}/restore",
    status_code=200,
    responses={200: ResponseSpec(TaskState)},
    tags=["tasks"],
)
async def restore_task(
    task_id: UUID, caller: Identity, database: Database, clock: Clock
) -> Response[bytes]:
    """Take a task out of the trash."""
    async with database.transaction() as transaction:
        task = await commands.restore(transaction, actor_of(caller), task_id, clock.now())
    return _shown(task)


@post(
    "/tasks/bulk",
    status_code=200,
    request_max_body_size=BULK_BYTES,
    responses={200: ResponseSpec(BulkAnswer)},
    tags=["tasks"],
)
async def bulk_tasks(
    request: Request[Any, Any, Any],
    data: BulkBody,
    caller: Identity,
    database: Database,
    clock: Clock,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Do many writes at once, each on its own, or all or nothing with `atomic`."""
    now = clock.now()
    async with database.transaction() as transaction:

        async def work() -> Answer:
            timezone = (await preferences_of(transaction, caller.user_id)).timezone
            answer = await run_bulk(transaction, actor_of(caller), data, now, timezone)
            return Answer(200, {}, msgspec.json.encode(answer))

        body = await request.body()
        answer = await idempotent(transaction, caller.user_id, idempotency_key, body, now, work)
    return answer.response()


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
    task = await commands.update(transaction, actor, task_id, wanted, now, version)
    if status == "completed":
        return await commands.complete(transaction, actor, task_id, now, now)
    if status == "pending":
        return await commands.reopen(transaction, actor, task_id, now)
    return task


async def _timezone_of(transaction: Transaction, caller: Identity, data: TaskBody) -> str:
    """The zone of the caller's wall, where the body names none."""
    if isinstance(data.timezone, str):
        return data.timezone
    return (await preferences_of(transaction, caller.user_id)).timezone


def _shown(task: Task) -> Response[bytes]:
    body = msgspec.json.encode(task.state())
    return Answer(200, {"ETag": f'"{task.version}"'}, body).response()


def _version(if_match: str | None) -> int | None:
    """The version that `If-Match` names; one that never was where it names none of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1  # noqa: PLR2004


def _zoned(name: str, at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise Invalid.field(name, "needs an offset from UTC, such as Z or +01:00")
    return at


def _text(name: str, text: str | None) -> str | None:
    if text is not None and ("\0" in text or len(text) > 1000 or not text.isprintable()):  # noqa: PLR2004
        raise Invalid.field(name, "must be a printable text of at most 1000 characters")
    return text


_KNOWN = frozenset(
    [
        "sort",
        "limit",
        "cursor",
        "status",
        "priority",
        "tag",
        "q",
        "due_before",
        "due_after",
        "series_id",
    ]
)


def _refuse_unknown(request: Request[Any, Any, Any]) -> None:
    """A filter that we do not know would silently show too much."""
    for name in request.query_params:
        if name not in _KNOWN:
            raise Invalid.field(name, "is not a filter of this list")


ROUTES = [
    create_task, list_tasks, get_task, patch_task, put_task, delete_task,
    complete_task, reopen_task, restore_task, bulk_tasks,
]  # fmt: skip
