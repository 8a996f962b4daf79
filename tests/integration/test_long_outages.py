"""Outages of our own network: what was held up goes out, late and saying so."""

from datetime import timedelta
from uuid import UUID

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
from tests.receiver import Receiver

from taskflow.db.engine import Database
from taskflow.services.reminder import deliveries
from taskflow.services.reminder.retries import FIRST_PAUSE, MOST_ATTEMPTS

HOUR = timedelta(hours=1)


async def test_an_outage_of_hours_delays_it_and_one_of_more_than_a_day_ends_it(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/never")
    receiver.answer("/never", *[500] * MOST_ATTEMPTS)
    async with carrying(own, wall) as metrics:
        await fire(own, wall)
        for attempts in range(1, MOST_ATTEMPTS):
            await until(lambda: _has_tried(own, reminder, attempts))  # noqa: B023
            wall.at += FIRST_PAUSE * 3 ** (attempts - 1)
            own.hints.ring(f"{deliveries.BELL} hook")
        await until(lambda: _has_tried(own, reminder, MOST_ATTEMPTS))
        await until(lambda: _is_patient(own, reminder))
        assert await states(own, task.user_id) == ["waiting"]
        receiver.answer("/never", 500)
        wall.at += 3 * HOUR
        own.hints.ring(f"{deliveries.BELL} hook")
        await until(lambda: _has_tried(own, reminder, MOST_ATTEMPTS + 1))
        await until(lambda: _is_patient(own, reminder))
        wall.at += 24 * HOUR
        own.hints.ring(f"{deliveries.BELL} hook")
        await are(own, task.user_id, "dead")
        shown = (await metrics.exposition()).decode()
    steps = await outside(own, reminder)
    assert steps == [("attempted", "failed")] * (MOST_ATTEMPTS + 1) + [("dead", None)]
    assert 'deliveries_dead_total{channel="hook"} 1.0' in shown
    assert f'retries_total{{channel="hook"}} {MOST_ATTEMPTS + 1}.0' in shown


async def _is_patient(own: Database, reminder: UUID) -> bool:
    last = (await history(own, reminder))[-1]
    return last.what == "waiting" and last.text.startswith("No channel could be reached")


async def test_what_an_outage_of_our_network_held_up_goes_out_when_it_is_over(
    own: Database, receiver: Receiver
) -> None:
    wall = Wall()
    task, reminder = await planned(own, wall)
    await add_channel(own, task.user_id, f"{receiver.url}/away")
    receiver.answer("/away", *[503] * MOST_ATTEMPTS)
    async with carrying(own, wall):
        await fire(own, wall)
        for attempts in range(1, MOST_ATTEMPTS):
            await until(lambda: _has_tried(own, reminder, attempts))  # noqa: B023
            wall.at += FIRST_PAUSE * 3 ** (attempts - 1)
            own.hints.ring(f"{deliveries.BELL} hook")
        await until(lambda: _is_patient(own, reminder))
        wall.at += 3 * HOUR
        own.hints.ring(f"{deliveries.BELL} hook")
        await are(own, task.user_id, "delivered")
    last = receiver.messages["/away"][-1]
    assert last["late_by_seconds"] >= 3 * HOUR.total_seconds()
    assert "This is late by 3:0" in last["body"]


async def _has_tried(own: Database, reminder: UUID, attempts: int) -> bool:
    found = await history(own, reminder)
    return sum(one.what == "attempted" for one in found) == attempts
