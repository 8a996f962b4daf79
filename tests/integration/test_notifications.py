"""The list of notifications in PostgreSQL: dense numbers, nothing pruned from the middle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from msgspec import convert
from msgspec.structs import asdict, replace
from tests.notes import make_note
from tests.planning import Wall, make_event, make_task

from taskflow.accounts import commands
from taskflow.accounts.commands import Registration
from taskflow.accounts.model import PreferencesPatch, QuietHoursPatch
from taskflow.base.settings import Settings
from taskflow.chassis.handlers import Delivery
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Digest, ReminderFacts, TaskState
from taskflow.services.notification import storage
from taskflow.services.notification.backlog import PAGE_BYTES, TableBacklog
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.notification.hub import Hub
from taskflow.services.notification.storage import Addressed

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The notification service's connections."""
    database = Database(dsn, "taskflow_notifications", Hints())
    await database.open()
    yield database
    await database.close()


async def add(database: Database, user: UUID, *kept_at: datetime, text: str = "") -> None:
    async with database.transaction() as transaction:
        for at in kept_at:
            await storage.add(transaction, [Addressed(user, make_note(1, description=text))], at)


async def kept(database: Database, user: UUID) -> list[int | None]:
    return [note.id for note in await TableBacklog(database).after(user, 0)]


async def prune(database: Database, before: datetime, limit: int) -> int:
    async with database.transaction() as transaction:
        return await storage.prune(transaction, before, limit)


async def test_numbers_are_dense_whoever_writes_at_once_and_whatever_is_undone(
    own: Database,
) -> None:
    user = uuid4()

    async def write(number: int) -> None:
        with suppress(ZeroDivisionError):
            async with own.transaction() as transaction:
                await storage.add(transaction, [Addressed(user, make_note(number))], NOW)
                assert 1 / (number % 3)

    await asyncio.gather(*(write(number) for number in range(1, 31)))
    assert await kept(own, user) == list(range(1, 21))


async def test_what_is_forgotten_is_a_users_oldest_whatever_the_clock_did(own: Database) -> None:
    user, other = uuid4(), uuid4()
    await add(own, user, NOW, NOW + DAY, NOW - DAY, NOW + DAY, NOW + DAY)
    await add(own, other, NOW - DAY, NOW + DAY)
    while await prune(own, NOW, 1):
        continue
    assert await kept(own, user) == [4, 5]
    assert await kept(own, other) == [2]
    backlog = TableBacklog(own)
    assert await backlog.page(user, 2, 5) is None
    page = await backlog.page(user, 3, 5)
    assert page is not None
    assert page.last == 5


async def test_what_tells_of_something_old_is_kept_as_long_as_anything(own: Database) -> None:
    user = uuid4()
    old = replace(make_note(1), created_at=NOW - 200 * DAY)
    async with own.transaction() as transaction:
        await storage.add(transaction, [Addressed(user, old)], NOW)
    await prune(own, NOW - DAY, 100)
    assert await kept(own, user) == [1]


async def test_a_page_of_what_was_missed_is_bounded_and_never_empty(own: Database) -> None:
    user = uuid4()
    await add(own, user, *[NOW] * 12, text="x" * 9_000)
    await add(own, user, NOW, text="y" * (PAGE_BYTES + 1))
    backlog = TableBacklog(own)
    since, sizes = 0, []
    while since < 13:
        page = await backlog.page(user, since, 13)
        assert page is not None
        assert page.last > since
        since = page.last
        sizes.append(len(page.body))
    assert len(sizes) > 4
    assert all(size < PAGE_BYTES + 2_000 for size in sizes[:-1])


async def test_the_unread_are_found_and_counted_by_their_index(own: Database) -> None:
    user = uuid4()
    await add(own, user, *[NOW] * 5)
    async with own.transaction() as transaction:
        await storage.mark_read(transaction, user, 4, NOW)
        found, _ = await storage.listing(transaction, user, 10, None, unread=True)
        assert [one.note.id for one in found] == [5, 3, 2, 1]
        assert await storage.unread(transaction, user) == 4
        assert not await storage.mark_read(transaction, user, 2**70, NOW)
        for statement in (
            storage.LIST_UNREAD.replace("$1", f"'{user}'").replace("$2", "99").replace("$3", "9"),
            storage.UNREAD.replace("$1", f"'{user}'"),
        ):
            assert "items_unread" in await plan_of(transaction, statement)


