"""How `taskflow backup` and `taskflow restore` run, and show how far they are."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from taskflow.cli.command import complain
from taskflow.runner.backup_file import Manifest, Report
from taskflow.runner.reaching import Say

Work = Callable[[Say, Report], Coroutine[None, None, Manifest]]


def follow(work: Work) -> Manifest:
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
        complain("stopped; nothing was changed")
        raise typer.Exit(1) from None


@contextmanager
def _progress() -> Iterator[tuple[Say, Report]]:
    """A line that says what is being done and how far it is; only a terminal sees it."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
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

        yield lambda text: console.print(f"· {text}", markup=False, style="dim"), report


def summary(manifest: Manifest) -> str:
    """What a backup holds, in a few words."""
    rows = manifest.inventory.rows
    at = manifest.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{sum(rows.values())} rows of {len(rows)} tables as of {at}, schema {manifest.revision}"
