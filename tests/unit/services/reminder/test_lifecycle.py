"""A delivery ends, whatever goes wrong; a receiver's word delivers it and nothing else does."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from taskflow.services.reminder import lifecycle
from taskflow.services.reminder.lifecycle import Course, Failure, Result, Way, begun
from taskflow.services.reminder.retries import LONGEST_PAUSE, MOST_ATTEMPTS, MOST_PATIENCE

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


@given(st.lists(st.tuples(failures, chances), min_size=1, max_size=60), st.integers(1, 3))
def test_whatever_fails_it_is_dead_after_a_day_and_what_refused_is_not_asked_again(
    outcomes: list[tuple[Failure, float]], number: int
) -> None:
    ways = WAYS[:number]
    course, now, refused, rounds = begun(ways[0], NOON), NOON, set[UUID](), 0
    while not course.is_over:
        failure, chance = outcomes[rounds % len(outcomes)]
        rounds += 1
        now = max(now, course.next_at)
        course = tried(course, now)
        assert course.way.id not in refused
        if failure.result in ("refused", "gone"):
            refused.add(course.way.id)
        course = lifecycle.failed(course, failure, now, chance, ways)
        assert course.state in ("waiting", "dead")
        assert course.next_at >= now
    assert course.state == "dead"
    assert {*course.tried} == {way.id for way in ways}
    assert rounds < 1000
    assert now - NOON <= MOST_PATIENCE


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
    assert after == Course("waiting", WAYS[1], 0, None, (WAYS[0].id,), NOON, began_at=NOON)


def test_a_busy_receiver_is_left_alone_for_as_long_as_it_asks() -> None:
    course = tried(begun(WAYS[0], NOON))
    busy = Failure("failed", "busy", timedelta(minutes=3))
    assert lifecycle.failed(course, busy, NOON, 0.5, WAYS).next_at == NOON + timedelta(minutes=3)
    very = Failure("failed", "busy", timedelta(hours=3))
    assert lifecycle.failed(course, very, NOON, 0.5, WAYS).way == WAYS[1]


def test_an_outage_of_hours_kills_nothing_and_all_are_asked_again_the_preferred_first() -> None:
    course, now, asked = begun(WAYS[0], NOON), NOON, list[UUID]()
    while now < NOON + timedelta(hours=20):
        course = tried(course, now)
        asked.append(course.way.id)
        course = lifecycle.failed(course, FAILED, now, 0.5, WAYS[:2])
        assert (course.state, course.next_at - now <= LONGEST_PAUSE) == ("waiting", True)
        now = course.next_at
    both = [way.id for way in WAYS[:2]]
    assert asked[:MOST_ATTEMPTS] == [both[0]] * MOST_ATTEMPTS
    assert asked[2 * MOST_ATTEMPTS : 2 * MOST_ATTEMPTS + 4] == both * 2
    course = lifecycle.failed(tried(course, now), FAILED, NOON + MOST_PATIENCE, 0.5, WAYS[:1])
    assert (course.state, course.reason) == ("dead", lifecycle.NONE_REACHED)


def test_what_refuses_while_all_are_asked_again_is_given_up_for_good() -> None:
    course = begun(WAYS[0], NOON)
    for _ in range(MOST_ATTEMPTS):
        course = lifecycle.failed(tried(course), FAILED, NOON, 0.5, WAYS[:1])
    assert course.is_patient
    no = Failure("refused", "no such address")
    after = lifecycle.failed(tried(course), no, NOON, 0.5, WAYS[:1])
    assert (after.state, after.reason) == ("dead", lifecycle.NO_CHANNEL_LEFT)


def test_a_process_that_dies_at_each_attempt_does_not_go_on_for_ever() -> None:
    course = begun(WAYS[0], NOON)._replace(attempt=MOST_ATTEMPTS + 1)
    assert course.is_spent(NOON)
    patient = course._replace(unreached=(WAYS[0].id,))
    assert not patient.is_spent(NOON)
    assert patient.is_spent(NOON + 2 * MOST_PATIENCE)


def test_what_we_break_off_is_no_attempt_until_we_have_done_so_often() -> None:
    course, sendings = begun(WAYS[0], NOON), 0
    while (after := lifecycle.broken_off(tried(course), sendings, NOON)) is not None:
        assert after == course
        sendings += 1
    assert sendings == lifecycle.MOST_BROKEN_OFF
    counted = tried(lifecycle.failed(tried(course), FAILED, NOON, 0.5, WAYS))
    assert lifecycle.broken_off(counted, sendings + 1, NOON) is None
    assert lifecycle.broken_off(counted, 1, NOON) is not None


def test_what_was_asked_again_and_is_taken_away_leaves_it_to_the_others_at_once() -> None:
    course = begun(WAYS[0], NOON)
    while not course.is_patient:
        course = lifecycle.failed(tried(course), FAILED, NOON, 0.5, WAYS[:2])
    after = lifecycle.failed(tried(course), Failure("refused", "off"), NOON, 0.5, WAYS[1:2])
    assert (after.state, after.way, after.next_at) == ("waiting", WAYS[1], NOON)


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
