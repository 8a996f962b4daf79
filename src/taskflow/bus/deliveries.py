"""Takes what the Dapr sidecar delivers: a small ASGI app for a listener that only it can reach.

`POST /internal/events` (one event), `/internal/events/bulk` (many) and `/internal/dead-letters`
(what the sidecar could not read). The answers are 200, or 503 to have it delivered again; any other
would lose the event or set it aside at once. The body is read as bytes: what is no event is kept
as a dead letter with its bytes, and never tried again.

The sidecar brings an event again for as long as it takes, in its place before those that follow it;
what fails too often is set aside here, since here alone is known why. While effects cannot be
written at all, no failure counts.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog

from taskflow.base.clock import monotonic
from taskflow.base.errors import Invalid, TaskFlowError, TooLarge, Unavailable
from taskflow.bus.delivery_bodies import (
    Delivery,
    entries_of,
    head_of,
    message_of,
    read_body,
    unwrapped,
)
from taskflow.bus.failures import Failures
from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome, Subscription, Verdict

log = structlog.get_logger()

EVENTS: Final = "/internal/events"
BULK: Final = "/internal/events/bulk"
DEAD_LETTERS: Final = "/internal/dead-letters"
TOKEN_HEADER: Final = b"dapr-api-token"
# Shorter than the sidecar's time-out (4 s), so that no call goes on after it was given up.
CALL_SECONDS: Final = 3.5
# In 12 to 20 s where it fails at once, in 55 s where every call is late: see resiliency.yaml.
ATTEMPTS: Final = 8
# So much of a call is for handling; the rest is for setting aside what failed too often.
HANDLING_SHARE: Final = 6 / 7
REMEMBERED: Final = 1_000

CanConsume = Callable[[], Awaitable[bool]]
Answer = tuple[int, bytes]
Headers = Sequence[tuple[bytes, bytes]]
Work = Callable[[Subscription, Delivery], Awaitable[Answer]]


class Deliveries:
    """The ASGI app of the loopback listener.

    Args:
        token: What the sidecar shows (`APP_API_TOKEN`).
        can_consume: Whether effects can be written right now.
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
        self._failures = Failures(REMEMBERED)

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
        return await self._work(work, self.subscription, Delivery.of(headers, body))

    async def _work(self, work: Work, subscription: Subscription, delivery: Delivery) -> Answer:
        self._running += 1
        self._is_idle.clear()
        try:
            return await work(subscription, delivery)
        finally:
            self._running -= 1
            if not self._running:
                self._is_idle.set()

    async def _one(self, subscription: Subscription, delivery: Delivery) -> Answer:
        outcome = (await self._handle(subscription, [message_of(delivery)]))[0]
        return _said(outcome)

    async def _many(self, subscription: Subscription, delivery: Delivery) -> Answer:
        try:
            entries = entries_of(delivery.body)
        except Invalid as error:
            log.warning("deliveries.unreadable_bulk", reason=error.detail)
            return HTTPStatus.SERVICE_UNAVAILABLE, b"{}"
        outcomes = await self._handle(subscription, [entry.message for entry in entries])
        statuses = [
            {"entryId": entry.id, "status": _status(outcome)}
            for entry, outcome in zip(entries, outcomes, strict=True)
        ]
        return HTTPStatus.OK, msgspec.json.encode({"statuses": statuses})

    async def _dead(self, subscription: Subscription, delivery: Delivery) -> Answer:
        """What the sidecar could not read, and delivers unread."""
        return await self._one(subscription, unwrapped(delivery))

    async def _handle(
        self, subscription: Subscription, messages: Sequence[Message]
    ) -> list[Outcome]:
        """Outcomes, while the sidecar still listens; no poison is left that is not set aside."""
        began = monotonic()
        ends = began + self._call_seconds
        until = began + self._call_seconds * HANDLING_SHARE
        outcomes = await self._attempt(subscription, messages, until)
        return [
            await self._settled(subscription, message, outcome, ends)
            for message, outcome in zip(messages, outcomes, strict=True)
        ]

    async def _attempt(
        self, subscription: Subscription, messages: Sequence[Message], until: float
    ) -> list[Outcome]:
        """Handle messages together; where that fails as a whole, the next time each by itself."""
        # One that comes by itself needs no looking up.
        ids = [head_of(one.body).id for one in messages] if len(messages) > 1 else []
        if any(map(self._failures.is_suspect, ids)):
            return [(await self._attempt(subscription, [one], until))[0] for one in messages]
        if monotonic() >= until:
            return [Outcome(Verdict.AWAY, "no time was left for it") for _ in messages]
        reason = await self._tried(subscription, messages, until)
        if isinstance(reason, list):
            return reason
        self._failures.suspect(ids)
        verdict = Verdict.RETRY if len(messages) == 1 else Verdict.AWAY
        return [Outcome(verdict, reason) for _ in messages]

    async def _tried(
        self, subscription: Subscription, messages: Sequence[Message], until: float
    ) -> list[Outcome] | str:
        """The outcomes, or why there are none."""
        try:
            async with asyncio.timeout(until - monotonic()):
                return list(await subscription.handle(messages))
        except TimeoutError:
            return f"not handled within {self._call_seconds * HANDLING_SHARE:g} s"
        except Exception as error:
            log.exception("deliveries.failed", consumer=subscription.consumer)
            return f"{type(error).__name__}: {error}"

    async def _settled(
        self, subscription: Subscription, message: Message, outcome: Outcome, ends: float
    ) -> Outcome:
        """The outcome, where that was poison or one failure too many after it was set aside."""
        event_id = head_of(message.body).id
        if outcome.verdict is Verdict.RETRY and self._failures.count(event_id) >= ATTEMPTS:
            outcome = Outcome(Verdict.POISON, outcome.reason)
            if not await self._can_consume():
                return Outcome(Verdict.AWAY, outcome.reason)
        if outcome.verdict is Verdict.POISON:
            is_kept = await self._set_aside(subscription, message, outcome.reason, ends)
            outcome = DONE if is_kept else Outcome(Verdict.AWAY, outcome.reason)
        if outcome.verdict is Verdict.DONE:
            self._failures.forget(event_id)
        return outcome

    async def _set_aside(
        self, subscription: Subscription, message: Message, reason: str, ends: float
    ) -> bool:
        """Whether a dead letter was kept; where not, the sidecar brings it again."""
        try:
            async with asyncio.timeout(ends - monotonic()):
                await subscription.set_aside(message, reason)
        except (TaskFlowError, TimeoutError) as error:
            log.warning("deliveries.cannot_set_aside", reason=str(error))
        except Exception:
            log.exception("deliveries.cannot_set_aside")
        else:
            return True
        return False


def _status(outcome: Outcome) -> str:
    return "SUCCESS" if outcome.verdict is Verdict.DONE else "RETRY"


def _said(outcome: Outcome) -> Answer:
    if outcome.verdict is Verdict.DONE:
        return HTTPStatus.OK, b'{"status":"SUCCESS"}'
    return HTTPStatus.SERVICE_UNAVAILABLE, b'{"status":"RETRY"}'
