"""A delivery ends, whatever goes wrong; a receiver's word delivers it and nothing else does."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from taskflow.services.reminder import lifecycle
from taskflow.services.reminder.lifecycle import Course, Failure, Result, Way, begun
from taskflow.services.reminder.retries import MOST_ATTEMPTS, MOST_TIME

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)
WAYS = [Way(UUID(int=number), kind) for number, kind in enumerate(("push", "email", "hook"))]
FAILED = Failure("failed", "busy")
failures = st.builds(
    Failure,
    st.sampled_from([one for one in get_args(Result) if one != "delivered"]),
    st.just("why"),
    st.none() | st.timedeltas(timedelta(0), timedelta(hours=2)),
)
chances = st.floats(0, 1)


def tried(course: Course, now: datetime = NOON) -> Course:
    return lifecycle.claimed(course, now, LEASE)


@given(st.lists(st.tuples(failures, chances), min_size=60, max_size=60), st.integers(1, 3))
def test_whatever_fails_each_channel_is_tried_a_bounded_number_of_times_and_then_it_is_dead(
    outcomes: list[tuple[Failure, float]], number: int
) -> None:
    ways = WAYS[:number]
    course, now, attempts = begun(ways[0], NOON), NOON, Counter[UUID]()
    for failure, chance in outcomes:
        if course.is_over:
            break
        now = max(now, course.next_at)
        course = tried(course, now)
        attempts[course.way.id] += 1
        course = lifecycle.failed(course, failure, now, chance, ways)
        assert course.state in ("waiting", "dead")
        assert course.next_at >= now
    assert course.state == "dead"
    assert set(attempts) == {way.id for way in ways}
    assert max(attempts.values()) <= MOST_ATTEMPTS
    assert now - NOON <= number * MOST_TIME


@given(st.lists(failures, max_size=4), chances)
def test_a_word_of_the_receiver_delivers_it_at_any_time_and_nothing_comes_after(
    outcomes: list[Failure], chance: float
) -> None:
    course = tried(begun(WAYS[0], NOON))
    for failure in outcomes:
        course = tried(lifecycle.failed(course, failure, NOON, chance, WAYS))
    if not course.is_over:
        course = lifecycle.delivered(course)
        assert course.state == "delivered"
    assert lifecycle.failed(course, FAILED, NOON, chance, WAYS) == course
    assert lifecycle.stopped(course, "done") == course
    assert tried(course) == course


def test_a_receiver_that_refuses_is_not_asked_again_but_the_next_one_is_at_once() -> None:
    course = tried(begun(WAYS[0], NOON))
    after = lifecycle.failed(course, Failure("refused", "no such address"), NOON, 0.5, WAYS)
    assert after == Course("waiting", WAYS[1], 0, None, (WAYS[0].id,), NOON)


def test_a_busy_receiver_is_left_alone_for_as_long_as_it_asks() -> None:
    course = tried(begun(WAYS[0], NOON))
    busy = Failure("failed", "busy", timedelta(minutes=3))
    assert lifecycle.failed(course, busy, NOON, 0.5, WAYS).next_at == NOON + timedelta(minutes=3)
    very = Failure("failed", "busy", timedelta(hours=3))
    assert lifecycle.failed(course, very, NOON, 0.5, WAYS).way == WAYS[1]


def test_a_channel_that_was_turned_off_meanwhile_is_not_tried_again() -> None:
    course = tried(begun(WAYS[0], NOON))
    assert lifecycle.failed(course, FAILED, NOON, 0.5, WAYS[1:]).way == WAYS[1]


def test_without_another_channel_it_is_dead_and_says_why() -> None:
    course = tried(begun(WAYS[0], NOON))
    after = lifecycle.failed(course, Failure("gone", "away"), NOON, 0.5, WAYS[:1])
    assert (after.state, after.reason) == ("dead", lifecycle.NO_CHANNEL_LEFT)


def test_what_nobody_needs_any_more_is_stopped_with_its_reason() -> None:
    after = lifecycle.stopped(begun(WAYS[0], NOON), "the task was completed")
    assert (after.state, after.reason) == ("stopped", "the task was completed")
