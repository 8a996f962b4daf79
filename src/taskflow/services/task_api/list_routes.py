"""The doors to many tasks at once: lists, and writes in bulk."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock
from taskflow.chassis.homes import zone_of
from taskflow.chassis.inputs import Cursor, Limit, printable, zoned
from taskflow.db.engine import Database
from taskflow.events.payloads import Priority
from taskflow.services.task_api.bulk import run_bulk
from taskflow.services.task_api.idempotency import Answer, idempotent, respond
from taskflow.services.task_api.requests import IdempotencyKey, actor_of
from taskflow.services.task_api.schemas import BulkAnswer, BulkBody, BulkUpdate, TaskBody, TaskPage
from taskflow.tasks import queries

BULK_BYTES: Final = 4 * 1024 * 1024
Sort = Annotated[
    str,
    QueryParameter(
        description="By what the list is sorted; `-` means descending.",
        schema_extra={"enum": queries.SORTS},
    ),
]
Status = Annotated[
    str | None,
    QueryParameter(
        required=False,
        description="Pending and completed tasks where it is left out; `deleted` is the trash.",
        schema_extra={"enum": queries.STATUSES},
    ),
]
Tag = Annotated[str | None, QueryParameter(required=False, description="A tag that tasks have.")]
Words = Annotated[
    str | None,
    QueryParameter(
        required=False,
        description="Words that all occur, each as the beginning of one, in title or description.",
    ),
]


@get("/tasks", tags=["tasks"])
async def list_tasks(  # noqa: PLR0913, PLR0917 - each is a documented query parameter
    caller: Identity,
    database: Database,
    sort: Sort = "-created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Status = None,
    priority: Priority | None = None,
    tag: Tag = None,
    q: Words = None,
    due_before: datetime | None = None,
    due_after: datetime | None = None,
    series_id: UUID | None = None,
) -> TaskPage:
    """List tasks: pending and completed ones, or the trash with `status=deleted`."""
    wanted = queries.Filter(
        status=status,
        priority=priority,
        tag=printable("tag", tag),
        q=printable("q", q),
        due_before=zoned("due_before", due_before),
        due_after=zoned("due_after", due_after),
        series_id=series_id,
    )
    async with database.transaction(read_only=True) as transaction:
        page = await queries.listing(
            transaction, caller.user_id, wanted, sort=sort, limit=limit, cursor=cursor
        )
    return TaskPage([task.state() for task in page.tasks], page.next_cursor)


@post(
    "/tasks/bulk",
    status_code=200,
    request_max_body_size=BULK_BYTES,
    opt={"accepts": (BulkUpdate, TaskBody)},
    responses={200: ResponseSpec(BulkAnswer, generate_examples=False)},
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
            timezone = await zone_of(transaction, caller.user_id)
            answer = await run_bulk(transaction, actor_of(caller), data, now, timezone)
            return Answer(200, {}, msgspec.json.encode(answer))

        sent = (request.url.path, await request.body())
        answer = await idempotent(transaction, caller.user_id, idempotency_key, sent, now, work)
    return respond(request, answer)


ROUTES = [list_tasks, bulk_tasks]
