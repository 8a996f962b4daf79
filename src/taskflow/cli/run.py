"""`taskflow run`: one service in a process of its own, beside its sidecar."""

from typing import Annotated

import structlog
import typer
import uvloop

from taskflow.base import logs
from taskflow.base.settings import Settings
from taskflow.cli.command import warn_of_unknown_settings
from taskflow.runner.processes import MODULES
from taskflow.runner.single import host_of_one, run_one

log = structlog.get_logger()
Service = Annotated[str, typer.Argument(help=f"One of {', '.join(MODULES)}.")]
Host = Annotated[str | None, typer.Option(help="The address to listen on.")]
PortBase = Annotated[int | None, typer.Option(help="The first of the services' ports.")]
LogLevel = Annotated[str | None, typer.Option(help="debug, info, warning, error.")]
LogFormat = Annotated[str | None, typer.Option(help="console or json.")]


def command(
    service: Service,
    host: Host = None,
    port_base: PortBase = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Run one service on a shared database and a shared bus, until Ctrl-C or SIGTERM.

    It needs TASKFLOW_BUS=dapr, TASKFLOW_DATABASE_URL, TASKFLOW_DAPR_API_TOKEN and
    TASKFLOW_APP_API_TOKEN, and a Dapr sidecar beside it.

    Examples:
        taskflow run task-api

        TASKFLOW_PORT_BASE=9000 taskflow run reminder --log-format json
    """
    given = {"host": host, "port_base": port_base, "log_level": log_level, "log_format": log_format}
    settings = Settings.load(given)
    logs.configure(settings.log_level, settings.log_format)
    warn_of_unknown_settings()
    uvloop.run(_run(settings, service))


async def _run(settings: Settings, service: str) -> None:
    host = host_of_one(settings, service)
    host.stop_on_signals()
    await run_one(host, on_ready=lambda: log.info("service.started", service=service))
    log.info("service.stopped", service=service)
