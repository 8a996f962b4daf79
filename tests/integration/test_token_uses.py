"""When a personal access token was last used: written in the background, by whoever saw it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from taskflow.accounts import commands, queries
from taskflow.accounts.commands import NewToken
from taskflow.chassis.auth import Authenticator
from taskflow.db.engine import Database
from taskflow.db.hints import Hints

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVICES = [
    "taskflow_task_api", "taskflow_recurring", "taskflow_reminders", "taskflow_notifications",
    "taskflow_audit",
]  # fmt: skip


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


class World:
    """A token of somebody's, and the service that it is shown to."""

    def __init__(self, api: Database, service: Database, wall: Wall) -> None:
        self.api, self.wall = api, wall
        key = Ed25519PrivateKey.generate().public_key()
        self.authenticator = Authenticator(key, service, wall)
        self.owner: UUID = uuid4()

    async def token(self) -> NewToken:
        wanted = commands.Registration(f"{uuid4().hex}@people.example", "hash", "Ada", "UTC")
        async with self.api.transaction() as transaction:
            self.owner = (await commands.register(transaction, wanted, START)).id
            return await commands.create_token(transaction, self.owner, "CI", ["read"], START)

    async def use(self, token: NewToken) -> None:
        await self.authenticator.identify(token.secret)

    async def last_used(self) -> datetime | None:
        async with self.api.transaction(read_only=True) as transaction:
            (found,) = await queries.tokens_of(transaction, self.owner)
        return found.last_used_at


@pytest.fixture(params=SERVICES)
async def world(
    dsn: str, database: Database, request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    service = Database(dsn, request.param, Hints(), max_connections=2)
    await service.open()
    yield World(database, service, Wall())
    await service.close()


async def test_a_use_is_written_later_and_at_most_once_a_minute(world: World) -> None:
    token = await world.token()
    await world.use(token)
    assert await world.last_used() is None
    await world.authenticator.note_uses()
    assert await world.last_used() == START
    world.wall.at = START + timedelta(seconds=59)
    await world.use(token)
    await world.authenticator.note_uses()
    assert await world.last_used() == START
    world.wall.at = START + timedelta(seconds=60)
    await world.use(token)
    await world.authenticator.note_uses()
    assert await world.last_used() == world.wall.at


async def test_a_use_that_is_told_of_late_does_not_turn_back_the_time(world: World) -> None:
    token = await world.token()
    world.wall.at = START + timedelta(hours=1)
    await world.use(token)
    await world.authenticator.note_uses()
    async with world.api.transaction() as transaction:
        await commands.note_uses(transaction, {str(token.token.id): START})
    assert await world.last_used() == START + timedelta(hours=1)


async def test_uses_are_written_when_the_service_stops(world: World) -> None:
    token = await world.token()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(world.authenticator.watch())
        await world.use(token)
        watching.cancel()
    assert await world.last_used() == START


async def test_a_token_that_somebody_else_is_writing_is_left_to_them(world: World) -> None:
    token = await world.token()
    await world.use(token)
    async with world.api.transaction() as transaction:
        assert await commands.note_uses(transaction, {str(token.token.id): START}) == 1
        async with asyncio.timeout(5):
            await world.authenticator.note_uses()
    assert await world.last_used() == START


async def test_a_token_that_was_deleted_meanwhile_is_no_hindrance(world: World) -> None:
    token = await world.token()
    await world.use(token)
    async with world.api.transaction() as transaction:
        await commands.delete_token(transaction, world.owner, token.token.id)
    await world.authenticator.note_uses()
    async with world.api.transaction(read_only=True) as transaction:
        assert await queries.tokens_of(transaction, world.owner) == []
