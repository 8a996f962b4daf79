"""`taskflow migrate`: brings the database's schema up to date."""

from typing import Annotated

import typer

from taskflow.base.settings import Settings
from taskflow.cli.command import DataDir, run, say, settings_of
from taskflow.db.migrate import grant_roles, known_revisions, migrate, present_revision
from taskflow.runner.processes import MODULES, load
from taskflow.runner.reaching import reaching

Check = Annotated[bool, typer.Option("--check", help="Only say what there is to do.")]
GrantTo = Annotated[
    str | None,
    typer.Option(metavar="LOGIN", help="Another login that the services connect with."),
]


def command(data_dir: DataDir = None, grant_to: GrantTo = None, *, check: Check = False) -> None:
    """Bring the database's schema up to date; `taskflow up` does it by itself.

    With --check nothing is changed, and the exit code is 1 when there is something to do. With
    --grant-to a second login may take on the roles of the services: it owns nothing and changes no
    schema, while this command runs as the owner.

    Examples:
        taskflow migrate

        TASKFLOW_DATABASE_URL=postgresql://… taskflow migrate --check

        taskflow migrate --grant-to taskflow_service
    """
    settings = settings_of(data_dir)
    is_current = run(_check(settings) if check else _migrate(settings, grant_to))
    if not is_current:
        raise typer.Exit(1)


async def _migrate(settings: Settings, login: str | None) -> bool:
    async with reaching(settings) as dsn:
        changed = await migrate(dsn)
        if login is not None:
            await grant_roles(dsn, login, [load(name).role for name in MODULES])
    newest = known_revisions()[-1]
    say(f"the schema is now at revision {newest}" if changed else f"nothing to do: {newest}")
    if login is not None:
        say(f"{login} may take on the roles of the services")
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
