"""Publishing to a real broker that has only a part, or of which nobody knows what it has."""

import asyncio
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from uuid import uuid4

import httpx
from tests.conformance.readers import TOPICS, Reader, message
from tests.distributed.sidecar import TOKENS
from tests.distributed.stage import BULK, EACH, PUBLISHER, Stage

from taskflow.bus.message import Message
from taskflow.bus.sidecar import PUBSUB, Sidecar

PATIENCE_SECONDS = 60.0
SMALL_TOPIC = TOPICS[3]
LIMIT = "max.message.bytes"
KEYS = 40


class Forgetful(httpx.AsyncHTTPTransport):
    """The network, which loses the first answers on their way back."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.answers: list[httpx.Response] = []
        self._answered = asyncio.Event()
        self._lost = lost

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        await answer.aread()
        self.answers.append(answer)
        self._answered.set()
        if len(self.answers) <= self._lost:
            raise httpx.ReadTimeout("no answer in time", request=request)
        return answer

    async def has_answered(self, status: int) -> None:
        """Wait until there was an answer of a kind."""
        while status not in [answer.status_code for answer in self.answers]:
            await self._answered.wait()
            self._answered.clear()


class Publisher:
    """Publishes through the publisher's sidecar, and remembers what it was told."""

    def __init__(self, stage: Stage, lost: int = 0) -> None:
        self.accepted: list[int] = []
        self.network = Forgetful(lost)
        address = f"http://127.0.0.1:{stage.sidecars[PUBLISHER].http_port}"
        self._sidecar = Sidecar(address, TOKENS["DAPR_API_TOKEN"], self.network)

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._sidecar.publish(messages, lambda one: self.accepted.append(one.position))
        await self._sidecar.close()


def listening(stage: Stage, run: str) -> tuple[Reader, Reader]:
    """The two consumers, listening to a run."""
    one, two = Reader(run), Reader(run)
    stage.applications[EACH].handler, stage.applications[BULK].handler = one, two
    return one, two


async def refusing(stage: Stage) -> None:
    """Wait until the broker refuses what is large; it hears of a setting some time later."""
    url = f"http://127.0.0.1:{stage.sidecars[PUBLISHER].http_port}/v1.0/publish"
    headers = {"dapr-api-token": TOKENS["DAPR_API_TOKEN"]}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
        status = HTTPStatus.NO_CONTENT
        while status == HTTPStatus.NO_CONTENT:
            answer = await client.post(f"{url}/{PUBSUB}/{SMALL_TOPIC}", json={"x": "x" * 9_000})
            status = HTTPStatus(answer.status_code)


def _has_all(reader: Reader, count: int) -> bool:
    return len(reader.numbers) == count


async def test_what_may_or_may_not_have_been_published_is_published_again(stage: Stage) -> None:
    run = uuid4().hex
    numbers = list(range(1, KEYS + 1))
    readers = listening(stage, run)
    publisher = Publisher(stage, lost=2)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await publisher.publish([message(run, n, f"task-{n}") for n in numbers])
        assert sorted(publisher.accepted) == numbers
        assert [answer.status_code for answer in publisher.network.answers] == [204] * 3
        for reader in readers:
            await reader.until(partial(_has_all, reader, 3 * KEYS))
            assert all(reader.numbers.count(n) == 3 for n in numbers)


async def test_what_the_broker_has_not_taken_of_a_bulk_is_published_again_and_nothing_else(
    stage: Stage,
) -> None:
    run = uuid4().hex
    numbers = list(range(1, KEYS + 1))
    readers = listening(stage, run)
    messages = [message(run, n, f"task-{n}", SMALL_TOPIC) for n in numbers]
    large = messages[0]._replace(body=messages[0].body[:-2] + b',"x":"' + b"x" * 9_000 + b'"}}')
    publisher = Publisher(stage)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.to_thread(stage.kafka.configure, SMALL_TOPIC, f"{LIMIT}=8000")
        await refusing(stage)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.publish([large, *messages[1:]]))
            await readers[0].until(lambda: len(readers[0].numbers) >= KEYS // 2)
            assert 1 not in readers[0].numbers
            # The sidecar tries again by itself at first, and would not tell us of a short trouble.
            await publisher.network.has_answered(500)
            await asyncio.to_thread(stage.kafka.configure, SMALL_TOPIC, f"{LIMIT}=1000000")
        assert sorted(publisher.accepted) == numbers
        for reader in readers:
            await reader.has_seen(numbers)
            assert sorted(reader.numbers) == numbers
