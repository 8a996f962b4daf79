"""What a delivery goes through, from the first channel to whatever end. Pure.

    waiting ──claim──> claimed ──taken──> delivered
       ^                  │
       ├── again later ───┤ failed, and the channel may be tried again
       ├── next channel ──┤ refused, or tried often enough, and another one is left
       │                  └─────────────> dead       no channel is left
       └── stopped: nobody needs it any more

Nothing comes out of delivered, dead and stopped; and nothing is delivered but by a receiver's word.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from taskflow.services.reminder.retries import pause

State = Literal["waiting", "claimed", "delivered", "dead", "stopped"]
Result = Literal["delivered", "failed", "refused", "gone", "unknown"]
NO_CHANNEL_LEFT: Final = "no channel is left to try"


class Way(NamedTuple):
    """A channel of a person, and its kind."""

    id: UUID
    kind: str


class Course(NamedTuple):
    """Where a delivery stands.

    Attributes:
        way: The channel that is tried now, or was at last.
        attempt: How often it was tried.
        since: When it was tried first.
        tried: Channels that were given up before.
        next_at: When to go on; of a claimed one, until when the claim holds.
        reason: Why it ended, where it was not delivered.
    """

    state: State
    way: Way
    attempt: int
    since: datetime | None
    tried: tuple[UUID, ...]
    next_at: datetime
    reason: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing comes of it any more."""
        return self.state in ("delivered", "dead", "stopped")


class Failure(NamedTuple):
    """Why an attempt was in vain.

    Attributes:
        result: `failed` may go better the next time, as may `unknown`: the process ended before
            it knew; the others will not.
        retry_after: How long the receiver asked to be left alone.
    """

    result: Result
    detail: str
    retry_after: timedelta | None = None


def begun(way: Way, at: datetime) -> Course:
    """A delivery that is to be tried at an instant."""
    return Course("waiting", way, 0, None, (), at)


def claimed(course: Course, now: datetime, lease: timedelta) -> Course:
    """An attempt begins; whoever makes it has so long before somebody else may."""
    if course.is_over:
        return course
    since = course.since or now
    return course._replace(
        state="claimed", attempt=course.attempt + 1, since=since, next_at=now + lease
    )


def delivered(course: Course) -> Course:
    """A receiver has taken it: true whoever else may be trying meanwhile."""
    return course if course.is_over else course._replace(state="delivered")


def failed(
    course: Course, failure: Failure, now: datetime, chance: float, ways: Sequence[Way]
) -> Course:
    """An attempt was in vain: the same channel again later, or the next one, or the end.

    Args:
        course: Where it stands.
        failure: What became of the attempt.
        now: The time.
        chance: At random from 0 to 1.
        ways: What the person has turned on, the most preferred first.
    """
    if course.is_over:
        return course
    if failure.result in ("failed", "unknown") and course.way in ways:
        spent = max(now - (course.since or now), timedelta(0))
        again = pause(course.attempt, spent, chance, failure.retry_after)
        if again is not None:
            return course._replace(state="waiting", next_at=now + again)
    return _next_way(course, now, ways)


def stopped(course: Course, reason: str) -> Course:
    """Nobody needs it any more."""
    return course if course.is_over else course._replace(state="stopped", reason=reason)


def _next_way(course: Course, now: datetime, ways: Sequence[Way]) -> Course:
    tried = (*course.tried, course.way.id)
    for way in ways:
        if way.id not in tried:
            return Course("waiting", way, 0, None, tried, now)
    return course._replace(state="dead", tried=tried, reason=NO_CHANNEL_LEFT)
