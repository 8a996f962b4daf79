"""`taskflow up`: everything on this machine, in the foreground."""

import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from taskflow.base import logs
from taskflow.base.settings import Settings
from taskflow.cli.command import warn_of_unknown_settings
from taskflow.runner.embedded import host_of_everything, run_everything
from taskflow.runner.hosting import Host


def command(
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port_base: Annotated[int | None, typer.Option(help="The first of five ports.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning, error.")] = None,
    log_format: Annotated[str | None, typer.Option(help="console or json.")] = None,
) -> None:
    """Run TaskFlow: the database, the five services and the page, until Ctrl-C.

    Examples:
        taskflow up

        taskflow up --data-dir ./data --port-base 9000
    """
    settings = Settings.load(
        {
            "data_dir": data_dir,
            "host": host,
            "port_base": port_base,
            "log_level": log_level,
            "log_format": log_format,
        }
    )
    logs.configure(settings.log_level, settings.log_format)
    warn_of_unknown_settings()
    console = Console(highlight=False, soft_wrap=True)
    uvloop.run(_run(settings, console))


async def _run(settings: Settings, console: Console) -> None:
    host = host_of_everything(settings)
    host.stop_on_signals()
    await run_everything(
        host,
        say=lambda text: console.print(f"[dim]· {text}[/dim]"),
        on_ready=lambda: _summarise(host, console),
    )
    console.print("TaskFlow has stopped; everything is kept.")


def _summarise(host: Host, console: Console) -> None:
    """One clear summary: where it is, what listens, what is on and what is off."""
    settings = host.settings
    address = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    console.print(
        f"[bold green]TaskFlow is ready[/bold green] at http://{address}:{settings.port_base}"
    )
    for running in host.services:
        service = running.service
        console.print(f"  {settings.port(service.port_offset)}  {service.title}")
    database = "embedded PostgreSQL" if settings.database_url is None else "TASKFLOW_DATABASE_URL"
    console.print(f"  data      {settings.data_dir}")
    console.print(f"  database  {database}")
    redis = "off" if settings.redis_url is None else "TASKFLOW_REDIS_URL"
    console.print(f"  bus       {settings.bus}; Redis: {redis}; Dapr: off")
    command = Path(sys.executable).with_name("taskflow")
    if command.exists():
        console.print(f"  commands  {command} --help")
    console.print("  stop      Ctrl-C")
    sys.stdout.flush()
