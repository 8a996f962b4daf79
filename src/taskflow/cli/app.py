"""The commands, and how their failures look."""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Final, Protocol

import typer
from typer.core import TyperGroup
from typer.main import get_command

from taskflow.base.errors import TaskFlowError
from taskflow.cli.command import complain

HELP: Final = "Event-driven task management that never loses anything and can prove it."
# Where each command is; one that is not asked for is not imported, so that all answer quickly.
MODULES: Final = {
    "up": "taskflow.cli.up",
    "run": "taskflow.cli.run",
    "doctor": "taskflow.cli.doctor",
    "migrate": "taskflow.cli.migrate",
    "backup": "taskflow.cli.backup",
    "restore": "taskflow.cli.restore",
    "user": "taskflow.cli.user",
    "dead-letters": "taskflow.cli.dead_letters",
    "smoke": "taskflow.cli.smoke",
    "topics": "taskflow.cli.topics",
    "health": "taskflow.cli.health",
    "settings": "taskflow.cli.settings",
}


class Explained(Protocol):
    """A command, or a group of them: what they show of themselves."""

    help: str | None
    short_help: str | None


def main() -> None:
    """Run a command; what goes wrong in a known way is one sentence and exit code 1."""
    try:
        command = get_command(make_app(asked_for(sys.argv[1:])))
        explain(command)
        command()
    except (TaskFlowError, OSError, ExceptionGroup) as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        complain(sentence)
        sys.exit(1)


def sentence_of(error: Exception) -> str | None:
    """What went wrong, for a person; None when it is nothing that we know."""
    if isinstance(error, ExceptionGroup):
        sentences = [sentence_of(one) for one in error.exceptions]
        return None if None in sentences else sentences[0]
    if isinstance(error, OSError) and error.errno:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        is_denied = isinstance(error, PermissionError)
        advice = "; run it as the owner, or name another --data-dir" if is_denied else ""
        return reason + advice
    return error.detail if isinstance(error, TaskFlowError) else None


def asked_for(arguments: Sequence[str]) -> Iterable[str]:
    """The command that a command line names, or all of them."""
    return [arguments[0]] if arguments and arguments[0] in MODULES else MODULES


def explain(command: Explained) -> None:
    """Have a command and all below it show examples line by line, and lists uncut."""
    text, heading, examples = (command.help or "").partition("Examples:\n")
    command.short_help = " ".join(text.partition("\n\n")[0].split())
    if heading:
        lines = [f"  {line.strip()}" for line in examples.splitlines() if line.strip()]
        # Lines below this mark are not filled.
        command.help = "\n".join([f"{text}\b", heading.rstrip(), *lines])
    for one in command.commands.values() if isinstance(command, TyperGroup) else ():
        explain(one)


def make_app(names: Iterable[str]) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(
        name="taskflow",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    for name in names:
        module = import_module(MODULES[name])
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, no_args_is_help=True)
        else:
            app.command(name)(module.command)
    return app


def _root() -> None:
    pass
