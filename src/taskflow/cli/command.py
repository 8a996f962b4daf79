"""What every command shares: the options that say which TaskFlow is meant, and how it runs."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from taskflow.base import logs
from taskflow.base.settings import Settings, unknown_variables

T = TypeVar("T")
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where TaskFlow keeps everything.")
]
console: Final = Console(highlight=False, soft_wrap=True)


def settings_of(data_dir: Path | None) -> Settings:
    """The settings that a command works under; its logs show warnings only."""
    settings = Settings.load({"data_dir": data_dir})
    logs.configure("warning", settings.log_format)
    return settings


def warn_of_unknown_settings() -> None:
    """Say which variables look like settings and are none: a newer TaskFlow's, or mistyped."""
    for name, nearest in unknown_variables().items():
        advice = f"is {nearest} meant?" if nearest else "see `taskflow settings`"
        complain(f"{name} is no setting and changes nothing; {advice}")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    return asyncio.run(work)


def say(text: str) -> None:
    """Tell the person something; what is in it is never taken for markup."""
    console.print(text, markup=False)


def complain(sentence: str) -> None:
    """Say what went wrong, on standard error."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("[red]taskflow:[/red]", escape(sentence))


def show_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a list in columns, whole: one line a row, for eyes and for `grep`."""
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
