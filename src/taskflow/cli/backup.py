"""`taskflow backup` and `taskflow restore`: everything in one file, and back."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from taskflow.base import logs
from taskflow.base.settings import Settings
from taskflow.runner.backup import back_up
from taskflow.runner.backup_file import Manifest, Report
from taskflow.runner.reaching import Say
from taskflow.runner.restore import rehearse, restore

DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
Work = Callable[[Say, Report], Coroutine[None, None, Manifest]]


def backup_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
    data_dir: DataDir = None,
) -> None:
    """Back up everything into one file, while TaskFlow runs or not.

    The file holds the database as it was at one instant and the key that signs sessions: whoever
    has it can read everything. It is read back before it takes the place of an older one.

    Examples:
        taskflow backup taskflow.zip

        taskflow backup /backups/taskflow-$(date +%F).zip --data-dir ./data
    """
    settings = _settings(data_dir)
    manifest = _run(lambda say, report: back_up(settings, file, say, report))
    size_mb = file.stat().st_size / 1e6
    _console().print(f"Backed up {_summary(manifest)} to {file} ({size_mb:.1f} MB).")


def restore_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to restore.")],
    data_dir: DataDir = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the backup take the place of what is there.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only rehearse: restore into a database thrown away.")
    ] = False,
) -> None:
    """Restore a backup; TaskFlow must not run meanwhile.

    What is there stays until the backup is restored, compared with its manifest, and brought up to
    date: a restore that fails changes nothing.

    Examples:
        taskflow restore --check taskflow.zip

        taskflow restore taskflow.zip --data-dir ./new-folder

        taskflow restore taskflow.zip --replace
    """
    settings = _settings(data_dir)
    if check:
        manifest = _run(lambda say, report: rehearse(file, say, report))
        _console().print(f"{file} is whole and can be restored: {_summary(manifest)}.")
        return
    manifest = _run(lambda say, report: restore(settings, file, say, report, replace=replace))
    _console().print(f"Restored {_summary(manifest)}. Start TaskFlow with: taskflow up")


def _settings(data_dir: Path | None) -> Settings:
    settings = Settings.load({"data_dir": data_dir})
    logs.configure(settings.log_level, settings.log_format)
    return settings


def _run(work: Work) -> Manifest:
    """Do it; SIGTERM and Ctrl-C leave nothing half done."""

    async def main() -> Manifest:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with _progress() as (say, report):
            return await work(say, report)

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        _console(stderr=True).print("[red]taskflow:[/red] stopped; nothing was changed")
        raise typer.Exit(1) from None


@contextmanager
def _progress() -> Iterator[tuple[Say, Report]]:
    """A line that says what is being done and how far it is; only a terminal sees it."""
    console = _console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), DownloadColumn())
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("starting", total=None)

        def report(what: str, done: int, of: int | None) -> None:
            progress.update(task, description=what, completed=done, total=of)

        yield lambda text: console.print(f"[dim]· {text}[/dim]"), report


def _console(*, stderr: bool = False) -> Console:
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def _summary(manifest: Manifest) -> str:
    rows = manifest.inventory.rows
    at = manifest.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{sum(rows.values())} rows of {len(rows)} tables as of {at}, schema {manifest.revision}"
