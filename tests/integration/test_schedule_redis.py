"""The shared schedule: whatever becomes of Redis, each reminder fires once."""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import combinations, count
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry, Histogram
from tests.planning import Wall, plan_reminders, reminder_events, statuses
from tests.redis_server import RedisServer, disturb
from tests.replicas import PATIENCE_SECONDS, Replicas, claimed, until

from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.services.reminder import storage, trigger
from taskflow.services.reminder.firing import Firing
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.schedule_redis import CLAIMED_SECONDS, MOST_UNTOLD, RedisSchedule
from taskflow.services.reminder.schedule_scripts import DUE, WHOLE

MANUAL = Path(__file__).parents[2] / "docs" / "operate" / "redis.md"
SECOND = timedelta(seconds=1)
LAPSE = timedelta(seconds=CLAIMED_SECONDS)
NEVER_LOOKS = 3600.0


@pytest.fixture
async def own(dsn: str) -> AsyncIterator[Database]:
    """The reminder service's connections, to a table without a reminder."""
    database = Database(dsn, "taskflow_reminders", Hints())
    await database.open()
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM reminders.reminders")
    yield database
    await database.close()


@pytest.fixture
async def replicas(redis_server: RedisServer, own: Database) -> AsyncIterator[Replicas]:
    """Makes replicas of the schedule."""
    async with Replicas(redis_server, own) as made:
        yield made


def worker(database: Database, schedule: Schedule, clock: Clock) -> Firing:
    """A worker that looks at the table once, and then where the schedule says so."""
    lateness = Histogram("lateness", "Seconds.", registry=CollectorRegistry())
    return Firing(database, schedule, clock, lateness, look_seconds=NEVER_LOOKS)


async def have_fired(database: Database, ids: list[UUID]) -> None:
    for _ in count():
        if set((await statuses(database, ids)).values()) == {"sent"}:
            return
        await asyncio.sleep(0.01)


async def snooze(database: Database, reminder: UUID, until_: datetime) -> None:
    async with database.transaction() as transaction:
        await storage.snooze(transaction, reminder, until_)


async def fired_once(database: Database, ids: list[UUID]) -> bool:
    fired = Counter(one.reminder.id for one in await reminder_events(database, ids) if one.reminder)
    return fired == dict.fromkeys(ids, 1)


async def test_what_one_has_claimed_another_is_not_given(own: Database, replicas: Replicas) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at] * 30)
    first, second = [await replicas.start(wall) for _ in range(2)]
    mine = (await claimed(first, wall.at, 20)).ids
    theirs = (await claimed(second, wall.at, 20)).ids
    assert sorted([*mine, *theirs]) == sorted(ids)
    assert (await claimed(first, wall.at)).ids == []


async def test_a_claim_that_nobody_settles_comes_back_after_its_time(
    own: Database, replicas: Replicas
) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at])
    killed, other = [await replicas.start(wall) for _ in range(2)]
    assert (await claimed(killed, wall.at)).ids == ids
    assert (await claimed(other, wall.at)).ids == []
    assert other.next == wall.at + LAPSE
    assert (await claimed(other, wall.at + LAPSE)).ids == ids


async def test_whoever_settles_late_takes_nothing_from_who_has_it_now(
    own: Database, replicas: Replicas
) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at])
    slow, other = [await replicas.start(wall) for _ in range(2)]
    early = await claimed(slow, wall.at)
    wall.at += LAPSE
    assert (await claimed(other, wall.at)).ids == ids
    await slow.settle(early, {})
    assert (await claimed(slow, wall.at + LAPSE)).ids == ids


@pytest.mark.parametrize("places", list(combinations(range(5), 2)))
@pytest.mark.parametrize("later", [-10, 20], ids=["sooner", "later"])
async def test_a_snooze_is_never_lost_however_it_meets_a_firing(
    own: Database, replicas: Replicas, places: tuple[int, int], later: int
) -> None:
    wall = Wall()
    (reminder,) = await plan_reminders(own, wall, [wall.at + 60 * SECOND])
    here, there = [await replicas.start(wall) for _ in range(2)]
    await claimed(here, wall.at)
    wall.at += 60 * SECOND
    until_ = wall.at + timedelta(seconds=later)

    async def fire() -> AsyncIterator[None]:
        claim = await claimed(here, wall.at)
        yield
        async with own.transaction() as transaction:
            await trigger.trigger(transaction, wall.at, 10, claim.ids, trigger.Terms())
            pending = await storage.still(transaction, claim.ids)
        yield
        await here.settle(claim, pending)
        yield

    async def plan() -> AsyncIterator[None]:
        await snooze(own, reminder, until_)
        yield
        there.plan({reminder: until_})
        await until(lambda: not there._untold)
        yield

    steps, news = fire(), plan()
    for place in range(5):
        await anext(news if place in places else steps)
    if (await statuses(own, [reminder])) == {reminder: "pending"}:
        wall.at = max(until_, wall.at) + SECOND
        assert (await claimed(there, wall.at)).ids == [reminder]


async def test_an_earlier_time_that_one_plans_is_heard_by_another(
    own: Database, replicas: Replicas
) -> None:
    wall = Wall()
    await plan_reminders(own, wall, [wall.at + 3600 * SECOND])
    here, there = [await replicas.start(wall) for _ in range(2)]
    await claimed(there, wall.at)
    assert there.next == wall.at + 3600 * SECOND
    here.plan({uuid4(): wall.at + 5 * SECOND})
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until(lambda: there.next == wall.at + 5 * SECOND)
    here.plan({uuid4(): wall.at + 9 * SECOND})
    await until(lambda: not here._untold)
    assert (await claimed(there, wall.at)).ids == []
    assert there.next == wall.at + 5 * SECOND