async def plan_of(transaction: Transaction, statement: str) -> str:
    await transaction.execute("SET LOCAL enable_seqscan = off")
    return str([row[0] for row in await transaction.rows(f"EXPLAIN {statement}")])


async def test_quiet_hours_hold_for_when_somebody_is_told(
    own: Database, database: Database
) -> None:
    hours = PreferencesPatch(quiet_hours=QuietHoursPatch("22:00", "07:00"))
    async with database.transaction() as transaction:
        asked = Registration(f"{uuid4()}@example.com", "x", "Ann", "Europe/Berlin")
        user = await commands.register(transaction, asked, NOW)
        await commands.update_profile(transaction, user.id, NOW, preferences=hours)
    wall = Wall()
    notifier = Notifier(Hub(Settings.load(), TableBacklog(own)).publish, wall)
    afternoon = datetime(2026, 3, 28, 14, tzinfo=UTC)
    # The clocks change in the night to 29 March: 07:00 is 05:00 in UTC.
    times = [(28, 20, 59), (28, 21, 0), (28, 23, 30), (29, 4, 59), (29, 5, 0)]
    for day, hour, minute in times:
        wall.at = datetime(2026, 3, day, hour, minute, tzinfo=UTC)
        event = make_event(replace(make_task(), user_id=user.id), afternoon)
        async with own.transaction() as transaction:
            await notifier.tell(transaction, [Delivery(transaction, event, None)])
    notes = await TableBacklog(own).after(user.id, 0)
    assert [note.quiet is True for note in notes] == [False, True, True, True, False]


async def test_a_reminder_that_came_in_quiet_hours_is_heard_unless_it_is_told_of_late(
    own: Database, database: Database
) -> None:
    hours = PreferencesPatch(quiet_hours=QuietHoursPatch("22:00", "07:00"))
    night = datetime(2026, 3, 28, 23, 5, tzinfo=UTC)
    async with database.transaction() as transaction:
        asked = Registration(f"{uuid4()}@example.com", "x", "Ann", "UTC")
        user = await commands.register(transaction, asked, NOW)
        await commands.update_profile(transaction, user.id, NOW, preferences=hours)
    wall = Wall()
    notifier = Notifier(Hub(Settings.load(), TableBacklog(own)).publish, wall)
    for late in (timedelta(0), timedelta(minutes=2)):
        wall.at = night + late
        task = replace(make_task(), user_id=user.id)
        facts = ReminderFacts(uuid4(), None, None, night, 0)
        event = replace(make_event(task, night, "reminder.triggered"), reminder=facts)
        async with own.transaction() as transaction:
            await notifier.tell(transaction, [Delivery(transaction, event, None)])
    notes = await TableBacklog(own).after(user.id, 0)
    assert [note.quiet is True for note in notes] == [False, True]


async def test_of_a_digest_the_first_is_announced_and_what_is_urgent_and_all_are_in_the_list(
    own: Database,
) -> None:
    user, wall = uuid4(), Wall()
    notifier = Notifier(Hub(Settings.load(), TableBacklog(own)).publish, wall)
    for place, priority in enumerate(("medium", "high", "urgent", "low"), 1):
        task = convert({**asdict(make_task()), "user_id": user, "priority": priority}, TaskState)
        facts = ReminderFacts(uuid4(), None, None, NOW, 600, digest=Digest(UUID(int=9), place, 4))
        event = replace(make_event(task, NOW, "reminder.triggered"), reminder=facts)
        async with own.transaction() as transaction:
            await notifier.tell(transaction, [Delivery(transaction, event, None)])
    notes = await TableBacklog(own).after(user, 0)
    assert [note.quiet is True for note in notes] == [False, True, False, True]
    assert [note.id for note in notes] == [1, 2, 3, 4]
    assert notes[0].reminder
    assert notes[0].body.endswith("3 more were missed")
