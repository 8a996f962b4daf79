"""What waits for a channel that its owner takes out of use is told by the next one, at once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.carrying import add_channel, are, carrying, fire, history, outside, planned, until
from tests.planning import Wall
from tests.receiver import Receiver

from taskflow.base.settings import Settings
from taskflow.chassis.auth import Authenticator
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.service import Context
from taskflow.db.engine import Database
from taskflow.services.reminder.channels.bodies import ChannelPatch
from taskflow.services.reminder.channels.kinds import channels_of
from taskflow.services.reminder.channels.registry import Registry
from taskflow.services.reminder.deliveries import BELL
from taskflow.services.reminder.retries import FIRST_PAUSE

KINDS = ("webhook", "apprise")
BUSY = timedelta(minutes=10)
NEXT = "SELECT next_at FROM reminders.deliveries WHERE user_id = $1"
MOVE = "UPDATE reminders.channels SET address = $2 WHERE id = $1"
TAKEN_OVER = [("attempted", "failed"), ("next_channel", None), ("delivered", "delivered")]

Deed = Callable[[Registry, UUID, UUID], Awaitable[object]]


async def remove(registry: Registry, user_id: UUID, channel_id: UUID) -> None:
    await registry.remove(user_id, channel_id)


async def turn_off(registry: Registry, user_id: UUID, channel_id: UUID) -> None:
    await registry.change(user_id, channel_id, ChannelPatch(is_on=False))


def registry_of(own: Database, wall: Wall) -> Registry:
    key = Ed25519PrivateKey.generate().public_key()
    authenticator = Authenticator(key, own, wall)
    context = Context(Settings.load(), wall, own, authenticator, Metrics("reminder"))
    return Registry(own, channels_of(context), wall, ())


async def next_at(own: Database, user_id: UUID) -> datetime:
    async with own.transaction(read_only=True) as transaction:
        found: datetime = await transaction.value(NEXT, user_id)
    return found


async def with_two(own: Database, receiver: Receiver, user_id: UUID) -> UUID:
    """Two channels of different kinds, the first of which asks to be left alone for long."""
    receiver.answer("/busy", 503, Retry_After=str(int(BUSY.total_seconds())))
    first = await add_channel(own, user_id, f"{receiver.url}/busy", kind=KINDS[0])
    await add_channel(own, user_id, f"{receiver.url}/next", kind=KINDS[1], position=1)
    return first


@pytest.mark.parametrize("deed", [remove, turn_off])
async def test_what_waits_for_a_channel_that_is_taken_out_of_use_comes_by_the_next_at_once(
    own: Database, receiver: Receiver, deed: Deed
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    first = await with_two(own, receiver, task.user_id)
    await fire(own, wall, KINDS)
    async with carrying(own, wall, KINDS):
        await until(lambda: _waits(own, task.user_id, wall.at + BUSY))
        await deed(registry_of(own, wall), task.user_id, first)
        await are(own, task.user_id, "delivered")
    assert await outside(own, reminder) == TAKEN_OVER


@pytest.mark.parametrize("deed", [remove, turn_off])
async def test_what_is_being_sent_by_a_channel_that_is_taken_out_of_use_does_not_wait_for_it(
    own: Database, receiver: Receiver, deed: Deed
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    first = await with_two(own, receiver, task.user_id)
    receiver.held.add("/busy")
    await fire(own, wall, KINDS)
    async with carrying(own, wall, KINDS):
        await until(lambda: _has_come(receiver))
        await deed(registry_of(own, wall), task.user_id, first)
        receiver.is_free.set()
        await are(own, task.user_id, "delivered")
    assert [what for what, _ in await outside(own, reminder)] == [what for what, _ in TAKEN_OVER]


@pytest.mark.parametrize("deed", [remove, turn_off])
async def test_nothing_is_said_to_be_tried_by_a_channel_that_is_out_of_use(
    own: Database, receiver: Receiver, deed: Deed
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    first = await with_two(own, receiver, task.user_id)
    await fire(own, wall, KINDS)
    assert (await history(own, reminder))[-1].text == "my webhook (webhook) is tried next"
    await deed(registry_of(own, wall), task.user_id, first)
    said = (await history(own, reminder))[-1].text
    assert said.endswith("is off or gone; another channel is tried next, where one is on")


async def test_what_waits_for_a_channel_that_is_only_moved_keeps_its_time(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, _ = await planned(own, wall)
    first = await with_two(own, receiver, task.user_id)
    await fire(own, wall, KINDS)
    async with carrying(own, wall, KINDS):
        await until(lambda: _waits(own, task.user_id, wall.at + BUSY))
    await registry_of(own, wall).change(task.user_id, first, ChannelPatch(position=2))
    assert await next_at(own, task.user_id) == wall.at + BUSY


async def _waits(own: Database, user_id: UUID, at: datetime) -> bool:
    return await next_at(own, user_id) == at


async def _has_come(receiver: Receiver) -> bool:
    return bool(receiver.messages["/busy"])


async def test_a_channel_whose_former_address_is_gone_stays_on_and_is_tried_at_its_new_one(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    channel = await add_channel(own, task.user_id, f"{receiver.url}/busy", kind=KINDS[0])
    receiver.answer("/busy", 410)
    receiver.held.add("/busy")
    await fire(own, wall, KINDS)
    async with carrying(own, wall, KINDS):
        await until(lambda: _has_come(receiver))
        async with own.transaction() as transaction:
            await transaction.execute(MOVE, channel, f'{{"url": "{receiver.url}/new"}}')
        receiver.is_free.set()
        await until(lambda: _waits(own, task.user_id, wall.at + FIRST_PAUSE))
        wall.at += FIRST_PAUSE
        own.hints.ring(f"{BELL} {KINDS[0]}")
        await are(own, task.user_id, "delivered")
    assert await outside(own, reminder) == [("attempted", "gone"), ("delivered", "delivered")]
    assert len(receiver.messages["/new"]) == 1
