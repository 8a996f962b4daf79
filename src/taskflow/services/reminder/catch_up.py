"""What is due now, and what becomes of each: it fires, alone or in a digest, or it waits. Pure.

After an outage everything that was missed fires, and says how late it is. Where somebody missed
many, they are told of them together: once in the page and once by a channel.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from taskflow.base.ids import derived_id
from taskflow.events.payloads import Digest, Priority
from taskflow.services.reminder.scheduler import Repetition, Standing, repetition

MISSED: Final = timedelta(minutes=1)
"""By how much a reminder is late that counts as missed."""


class Due(NamedTuple):
    """A reminder that is due.

    Attributes:
        is_snoozed: Whether its owner asked for this very time.
    """

    id: UUID
    user_id: UUID
    task_id: UUID
    offset: str | None
    standing: Standing
    priority: Priority
    due_date: str | None
    version: int
    correlation_id: str
    traceparent: str | None
    is_snoozed: bool = False

    @property
    def fire_at(self) -> datetime:
        """When it was to fire; where it was missed and postponed then, when it was missed."""
        return self.standing.missed_at or self.standing.fire_at


class Fired(NamedTuple):
    """A reminder that fires now.

    Attributes:
        event_id: The id of its event; firing it twice from the same state gives the same.
        following: When it nags again.
        is_muted: Whether its owner wants to be told of nothing: it is in no list and no message.
    """

    due: Due
    event_id: UUID
    late_by_seconds: int
    following: Repetition | None
    digest: Digest | None = None
    is_muted: bool = False


def is_missed(due: Due, now: datetime) -> bool:
    """Whether it is so late that it counts as missed."""
    return now - due.fire_at > MISSED


def postponed(
    due: Sequence[Due], quiet: Mapping[UUID, datetime | None], now: datetime
) -> dict[UUID, datetime]:
    """Until when each of these waits that falls into its owner's quiet hours.

    Urgent ones do not, nor what its owner snoozed until now: who asks for five minutes is awake.
    Where that was missed, they need not be any more.

    Args:
        due: What is due.
        quiet: When each owner's quiet hours end, where they hold.
        now: The time.
    """
    if not any(quiet.values()):
        return {}
    return {
        one.id: until
        for one in due
        if (until := quiet[one.user_id]) is not None
        and one.priority != "urgent"
        and (not one.is_snoozed or is_missed(one, now))
    }


def firings(due: Sequence[Due], muted: Collection[UUID], now: datetime) -> list[Fired]:
    """What fires, each by itself.

    Args:
        due: What is due, and is not postponed.
        muted: Owners who want to be told of nothing.
        now: The time.
    """
    return [
        Fired(
            one,
            _event_id(one),
            max(int((now - one.fire_at).total_seconds()), 0),
            repetition(one.standing, now),
            is_muted=one.user_id in muted,
        )
        for one in due
    ]


def _event_id(due: Due) -> UUID:
    """What tells this firing from others of the reminder.

    Its time alone does not: once a clock was set back it may come again, after a snooze or a
    change of the task.
    """
    standing = due.standing
    name = f"{standing.fire_at.timestamp()} {standing.fired_at} {due.version}"
    return derived_id(due.id, name, standing.fire_at)


def joined(fired: Sequence[Fired], digests: Mapping[UUID, Digest], now: datetime) -> list[Fired]:
    """The same, with those that were missed in their owners' digests.

    Args:
        fired: What fires.
        digests: Where the first missed one of each owner stands who has a digest.
        now: The time.
    """
    if not digests:
        return list(fired)
    places: Counter[UUID] = Counter()
    found = []
    for one in fired:
        digest = digests.get(one.due.user_id)
        if digest is not None and is_missed(one.due, now):
            place = digest.place + places[one.due.user_id]
            places[one.due.user_id] += 1
            found.append(one._replace(digest=Digest(digest.id, place, digest.missed)))
        else:
            found.append(one)
    return found
