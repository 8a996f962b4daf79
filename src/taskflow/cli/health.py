"""`taskflow health`: whether a service here is alive or ready, for a container's health check."""

import http.client
from typing import Annotated, Final

import typer

from taskflow.base.settings import Settings
from taskflow.cli.command import say
from taskflow.runner.processes import MODULES, port_offset

TIMEOUT_SECONDS: Final = 3.0
Service = Annotated[str, typer.Argument(help=f"One of {', '.join(MODULES)}.")]
Ready = Annotated[bool, typer.Option("--ready", help="Ask whether it is ready, not only alive.")]


def command(service: Service, *, ready: Ready = False) -> None:
    """Say whether a service on this machine is alive; the exit code is 1 when it is not.

    Examples:
        taskflow health task-api

        taskflow health audit-logger --ready
    """
    if service not in MODULES:
        raise typer.BadParameter(f"is one of {', '.join(MODULES)}")
    port = Settings.load().port(port_offset(service))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/ready" if ready else "/health/live")
        answer = connection.getresponse()
        say(answer.read().decode())
        is_well = answer.status == http.client.OK
    except (OSError, http.client.HTTPException) as error:
        say(f"{service} does not answer on port {port}: {error}")
        is_well = False
    finally:
        connection.close()
    if not is_well:
        raise typer.Exit(1)
