"""Migrations on the oldest and the newest PostgreSQL: all or nothing, singly, and never back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.fresh import empty_database
from tests.product import Product
from tests.servers import binaries

from taskflow.base.errors import Conflict
from taskflow.db.migrate import known_revisions, migrate, present_revision
from taskflow.runner.postgres import EmbeddedPostgres

# An operator's own login: it may make roles and owns its database, and is no superuser.
PLAIN_LOGIN = "CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'plain'"
# Fails whatever makes this table, in the middle of the migrations.
REFUSE = """
CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'notifications.items'
  ) THEN
    RAISE EXCEPTION 'no room for notifications';
  END IF;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION public.refuse();
"""
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'notifications'"


MONTHS = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'task_events_20%'"
PATIENCE_SECONDS = 30


@asynccontextmanager
async def serving(place: Path, major: int) -> AsyncIterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(place, binaries=binaries(major))
    await postgres.start()
    try:
        yield postgres
    finally:
        await postgres.stop()


@pytest.fixture(scope="module", params=[15, 18], ids=["PostgreSQL 15", "PostgreSQL 18"])
async def server(request: pytest.FixtureRequest, open_dir: Path) -> AsyncIterator[EmbeddedPostgres]:
    async with serving(open_dir / f"version-{request.param}", request.param) as postgres:
        yield postgres


@pytest.fixture
async def address(server: EmbeddedPostgres) -> AsyncIterator[str]:
    async with empty_database(server.dsn()) as address:
        yield address


async def value(address: str, statement: str) -> object:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def run(address: str, *statements: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_processes_that_migrate_at_once_do_not_meet(address: str) -> None:
    await asyncio.gather(*(migrate(address) for _ in range(3)))
    assert await present_revision(address) == known_revisions()[-1]
    assert await migrate(address) is False


async def test_a_migration_that_fails_leaves_the_state_before_it_and_can_be_run_again(
    address: str,
) -> None:
    await run(address, REFUSE)
    with pytest.raises(Conflict, match="no room for notifications"):
        await migrate(address)
    assert await present_revision(address) == "0006"
    assert await value(address, TABLES) == 0
    await run(address, "DROP EVENT TRIGGER refuse")
    assert await migrate(address) is True
    assert await present_revision(address) == known_revisions()[-1]


async def test_a_database_of_a_newer_taskflow_is_refused_and_left_alone(address: str) -> None:
    await migrate(address)
    await run(address, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict, match="revision 9999, which is newer than this TaskFlow"):
        await migrate(address)
    assert await present_revision(address) == "9999"


@pytest.mark.parametrize("major", [15, 18])
async def test_the_product_runs_whole_under_a_login_that_is_no_superuser(
    open_dir: Path, major: int
) -> None:
    async with serving(open_dir / f"plain-{major}", major) as server:
        await run(server.dsn(), PLAIN_LOGIN, "CREATE DATABASE theirs OWNER plain")
        secret = server.dsn().split(":", 2)[2].partition("@")[0]
        address = server.dsn("theirs", "plain").replace(secret, "plain")
        product = Product(open_dir / f"product-{major}", {"TASKFLOW_DATABASE_URL": address})
        try:
            await asyncio.to_thread(product.start)
            await asyncio.to_thread(_walk_through, product)
        finally:
            assert await asyncio.to_thread(product.stop) == 0
        assert await value(address, MONTHS) == 4


def _walk_through(product: Product) -> None:
    user = product.user()
    due = {"due_date": "2026-03-02T08:00:00Z", "recurrence": {"rule": "weekly"}}
    task = user.post("/tasks", json={"title": "Water", **due}).json()
    user.post(f"/tasks/{task['id']}/complete").raise_for_status()
    _expect(user, "/tasks", 1, status="pending")
    _expect(user, "/audit/events", 3)
    _expect(user, "/notifications", 3)


def _expect(user: httpx.Client, path: str, count: int, **narrowed: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found := user.get(path, params=narrowed).json()["items"]) != count:
        assert time.monotonic() < deadline, (path, found)
