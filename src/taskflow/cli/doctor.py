"""`taskflow doctor`: what is on, what is off and why, and what is wrong."""

import platform
from importlib.metadata import version
from typing import Annotated, Final

import msgspec
import typer

from taskflow.base.settings import Settings
from taskflow.cli.command import DataDir, console, run, say, settings_of
from taskflow.runner.checkup import Finding, check_up

MARKS: Final = {
    "on": "[green]on[/green]      ",
    "off": "[dim]off[/dim]     ",
    "warning": "[yellow]look[/yellow]    ",
    "wrong": "[red]wrong[/red]   ",
}
AsJson = Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")]


def command(data_dir: DataDir = None, *, as_json: AsJson = False) -> None:
    """Say what is on, what is off and why, and what is wrong; changes nothing.

    The exit code is 1 when something is wrong.

    Examples:
        taskflow doctor

        taskflow doctor --json --data-dir /srv/taskflow
    """
    findings = run(_examine(settings_of(data_dir)))
    if as_json:
        say(msgspec.json.encode([one._asdict() for one in findings]).decode())
    else:
        _show(findings)
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    return [finding async for finding in check_up(settings)]


def _show(findings: list[Finding]) -> None:
    python = f"Python {platform.python_version()} on {platform.system()}"
    console.print(f"TaskFlow {version('taskflow')}, {python}")
    for name, state, text, advice in findings:
        console.print(f"{MARKS[state]} {name:<20}", end=" ")
        console.print(f"{text}: {advice}" if advice else text, markup=False)
    wrong, doubtful = (
        sum(finding.state == state for finding in findings) for state in ("wrong", "warning")
    )
    if wrong:
        console.print(f"[red]{wrong} wrong[/red]")
    elif doubtful:
        console.print(f"[yellow]{doubtful} to look at[/yellow]")
    else:
        console.print("[green]nothing is wrong[/green]")
