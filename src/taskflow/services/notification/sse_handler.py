"""The stream: ready, what was missed, then what happens, until somebody leaves."""

import asyncio
from typing import Final
from uuid import UUID

from litestar import asgi
from litestar.connection import ASGIConnection
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock
from taskflow.base.errors import Denied, Invalid, Unauthenticated
from taskflow.chassis.auth import Connection as Request
from taskflow.chassis.auth import identity_of
from taskflow.db.engine import Database
from taskflow.services.notification import frames, storage
from taskflow.services.notification.hub import Connection, Hub
from taskflow.services.notification.stream_contract import OPT

PAGE: Final = 500
HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


def make_stream(hub: Hub, database: Database, clock: Clock) -> ASGIRouteHandler:
    """The handler of `GET /notifications/stream`."""

    @asgi("/notifications/stream", opt=OPT, copy_scope=True)
    async def stream_notifications(scope: Scope, receive: Receive, send: Send) -> None:
        """The caller's notifications as they happen, as server-sent events."""
        request: Request = ASGIConnection(scope)
        if scope.get("method") != "GET":
            raise MethodNotAllowedException(
                headers={"Allow": "GET"}, detail="a stream is read with GET"
            )
        identity = await _identify(request, database, clock)
        since = _resume_point(request)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        wants_all = request.query_params.get("changes") == "all"
        connection = hub.open(identity.user_id, send, wants_all=wants_all)
        try:
            await _catch_up(hub, database, connection, send, since)
            while connection.is_open:
                if (await receive())["type"] == "http.disconnect":
                    return
        except asyncio.CancelledError:
            return
        finally:
            hub.close(connection)

    return stream_notifications


async def _catch_up(
    hub: Hub, database: Database, connection: Connection, send: Send, since: int | None
) -> None:
    """Say where the user stands, send what was missed, and go live without a gap."""
    user_id = connection.user_id
    async with database.transaction(read_only=True) as transaction:
        position = await storage.position(transaction, user_id)
        oldest = await storage.oldest(transaction, user_id)
    hub.begin(connection, position)
    await _write(send, frames.ready(position))
    if since is not None:
        if since > position or since + 1 < (oldest if oldest is not None else position + 1):
            await _write(send, frames.resync(position))
        else:
            await _replay(database, send, user_id, since, position)
    if connection.is_open:
        hub.go_live(connection)


async def _replay(database: Database, send: Send, user_id: UUID, since: int, up_to: int) -> None:
    while since < up_to:
        async with database.transaction(read_only=True) as transaction:
            notes = await storage.after(transaction, user_id, since, up_to, PAGE)
        if not notes:
            return
        await _write(send, b"".join(note.frame() for note in notes))
        since = notes[-1].id or up_to


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _identify(request: Request, database: Database, clock: Clock) -> Identity:
    ticket = request.query_params.get("ticket")
    if ticket is None:
        identity = await identity_of(request)
    else:
        async with database.transaction() as transaction:
            found = await storage.use_ticket(transaction, ticket, clock.now())
        if found is None:
            raise Unauthenticated("the ticket is not valid; each is good for one use")
        identity = found
    if "read" not in identity.scopes:
        raise Denied("this needs the scope `read`")
    return identity


def _resume_point(request: Request) -> int | None:
    text = request.headers.get("last-event-id") or request.query_params.get("last_event_id")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 - fits bigint
        raise Invalid.field("last_event_id", "must be the number of a notification")
    return int(text)
