"""On a PostgreSQL that others run: an owner that is no superuser, and a login for each service."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from taskflow.base.errors import TaskFlowError
from taskflow.cli.dead_letters import ROLE
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import migrate
from taskflow.runner.addresses import with_database, without_password
from taskflow.runner.postgres import EmbeddedPostgres
from taskflow.runner.processes import MODULES, load

PASSWORD = "of-the-tests"  # noqa: S105 - a server of this test alone


@pytest.fixture(scope="module")
async def owner(open_dir: Path) -> AsyncIterator[str]:
    """The address of a database that an ordinary owner has migrated."""
    postgres = EmbeddedPostgres(open_dir / "logins")
    await postgres.start()
    administrator = await asyncpg.connect(postgres.dsn())
    await administrator.execute(f"CREATE ROLE keeper LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
    await administrator.execute("CREATE DATABASE kept OWNER keeper")
    await administrator.close()
    address = as_login(with_database(postgres.dsn(), "kept"), "keeper")
    await migrate(address)
    yield address
    await postgres.stop()


def as_login(dsn: str, login: str) -> str:
    """The same database for another login."""
    url = without_password(dsn).url
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{login}:{PASSWORD}@{rest.partition('@')[2]}"


async def can_work_as(dsn: str, role: str) -> bool:
    database = Database(dsn, role, Hints())
    await database.open()
    try:
        await database.ping()
    except (TaskFlowError, asyncpg.PostgresError):
        return False
    finally:
        await database.close()
    return True


async def test_a_services_login_takes_on_its_own_role_and_no_other(owner: str) -> None:
    roles = {name: load(name).role for name in MODULES}
    connection = await asyncpg.connect(owner)
    for name, role in roles.items():
        login = name.replace("-", "_")
        await connection.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}' IN ROLE {role}")
    await connection.close()
    able = {
        name: [role for role in roles.values() if await can_work_as(dsn, role)]
        for name in MODULES
        for dsn in [as_login(owner, name.replace("-", "_"))]
    }
    assert able == {name: [role] for name, role in roles.items()}
    assert await can_work_as(as_login(owner, "task_api"), ROLE), (
        "dead letters are seen to from there"
    )
