"""`taskflow backup`: everything in one verified file."""

from pathlib import Path
from typing import Annotated

import typer

from taskflow.cli.command import DataDir, say, settings_of
from taskflow.cli.progress import follow, summary
from taskflow.runner.backup import back_up


def command(
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
    settings = settings_of(data_dir)
    manifest = follow(lambda tell, report: back_up(settings, file, tell, report))
    size_mb = file.stat().st_size / 1e6
    say(f"Backed up {summary(manifest)} to {file} ({size_mb:.1f} MB).")
