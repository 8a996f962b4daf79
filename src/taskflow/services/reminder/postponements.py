"""Lets what quiet hours hold up follow them where its owner changes them, or their time zone.

It hears of that as it is committed, whichever process does so, and of what is held up from then on:
its owner may have changed them just before. What was changed while nobody heard is found when it
listens again: it looks at all that is held up, and changes what is not as it should be. Several
replicas may do so at once; whoever comes second finds nothing to change.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

import structlog

from taskflow.accounts.queries import PREFERENCES_CHANGED, Preferences, preferences_of_all
from taskflow.base.clock import Clock
from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.services.reminder import receipts
from taskflow.services.reminder.history import of_changed_hours
from taskflow.services.reminder.ports import Schedule
from taskflow.services.reminder.quiet import held_until
from taskflow.tasks.zones import parse_zone

AWAY_SECONDS: Final = 0.5
PAGE_SIZE: Final = 500
PEOPLE: Final = """
SELECT DISTINCT user_id FROM reminders.reminders
 WHERE status = 'pending' AND postponed_from IS NOT NULL AND user_id > $1
 ORDER BY user_id LIMIT $2
"""
# What is due already is judged anew when it fires, which is just now.
HELD: Final = """
SELECT id, user_id, fire_at, postponed_from FROM reminders.reminders
 WHERE status = 'pending' AND postponed_from IS NOT NULL AND user_id = ANY($1::uuid[])
   AND fire_at > $2
 ORDER BY id
"""
LOCK: Final = HELD + " FOR UPDATE"
MOVE: Final = """
UPDATE reminders.reminders AS reminder
   SET fire_at = moved.fire_at, postponed_from = moved.postponed_from
  FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[])
    AS moved (id, fire_at, postponed_from)
 WHERE reminder.id = moved.id
"""

log = structlog.get_logger()


class Moved(NamedTuple):
    """What comes at another time than it was to.

    Attributes:
        old: When it was to come.
        postponed_from: When it was due, where it is held up still.
    """

    id: UUID
    user_id: UUID
    old: datetime
    fire_at: datetime
    postponed_from: datetime | None


class Postponements:
    """Follows changes of quiet hours.

    Args:
        database: Where reminders are, and who tells of changes.
        schedule: Told of what comes at another time.
        clock: The time.
    """

    def __init__(self, database: Database, schedule: Schedule, clock: Clock) -> None:
        self._database = database
        self._schedule = schedule
        self._clock = clock

    async def run(self) -> NoReturn:
        """Follow them until cancelled."""
        while True:
            try:
                async with self._database.listening(PREFERENCES_CHANGED) as ear:
                    await self.look()
                    while True:
                        await self.follow({UUID(one) for one in await ear.heard()})
            except Unavailable as error:
                log.warning("quiet_hours.not_heard_of", reason=error.detail)
                await asyncio.sleep(AWAY_SECONDS)

    async def look(self) -> None:
        """Look at all that is held up."""
        people = [UUID(int=0)]
        while people:
            async with self._database.transaction(read_only=True) as transaction:
                rows = await transaction.rows(PEOPLE, people[-1], PAGE_SIZE)
            people = [row[0] for row in rows]
            await self.follow(people)

    async def follow(self, user_ids: Collection[UUID]) -> None:
        """Let what is held up of these people come when it should by now.

        Each of them has a transaction, whose rows are locked in the order of their ids as
        elsewhere.
        """
        async with self._database.transaction(read_only=True) as transaction:
            moved = await _moved(transaction, HELD, user_ids, self._clock.now())
        for user_id in {one.user_id for one in moved}:
            async with self._database.transaction() as transaction:
                await self._follow(transaction, user_id)

    async def _follow(self, transaction: Transaction, user_id: UUID) -> None:
        now = self._clock.now()
        moved = await _moved(transaction, LOCK, [user_id], now)
        rows = [(one.id, one.fire_at, one.postponed_from) for one in moved]
        await transaction.execute(MOVE, *([row[place] for row in rows] for place in range(3)))
        history = [of_changed_hours(user_id, one.id, now, one.old, one.fire_at) for one in moved]
        await receipts.append(transaction, history)
        times = {one.id: one.fire_at for one in moved}
        transaction.after_commit(lambda: self._schedule.plan(times))


async def _moved(
    transaction: Transaction, statement: str, user_ids: Collection[UUID], now: datetime
) -> list[Moved]:
    """What does not come when it should; the rows come first, so that what they say is older."""
    rows: list[Any] = await transaction.rows(statement, list(user_ids), now)
    people = await preferences_of_all(transaction, {row["user_id"] for row in rows})
    found = [_judged(row, people[row["user_id"]], now) for row in rows]
    return [one for one in found if one.fire_at != one.old]


def _judged(row: Any, wanted: Preferences, now: datetime) -> Moved:
    zone = parse_zone(wanted.timezone)
    fire_at, postponed_from = held_until(wanted.notifications, zone, row["postponed_from"], now)
    return Moved(row["id"], row["user_id"], row["fire_at"], fire_at, postponed_from)