async def test_one_that_hears_nothing_asks_by_itself(own: Database, replicas: Replicas) -> None:
    wall = Wall()
    here, deaf = await replicas.start(wall), replicas.make(wall)
    await claimed(here, wall.at)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(worker(own, deaf, wall).run())
        await until(lambda: deaf.next is None)
        ids = await plan_reminders(own, wall, [wall.at + SECOND])
        here.plan(dict.fromkeys(ids, wall.at + SECOND))
        wall.at += 2 * SECOND
        await have_fired(own, ids)
        loop.cancel()
    await deaf.client.close()
    assert await fired_once(own, ids)


@pytest.mark.parametrize("loss", ["FLUSHALL", f"DEL {DUE}", f"ZREM {DUE} {WHOLE}", "SCRIPT FLUSH"])
async def test_a_set_that_is_lost_is_read_from_the_table_again(
    own: Database, replicas: Replicas, redis_server: RedisServer, loss: str
) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at] * 2_500)
    here, there = [await replicas.start(wall) for _ in range(2)]
    await claimed(there, wall.at, 0)
    redis_server.ask(*loss.split())
    assert await there.claim(wall.at, 10) is None
    found = [name for _ in range(5) for name in (await claimed(here, wall.at)).ids]
    assert sorted(found) == sorted(ids)


async def test_a_set_that_somebody_has_read_meanwhile_is_not_read_once_more(
    own: Database, replicas: Replicas
) -> None:
    wall = Wall()
    here, there = [await replicas.start(wall) for _ in range(2)]
    await claimed(here, wall.at)
    await plan_reminders(own, wall, [wall.at])
    await there._rebuild()
    assert (await claimed(here, wall.at)).ids == []


async def test_a_redis_that_comes_back_with_an_old_set_is_not_believed(
    own: Database, replicas: Replicas, redis_server: RedisServer
) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at + SECOND])
    schedule = await replicas.start(wall)
    await claimed(schedule, wall.at)
    assert redis_server.ask("SAVE").startswith(b"+OK")
    ids += await plan_reminders(own, wall, [wall.at + SECOND])
    schedule.plan(dict.fromkeys(ids, wall.at + SECOND))
    await until(lambda: not schedule._untold)
    redis_server.kill()
    redis_server.start()
    assert redis_server.ask("ZCARD", DUE).startswith(b":2")
    assert sorted((await claimed(schedule, wall.at + SECOND)).ids) == sorted(ids)


async def test_what_is_planned_while_redis_is_away_is_told_when_it_is_back(
    replicas: Replicas, redis_server: RedisServer
) -> None:
    wall = Wall()
    here, there = [await replicas.start(wall) for _ in range(2)]
    await claimed(there, wall.at)
    redis_server.freeze()
    reminder = uuid4()
    here.plan({reminder: wall.at + 9 * SECOND})
    here.plan({reminder: wall.at + 5 * SECOND})
    assert await here.claim(wall.at, 1) is None
    with pytest.raises(Unavailable):
        await here.client.check()
    redis_server.thaw()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until(lambda: not here._untold)
    assert (await claimed(there, wall.at + 5 * SECOND)).ids == [reminder]


async def test_more_than_is_remembered_makes_the_set_be_read_anew(
    own: Database, replicas: Replicas
) -> None:
    wall = Wall()
    schedule = await replicas.start(wall)
    await claimed(schedule, wall.at)
    ids = await plan_reminders(own, wall, [wall.at])
    schedule.plan({uuid4(): wall.at for _ in range(MOST_UNTOLD + 1)})
    assert not schedule._untold
    assert (await claimed(schedule, wall.at)).ids == ids


async def test_each_fires_once_while_redis_is_killed_erased_and_frozen(
    own: Database, replicas: Replicas, redis_server: RedisServer
) -> None:
    wall = Wall()
    schedules: list[RedisSchedule] = [await replicas.start(wall) for _ in range(2)]
    ids: list[UUID] = []
    async with asyncio.timeout(4 * PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loops = [group.create_task(worker(own, one, wall).run()) for one in schedules]
        for number in range(12):
            await disturb(redis_server, number)
            new = await plan_reminders(own, wall, [wall.at + SECOND] * 100)
            schedules[number % 2].plan(dict.fromkeys(new, wall.at + SECOND))
            ids += new
            wall.at += SECOND
            if number % 3 == 2:
                await have_fired(own, ids)
        await have_fired(own, ids)
        for loop in loops:
            loop.cancel()
    assert await fired_once(own, ids)
    redis_server.thaw()
    for schedule in schedules:
        assert len((await claimed(schedule, wall.at)).ids) <= len(ids)


async def test_the_rights_that_operators_are_told_of_are_enough(
    own: Database, open_dir: Path
) -> None:
    wall = Wall()
    ids = await plan_reminders(own, wall, [wall.at])
    (rights,) = re.findall(r"^- \*\*Rights\*\* .*: `(.*)`", MANUAL.read_text(), re.MULTILINE)
    folder = Path(tempfile.mkdtemp(prefix="redis-", dir=open_dir))
    (folder / "users.acl").write_text(f"user default off\nuser us on >secret {rights}\n")
    server = RedisServer(folder, ["--aclfile", str(folder / "users.acl")])
    server.url = f"unix://us:secret@{server.socket}"
    server.start()
    try:
        async with Replicas(server, own) as replicas:
            schedule = await replicas.start(wall)
            claim = await claimed(schedule, wall.at)
            await schedule.settle(claim, {})
            schedule.plan({ids[0]: wall.at + SECOND})
            assert (await claimed(schedule, wall.at + SECOND)).ids == claim.ids == ids
    finally:
        server.stop()
