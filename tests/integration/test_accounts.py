"""Accounts against a real PostgreSQL: what must hold when two things happen at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.waiting import waits_or_ends

from taskflow.accounts import commands, passwords, queries, sessions
from taskflow.accounts.model import User
from taskflow.accounts.sessions import Session
from taskflow.base.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from taskflow.base.ids import new_id
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIFETIME = timedelta(days=30)
FIRST_HASH = "first hash"


async def person(database: Database, email: str | None = None) -> User:
    address = email or f"{uuid4().hex}@people.example"
    wanted = commands.Registration(address, FIRST_HASH, "Ada", "UTC")
    async with database.transaction() as transaction:
        return await commands.register(transaction, wanted, NOW)


async def session_of(database: Database, user: User) -> Session:
    async with database.transaction() as transaction:
        return await sessions.begin(transaction, user.id, NOW, LIFETIME, FIRST_HASH)


async def renewed(database: Database, token: str, now: datetime = NOW) -> Session | None:
    async with database.transaction() as transaction:
        return await sessions.renew(transaction, token, now, LIFETIME)


async def revoked(database: Database) -> list[UUID]:
    async with database.transaction(read_only=True) as transaction:
        return await queries.revoked_sessions(transaction, NOW - timedelta(hours=1))


async def test_a_refresh_token_used_twice_ends_the_whole_family(database: Database) -> None:
    first = await session_of(database, await person(database))
    second = await renewed(database, first.refresh_token)
    assert second is not None
    assert await renewed(database, first.refresh_token) is None
    assert await renewed(database, second.refresh_token) is None
    assert first.id in await revoked(database)


async def test_of_two_refreshes_at_once_one_wins_and_the_family_ends(database: Database) -> None:
    first = await session_of(database, await person(database))
    tokens = [first.refresh_token] * 8
    answers = await asyncio.gather(*(renewed(database, token) for token in tokens))
    winners = [answer for answer in answers if answer is not None]
    assert len(winners) == 1
    assert await renewed(database, winners[0].refresh_token) is None


async def test_a_session_slides_and_ends_when_it_is_not_used(database: Database) -> None:
    first = await session_of(database, await person(database))
    second = await renewed(database, first.refresh_token, NOW + timedelta(days=29))
    assert second is not None
    third = await renewed(database, second.refresh_token, NOW + timedelta(days=58))
    assert third is not None
    assert await renewed(database, third.refresh_token, NOW + timedelta(days=89)) is None


Change = Callable[[Transaction, User], Awaitable[None]]


async def reset(transaction: Transaction, user: User) -> None:
    await commands.set_password(transaction, user.id, "second hash", NOW)


async def erase(transaction: Transaction, user: User) -> None:
    await commands.erase(transaction, user.id, NOW)


@pytest.mark.parametrize("change", [reset, erase])
async def test_a_login_that_was_proven_before_a_change_gets_no_session(
    database: Database, change: Change
) -> None:
    user = await person(database)
    async with database.transaction() as transaction:
        await change(transaction, user)
    with pytest.raises(Unauthenticated):
        await session_of(database, user)


@pytest.mark.parametrize("change", [reset, erase])
async def test_a_login_during_a_change_leaves_no_living_session(
    database: Database, change: Change
) -> None:
    user = await person(database)
    async with asyncio.TaskGroup() as group, database.transaction() as transaction:
        session = await sessions.begin(transaction, user.id, NOW, LIFETIME, FIRST_HASH)

        async def end_everything() -> None:
            async with database.transaction() as other:
                await change(other, user)

        changing = group.create_task(end_everything())
        await waits_or_ends(database, changing)
    assert await renewed(database, session.refresh_token) is None
    assert session.id in await revoked(database)


async def test_concurrent_registrations_of_one_address_make_one_account(
    database: Database,
) -> None:
    address = f"{uuid4().hex}@people.example"
    answers = await asyncio.gather(
        *(person(database, address) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 7


async def test_a_token_of_an_admin_without_the_scope_speaks_for_no_admin(
    database: Database,
) -> None:
    user = await person(database)
    async with database.transaction() as transaction:
        await commands.set_role(transaction, user.id, "admin", NOW)
        made = await commands.create_token(transaction, user.id, "CI", ["read"], NOW)
        mighty = await commands.create_token(transaction, user.id, "CD", ["admin"], NOW)
        weak = await queries.identity_of_token(transaction, made.secret, NOW)
        strong = await queries.identity_of_token(transaction, mighty.secret, NOW)
    assert weak.role == "user"
    assert weak.scopes == {"read"}
    assert strong.role == "admin"
    assert strong.scopes == {"admin"}


async def test_a_token_loses_what_its_owner_loses_and_ends_when_it_says(
    database: Database,
) -> None:
    user = await person(database)
    until = NOW + timedelta(hours=1)
    async with database.transaction() as transaction:
        await commands.set_role(transaction, user.id, "admin", NOW)
        made = await commands.create_token(
            transaction, user.id, "CI", ["read", "admin"], NOW, until
        )
        await commands.set_role(transaction, user.id, "user", NOW)
        identity = await queries.identity_of_token(transaction, made.secret, NOW)
        assert identity.role == "user"
        assert identity.scopes == {"read"}
        with pytest.raises(Unauthenticated):
            await queries.identity_of_token(transaction, made.secret, until)
        with pytest.raises(Denied):
            await commands.create_token(transaction, user.id, "CI", ["admin"], NOW)
        with pytest.raises(Invalid):
            await commands.create_token(transaction, user.id, "CI", [], NOW)


async def test_a_token_can_be_deleted_by_its_owner_alone(database: Database) -> None:
    owner, other = await person(database), await person(database)
    async with database.transaction() as transaction:
        made = await commands.create_token(transaction, owner.id, "CI", ["read"], NOW)
        with pytest.raises(NotFound):
            await commands.delete_token(transaction, other.id, made.token.id)
        await commands.delete_token(transaction, owner.id, made.token.id)
        with pytest.raises(Unauthenticated):
            await queries.identity_of_token(transaction, made.secret, NOW)


async def test_a_token_for_an_account_that_is_gone_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        async with database.transaction() as transaction:
            await commands.create_token(transaction, new_id(NOW), "CI", ["read"], NOW)


async def test_a_revocation_rings_after_its_commit(database: Database) -> None:
    session = await session_of(database, await person(database))
    async with database.transaction() as transaction:
        await sessions.end(transaction, session.id, NOW)
    assert await database.hints.wait(sessions.BELL, 0.01)


async def test_used_refresh_tokens_are_forgotten_once_they_would_have_expired(
    database: Database,
) -> None:
    first = await session_of(database, await person(database))
    later = NOW + timedelta(days=29)
    second = await renewed(database, first.refresh_token)
    assert second is not None
    third = await renewed(database, second.refresh_token, later)
    assert third is not None
    count = "SELECT count(*) FROM accounts.refresh_tokens WHERE session_id = $1"
    async with database.transaction() as transaction:
        long_after = NOW + timedelta(days=31)
        await sessions.prune_tokens(transaction, long_after, 1000, lifetime=LIFETIME)
        await sessions.prune(transaction, long_after, 1000)
        assert await transaction.value(count, first.id) == 2
    assert await renewed(database, second.refresh_token, later) is None
    assert await renewed(database, third.refresh_token, later) is None


async def test_a_password_is_proven_against_its_hash_and_never_against_none() -> None:
    kept = await passwords.hash_password("Test123!")
    assert await passwords.verify_password("Test123!", kept)
    assert not await passwords.verify_password("Test123?", kept)
    assert not await passwords.verify_password("nobody has this password", None)
