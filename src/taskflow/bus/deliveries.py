"""Takes what the Dapr sidecar delivers: a small ASGI app for a listener that only it can reach.

`POST /internal/events` (one event), `/internal/events/bulk` (many) and `/internal/dead-letters`
(what the sidecar has given up). The answers are 200, or 503 to have it delivered again; any other
would lose the event or set it aside at once. The body is read as bytes: what is no event is kept
as a dead letter with its bytes, and never tried again.
"""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog

from taskflow.base.errors import Invalid, TaskFlowError, TooLarge, Unavailable
from taskflow.bus.delivery_bodies import entries_of, head_of, message_of, read_body
from taskflow.bus.message import Message
from taskflow.bus.ports import Outcome, Subscription, Verdict

log = structlog.get_logger()

EVENTS: Final = "/internal/events"
BULK: Final = "/internal/events/bulk"
DEAD_LETTERS: Final = "/internal/dead-letters"
CONSUME: Final = "/health/consume"
TOKEN_HEADER: Final = b"dapr-api-token"
# Shorter than the sidecar's time-out (4 s), so that no call goes on after it was given up.
CALL_SECONDS: Final = 3.5
REMEMBERED: Final = 1_000

CanConsume = Callable[[], Awaitable[bool]]
Answer = tuple[int, bytes]
Headers = Sequence[tuple[bytes, bytes]]
Work = Callable[[Subscription, bytes], Awaitable[Answer]]


class Deliveries:
    """The ASGI app of the loopback listener.

    Args:
        token: What the sidecar shows (`APP_API_TOKEN`).
        can_consume: Whether effects can be written right now; while not, delivery pauses.
        call_seconds: How long a body may take to arrive, and then a call.
    """

    def __init__(
        self, token: str, can_consume: CanConsume, *, call_seconds: float = CALL_SECONDS
    ) -> None:
        self.subscription: Subscription | None = None
        self._token = token.encode()
        self._can_consume = can_consume
        self._call_seconds = call_seconds
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
        if scope["path"] == CONSUME:
            is_able = not self._is_stopping and await self._can_consume()
            return (HTTPStatus.OK if is_able else HTTPStatus.SERVICE_UNAVAILABLE), b"{}"
        if not self._is_sidecar(scope["headers"]):
            return HTTPStatus.UNAUTHORIZED, b"{}"
        if scope["method"] != "POST":
            return HTTPStatus.NOT_FOUND, b"{}"
        return await self._take(scope["path"], scope["headers"], receive)

    def _is_sidecar(self, headers: Headers) -> bool:
        """Whether the sidecar's token is shown, and no other beside it."""
        shown = [value for name, value in headers if name == TOKEN_HEADER]
        return len(shown) == 1 and hmac.compare_digest(shown[0], self._token)

    async def _take(self, path: str, headers: Headers, receive: Any) -> Answer:
        work = {EVENTS: self._one, BULK: self._many, DEAD_LETTERS: self._dead}.get(path)
        if work is None:
            # A 404 would have the sidecar drop an event, for no more than a wrong route.
            log.error("deliveries.no_such_path", path=path)
        if work is None or self.subscription is None or self._is_stopping:
            return _said(Outcome(Verdict.AWAY))
        try:
            async with asyncio.timeout(self._call_seconds):
                body = await read_body(headers, receive)
        except TooLarge as error:
            log.warning("deliveries.refused", reason=error.detail)
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"{}"
        except (Unavailable, TimeoutError):
            return _said(Outcome(Verdict.AWAY))
        return await self._work(work, self.subscription, body)

    async def _work(self, work: Work, subscription: Subscription, body: bytes) -> Answer:
        self._running += 1
        self._is_idle.clear()
        try:
            return await work(subscription, body)
        finally:
            self._running -= 1
            if not self._running:
                self._is_idle.set()

    async def _one(self, subscription: Subscription, body: bytes) -> Answer:
        outcome = (await self._handle(subscription, [message_of(body)]))[0]
        return _said(outcome)

    async def _many(self, subscription: Subscription, body: bytes) -> Answer:
        try:
            entries = entries_of(body)
        except Invalid as error:
            log.warning("deliveries.unreadable_bulk", reason=error.detail)
            return HTTPStatus.SERVICE_UNAVAILABLE, b"{}"
        outcomes = await self._handle(subscription, [entry.message for entry in entries])
        statuses = [
            {"entryId": entry.id, "status": _status(outcome)}
            for entry, outcome in zip(entries, outcomes, strict=True)
        ]
        return HTTPStatus.OK, msgspec.json.encode({"statuses": statuses})

    async def _dead(self, subscription: Subscription, body: bytes) -> Answer:
        """Keep what the sidecar has given up, with the reason why it failed here.

        Its retries run out as well while nobody answers it, and an outage is no reason to set an
        event aside: what never failed here is handled after all.
        """
        message = message_of(body)
        reason = self._reasons.pop(head_of(body).id, None)
        if reason is None:
            outcome = (await self._handle(subscription, [message]))[0]
            if outcome.verdict is not Verdict.RETRY:
                return _said(outcome)
            reason = outcome.reason
        is_kept = await self._set_aside(subscription, message, reason)
        return _said(Outcome(Verdict.DONE if is_kept else Verdict.AWAY))

    async def _handle(
        self, subscription: Subscription, messages: Sequence[Message]
    ) -> list[Outcome]:
        """Outcomes, in which no poison is left that is not set aside."""
        try:
            async with asyncio.timeout(self._call_seconds):
                outcomes = list(await subscription.handle(messages))
        except TimeoutError:
            late = Outcome(Verdict.RETRY, f"not handled within {self._call_seconds:g} s")
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
            self._remember(head_of(message.body).id, outcome.reason)
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


def _status(outcome: Outcome) -> str:
    return "SUCCESS" if outcome.verdict is Verdict.DONE else "RETRY"


def _said(outcome: Outcome) -> Answer:
    if outcome.verdict is Verdict.DONE:
        return HTTPStatus.OK, b'{"status":"SUCCESS"}'
    return HTTPStatus.SERVICE_UNAVAILABLE, b'{"status":"RETRY"}'
