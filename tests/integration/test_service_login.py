"""The login of the services beside the owner's: it takes on their roles and can do nothing else."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import pytest
from tests.servers import binaries

from taskflow.base.errors import Conflict, Unavailable
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import grant_roles, migrate
from taskflow.runner.postgres import EmbeddedPostgres
from taskflow.runner.processes import MODULES, load

SCRIPT = Path(__file__).parents[2] / "compose" / "postgres" / "logins.sh"
ROLES = [load(name).role for name in MODULES]
LOGIN = "taskflow_service"
# What the login is told not to do, and what nobody but the owner may.
REFUSED = [
    "SELECT count(*) FROM tasks.tasks",
    "SELECT email FROM accounts.users",
    "CREATE TABLE public.mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "ALTER TABLE audit.task_events DISABLE TRIGGER ALL",
    "SET ROLE taskflow_owner",
]
ATTRIBUTES = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit
  FROM pg_roles WHERE rolname = $1
"""


class Logins(NamedTuple):
    """The addresses of one database under its two logins."""

    owner: str
    service: str


@pytest.fixture(scope="module", params=[15, 18], ids=["PostgreSQL 15", "PostgreSQL 18"])
async def server(request: pytest.FixtureRequest, open_dir: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server that compose's own script has prepared."""
    place = open_dir / f"logins-{request.param}"
    server = EmbeddedPostgres(place, binaries=binaries(request.param))
    await server.start()
    try:
        await asyncio.to_thread(prepare, server, open_dir)
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="module")
async def logins(server: EmbeddedPostgres) -> Logins:
    """Its logins, after the owner has migrated."""
    own = password(server)
    addresses = Logins(
        server.dsn("taskflow_of_compose", "taskflow_owner").replace(own, "of-owner"),
        server.dsn("taskflow_of_compose", LOGIN).replace(own, "of-service's"),
    )
    await migrate(addresses.owner)
    await grant_roles(addresses.owner, LOGIN, ROLES)
    return addresses


def prepare(server: EmbeddedPostgres, folder: Path, service: str = "of-service's") -> None:
    """Run the script as the image of PostgreSQL does; the database's name is taken here already."""
    (folder / "owner").write_text("of-owner\n")
    (folder / "service").write_text(f"{service}\n")
    script = SCRIPT.read_text()
    for piece in ("CREATE DATABASE taskflow", "datname = 'taskflow"):
        assert piece in script
        script = script.replace(piece, f"{piece}_of_compose")
    asked = dict(parse_qsl(urlsplit(server.dsn()).query))
    known = {
        "PATH": f"{binaries(18).folder}:{os.environ['PATH']}",
        "PGHOST": asked["host"],
        "PGPORT": asked["port"],
        "PGPASSWORD": password(server),
        "POSTGRES_USER": "taskflow",
        "OWNER_PASSWORD_FILE": str(folder / "owner"),
        "SERVICE_PASSWORD_FILE": str(folder / "service"),
    }
    done = subprocess.run(
        ["/bin/sh", "-s"],
        input=script,
        env=known,
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def password(server: EmbeddedPostgres) -> str:
    """The one of the server's own login."""
    return server.dsn().split(":", 2)[2].partition("@")[0]


@pytest.mark.parametrize("role", ROLES)
async def test_a_service_works_under_its_own_role_through_the_login(
    logins: Logins, role: str
) -> None:
    database = Database(logins.service, role, Hints(), max_connections=2)
    await database.open()
    try:
        async with database.transaction() as transaction:
            assert await transaction.value("SELECT current_user") == role
            assert await transaction.value("SELECT session_user") == LOGIN
    finally:
        await database.close()


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_login_itself_may_do_nothing(logins: Logins, statement: str) -> None:
    connection = await asyncpg.connect(logins.service)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
        assert not any(await connection.fetchrow(ATTRIBUTES, LOGIN))
    finally:
        await connection.close()


async def test_granting_again_changes_nothing_and_a_login_that_is_not_there_is_named(
    logins: Logins,
) -> None:
    await grant_roles(logins.owner, LOGIN, ROLES)
    with pytest.raises(Conflict, match="nobody"):
        await grant_roles(logins.owner, "nobody", ROLES)
    with pytest.raises(Conflict, match="granted to"):
        await grant_roles(logins.service, LOGIN, ROLES)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await grant_roles("postgresql://x@127.0.0.1:9/x", LOGIN, ROLES)


async def test_the_script_run_again_changes_the_passwords_alone(
    server: EmbeddedPostgres, logins: Logins, open_dir: Path
) -> None:
    await asyncio.to_thread(prepare, server, open_dir, "another")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(logins.service)
    renewed = logins.service.replace("of-service's", "another")
    database = Database(renewed, ROLES[0], Hints(), max_connections=1)
    await database.open()
    await database.ping()
    await database.close()
    await asyncio.to_thread(prepare, server, open_dir)
    await (await asyncpg.connect(logins.service)).close()
