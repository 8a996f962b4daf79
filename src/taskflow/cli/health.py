"""`taskflow health`: whether a service here is alive or ready, for a container's health check."""

import http.client
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from taskflow.base.settings import Settings
from taskflow.cli.command import say
from taskflow.runner.processes import MODULES, port_offset

TIMEOUT_SECONDS: Final = 3.0
Service = Annotated[
    str | None, typer.Argument(help=f"One of {', '.join(MODULES)}; every one that is here without.")
]
Ready = Annotated[bool, typer.Option("--ready", help="Ask whether it is ready, not only alive.")]
Whole = Annotated[
    bool, typer.Option("--whole", help="Ask also for what it can do without: bus, Redis.")
]


def command(service: Service = None, *, ready: Ready = False, whole: Whole = False) -> None:
    """Say whether a service on this machine is alive; the exit code is 1 when it is not.

    Without a name it asks every service that listens here, and one must.

    Examples:
        taskflow health task-api

        taskflow health audit-logger --ready

        taskflow health task-api --whole
    """
    if service is not None and service not in MODULES:
        raise typer.BadParameter(f"is one of {', '.join(MODULES)}")
    path = "/health/ready" if ready or whole else "/health/live"
    answers = [_ask(name, path) for name in ([service] if service else MODULES)]
    for _, told in answers:
        say(told)
    if whole and any('"down"' in told for _, told in answers):
        raise typer.Exit(1)
    if not _is_well([status for status, _ in answers], must_listen=service is not None):
        raise typer.Exit(1)


def _is_well(statuses: Sequence[int | None], *, must_listen: bool) -> bool:
    """Whether all are well that answered; None stands for one that does not listen."""
    there = [status for status in statuses if must_listen or status is not None]
    return bool(there) and all(status == http.client.OK for status in there)


def _ask(service: str, path: str) -> tuple[int | None, str]:
    """The status that a service answers with, and what it tells; no status when it is not here."""
    port = Settings.load().port(port_offset(service))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except ConnectionRefusedError as error:
        return None, f"{service} does not listen on port {port}: {error.strerror}"
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{service} does not answer on port {port}: {error}"
    finally:
        connection.close()
