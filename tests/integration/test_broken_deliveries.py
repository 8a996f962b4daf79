"""What fails at one delivery in a way that nobody foresaw harms no other."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from structlog.testing import capture_logs
from structlog.typing import EventDict
from tests.carrying import (
    add_channel,
    are,
    carrying,
    fire,
    history,
    outside,
    planned,
    states,
    until,
)
from tests.planning import Wall
from tests.receiver import HttpChannel, Receiver

from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.services.reminder import claims
from taskflow.services.reminder.channels.port import (
    Addressee,
    LeftAlone,
    Message,
    NotDelivered,
    Receipt,
)
from taskflow.services.reminder.claims import Unbegun
from taskflow.services.reminder.courier import Courier
from taskflow.services.reminder.deliveries import BELL
from taskflow.services.reminder.figures import Figures
from taskflow.services.reminder.lifecycle import MOST_BROKEN_OFF
from taskflow.services.reminder.retries import FIRST_PAUSE
from taskflow.services.reminder.settling import Terms

# One that breaks off at once what it sends when it is stopped; it pauses by no chance.
AT_ONCE = Terms(frozenset(["hook"]), chance=lambda: 0.5, grace_seconds=0)
BREAK = "UPDATE reminders.tasks SET task = '{}' WHERE task_id = $1"
NEARLY_GIVEN_UP = "UPDATE reminders.deliveries SET attempt = 4 WHERE user_id = $1"
LAST_RESULT = "SELECT last_result FROM reminders.channels WHERE id = $1"
NOBODY_READS = "LOCK TABLE reminders.tasks IN ACCESS EXCLUSIVE MODE"
RESTING = "SELECT next_at FROM reminders.deliveries WHERE state = 'waiting'"
DETAIL = "SELECT detail FROM reminders.attempts"


class Garbling(HttpChannel):
    """Refuses with a word that no table can hold."""

    async def send(self, addressee: Addressee, message: Message) -> Receipt:  # noqa: ARG002
        """Refuse it."""
        raise NotDelivered("no\x00 \ud800" + "x" * 10_000, is_final=True)


async def test_a_receivers_word_is_kept_in_a_line_whatever_it_holds(own: Database) -> None:
    wall, figures = Wall(), Figures(Metrics("reminder"), ["hook"])
    task, _ = await planned(own, wall)
    await add_channel(own, task.user_id, "http://unused.example")
    await fire(own, wall)
    courier = Courier(Garbling(), own, wall, figures, Terms(frozenset(["hook"])))
    running = asyncio.create_task(courier.run())
    await are(own, task.user_id, "dead")
    assert not running.done()
    running.cancel()
    async with own.transaction(read_only=True) as transaction:
        detail = await transaction.value(DETAIL)
    assert detail.startswith("no xxx")
    assert len(detail) <= 500


class Resting(HttpChannel):
    """Leaves the receiver alone at first."""

    is_rested = False

    async def send(self, addressee: Addressee, message: Message) -> Receipt:
        """Send it, but not at first."""
        if self.is_rested:
            return await super().send(addressee, message)
        self.is_rested = True
        raise LeftAlone("left alone", timedelta(seconds=30))


async def test_a_receiver_that_has_a_rest_costs_no_attempt(
    own: Database, receiver: Receiver
) -> None:
    wall, figures = Wall(), Figures(Metrics("reminder"), ["hook"])
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/a")
    await fire(own, wall)
    channel = Resting()
    running = asyncio.create_task(
        Courier(channel, own, wall, figures, Terms(frozenset(["hook"]))).run()
    )
    await until(lambda: _rests_until(own, wall.at + timedelta(seconds=30)))
    wall.at += timedelta(seconds=30)
    own.hints.ring(f"{BELL} hook")
    await are(own, task.user_id, "delivered")
    running.cancel()
    steps = [(one.attempt, one.result) for one in await history(own, reminder) if one.attempt]
    assert steps == [(1, "delivered")]


async def _rests_until(own: Database, at: datetime) -> bool:
    async with own.transaction(read_only=True) as transaction:
        return bool(await transaction.value(RESTING) == at)


async def test_a_delivery_that_cannot_be_read_costs_its_own_attempt_alone(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    (broken, reminder), (other, _) = await planned(own, wall), await planned(own, wall)
    for one in (broken, other):
        await add_channel(own, one.user_id, f"{receiver.url}/a")
    await fire(own, wall)
    async with own.transaction() as transaction:
        await transaction.execute(BREAK, broken.id)
    async with carrying(own, wall):
        await are(own, other.user_id, "delivered")
        await until(lambda: _has_tried(own, reminder))
    assert await outside(own, reminder) == [("attempted", "unknown"), ("waiting", None)]


async def test_what_we_stop_before_there_is_an_answer_is_held_against_nobody_and_sent_again(
    own: Database, receiver: Receiver
) -> None:
    wall, figures = Wall(), Figures(Metrics("reminder"), ["hook"])
    task, reminder = await planned(own, wall)
    channel = await add_channel(own, task.user_id, f"{receiver.url}/a")
    await fire(own, wall)
    receiver.held.add("/a")
    courier = Courier(HttpChannel(), own, wall, figures, AT_ONCE)
    running = asyncio.create_task(courier.run())
    await until(lambda: _has_come(receiver))
    await courier.stop()
    assert await states(own, task.user_id) == ["waiting"]
    async with own.transaction(read_only=True) as transaction:
        assert await transaction.value(LAST_RESULT, channel) is None
    receiver.held.clear()
    async with carrying(own, wall):
        await are(own, task.user_id, "delivered")
    assert not running.done()
    running.cancel()
    tried = [one for one in await history(own, reminder) if one.attempt]
    assert [(one.attempt, one.result) for one in tried] == [(1, "unknown"), (1, "delivered")]
    assert tried[0].reason
    assert tried[0].reason.startswith("TaskFlow was stopped")
    assert len(receiver.ids("/a")) == 1


async def _has_come(receiver: Receiver, times: int = 1) -> bool:
    return len(receiver.messages["/a"]) == times


async def test_a_receiver_that_takes_it_and_hangs_gets_so_many_copies_at_restarts_and_no_more(
    own: Database, receiver: Receiver
) -> None:
    wall, figures = Wall(), Figures(Metrics("reminder"), ["hook"])
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/a")
    await fire(own, wall)
    receiver.held.add("/a")
    for times in range(1, MOST_BROKEN_OFF + 2):
        courier = Courier(HttpChannel(), own, wall, figures, AT_ONCE)
        running = asyncio.create_task(courier.run())
        await until(lambda: _has_come(receiver, times))  # noqa: B023
        await courier.stop()
        running.cancel()
    assert await _rests_until(own, wall.at + FIRST_PAUSE)
    tried = [one for one in await history(own, reminder) if one.attempt]
    assert [(one.attempt, one.result) for one in tried] == [(1, "unknown")] * len(tried)
    assert tried[-1].next_at == wall.at + FIRST_PAUSE


async def test_who_answers_in_the_moment_that_is_left_when_we_stop_is_not_sent_it_again(
    own: Database, receiver: Receiver
) -> None:
    wall, figures = Wall(), Figures(Metrics("reminder"), ["hook"])
    task, _ = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/a")
    await fire(own, wall)
    receiver.held.add("/a")
    patient = Terms(frozenset(["hook"]), grace_seconds=60)
    courier = Courier(HttpChannel(), own, wall, figures, patient)
    running = asyncio.create_task(courier.run())
    await until(lambda: _has_come(receiver))
    stopping = asyncio.create_task(courier.stop())
    receiver.is_free.set()
    await stopping
    running.cancel()
    assert await states(own, task.user_id) == ["delivered"]


async def test_what_cannot_be_sent_is_tried_by_the_next_channel_too(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/a")
    await add_channel(own, task.user_id, f"{receiver.url}/b", kind="other", position=1)
    await fire(own, wall, ("hook", "other"))
    async with own.transaction() as transaction:
        await transaction.execute(BREAK, task.id)
        await transaction.execute(NEARLY_GIVEN_UP, task.user_id)
    async with carrying(own, wall, ("hook", "other")):
        await until(lambda: _has_tried_by(own, reminder, "other"))
    steps = [one.what for one in await history(own, reminder)]
    assert "next_channel" in steps
    assert await states(own, task.user_id) == ["waiting"]


async def _has_tried_by(own: Database, reminder: UUID, channel: str) -> bool:
    tried = await history(own, reminder)
    return any(one.what == "attempted" and one.channel == channel for one in tried)


async def _has_tried(own: Database, reminder: UUID) -> bool:
    return ("attempted", "unknown") in await outside(own, reminder)


async def test_what_was_claimed_when_the_database_went_away_is_sent_once_it_is_back(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/a")
    await fire(own, wall)
    with capture_logs() as logs:
        async with carrying(own, wall):
            async with own.transaction() as transaction:
                await transaction.execute(NOBODY_READS)
                await until(lambda: _tells(logs, "delivery.waiting"))
            await are(own, task.user_id, "delivered")
    steps = [(one.attempt, one.result) for one in await history(own, reminder) if one.attempt]
    assert steps == [(1, "delivered")]
    assert len(receiver.messages["/a"]) == 1


async def _tells(logs: Sequence[EventDict], event: str) -> bool:
    return any(one["event"] == event for one in logs)


async def test_an_attempt_whose_process_was_killed_is_dated_when_it_began(own: Database) -> None:
    wall, lease = Wall(), timedelta(minutes=2)
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, "http://unused.example")
    await fire(own, wall)
    began_at = wall.at
    for number in range(2):
        async with own.transaction() as transaction:
            mark = UUID(int=number)
            assert await claims.claim(transaction, "hook", wall.at, wall.at + lease, 8, mark)
        wall.at += lease
    tried = [(one.at, one.result) for one in await history(own, reminder) if one.attempt]
    assert tried == [(began_at, "unknown")]


async def test_a_claim_of_which_nobody_knows_whether_it_was_made_is_given_back(
    own: Database,
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, "http://unused.example")
    await fire(own, wall)
    mark = UUID(int=7)
    until_ = wall.at + timedelta(minutes=2)
    async with own.transaction() as transaction:
        await claims.claim(transaction, "hook", wall.at, until_, 8, mark)
    async with own.transaction() as transaction:
        await claims.give_back(transaction, "hook", {Unbegun(mark, None)}, wall.at)
        (again,) = await claims.claim(transaction, "hook", wall.at, until_, 8, UUID(int=8))
    assert (again.course.attempt, again.number) == (1, 1)
    given_back = {Unbegun(UUID(int=8), again.id)}
    async with own.transaction() as transaction:
        await claims.give_back(transaction, "hook", given_back, wall.at)
        (last,) = await claims.claim(transaction, "hook", wall.at, until_, 8, UUID(int=9))
        await claims.give_back(transaction, "hook", given_back, wall.at)
        assert not await claims.claim(transaction, "hook", wall.at, until_, 8, UUID(int=10))
    assert (last.course.attempt, last.number) == (1, 1)
    assert not [one for one in await history(own, reminder) if one.attempt]
