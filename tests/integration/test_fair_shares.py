"""Receivers that never answer hold up their own people's reminders, and nobody else's."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace
from tests.carrying import add_channel, are, carrying, fire, planned, states, until
from tests.planning import Wall, follow, make_event, make_task
from tests.receiver import Receiver

from taskflow.db.engine import Database
from taskflow.events.payloads import Reminder
from taskflow.services.reminder import claims
from taskflow.services.reminder.courier import AT_ONCE

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MANY = 20
NEVER = 10_000
SPREAD = """
UPDATE reminders.deliveries AS delivery SET channel_id = dealt.channel
  FROM (SELECT id, ($2::uuid[])[1 + row_number() OVER (ORDER BY id) % cardinality($2)] AS channel
          FROM reminders.deliveries WHERE user_id = $1) AS dealt
 WHERE delivery.id = dealt.id
"""


async def _remind_of_many(own: Database, wall: Wall, tasks: int = MANY) -> UUID:
    """Somebody with so many tasks, each with a reminder that is due now."""
    first = make_task(Reminder(at=wall.at))
    rest = [
        replace(make_task(Reminder(at=wall.at)), user_id=first.user_id) for _ in range(tasks - 1)
    ]
    for task in (first, *rest):
        await follow(own, make_event(task, wall.at - HOUR))
    return first.user_id


async def _spread(own: Database, user_id: UUID, channels: Sequence[UUID]) -> None:
    """Deal somebody's deliveries out to their channels."""
    async with own.transaction() as transaction:
        await transaction.execute(SPREAD, user_id, list(channels))


async def test_a_receiver_that_never_answers_holds_two_places_and_others_go_on(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    receiver.held.add("/tarpit")
    slow = await _remind_of_many(own, wall)
    await add_channel(own, slow, f"{receiver.url}/tarpit")
    await fire(own, wall, digest_above=NEVER)
    wall.at += MINUTE
    quick, _ = await planned(own, wall)
    await add_channel(own, quick.user_id, f"{receiver.url}/quick")
    await fire(own, wall)
    async with carrying(own, wall):
        await are(own, quick.user_id, "delivered")
        assert len(receiver.messages["/tarpit"]) <= claims.MOST_OF_A_CHANNEL
        receiver.is_free.set()
        await are(own, slow, *["delivered"] * MANY)
    assert len(receiver.ids("/tarpit")) == len(receiver.messages["/tarpit"]) == MANY


async def test_a_person_with_many_such_receivers_holds_a_share_of_the_places(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    slow = await _remind_of_many(own, wall)
    paths = [f"/tarpit{number}" for number in range(8)]
    receiver.held.update(paths)
    channels = [await add_channel(own, slow, f"{receiver.url}{path}") for path in paths]
    await fire(own, wall, digest_above=NEVER)
    await _spread(own, slow, channels)
    wall.at += MINUTE
    quick, _ = await planned(own, wall)
    await add_channel(own, quick.user_id, f"{receiver.url}/quick")
    await fire(own, wall)
    async with carrying(own, wall):
        await are(own, quick.user_id, "delivered")
        held = sum(len(receiver.messages[path]) for path in paths)
        assert held <= claims.MOST_OF_A_PERSON
        receiver.is_free.set()
        await are(own, slow, *["delivered"] * MANY)


async def test_while_a_receiver_holds_its_places_its_backlog_does_not_keep_the_courier_awake(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    receiver.held.add("/tarpit")
    slow = await _remind_of_many(own, wall)
    await add_channel(own, slow, f"{receiver.url}/tarpit")
    await fire(own, wall, digest_above=NEVER)
    async with carrying(own, wall):
        await until(lambda: _holds_two(own, slow))
        async with own.transaction(read_only=True) as transaction:
            following = await claims.next_time(transaction, "hook", wall.at)
        assert following is not None
        assert following > wall.at
        receiver.is_free.set()


async def _slow_people(own: Database, wall: Wall, urls: Sequence[str], tasks: int) -> list[UUID]:
    """People with a webhook each, and so many reminders that are due now."""
    people = []
    for url in urls:
        people.append(await _remind_of_many(own, wall, tasks))
        await add_channel(own, people[-1], url)
    await fire(own, wall, digest_above=NEVER)
    return people


async def test_a_newcomer_has_the_next_place_whatever_waits_of_people_with_slow_receivers(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    paths = [f"/slow{number}" for number in range(4)]
    receiver.pauses = dict.fromkeys(paths, 0.3)
    slow = await _slow_people(own, wall, [f"{receiver.url}{path}" for path in paths], MANY)
    async with carrying(own, wall):
        await until(lambda: _have_begun(receiver, paths, AT_ONCE))
        wall.at += timedelta(seconds=2)
        quick, _ = await planned(own, wall)
        await add_channel(own, quick.user_id, f"{receiver.url}/quick")
        before = _begun(receiver, paths)
        await fire(own, wall)
        await are(own, quick.user_id, "delivered")
        assert _begun(receiver, paths) <= before + 2 * AT_ONCE
        receiver.pauses.clear()
        for one in slow:
            await are(own, one, *["delivered"] * MANY)


async def test_those_that_took_long_leave_half_of_the_places_to_others(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    paths = [f"/slow{number}" for number in range(AT_ONCE + 1)]
    urls = [f"{receiver.url}{path}" for path in paths]
    people = await _slow_people(own, wall, urls, 2)
    async with carrying(own, wall, slow_seconds=0.0):
        for one in people:
            await are(own, one, "delivered", "delivered")
    receiver.messages.clear()
    receiver.held.update(paths)
    wall.at += MINUTE
    for one in people:
        await _remind_again(own, wall, one)
    await fire(own, wall)
    async with carrying(own, wall):
        await until(lambda: _have_begun(receiver, paths, claims.MOST_OF_THE_SLOW))
        wall.at += timedelta(seconds=2)
        quick, _ = await planned(own, wall)
        await add_channel(own, quick.user_id, f"{receiver.url}/quick")
        await fire(own, wall)
        await are(own, quick.user_id, "delivered")
        assert _begun(receiver, paths) == claims.MOST_OF_THE_SLOW
        async with own.transaction(read_only=True) as transaction:
            following = await claims.next_time(transaction, "hook", wall.at)
        assert following is not None
        assert following > wall.at
        receiver.is_free.set()
        for one in people:
            await are(own, one, *["delivered"] * 3)


async def _remind_again(own: Database, wall: Wall, user_id: UUID) -> None:
    task = replace(make_task(Reminder(at=wall.at)), user_id=user_id)
    await follow(own, make_event(task, wall.at - HOUR))


async def _have_begun(receiver: Receiver, paths: Sequence[str], number: int) -> bool:
    return _begun(receiver, paths) >= number


def _begun(receiver: Receiver, paths: Sequence[str]) -> int:
    return sum(len(receiver.messages[path]) for path in paths)


async def _holds_two(own: Database, user_id: UUID) -> bool:
    return (await states(own, user_id)).count("claimed") == claims.MOST_OF_A_CHANNEL
