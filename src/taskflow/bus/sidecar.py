"""Publishes through the Dapr sidecar by its bulk API (`POST /v1.0/publish/bulk/{pubsub}/{topic}`).

204 means that the broker has every entry, 500 names the entries that it has not, and no answer in
time means that nobody knows: then all are sent again, which consumers tell by the event's id.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Final

import httpx
import msgspec
import structlog

from taskflow.base.breaker import Breaker
from taskflow.base.clock import monotonic
from taskflow.base.errors import Unavailable
from taskflow.base.spans import present
from taskflow.bus.message import Message

log = structlog.get_logger()

PUBSUB: Final = "taskflow-pubsub"
CONTENT_TYPE: Final = "application/cloudevents+json"
TOKEN_HEADER: Final = "dapr-api-token"  # noqa: S105 - a header's name
MOST_ENTRIES: Final = 100
MOST_BYTES: Final = 1024 * 1024
# Longer than the sidecar's own time-out for a publication, so that its answer is not missed.
TIMEOUT_SECONDS: Final = 15.0
PAUSES_SECONDS: Final = (0.05, 0.2, 0.5, 1.0)
CONNECTIONS: Final = 8


class _Failed(msgspec.Struct):
    """An entry that the broker does not have."""

    entry_id: str = msgspec.field(name="entryId")


class _BulkAnswer(msgspec.Struct):
    """What a bulk that failed in part says."""

    failed: list[_Failed] = msgspec.field(name="failedEntries", default_factory=list)


class Sidecar:
    """The sidecar of this process.

    Args:
        address: Where it listens, `http://127.0.0.1:3500`.
        token: What it wants to see (`DAPR_API_TOKEN`).
        transport: How it is reached, where that is not the network.
    """

    def __init__(
        self, address: str, token: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.breaker = Breaker()
        self._client = httpx.AsyncClient(
            base_url=address,
            headers={TOKEN_HEADER: token},
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=2.0),
            limits=httpx.Limits(max_connections=CONNECTIONS),
            transport=transport,
            # A proxy that the machine has for the world would be given the token and every event.
            trust_env=False,
        )

    async def close(self) -> None:
        """End its connections."""
        await self._client.aclose()

    async def check(self) -> None:
        """Ask whether the sidecar has its components and can publish.

        Raises:
            Unavailable: it cannot; the detail says why.
        """
        if (rest := self.breaker.rest(monotonic())) > 0:
            raise Unavailable(f"the circuit is open for {rest:.1f} s more: publishing failed")
        try:
            answer = await self._client.get("/v1.0/healthz/outbound", timeout=2.0)
        except httpx.HTTPError as error:
            raise Unavailable(f"the sidecar does not answer: {_brief(error)}") from error
        if answer.status_code != HTTPStatus.NO_CONTENT:
            raise Unavailable(f"the sidecar is not ready: {answer.status_code}")

    async def publish(self, messages: Sequence[Message], accept: Callable[[Message], None]) -> None:
        """Publish until the broker has everything, each key's messages one after the other.

        Args:
            messages: In the order that those of one key must keep.
            accept: Told of each message that the broker has.
        """
        waiting = list(messages)
        attempt = 0
        while waiting:
            heads = list({message.key: message for message in reversed(waiting)}.values())
            accepted = await self._publish_once(heads)
            for message in heads:
                if message.position in accepted:
                    accept(message)
            waiting = [message for message in waiting if message.position not in accepted]
            attempt = 0 if accepted else attempt + 1
            if waiting and len(accepted) < len(heads):
                await asyncio.sleep(self._pause(attempt))

    async def _publish_once(self, heads: Sequence[Message]) -> set[int]:
        """Send each message once; returns the positions of those that the broker has."""
        bulks = list(_bulks(heads))
        results = await asyncio.gather(*(self._send(topic, bulk) for topic, bulk in bulks))
        return {position for accepted in results for position in accepted}

    async def _send(self, topic: str, bulk: Sequence[Message]) -> set[int]:
        if self._client.is_closed or not self.breaker.admit(monotonic()):
            return set()
        try:
            answer = await self._client.post(
                f"/v1.0/publish/bulk/{PUBSUB}/{topic}",
                content=_body(bulk),
                headers={"content-type": "application/json"} | _trace_header(),
            )
        except httpx.HTTPError as error:
            self._failed(topic, _brief(error))
            return set()
        except asyncio.CancelledError:
            self.breaker.abandon()
            raise
        return self._accepted(topic, bulk, answer)

    def _accepted(self, topic: str, bulk: Sequence[Message], answer: httpx.Response) -> set[int]:
        everything = {message.position for message in bulk}
        if answer.status_code == HTTPStatus.NO_CONTENT:
            self.breaker.succeed()
            return everything
        named = _failed_positions(answer) if answer.is_server_error else set()
        # An answer that names what was never sent is about something else.
        accepted = everything - named if named and named <= everything else set()
        if accepted:
            self.breaker.succeed()
        else:
            self._failed(topic, f"{answer.status_code} {answer.text[:200]}")
        return accepted

    def _failed(self, topic: str, reason: str) -> None:
        self.breaker.fail(monotonic())
        log.warning("publish.failed", topic=topic, reason=reason)

    def _pause(self, attempt: int) -> float:
        planned = PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS) - 1)]
        return max(planned, self.breaker.rest(monotonic()))


def _trace_header() -> dict[str, str]:
    """The present span, for the sidecar's own ones; each event carries its own context."""
    traceparent = present().traceparent
    return {} if traceparent is None else {"traceparent": traceparent}


def _bulks(messages: Sequence[Message]) -> Iterator[tuple[str, list[Message]]]:
    """Messages by topic, in portions that the sidecar takes."""
    by_topic: dict[str, list[Message]] = {}
    for message in messages:
        by_topic.setdefault(message.topic, []).append(message)
    for topic, wanted in by_topic.items():
        bulk: list[Message] = []
        size = 0
        for message in wanted:
            if bulk and (len(bulk) == MOST_ENTRIES or size + len(message.body) > MOST_BYTES):
                yield topic, bulk
                bulk, size = [], 0
            bulk.append(message)
            size += len(message.body)
        yield topic, bulk


def _body(bulk: Sequence[Message]) -> bytes:
    return msgspec.json.encode(
        [
            {
                "entryId": str(message.position),
                "event": msgspec.Raw(message.body),
                "contentType": CONTENT_TYPE,
                "metadata": {"partitionKey": message.key},
            }
            for message in bulk
        ]
    )


def _failed_positions(answer: httpx.Response) -> set[int]:
    """The entries that a bulk's answer names as failed; none where it is no such answer."""
    try:
        named = msgspec.json.decode(answer.content, type=_BulkAnswer).failed
        return {int(one.entry_id) for one in named}
    except (msgspec.MsgspecError, ValueError):
        return set()


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
