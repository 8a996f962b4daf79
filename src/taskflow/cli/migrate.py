"""`taskflow migrate`: brings the database's schema up to date."""

from typing import Annotated

import typer

from taskflow.base.settings import Settings
from taskflow.cli.command import DataDir, run, say, settings_of
from taskflow.db.migrate import known_revisions, migrate, present_revision
from taskflow.runner.reaching import reaching

Check = Annotated[bool, typer.Option("--check", help="Only say what there is to do.")]


def command(data_dir: DataDir = None, *, check: Check = False) -> None:
    """Bring the database's schema up to date; `taskflow up` does it by itself.

    With --check nothing is changed, and the exit code is 1 when there is something to do.

    Examples:
        taskflow migrate

        TASKFLOW_DATABASE_URL=postgresql://… taskflow migrate --check
    """
    settings = settings_of(data_dir)
    is_current = run(_check(settings) if check else _migrate(settings))
    if not is_current:
        raise typer.Exit(1)


async def _migrate(settings: Settings) -> bool:
    async with reaching(settings) as dsn:
        changed = await migrate(dsn)
    newest = known_revisions()[-1]
    say(f"the schema is now at revision {newest}" if changed else f"nothing to do: {newest}")
    return True


async def _check(settings: Settings) -> bool:
    async with reaching(settings) as dsn:
        present = await present_revision(dsn)
    newest = known_revisions()[-1]
    if present == newest:
        say(f"nothing to do: {newest}")
    else:
        say(f"the schema is at revision {present or 'none'}, this TaskFlow is at {newest}")
    return present == newest
