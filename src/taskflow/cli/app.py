"""The commands, and how their failures look."""

import sys

import typer
from rich.console import Console

from taskflow.base.errors import TaskFlowError
from taskflow.cli import backup, up

app = typer.Typer(
    name="taskflow",
    help="Event-driven task management that never loses anything and can prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up)
app.command("backup")(backup.backup_command)
app.command("restore")(backup.restore_command)


@app.callback()
def root() -> None:
    """Event-driven task management that never loses anything and can prove it."""


def main() -> None:
    """Run a command; what goes wrong in a known way is one sentence and exit code 1."""
    try:
        app()
    except TaskFlowError as error:
        Console(stderr=True).print(f"[red]taskflow:[/red] {error.detail}", highlight=False)
        sys.exit(1)
