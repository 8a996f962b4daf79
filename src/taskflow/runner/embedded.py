"""Everything on one machine in one process: the database, the bus and all services in one loop."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import structlog

from taskflow.base.errors import Invalid, Unavailable
from taskflow.base.settings import Settings
from taskflow.chassis.service import Loop
from taskflow.db.migrate import migrate
from taskflow.runner.folder_lock import refuse_held
from taskflow.runner.hosting import Host
from taskflow.runner.postgres import EmbeddedPostgres
from taskflow.runner.processes import MODULES, load

# For migrations, backups, the command line and whoever looks into the database by hand.
SPARE_CONNECTIONS: Final = 12
RESTART_SECONDS: Final = 1.0

log = structlog.get_logger()
Say = Callable[[str], None]


async def run_everything(host: Host, say: Say, on_ready: Callable[[], None]) -> None:
    """Start everything, serve until the host is stopped, then leave in order.

    Raises:
        TaskFlowError: it cannot start; the detail says why and what to do.
    """
    async with AsyncExitStack() as stack:
        if host.settings.database_url is None:
            # Who starts a second time on a folder hears so, and not of its ports.
            refuse_held(host.settings.data_dir)
        sockets = host.listen(stack)
        dsn, watch = await _database(stack, host.settings, say)
        if await migrate(dsn):
            say("the database's schema is up to date")
        await host.serve(stack, sockets, dsn, watch, on_ready)


def host_of_everything(settings: Settings) -> Host:
    """The host of all services.

    Raises:
        Invalid: the settings are those of another size.
    """
    if settings.bus != "memory":
        raise Invalid.field(
            "TASKFLOW_BUS", "`taskflow up` has its own bus; on Dapr use `taskflow run <service>`"
        )
    return Host(settings, [load(name) for name in MODULES])


async def _database(
    stack: AsyncExitStack, settings: Settings, say: Say
) -> tuple[str, dict[str, Loop]]:
    """The database's address, and the loop that keeps our own one running."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value(), {}
    pools = len(MODULES) * settings.database_connections
    postgres = EmbeddedPostgres(
        settings.data_dir, say=say, max_connections=pools + SPARE_CONNECTIONS
    )
    await postgres.start()
    stack.push_async_callback(postgres.stop)
    return postgres.dsn(), {"database": partial(_watch, postgres)}


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
