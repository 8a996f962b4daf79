"""What a delivery goes through, from the first channel to whatever end. Pure.

    waiting ──claim──> claimed ──taken──> delivered
       ^                  │
       ├── again at once ─┤ we stopped before there was an answer, and have not done so often
       ├── again later ───┤ failed, and the channel may be tried again
       ├── next channel ──┤ refused, or tried often enough, and another one is left
       ├── all again ─────┤ none is left, and some could not be reached: for a day
       │                  └─────────────> dead       no channel is left, or the day is over
       └── stopped: nobody needs it any more

Nothing comes out of delivered, dead and stopped; and nothing is delivered but by a receiver's word.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from taskflow.services.reminder.retries import MOST_ATTEMPTS, MOST_PATIENCE, patient_pause, pause

State = Literal["waiting", "claimed", "delivered", "dead", "stopped"]
Result = Literal["delivered", "failed", "refused", "gone", "unknown"]
# A receiver may take each of them: after so many, being stopped counts as an attempt.
MOST_BROKEN_OFF: Final = 3
NO_CHANNEL_LEFT: Final = "no channel is left to try"
NONE_REACHED: Final = "no channel could be reached for a day"


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
        unreached: Those of `tried` that did not refuse it, and are tried again when none is left.
        began_at: When it was begun, or asked for once more.
    """

    state: State
    way: Way
    attempt: int
    since: datetime | None
    tried: tuple[UUID, ...]
    next_at: datetime
    reason: str | None = None
    unreached: tuple[UUID, ...] = ()
    began_at: datetime | None = None

    @property
    def is_patient(self) -> bool:
        """Whether every channel had its turn, and those that were not reached are tried again."""
        return self.way.id in self.unreached

    def is_spent(self, now: datetime) -> bool:
        """Whether it was tried often or long enough, whatever came of the last attempt."""
        if self.is_patient:
            return now - (self.began_at or now) > MOST_PATIENCE
        return self.attempt > MOST_ATTEMPTS

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
    return Course("waiting", way, 0, None, (), at, began_at=at)


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
    may_go_better = failure.result in ("failed", "unknown") and course.way in ways
    if may_go_better and not course.is_patient:
        spent = max(now - (course.since or now), timedelta(0))
        again = pause(course.attempt, spent, chance, failure.retry_after)
        if again is not None:
            return course._replace(state="waiting", next_at=now + again)
    unreached = [one for one in course.unreached if one != course.way.id]
    if failure.result == "failed" and course.way in ways:
        unreached.append(course.way.id)
    tried = course.tried if course.is_patient else (*course.tried, course.way.id)
    left = course._replace(tried=tried, unreached=tuple(unreached))
    for way in ways:
        if way.id not in tried:
            return left._replace(state="waiting", way=way, attempt=0, since=None, next_at=now)
    return _all_again(left, failure, now, chance, ways)


def broken_off(course: Course, sendings: int, now: datetime) -> Course | None:
    """We stopped while it was being sent: it is sent again at once, and that attempt is no more.

    Args:
        course: Where it stands.
        sendings: How often it was sent by this channel before, those that were broken off too.
        now: The time.

    Returns:
        Where it stands now; None where it was broken off so often that it has failed.
    """
    if course.is_over:
        return course
    if sendings - (course.attempt - 1) >= MOST_BROKEN_OFF:
        return None
    since = course.since if course.attempt > 1 else None
    return course._replace(state="waiting", attempt=course.attempt - 1, since=since, next_at=now)


def stopped(course: Course, reason: str) -> Course:
    """Nobody needs it any more."""
    return course if course.is_over else course._replace(state="stopped", reason=reason)


def _all_again(
    course: Course, failure: Failure, now: datetime, chance: float, ways: Sequence[Way]
) -> Course:
    """One after the other those that were not reached, then a pause, for as long as a day."""
    left = [way for way in ways if way.id in course.unreached]
    if not left:
        return course._replace(state="dead", reason=NO_CHANNEL_LEFT)
    if course.attempt > MOST_ATTEMPTS:
        after = ways[ways.index(course.way) + 1 :] if course.way in ways else ways
        following = next((way for way in after if way in left), None)
        if following is not None:
            again_at_once = course._replace(state="waiting", attempt=course.attempt - 1)
            return again_at_once._replace(way=following, next_at=now)
    attempt, spent = max(course.attempt, MOST_ATTEMPTS), now - (course.began_at or now)
    again = patient_pause(attempt, max(spent, timedelta(0)), chance, failure.retry_after)
    if again is None:
        return course._replace(state="dead", reason=NONE_REACHED)
    return course._replace(state="waiting", way=left[0], attempt=attempt, next_at=now + again)
