"""The bus over Dapr keeps what every bus promises, on a real sidecar and a real Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.conformance.bus_promises import BusPromises
from tests.conformance.readers import Carriers, Reader
from tests.distributed.stage import BULK, EACH, PUBLISHER, Stage

from taskflow.bus.message import Message
from taskflow.events.topics import PARTITIONS


class DaprCarrier:
    """One reader takes its events one by one, the other in bulks."""

    # One of each partition of the one topic that a test uses.
    most_in_hand = PARTITIONS

    def __init__(self, stage: Stage, run: str) -> None:
        self.one, self.two = Reader(run), Reader(run)
        self.is_leaving = False
        self._kafka = stage.kafka
        self._publisher = stage.applications[PUBLISHER]
        self._consumers = [stage.applications[name] for name in (EACH, BULK)]
        for application, reader in zip(self._consumers, (self.one, self.two), strict=True):
            application.handler = reader

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._publisher.bus.publish(messages)

    async def write(self, topic: str, *bodies: bytes) -> None:
        lines = [body.decode() for body in bodies]
        await asyncio.to_thread(self._kafka.produce, topic, *lines)

    async def leave(self) -> None:
        async with asyncio.TaskGroup() as group:
            for application in self._consumers:
                group.create_task(application.stop())
            await asyncio.sleep(0)
            self.is_leaving = True

    async def come_back(self) -> None:
        self.is_leaving = False
        for application in self._consumers:
            await application.start()


class TestDaprBus(BusPromises):
    # maxRetries of k8s/dapr/resiliency.yaml, and the first attempt.
    ATTEMPTS = 8

    @pytest.fixture
    def carriers(self, stage: Stage) -> Carriers:
        @asynccontextmanager
        async def carry(run: str) -> AsyncIterator[DaprCarrier]:
            yield DaprCarrier(stage, run)

        return carry
