"""The doors to quick-add: a task out of one line, and what the line would make."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.openapi import ResponseSpec
from msgspec import Meta, Struct

from taskflow.accounts.model import Identity
from taskflow.accounts.queries import preferences_of
from taskflow.base.clock import Clock
from taskflow.base.errors import FieldError, Invalid
from taskflow.chassis.acting import actor_of
from taskflow.chassis.task_bodies import Zone
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Due, Priority, Recurrence, Reminder, TaskState
from taskflow.services.task_api.answers import ETAG, LOCATION, etag_of
from taskflow.services.task_api.idempotency import Answer, idempotent, respond
from taskflow.services.task_api.requests import IdempotencyKey
from taskflow.tasks import commands
from taskflow.tasks.drafting import drafted_aside
from taskflow.tasks.drafts import DEFAULTS, clean
from taskflow.tasks.model import due_text
from taskflow.tasks.quick_add.line import MAX_LINE, QuickTask, Span, Unused, read_line
from taskflow.tasks.zones import parse_zone

LineText = Annotated[
    str,
    Meta(
        description="English: a title, and what is to be understood of it.",
        examples=["pay rent every 1st at 9am !high #home remind 1h"],
        extra_json_schema={"minLength": 1, "maxLength": MAX_LINE},
    ),
]


class QuickAddBody(Struct, forbid_unknown_fields=True):
    """A line, and the zone whose days and times it means: the caller's own by default."""

    text: LineText
    timezone: Zone | None = None


class Understanding(Struct):
    """What was understood: in words, and where it stands in the line.

    Spans count characters (Unicode code points); `kind` is `recurrence`, `due`, `priority`, `tag`
    or `reminder`. What lies in none of them is the title. `unused` is what was meant as more than
    title and cannot be had, such as a reminder that has passed, and why.
    """

    sentence: str
    spans: tuple[Span, ...]
    unused: tuple[Unused, ...] = ()


class QuickAdded(Struct):
    """The task that was made of a line, and what was understood of the line."""

    task: TaskState
    understood: Understanding


class QuickDraft(Struct):
    """The fields that a task would have."""

    title: str
    priority: Priority
    tags: tuple[str, ...]
    due_date: Due | None
    all_day: bool
    timezone: str
    recurrence: Recurrence | None
    reminders: tuple[Reminder, ...]


class QuickPreview(Struct):
    """The task that a line would make, and what is understood of the line."""

    draft: QuickDraft
    understood: Understanding


OF_QUICK_ADD = ResponseSpec(
    QuickAdded, generate_examples=False, description="The task, and what was understood."
)


@post(
    "/tasks/quick-add",
    responses={201: OF_QUICK_ADD},
    response_headers=[LOCATION, ETAG],
    tags=["tasks"],
)
async def quick_add(
    request: Request[Any, Any, Any],
    data: QuickAddBody,
    caller: Identity,
    database: Database,
    clock: Clock,
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    """Create a task out of one line. What is not understood stays in its title.

    With an `Idempotency-Key` it is created once, however often this is sent.
    """
    now = clock.now()
    async with database.transaction() as transaction:

        async def work() -> Answer:
            quick = await _read(transaction, caller, data, now)
            try:
                task = await commands.create(transaction, actor_of(caller), quick.given, now)
            except Invalid as error:
                raise _of_line(error) from error
            headers = {"Location": f"/api/v1/tasks/{task.id}", "ETag": etag_of(task)}
            added = QuickAdded(task.state(), _understanding(quick))
            return Answer(201, headers, msgspec.json.encode(added))

        sent = (request.url.path, await request.body())
        answer = await idempotent(transaction, caller.user_id, idempotency_key, sent, now, work)
    return respond(request, answer)


@post("/tasks/quick-add/preview", status_code=200, opt={"scope": "read"}, tags=["tasks"])
async def preview_quick_add(
    data: QuickAddBody, caller: Identity, database: Database, clock: Clock
) -> QuickPreview:
    """What a line would make, without making it."""
    now = clock.now()
    async with database.transaction(read_only=True) as transaction:
        quick = await _read(transaction, caller, data, now)
    try:
        fields = await drafted_aside(DEFAULTS, quick.given, now)
    except Invalid as error:
        raise _of_line(error) from error
    draft = QuickDraft(
        fields.title,
        fields.priority,
        fields.tags,
        due_text(fields.due),
        fields.all_day,
        fields.timezone,
        fields.recurrence,
        fields.reminders,
    )
    return QuickPreview(draft, _understanding(quick))


def _understanding(quick: QuickTask) -> Understanding:
    return Understanding(quick.sentence, quick.spans, quick.unused)


async def _read(
    transaction: Transaction, caller: Identity, data: QuickAddBody, now: datetime
) -> QuickTask:
    """What the line says, in the zone that is given or the caller's."""
    zone = data.timezone
    if zone is None:
        zone = (await preferences_of(transaction, caller.user_id)).timezone
    checked = clean("text", data.text, MAX_LINE, 1)
    # In a thread: the first line loads the parser, which must not hold up the requests beside it.
    return await asyncio.to_thread(read_line, checked, now, parse_zone(zone))


def _of_line(error: Invalid) -> Invalid:
    """What is wrong with a field of the task, said of the line that it came from."""
    found = [FieldError("text", f"{one.field} {one.message}", 0) for one in error.errors]
    return Invalid(error.detail, *found)


ROUTES = [quick_add, preview_quick_add]
