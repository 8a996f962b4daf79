"""`taskflow restore`: a backup becomes the installation, or is rehearsed."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from taskflow.cli.command import DataDir, say, settings_of
from taskflow.cli.progress import follow, summary
from taskflow.runner.restore import rehearse, restore


def command(
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
    settings = settings_of(data_dir)
    if check:
        manifest = follow(lambda tell, report: rehearse(file, tell, report))
        say(f"{file} is whole and can be restored: {summary(manifest)}.")
        return
    manifest = follow(lambda tell, report: restore(settings, file, tell, report, replace=replace))
    folder = f" --data-dir {quote(str(data_dir))}" if data_dir else ""
    say(f"Restored {summary(manifest)}. Start TaskFlow with: taskflow up{folder}")
