"""Everything on one machine in one process: the database, the bus and the services in one loop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Final, NamedTuple

import structlog
from litestar.types import ASGIApp

from taskflow.base.clock import Clock, SystemClock
from taskflow.base.errors import Unavailable
from taskflow.base.settings import Settings
from taskflow.bus.factory import make_bus
from taskflow.bus.ports import Bus
from taskflow.chassis.app import make_app
from taskflow.chassis.auth import Authenticator
from taskflow.chassis.consumer import Consumer
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.service import Context, Loop, Parts, Service
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import migrate
from taskflow.outbox.relay import Relay, reload
from taskflow.runner.keys import verifying_key
from taskflow.runner.loops import keep_running
from taskflow.runner.postgres import EmbeddedPostgres
from taskflow.runner.processes import MODULES, load
from taskflow.runner.server import Doors, Gateway, listen, make_server

DELIVERY_ROLE: Final = "taskflow_task_api"
# For migrations, backups, the command line and whoever looks into the database by hand.
SPARE_CONNECTIONS: Final = 12
RESTART_SECONDS: Final = 1.0
STOP_SECONDS: Final = 8.0
LOOP_FAILURES: Final = (
    "taskflow_loop_failures_total",
    "Times that a background loop failed unforeseen and was started again.",
)

log = structlog.get_logger()
Say = Callable[[str], None]


class Running(NamedTuple):
    """A service that has been built."""

    service: Service
    parts: Parts
    app: ASGIApp
    consumer: Consumer
    metrics: Metrics


class System:
    """The whole of TaskFlow in this process.

    Args:
        settings: Where it keeps its data and listens.
        say: Told of what takes longer than a second.
    """

    def __init__(self, settings: Settings, say: Say = lambda _text: None) -> None:
        self.settings = settings
        self.services: list[Running] = []
        self._say = say
        self._clock: Clock = SystemClock()
        self._hints = Hints()
        self._stop = asyncio.Event()

    async def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Start everything, serve until `stop`, then leave in order.

        Raises:
            TaskFlowError: it cannot start; the detail says why and what to do.
        """
        async with AsyncExitStack() as stack:
            settings = self.settings
            declared = [load(name) for name in MODULES]
            ports = [settings.port(service.port_offset) for service in declared]
            sockets = listen(settings.host, ports)
            for one in sockets:
                stack.callback(one.close)
            dsn, watch = await self._database(stack)
            if await migrate(dsn):
                self._say("the database's schema is up to date")
            connect = partial(self._connect, stack, dsn)
            delivery = await connect(DELIVERY_ROLE)
            key = verifying_key(settings, declared)
            authenticator = Authenticator(key, delivery, self._clock)
            bus = make_bus(settings, partial(reload, delivery))
            for service in declared:
                database = await connect(service.role)
                self.services.append(self._build(service, database, authenticator))
            own = {"sessions": authenticator.watch, "relay": Relay(delivery, bus).run}
            await self._serve(
                sockets, bus, {**own, **watch, **self._subscribe(bus), **self._loops()}, on_ready
            )

    def stop(self) -> None:
        """Leave in order; `run` returns when that is done."""
        self._stop.set()

    def stop_on_signals(self) -> None:
        """Stop at SIGTERM and Ctrl-C."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    async def _database(self, stack: AsyncExitStack) -> tuple[str, dict[str, Loop]]:
        """The database's address, and the loop that keeps our own one running."""
        if self.settings.database_url is not None:
            return self.settings.database_url.get_secret_value(), {}
        pools = (len(MODULES) + 1) * self.settings.database_connections
        postgres = EmbeddedPostgres(
            self.settings.data_dir, say=self._say, max_connections=pools + SPARE_CONNECTIONS
        )
        await postgres.start()
        stack.push_async_callback(postgres.stop)
        return postgres.dsn(), {"database": partial(_watch, postgres)}

    async def _connect(self, stack: AsyncExitStack, dsn: str, role: str) -> Database:
        connections = self.settings.database_connections
        database = Database(dsn, role, self._hints, max_connections=connections)
        await database.open()
        stack.push_async_callback(database.close)
        return database

    def _build(self, service: Service, database: Database, authenticator: Authenticator) -> Running:
        metrics = Metrics(service.name)
        context = Context(self.settings, self._clock, database, authenticator, metrics)
        parts = service.build(context)
        consumer = Consumer(service.name, database, self._clock, metrics)
        return Running(service, parts, make_app(service, parts, context), consumer, metrics)

    def _subscribe(self, bus: Bus) -> dict[str, Loop]:
        """Subscribe every service that wants events; returns the loops that replay dead letters."""
        loops: dict[str, Loop] = {}
        for running in self.services:
            parts, consumer = running.parts, running.consumer
            if parts.batch_handler is not None:
                subscription = consumer.subscribe_batches(parts.batch_handler)
            elif parts.handlers:
                subscription = consumer.subscribe_each(parts.handlers)
            else:
                continue
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

    def _doors(self) -> Doors:
        apps = {self.settings.port(one.service.port_offset): one.app for one in self.services}
        main = apps[self.settings.port_base]
        by_prefix = {prefix: one.app for one in self.services for prefix in one.service.prefixes}
        return Doors({**apps, self.settings.port_base: Gateway(main, by_prefix)})

    async def _serve(
        self,
        sockets: list[socket.socket],
        bus: Bus,
        loops: Mapping[str, Loop],
        on_ready: Callable[[], None],
    ) -> None:
        server = make_server(self._doors())
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


async def _watch(postgres: EmbeddedPostgres) -> None:
    """Start the database again when it ends by itself; the services wait for it meanwhile."""
    while True:
        code = await postgres.exited()
        log.error("database.ended", exit_code=code)
        await postgres.stop()
        try:
            await postgres.start()
        except Unavailable as error:
            log.warning("database.does_not_start", reason=error.detail)
            await asyncio.sleep(RESTART_SECONDS)
