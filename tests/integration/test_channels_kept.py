"""People's channels in their table: in order, bounded, theirs alone, gone with them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from tests.fresh import connected

from taskflow.base.errors import Conflict, NotFound
from taskflow.base.ids import new_id
from taskflow.db.engine import Database
from taskflow.inbox import erased
from taskflow.services.reminder import storage as reminders
from taskflow.services.reminder.channels import storage
from taskflow.services.reminder.channels.storage import Kept, Result

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PLAN = "EXPLAIN (FORMAT TEXT) "


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections."""
    async with connected(dsn, "taskflow_reminders") as database:
        yield database


def make(user_id: UUID, name: str = "mine", **changes: object) -> Kept:
    address = {"url": "https://example.com/", "secret": "whsec_x"}
    known = {"kind": "webhook", "address": address, **changes}
    return Kept(id=new_id(NOW), user_id=user_id, name=name, created_at=NOW, **known)  # type: ignore[arg-type]


async def add(database: Database, *channels: Kept) -> None:
    async with database.transaction() as transaction:
        for one in channels:
            await storage.lock_all(transaction, one.user_id)
            await storage.add(transaction, one)


async def names(database: Database, user_id: UUID) -> list[str]:
    async with database.transaction(read_only=True) as transaction:
        return [one.name for one in await storage.listing(transaction, user_id)]


async def test_what_is_preferred_is_on_and_in_order_for_each_person(own: Database) -> None:
    ada, grace = uuid4(), uuid4()
    channels = [make(ada, name) for name in "abc"]
    await add(own, *channels, make(grace, "hers"))
    async with own.transaction() as transaction:
        await storage.place(transaction, ada, [one.id for one in reversed(channels)])
        await storage.turn_off(transaction, channels[1].id, channels[1].address, "gone")
        found = await storage.preferred(transaction, [ada, grace, uuid4()])
    told = [[one.name for one in ways] for ways in found.values()]
    assert told == [["c", "a"], ["hers"], []]
    assert found[ada][0] == channels[2].addressee
    async with own.transaction() as transaction:
        kept = await storage.find(transaction, ada, channels[1].id)
    assert (kept.is_on, kept.off_reason) == (False, "gone")


async def test_what_is_kept_is_read_as_it_was(own: Database) -> None:
    one = make(uuid4())
    result = Result(NOW, "it answered 200", is_delivered=True)
    await add(own, one)
    async with own.transaction() as transaction:
        await storage.note(transaction, one.id, result)
        kept = await storage.lock(transaction, one.user_id, one.id)
    assert kept.last_result == result
    assert kept.address == one.address
    async with own.transaction() as transaction:
        with pytest.raises(NotFound):
            await storage.find(transaction, uuid4(), one.id)


async def test_nobody_has_too_many_however_many_are_added_at_once(own: Database) -> None:
    user_id = uuid4()
    adding = (add(own, make(user_id, str(number))) for number in range(storage.MOST + 5))
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert sum(isinstance(one, Conflict) for one in outcomes) == 5
    assert len(await names(own, user_id)) == storage.MOST


async def test_a_browser_is_taken_from_whoever_had_it(own: Database) -> None:
    ada, grace = uuid4(), uuid4()
    endpoint = f"https://push.example.com/{ada}"
    browser = {"kind": "web_push", "address": {"endpoint": endpoint}}
    await add(own, make(ada, "hers", **browser), make(ada, "other"))
    async with own.transaction() as transaction:
        await storage.claim_browser(transaction, grace, endpoint)
    assert await names(own, ada) == ["other"]


async def test_who_is_gone_has_no_channel_and_gets_none(own: Database) -> None:
    ada, grace = uuid4(), uuid4()
    await add(own, make(ada), make(ada), make(grace))
    async with own.transaction() as transaction:
        await erased.close(transaction, "reminder", ada, NOW)
        removed = await reminders.forget_user(transaction, ada, 100)
    assert removed == 2
    assert (await names(own, ada), await names(own, grace)) == ([], ["mine"])
    with pytest.raises(Conflict, match="erased"):
        await add(own, make(ada))


@pytest.mark.parametrize(
    ("statement", "parameters", "index"),
    [
        (storage.PREFERRED, ([uuid4()],), "channels_by_user"),
        (storage.LISTING, (uuid4(),), "channels_by_user"),
        (storage.COUNT, (uuid4(),), "channels_by_user"),
        (storage.CLAIM, (uuid4(), "https://x.example/"), "channels_by_endpoint"),
    ],
)
async def test_no_statement_looks_at_everybodys(
    own: Database, statement: str, parameters: tuple[object, ...], index: str
) -> None:
    async with own.transaction() as transaction:
        # The table is small in the tests: what is asked is whether the index could serve.
        await transaction.execute("SET LOCAL enable_seqscan = off")
        rows = await transaction.rows(PLAN + statement, *parameters)
    assert index in "\n".join(row[0] for row in rows)
