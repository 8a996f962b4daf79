"""Why did I (not) get this? Every way that a reminder may go says so in its timeline, in words."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.carrying import add_channel, add_person, are, carrying, fire, history
from tests.fresh import connected
from tests.planning import Wall, follow, make_event, make_task
from tests.receiver import Receiver

from taskflow.db.engine import Database
from taskflow.events.payloads import Reminder, TaskState
from taskflow.services.reminder.history import Person
from taskflow.services.reminder.reactions import acknowledge, snooze
from taskflow.services.reminder.scheduler import plans

HOUR = timedelta(hours=1)
TURN_OFF = "UPDATE reminders.channels SET is_on = false WHERE user_id = $1"


class Scene(NamedTuple):
    """A person with a task whose reminder is due now, at 08:00 on 2 March 2026."""

    own: Database
    wall: Wall
    task: TaskState
    receiver: Receiver

    @property
    def reminder(self) -> UUID:
        return plans(self.task)[0].id

    async def fires(self) -> None:
        await fire(self.own, self.wall, digest_above=1)

    async def has_channel(self, *answers: int) -> None:
        self.receiver.answer("/why", *answers)
        await add_channel(self.own, self.task.user_id, f"{self.receiver.url}/why")

    async def is_carried(self, state: str) -> None:
        async with carrying(self.own, self.wall):
            await are(self.own, self.task.user_id, state)

    async def hears(self, event_type: str, **changes: object) -> None:
        task = replace(self.task, version=2, **changes)
        event = make_event(task, self.wall.at, event_type)  # type: ignore[arg-type]
        await follow(self.own, event, clock=self.wall)

    async def prefers(self, **preferences: object) -> None:
        async with connected(self.own._dsn, "taskflow_task_api") as accounts:
            await add_person(accounts, self.task.user_id, **preferences)

    async def other(self) -> None:
        """The same person has another one, due at the same time."""
        other = replace(make_task(Reminder(at=self.wall.at)), user_id=self.task.user_id)
        await follow(self.own, make_event(other, self.wall.at - HOUR))


async def _in_time(scene: Scene) -> None:
    await scene.fires()


async def _in_time_by_a_channel(scene: Scene) -> None:
    await scene.has_channel()
    await scene.fires()
    await scene.is_carried("delivered")


async def _quiet(scene: Scene) -> None:
    await scene.prefers(quiet_hours={"start": "07:00", "end": "09:00"})
    await scene.fires()


async def _missed_before_quiet(scene: Scene) -> None:
    await scene.prefers(quiet_hours={"start": "10:00", "end": "20:00"})
    scene.wall.at += 3 * HOUR
    await scene.fires()


async def _muted(scene: Scene) -> None:
    await scene.prefers(level="none")
    await scene.has_channel()
    await scene.fires()


async def _digest(scene: Scene) -> None:
    await scene.other()
    await scene.has_channel()
    scene.wall.at += HOUR
    await scene.fires()
    await scene.is_carried("delivered")


async def _off_before(scene: Scene) -> None:
    await scene.has_channel()
    async with scene.own.transaction() as transaction:
        await transaction.execute(TURN_OFF, scene.task.user_id)
    await scene.fires()


async def _off_since(scene: Scene) -> None:
    await scene.has_channel()
    await scene.fires()
    async with scene.own.transaction() as transaction:
        await transaction.execute(TURN_OFF, scene.task.user_id)
    await scene.is_carried("dead")


async def _refused(scene: Scene) -> None:
    await scene.has_channel(400)
    await scene.fires()
    await scene.is_carried("dead")


async def _snoozed(scene: Scene) -> None:
    async with scene.own.transaction() as transaction:
        person = Person(scene.task.user_id, scene.reminder, scene.wall.at)
        await snooze(transaction, person, scene.wall.at + HOUR, None)
    await scene.fires()


async def _acknowledged(scene: Scene) -> None:
    async with scene.own.transaction() as transaction:
        person = Person(scene.task.user_id, scene.reminder, scene.wall.at)
        await acknowledge(transaction, person)
    await scene.fires()


async def _done_before(scene: Scene) -> None:
    await scene.hears("task.completed", status="completed")
    await scene.fires()


async def _deleted_before(scene: Scene) -> None:
    await scene.hears("task.deleted")
    await scene.fires()


async def _done_since(scene: Scene) -> None:
    await scene.has_channel()
    await scene.fires()
    await scene.hears("task.completed", status="completed")


async def _done_and_reopened_late(scene: Scene) -> None:
    await scene.hears("task.completed", status="completed")
    scene.wall.at += HOUR
    event = make_event(replace(scene.task, version=3), scene.wall.at, "task.updated")
    await follow(scene.own, event, clock=scene.wall)


async def _replaced(scene: Scene) -> None:
    await scene.hears("task.updated", reminders=(Reminder(offset="PT2H"),))
    await scene.fires()


async def _moved(scene: Scene) -> None:
    await scene.hears("task.updated", due_date="2026-03-03T09:00:00Z")
    await scene.fires()


async def _moved_into_the_past(scene: Scene) -> None:
    await scene.hears("task.updated", due_date="2026-03-02T08:30:00Z")
    await scene.fires()


async def _outage(scene: Scene) -> None:
    scene.wall.at += 3 * HOUR
    await scene.fires()


Way = Callable[[Scene], Awaitable[None]]
MOMENT = "02 March 2026 08:00:00 UTC"
PAGE = "It was handed over to the page with its event"
ALONE = f"{PAGE}; no other channel was on"
WAYS: dict[str, tuple[Way, str]] = {
    "it came": (_in_time, ALONE),
    "it came by a channel": (
        _in_time_by_a_channel,
        "my hook (hook) took it at attempt 1: answered 200",
    ),
    "quiet hours": (_quiet, "It was postponed until 02 March 2026 09:00:00 UTC: quiet hours"),
    "missed, then quiet hours": (
        _missed_before_quiet,
        "It was missed, and postponed until 02 March 2026 20:00:00 UTC: quiet hours",
    ),
    "muted": (_muted, "Nobody is told of it: notifications are set to none"),
    "digest": (
        _digest,
        "It fired, 1:00:00 late; many were missed, so they are told of together",
    ),
    "the channel was off": (_off_before, ALONE),
    "the channel was turned off": (
        _off_since,
        "No channel took it: the channel was turned off or taken away; the page shows it",
    ),
    "the channel refused": (
        _refused,
        "No channel took it: no channel is left to try; the page shows it",
    ),
    "snoozed": (_snoozed, "It was snoozed until 02 March 2026 09:00:00 UTC"),
    "acknowledged": (_acknowledged, "Nobody needs it any more: it was acknowledged"),
    "done before": (_done_before, "It was cancelled: the task was completed"),
    "deleted before": (_deleted_before, "It was cancelled: the task was deleted"),
    "done since": (_done_since, "Nothing more is sent: the task was completed"),
    "done before, reopened since": (
        _done_and_reopened_late,
        "It was cancelled: its time had already passed",
    ),
    "replaced": (_replaced, "It was cancelled: the reminder was removed"),
    "moved": (
        _moved,
        f"It was moved from {MOMENT} to 03 March 2026 08:00:00 UTC, by task.updated",
    ),
    "moved into the past": (
        _moved_into_the_past,
        "It was cancelled: its time had already passed",
    ),
    "outage": (_outage, "It fired, 3:00:00 late: it was missed at its time"),
}


@pytest.mark.parametrize("name", WAYS)
async def test_the_timeline_says_why(own: Database, receiver: Receiver, name: str) -> None:
    goes, answer = WAYS[name]
    wall = Wall()
    scene = Scene(own, wall, make_task(Reminder(offset="PT1H"), due=wall.at + HOUR), receiver)
    await follow(own, make_event(scene.task, wall.at - HOUR))
    await goes(scene)
    texts = [one.text for one in await history(own, scene.reminder)]
    assert answer in texts
    assert texts[0] == f"It was planned for {MOMENT}"
