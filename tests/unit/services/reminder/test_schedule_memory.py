"""The alarm wakes at the earliest time that anybody named, whoever names it when."""

import asyncio
from datetime import UTC, datetime, timedelta

from taskflow.services.reminder.schedule_memory import Alarm

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


class StandingClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


async def test_what_is_planned_while_the_table_is_read_is_not_forgotten() -> None:
    alarm = Alarm(StandingClock())
    alarm.forget()
    alarm.hasten(NOW)
    alarm.hasten(NOW + timedelta(hours=1))
    async with asyncio.timeout(5):
        await alarm.wait()
    assert alarm.next == NOW


async def test_an_earlier_time_wakes_who_waits_for_a_later_one() -> None:
    alarm = Alarm(StandingClock())
    alarm.hasten(NOW + timedelta(hours=1))
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(alarm.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        alarm.hasten(NOW - timedelta(seconds=1))
    assert waiting.done()


async def test_a_clock_that_jumps_forward_is_noticed() -> None:
    clock = StandingClock()
    alarm = Alarm(clock, look_seconds=0.01)
    alarm.hasten(NOW + timedelta(hours=1))
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(alarm.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        clock.at = NOW + timedelta(hours=2)
    assert waiting.done()
