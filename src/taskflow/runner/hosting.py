"""Hosts services in this process: their connections, apps, consumers and loops."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final, NamedTuple

import structlog
from litestar.types import ASGIApp

from taskflow.base.clock import Clock, SystemClock
from taskflow.base.errors import TaskFlowError
from taskflow.base.settings import Settings
from taskflow.bus.factory import make_bus
from taskflow.bus.message import Message
from taskflow.bus.ports import Bus
from taskflow.chassis.app import make_app
from taskflow.chassis.auth import Authenticator
from taskflow.chassis.consumer import Consumer
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.service import Check, Context, Loop, Parts, Service
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.outbox.leased_relay import LeasedRelay
from taskflow.outbox.relay import Relay, reload
from taskflow.runner.keys import verifying_key
from taskflow.runner.loops import keep_running
from taskflow.runner.publishing import note_published, show_shards
from taskflow.runner.server import Doors, Gateway, listen, make_server
from taskflow.runner.traces import tracing

STOP_SECONDS: Final = 8.0
# So many objects more are there before the garbage collector looks among the newest.
GARBAGE_AT_ONCE: Final = 10_000
LOOP_FAILURES: Final = (
    "taskflow_loop_failures_total",
    "Times that a background loop failed unforeseen and was started again.",
)

log = structlog.get_logger()


class Running(NamedTuple):
    """A service that has been built."""

    service: Service
    parts: Parts
    app: ASGIApp
    consumer: Consumer
    database: Database
    metrics: Metrics


class Host:
    """Some services in this process.

    Args:
        settings: Where they listen, and what they need.
        declared: The services.
        checks: What else readiness asks, by name.
    """

    def __init__(
        self,
        settings: Settings,
        declared: Sequence[Service],
        checks: Mapping[str, Callable[[Database], Check]] | None = None,
    ) -> None:
        self.settings = settings
        self.services: list[Running] = []
        self._declared = declared
        self._checks = checks or {}
        self._clock: Clock = SystemClock()
        self._hints = Hints()
        self._stop = asyncio.Event()

    def listen(self, stack: AsyncExitStack) -> list[socket.socket]:
        """Take the ports, before anything else is begun.

        Raises:
            Conflict: one is in use.
        """
        settings, offsets = self.settings, [one.port_offset for one in self._declared]
        sockets = listen(settings.host, [settings.port(offset) for offset in offsets])
        if settings.bus == "dapr":
            sockets += listen("127.0.0.1", [settings.internal_port(one) for one in offsets])
        for one in sockets:
            stack.callback(one.close)
        return sockets

    async def serve(
        self,
        stack: AsyncExitStack,
        sockets: list[socket.socket],
        dsn: str,
        loops: Mapping[str, Loop],
        on_ready: Callable[[], None],
    ) -> None:
        """Build the services and serve until `stop`, then leave in order."""
        databases = [self._database(dsn, one.role) for one in self._declared]
        stack.push_async_callback(_close, databases)
        for database in databases:
            await database.open()
        # The Task API's role may read all that is to be delivered; it is the first where it is one.
        delivery = databases[0]
        key = verifying_key(self.settings, self._declared)
        authenticator = Authenticator(key, delivery, self._clock)
        needed = [delivery.ping, *(make(delivery) for make in self._checks.values())]
        bus = make_bus(self.settings, partial(reload, delivery), partial(_can_consume, needed))
        for service, database in zip(self._declared, databases, strict=True):
            self.services.append(self._build(service, database, authenticator, bus))
        name = self._declared[0].name if len(self._declared) == 1 else "taskflow"
        stack.enter_context(tracing(self.settings, name, self.services[0].metrics))
        own = {"sessions": authenticator.watch, **self._relays(bus)}
        _keep_what_is_there(stack)
        await self._serve(
            sockets, bus, {**own, **loops, **self._subscribe(bus), **self._loops()}, on_ready
        )

    def stop(self) -> None:
        """Leave in order; `serve` returns when that is done."""
        self._stop.set()

    def stop_on_signals(self) -> None:
        """Stop at SIGTERM and Ctrl-C."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    def _database(self, dsn: str, role: str) -> Database:
        connections = self.settings.database_connections
        return Database(dsn, role, self._hints, max_connections=connections)

    def _build(
        self, service: Service, database: Database, authenticator: Authenticator, bus: Bus
    ) -> Running:
        metrics = Metrics(service.name)
        if not self.services:
            metrics.of_process()
            for name, breaker in bus.breakers.items():
                metrics.circuit(name, breaker)
        checks = {name: make(database) for name, make in self._checks.items()}
        context = Context(
            settings=self.settings,
            clock=self._clock,
            database=database,
            authenticator=authenticator,
            metrics=metrics,
            checks=checks,
            # Without it everything is still answered and kept; what follows from it waits.
            optional_checks=bus.checks,
        )
        parts = service.build(context)
        consumer = Consumer(service.name, database, self._clock, metrics)
        app = make_app(service, parts, context)
        return Running(service, parts, app, consumer, database, metrics)

    def _relays(self, bus: Bus) -> dict[str, Loop]:
        """What publishes: one relay for everything, or on a shared bus one for each source."""
        first = self.services[0]
        if not bus.is_shared:
            return {"relay": Relay(first.database, bus, partial(self._published, first)).run}
        loops: dict[str, Loop] = {}
        for one in self.services:
            if one.service.publishes is not None:
                on_published = partial(self._published, one)
                relay = LeasedRelay(one.database, bus, one.service.publishes, on_published)
                show_shards(one.metrics, one.service.publishes, relay)
                loops[f"{one.service.name} relay"] = relay.run
        return loops

    def _published(self, running: Running, messages: Sequence[Message]) -> None:
        note_published(running.metrics, self._clock.now(), messages)

    def _subscribe(self, bus: Bus) -> dict[str, Loop]:
        """Subscribe every service that wants events; returns the loops that replay dead letters."""
        loops: dict[str, Loop] = {}
        for running in self.services:
            parts, consumer = running.parts, running.consumer
            if parts.batches is None:
                continue
            subscription = consumer.subscribe(parts.batches)
            bus.subscribe(subscription)
            loops[f"{running.service.name} replay"] = partial(consumer.replay, subscription)
        return loops

    def _loops(self) -> dict[str, Loop]:
        """What the services have running beside their apps."""
        return {
            f"{running.service.name} {number}": loop
            for running in self.services
            for number, loop in enumerate(running.parts.loops, 1)
        }

    def _doors(self, bus: Bus) -> Doors:
        """Each port's app; where all services are here, the first port serves them all."""
        settings = self.settings
        apps = {settings.port(one.service.port_offset): one.app for one in self.services}
        if len(self.services) > 1:
            by_prefix = {
                prefix: one.app for one in self.services for prefix in one.service.prefixes
            }
            apps[settings.port_base] = Gateway(apps[settings.port_base], by_prefix)
        if bus.door is not None:
            apps[settings.internal_port(self.services[0].service.port_offset)] = bus.door
        return Doors(apps)

    async def _serve(
        self,
        sockets: list[socket.socket],
        bus: Bus,
        loops: Mapping[str, Loop],
        on_ready: Callable[[], None],
    ) -> None:
        server = make_server(self._doors(bus))
        failures = self.services[0].metrics.counter(*LOOP_FAILURES, ["loop"])
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve(sockets))
            delivering = group.create_task(bus.run(), name="bus")
            background = [
                group.create_task(keep_running(name, loop, failures), name=name)
                for name, loop in loops.items()
            ]
            await server.has_started()
            on_ready()
            await self._stop.wait()
            for running in self.services:
                if running.parts.on_stop is not None:
                    await running.parts.on_stop()
            server.should_exit = True
            await bus.stop()
            await asyncio.wait([serving, delivering], timeout=STOP_SECONDS)
            for task in (*background, serving, delivering):
                task.cancel()
            for running in self.services:
                running.consumer.stop()


def _keep_what_is_there(stack: AsyncExitStack) -> None:
    """Have the garbage collector pass over what was made up to now, until the stack is left.

    To look through all modules and apps again takes it a tenth of a second and more, in which
    nothing else is done: no reminder, no answer. It looks less often too: what a batch makes is
    gone before it is worth a look.
    """
    gc.collect()
    gc.freeze()
    stack.callback(gc.unfreeze)
    stack.callback(gc.set_threshold, *gc.get_threshold())
    gc.set_threshold(GARBAGE_AT_ONCE, *gc.get_threshold()[1:])


async def _close(databases: Sequence[Database]) -> None:
    """Close all connections at once: none may keep the others waiting."""
    await asyncio.gather(*(database.close() for database in databases))


async def _can_consume(needed: Sequence[Check]) -> bool:
    """Whether all is there that effects need; while not, no failure is an event's own."""
    try:
        for check in needed:
            await check()
    except TaskFlowError:
        return False
    return True
