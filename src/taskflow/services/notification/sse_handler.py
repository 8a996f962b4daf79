"""The stream: ready, what was missed, then what happens, until somebody leaves."""

from dataclasses import dataclass, field
from typing import Final

from litestar import asgi
from litestar.connection import ASGIConnection
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock, monotonic
from taskflow.base.errors import Denied, Invalid, Unauthenticated, Unavailable
from taskflow.chassis.auth import Connection as Request
from taskflow.chassis.auth import identity_of
from taskflow.chassis.heads import is_head
from taskflow.chassis.limits import RateLimiter
from taskflow.chassis.wire import wire_of
from taskflow.db.engine import Database
from taskflow.services.notification import frames, storage
from taskflow.services.notification.backlog import TableBacklog
from taskflow.services.notification.connections import Outgoing, Tally
from taskflow.services.notification.hub import Hub
from taskflow.services.notification.stream import BUFFER_BYTES, Stream
from taskflow.services.notification.stream_contract import OPT

HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]
MOST_DIGITS: Final = 18  # fits bigint


@dataclass(frozen=True)
class Desk:
    """What opening a stream needs.

    Attributes:
        per_second: Live notes a second.
        stale_seconds: How long a client may take nothing.
        tally: What became of notes.
    """

    hub: Hub
    backlog: TableBacklog
    database: Database
    clock: Clock
    per_second: int
    stale_seconds: float
    tally: Tally = field(default_factory=Tally)


def make_stream(desk: Desk) -> ASGIRouteHandler:
    """The handler of `GET /notifications/stream`."""

    @asgi("/notifications/stream", opt=OPT, copy_scope=True)
    async def stream_notifications(scope: Scope, receive: Receive, send: Send) -> None:
        """The caller's notifications as they happen, as server-sent events."""
        request: Request = ASGIConnection(scope)
        if scope.get("method") != "GET":
            raise MethodNotAllowedException(
                headers={"Allow": "GET"}, detail="a stream is read with GET"
            )
        identity = await _identify(request, desk)
        since = _resume_point(request)
        if is_head(scope):
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        wire = wire_of(scope)
        wire.limit(BUFFER_BYTES, desk.stale_seconds)
        wants_all = request.query_params.get("changes") == "all"
        outgoing = Outgoing(desk.per_second, desk.tally)
        opened = Stream(identity, send, wire, outgoing, wants_all=wants_all)
        desk.hub.open(opened)
        try:
            await _begin(desk, opened, send)
            await _catch_up(desk, opened, since)
            while (await receive())["type"] != "http.disconnect":
                continue
        finally:
            desk.hub.close(opened)

    return stream_notifications


async def _begin(desk: Desk, stream: Stream, send: Send) -> None:
    """Learn where the user stands, and begin the answer; before that it may still be an error."""
    found = await desk.backlog.positions([stream.user_id])
    desk.hub.begin(stream, found.get(stream.user_id, 0))
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})


async def _catch_up(desk: Desk, stream: Stream, since: int | None) -> None:
    """Say where the user stands, send what was missed, and go live without a gap."""
    position = stream.standing
    if stream.is_open:
        await stream.put(frames.ready(position), desk.stale_seconds)
    if since is not None:
        await _replay(desk, stream, since, position)
    if stream.is_open:
        desk.hub.go_live(stream)
    else:
        await stream.take_leave(desk.stale_seconds)


async def _replay(desk: Desk, stream: Stream, since: int, up_to: int) -> None:
    """Send what was missed; a client that asks for what is not kept has to fetch afresh."""
    while since != up_to and stream.is_open:
        try:
            page = since < up_to and await desk.backlog.page(stream.user_id, since, up_to)
        except Unavailable:
            stream.end(frames.GOODBYE)
            return
        if not page:
            desk.tally.resyncs += 1
            await stream.put(frames.resync(up_to), desk.stale_seconds)
            return
        await stream.put(page.body, desk.stale_seconds)
        since = page.last


async def _identify(request: Request, desk: Desk) -> Identity:
    ticket = request.query_params.get("ticket")
    if ticket is None:
        identity = await identity_of(request)
    else:
        take = storage.read_ticket if is_head(request.scope) else storage.use_ticket
        async with desk.database.transaction() as transaction:
            found = await take(transaction, ticket, desk.clock.now())
        if found is None:
            raise Unauthenticated("the ticket is not valid; each is good for one use")
        identity = found
    if "read" not in identity.scopes:
        raise Denied("this needs the scope `read`")
    limiter: RateLimiter = request.app.state.limiter
    limiter.spend(str(identity.user_id), monotonic())
    return identity


def _resume_point(request: Request) -> int | None:
    text = request.headers.get("last-event-id") or request.query_params.get("last_event_id")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise Invalid.field("last_event_id", "must be the number of a notification")
    return int(text)
