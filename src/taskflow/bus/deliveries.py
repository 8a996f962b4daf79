"""Takes what the Dapr sidecar delivers: a small ASGI app for a listener that only it can reach.

`POST /internal/events` (one event), `/internal/events/bulk` (many) and `/internal/dead-letters`
(what the sidecar has given up). The answers are 200, or 503 to have it delivered again; any other
would lose the event or set it aside at once. The body is read as bytes: what is no event is kept
as a dead letter with its bytes, and never tried again.
"""

import asyncio
import base64
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog

from taskflow.base.errors import TaskFlowError
from taskflow.bus.message import Message
from taskflow.bus.ports import Outcome, Subscription, Verdict

log = structlog.get_logger()

EVENTS: Final = "/internal/events"
BULK: Final = "/internal/events/bulk"
DEAD_LETTERS: Final = "/internal/dead-letters"
CONSUME: Final = "/health/consume"
TOKEN_HEADER: Final = b"dapr-api-token"
MOST_BYTES: Final = 64 * 1024 * 1024
# Shorter than the sidecar's time-out (4 s), so that no call goes on after it was given up.
CALL_SECONDS: Final = 3.5
REMEMBERED: Final = 1_000
GAVE_UP: Final = "the retries ran out"

CanConsume = Callable[[], Awaitable[bool]]
Answer = tuple[int, bytes]
Work = Callable[[Subscription, bytes], Awaitable[Answer]]


class _Head(msgspec.Struct):
    """What a delivery needs of an event; everything else is the consumer's."""

    id: str = ""
    topic: str = ""
    partitionkey: str = ""
    subject: str = ""


class _Entry(msgspec.Struct):
    """One event of a bulk delivery."""

    entry_id: str = msgspec.field(name="entryId")
    event: msgspec.Raw


class _Bulk(msgspec.Struct):
    """A bulk delivery."""

    entries: list[_Entry]


class Deliveries:
    """The ASGI app of the loopback listener.

    Args:
        token: What the sidecar shows (`APP_API_TOKEN`).
        can_consume: Whether effects can be written right now; while not, delivery pauses.
    """

    def __init__(self, token: str, can_consume: CanConsume) -> None:
        self.subscription: Subscription | None = None
        self._token = token.encode()
        self._can_consume = can_consume
        self._is_stopping = False
        self._running = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._reasons: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request of the sidecar."""
        if scope["type"] != "http":
            return
        status, body = await self._answer(scope, receive)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def drain(self, patience_seconds: float) -> None:
        """Take nothing new, and wait for what is being handled."""
        self._is_stopping = True
        try:
            async with asyncio.timeout(patience_seconds):
                await self._is_idle.wait()
        except TimeoutError:
            log.warning("deliveries.cut_off", running=self._running)

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        path = scope["path"]
        if path == CONSUME:
            is_able = not self._is_stopping and await self._can_consume()
            return (HTTPStatus.OK if is_able else HTTPStatus.SERVICE_UNAVAILABLE), b"{}"
        work = {EVENTS: self._one, BULK: self._many, DEAD_LETTERS: self._dead}.get(path)
        if work is None:
            return HTTPStatus.NOT_FOUND, b"{}"
        if not hmac.compare_digest(dict(scope["headers"]).get(TOKEN_HEADER, b""), self._token):
            return HTTPStatus.UNAUTHORIZED, b"{}"
        return await self._work(work, receive)

    async def _work(self, work: Work, receive: Any) -> Answer:
        if self.subscription is None or self._is_stopping:
            return _said(Outcome(Verdict.AWAY))
        body = await _read(receive)
        self._running += 1
        self._is_idle.clear()
        try:
            return await work(self.subscription, body)
        finally:
            self._running -= 1
            if not self._running:
                self._is_idle.set()

    async def _one(self, subscription: Subscription, body: bytes) -> Answer:
        outcome = (await self._handle(subscription, [_message(body)]))[0]
        return _said(outcome)

    async def _many(self, subscription: Subscription, body: bytes) -> Answer:
        try:
            entries = msgspec.json.decode(body, type=_Bulk).entries
        except msgspec.MsgspecError as error:
            log.warning("deliveries.unreadable_bulk", reason=str(error))
            return HTTPStatus.SERVICE_UNAVAILABLE, b"{}"
        messages = [_message(_unpacked(entry.event)) for entry in entries]
        outcomes = await self._handle(subscription, messages)
        statuses = [
            {"entryId": entry.entry_id, "status": _status(outcome)}
            for entry, outcome in zip(entries, outcomes, strict=True)
        ]
        return HTTPStatus.OK, msgspec.json.encode({"statuses": statuses})

    async def _dead(self, subscription: Subscription, body: bytes) -> Answer:
        message = _message(body)
        reason = self._reasons.pop(_head(body).id, GAVE_UP)
        is_kept = await self._set_aside(subscription, message, reason)
        return _said(Outcome(Verdict.DONE if is_kept else Verdict.AWAY))

    async def _handle(
        self, subscription: Subscription, messages: Sequence[Message]
    ) -> list[Outcome]:
        """Outcomes, in which no poison is left that is not set aside."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                outcomes = list(await subscription.handle(messages))
        except TimeoutError:
            late = Outcome(Verdict.RETRY, f"not handled within {CALL_SECONDS:g} s")
            outcomes = [late for _ in messages]
        return [
            await self._settled(subscription, message, outcome)
            for message, outcome in zip(messages, outcomes, strict=True)
        ]

    async def _settled(
        self, subscription: Subscription, message: Message, outcome: Outcome
    ) -> Outcome:
        if outcome.verdict is Verdict.POISON:
            is_kept = await self._set_aside(subscription, message, outcome.reason)
            return Outcome(Verdict.DONE if is_kept else Verdict.AWAY)
        if outcome.verdict is Verdict.RETRY:
            self._remember(_head(message.body).id, outcome.reason)
        return outcome

    async def _set_aside(self, subscription: Subscription, message: Message, reason: str) -> bool:
        """Whether a dead letter was kept; where not, the sidecar brings it again."""
        try:
            await subscription.set_aside(message, reason)
        except TaskFlowError as error:
            log.warning("deliveries.cannot_set_aside", reason=error.detail)
            return False
        return True

    def _remember(self, event_id: str, reason: str) -> None:
        """Why an event failed last, for when the sidecar gives it up."""
        self._reasons[event_id] = reason
        self._reasons.move_to_end(event_id)
        if len(self._reasons) > REMEMBERED:
            self._reasons.popitem(last=False)


async def _read(receive: Any) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _message(body: bytes) -> Message:
    head = _head(body)
    return Message(0, head.topic, head.partitionkey or head.subject, body)


def _head(body: bytes) -> _Head:
    try:
        return msgspec.json.decode(body, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Head()


def _unpacked(event: msgspec.Raw) -> bytes:
    """An event of a bulk as bytes; one that the sidecar could not read comes as base64 text."""
    body = bytes(event)
    if body[:1] != b'"':
        return body
    text = msgspec.json.decode(body, type=str)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode()


def _status(outcome: Outcome) -> str:
    return "SUCCESS" if outcome.verdict is Verdict.DONE else "RETRY"


def _said(outcome: Outcome) -> Answer:
    if outcome.verdict is Verdict.DONE:
        return HTTPStatus.OK, b'{"status":"SUCCESS"}'
    return HTTPStatus.SERVICE_UNAVAILABLE, b'{"status":"RETRY"}'
