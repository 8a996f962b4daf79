"""Lets what quiet hours hold up follow them where its owner changes them, or their time zone.

It hears of that as it is committed, whichever process does so, and of what is held up from then on:
its owner may have changed them just before. What was changed while nobody heard is found when it
listens again: it looks at all that is held up, and changes what is not as it should be, so much at
a time. Several replicas may do so at once; whoever comes second finds nothing to change.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

import structlog

from taskflow.accounts.queries import (
    PREFERENCES_CHANGED,
    Preferences,
    preferences_of,
    preferences_of_all,
)
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
# What is due already is judged anew when it fires, which is just now. What is held up of a person
# comes at one time: whatever comes at another one is to be looked at.
_STALE: Final = """status = 'pending' AND postponed_from IS NOT NULL AND fire_at > $1"""
# Before and after that time, so that an index passes over all that comes then.
WHOSE: Final = f"""
SELECT person.id, person.comes_at
  FROM unnest($2::uuid[], $3::timestamptz[]) AS person (id, comes_at)
 WHERE EXISTS (SELECT FROM reminders.reminders
                WHERE {_STALE} AND user_id = person.id AND fire_at < person.comes_at)
    OR EXISTS (SELECT FROM reminders.reminders
                WHERE {_STALE} AND user_id = person.id AND fire_at > person.comes_at)
"""  # noqa: S608 - of constants alone
LOCK: Final = f"""
SELECT id, fire_at, postponed_from FROM reminders.reminders
 WHERE {_STALE} AND user_id = $2 AND fire_at <> $3 AND id > $4
 ORDER BY id LIMIT $5 FOR UPDATE
"""  # noqa: S608 - of constants alone
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
        """Let what is held up of these people come when it should by now."""
        now = self._clock.now()
        async with self._database.transaction(read_only=True) as transaction:
            people = await preferences_of_all(transaction, user_ids)
            comes_at = [_held_until(wanted, now, now)[0] for wanted in people.values()]
            found = await transaction.rows(WHOSE, now, list(people), comes_at)
        for user_id, at in found:
            last: UUID | None = UUID(int=0)
            while last is not None:
                async with self._database.transaction() as transaction:
                    last = await self._follow(transaction, user_id, at, last)

    async def _follow(
        self, transaction: Transaction, user_id: UUID, comes_at: datetime, after: UUID
    ) -> UUID | None:
        """Let a page of it do so, locked in the order of the ids as elsewhere.

        Args:
            transaction: Of this page alone.
            user_id: Whose.
            comes_at: When what is held up comes that need not be looked at.
            after: The last one of the page before.

        Returns:
            The last one, where there may be more.
        """
        now = self._clock.now()
        rows: list[Any] = await transaction.rows(LOCK, now, user_id, comes_at, after, PAGE_SIZE)
        # The rows come first, so that what they say is older.
        wanted = await preferences_of(transaction, user_id)
        moved = [one for row in rows if (one := _judged(row, wanted, now)).fire_at != one.old]
        ids = [one.id for one in moved]
        times = [one.fire_at for one in moved]
        await transaction.execute(MOVE, ids, times, [one.postponed_from for one in moved])
        history = [of_changed_hours(user_id, one.id, now, one.old, one.fire_at) for one in moved]
        await receipts.append(transaction, history)
        transaction.after_commit(lambda: self._schedule.plan(dict(zip(ids, times, strict=True))))
        return rows[-1]["id"] if len(rows) == PAGE_SIZE else None


def _judged(row: Any, wanted: Preferences, now: datetime) -> Moved:
    fire_at, postponed_from = _held_until(wanted, row["postponed_from"], now)
    return Moved(row["id"], row["fire_at"], fire_at, postponed_from)


def _held_until(
    wanted: Preferences, postponed_from: datetime, now: datetime
) -> tuple[datetime, datetime | None]:
    zone = parse_zone(wanted.timezone)
    return held_until(wanted.notifications, zone, postponed_from, now)
