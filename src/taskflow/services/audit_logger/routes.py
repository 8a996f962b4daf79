"""The doors to the trail; everybody sees their own, an admin everybody's."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream

from taskflow.accounts.model import Identity
from taskflow.base.errors import NotFound
from taskflow.chassis.inputs import Cursor, Limit, printable, zoned
from taskflow.db.engine import Database
from taskflow.events.payloads import Actor, Change, EventType, TaskEvent
from taskflow.services.audit_logger import storage

NDJSON: Final = "application/x-ndjson"
Since = Annotated[datetime | None, QueryParameter(name="from", required=False)]
Until = Annotated[datetime | None, QueryParameter(name="to", required=False)]


_LINES: Final = {"$ref": "#/components/schemas/AuditItem", "description": "One event a line."}
_OF_EVENT: Final = {"$ref": "#/components/schemas/TaskEvent"}


class AuditItem(msgspec.Struct):
    """One event of the trail; `payload` is the whole of it."""

    event_id: UUID
    event_type: EventType
    task_id: UUID
    user_id: UUID
    actor: Actor
    timestamp: datetime
    version: int
    correlation_id: str
    causation_id: UUID | None
    changes: dict[str, Change]
    payload: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=_OF_EVENT)]


class AuditPage(msgspec.Struct):
    """Some events, oldest first, and the cursor of the next ones."""

    items: list[AuditItem]
    next_cursor: str | None


class _Head(msgspec.Struct):
    """What an item shows of its payload."""

    event_id: UUID
    event_type: EventType
    task_id: UUID
    user_id: UUID
    actor: Actor
    timestamp: datetime
    version: int
    correlation_id: str
    causation_id: UUID | None
    changes: dict[str, Change]


OF_EVENTS: Final = ResponseSpec(AuditPage, generate_examples=False, description="The events.")
_HEAD: Final = msgspec.json.Decoder(_Head)


@get(
    "/audit/tasks/{task_id:str}",
    responses={200: OF_EVENTS},
    opt={"structs": (TaskEvent,)},
    tags=["audit"],
)
async def trail_of_task(
    task_id: UUID,
    caller: Identity,
    database: Database,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[bytes]:
    """All that happened to a task, oldest first."""
    async with database.transaction(read_only=True) as transaction:
        owner = await storage.owner(transaction, task_id)
        if owner is None or (owner != caller.user_id and caller.role != "admin"):
            raise NotFound(f"there is no trail of a task {task_id}")
        page = await storage.of_task(transaction, task_id, limit, cursor)
    return _answer(page)


@get(
    "/audit/events",
    responses={200: OF_EVENTS},
    opt={"raises": (NotFound,), "media": {NDJSON: _LINES}, "structs": (TaskEvent,)},
    tags=["audit"],
)
async def search_trail(  # noqa: PLR0913, PLR0917 - each is a documented query parameter
    request: Request[Any, Any, Any],
    caller: Identity,
    database: Database,
    since: Since = None,
    until: Until = None,
    event_type: EventType | None = None,
    user_id: UUID | None = None,
    actor: str | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[bytes] | Stream:
    """The caller's events; an admin's search may span users. As NDJSON it is streamed whole."""
    if caller.role != "admin" and user_id not in (None, caller.user_id):
        raise NotFound("there is no trail of such a user")
    wanted = storage.Filter(
        since=zoned("from", since),
        until=zoned("to", until),
        event_type=event_type,
        user_id=user_id if caller.role == "admin" else caller.user_id,
        actor=printable("actor", actor),
    )
    if request.headers.get("accept") == NDJSON:
        return Stream(_lines(database, wanted), media_type=NDJSON)
    async with database.transaction(read_only=True) as transaction:
        return _answer(await storage.search(transaction, wanted, limit, cursor))


async def _lines(database: Database, wanted: storage.Filter) -> AsyncIterator[bytes]:
    async with database.transaction(read_only=True) as transaction:
        async for payload in storage.every(transaction, wanted):
            yield msgspec.json.encode(_item(payload)) + b"\n"


def _answer(page: storage.Page) -> Response[bytes]:
    body = AuditPage([_item(payload) for payload in page.payloads], page.next_cursor)
    return Response(msgspec.json.encode(body), media_type="application/json")


def _item(payload: str) -> AuditItem:
    head = _HEAD.decode(payload)
    facts = {name: getattr(head, name) for name in _Head.__struct_fields__}
    return AuditItem(**facts, payload=msgspec.Raw(payload.encode()))


ROUTES = [trail_of_task, search_trail]
