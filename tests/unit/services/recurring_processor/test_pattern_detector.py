"""Habits are found where there are some, and nowhere else."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest
from benchmarks import habits as measuring
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from taskflow.services.recurring_processor.detection.titles import words_of
from taskflow.services.recurring_processor.pattern_detector import (
    MOST_HABITS,
    THRESHOLD,
    Habit,
    PastTask,
    detect,
)

GUIDE = Path(__file__).parents[4] / "docs" / "guide" / "habits.md"
NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
TUESDAY = date(2026, 2, 24)


def done(days: Iterable[date], title: str = "Water the plants") -> list[PastTask]:
    """Tasks that were written down at any time before, and done on these days."""
    tasks = []
    for number, day in enumerate(days):
        at = datetime.combine(day, time(9, number % 60), UTC)
        away = timedelta(hours=(number * 37) % 150)
        tasks.append(PastTask(uuid4(), title, "UTC", at - away, at))
    return tasks


def every(days: int, times: int, last: date = TUESDAY) -> list[date]:
    return [last - timedelta(days=days * step) for step in reversed(range(times))]


def rules(habits: Iterable[Habit]) -> list[str]:
    return [habit.recurrence.rule for habit in habits]


@pytest.fixture(scope="module")
def measured() -> measuring.Measured:
    return measuring.measure(measuring.TEST_SEED)


@pytest.mark.parametrize("name", ["regular", "jittered", "with gaps", "mixed", "all"])
def test_what_is_found_is_true_and_what_is_true_is_found(
    measured: measuring.Measured, name: str
) -> None:
    assert measured.scores[name].precision >= 0.95
    assert measured.scores[name].recall >= 0.85


def test_in_pure_noise_hardly_anything_is_found(measured: measuring.Measured) -> None:
    # A hundred histories, each with six titles that come again and again without any rule.
    assert measured.scores["pure noise"].false <= 3


def test_the_guide_shows_what_is_measured(measured: measuring.Measured) -> None:
    guide = GUIDE.read_text()
    assert measuring.table(measured) in guide
    assert measuring.calibration(measured) in guide


def test_a_confidence_is_no_more_than_the_share_of_what_is_true(
    measured: measuring.Measured,
) -> None:
    for level, (titles, right) in measured.calibration.items():
        # Of a few titles one may well be wrong.
        assert right + 1 >= level * titles


def test_a_weekly_habit_is_found_with_its_evidence() -> None:
    days = every(7, 9)
    tasks = done(days)
    (habit,) = detect(tasks, NOW)
    assert habit.recurrence.rule == "FREQ=WEEKLY;BYDAY=TU"
    assert [one.date for one in habit.evidence] == days
    assert [one.task_id for one in habit.evidence] == [task.id for task in tasks]
    assert (habit.due, habit.others, habit.anchor, habit.basis) == (9, 0, TUESDAY, "completed")
    assert habit.confidence > 0.99
    assert habit.chance < 1e-4


def test_what_is_written_down_regularly_is_found_too() -> None:
    tasks = [
        replace(task, created_at=task.completed_at, completed_at=None)
        for task in done(every(7, 9))
        if task.completed_at
    ]
    assert [habit.basis for habit in detect(tasks, NOW)] == ["created"]


@pytest.mark.parametrize("weeks", range(1, 9))
@pytest.mark.parametrize("times", [8, 9])
def test_what_was_done_at_regular_days_is_a_habit_whatever_day_it_was_recorded(
    weeks: int, times: int
) -> None:
    days = every(7 * weeks, times)
    tasks = [replace(task, created_at=NOW) for task in done(days)]
    (habit,) = detect(tasks, NOW)
    interval = f"INTERVAL={weeks}" if weeks > 1 else "BYDAY=TU"
    assert interval in habit.recurrence.rule
    assert (habit.basis, [one.date for one in habit.evidence]) == ("completed", days)


def test_three_times_are_no_habit_and_neither_are_many_on_one_day() -> None:
    assert detect(done(every(7, 3)), NOW) == []
    assert detect(done([TUESDAY] * 30), NOW) == []


def test_what_stopped_long_ago_is_no_habit() -> None:
    assert detect(done(every(7, 30, TUESDAY - timedelta(days=28))), NOW) == []
    assert detect(done(every(1, 60, TUESDAY - timedelta(days=14))), NOW) == []


def test_a_habit_that_changed_is_found_as_it_is_now() -> None:
    before = every(7, 20, TUESDAY - timedelta(weeks=44))
    assert rules(detect(done(before + every(14, 20)), NOW)) == ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"]


def test_what_is_known_is_not_found_nor_what_is_near_to_it() -> None:
    tasks = done(every(7, 9), "Water the big plants")
    assert detect(tasks, NOW, known={words_of("Watering plants")}) == []
    assert len(detect(tasks, NOW, known={words_of("Water the cat")})) == 1


def test_days_are_those_of_each_tasks_own_zone() -> None:
    # Late on Tuesday in Los Angeles it is Wednesday in UTC already, and in summer, too.
    moments = [datetime.combine(day, time(5), UTC) for day in every(7, 40, date(2026, 2, 25))]
    tasks = [
        PastTask(uuid4(), "Water", "America/Los_Angeles", at - timedelta(days=1), at)
        for at in moments
    ]
    assert rules(detect(tasks, NOW)) == ["FREQ=WEEKLY;BYDAY=TU"]


def test_no_more_are_suggested_than_a_person_can_look_at() -> None:
    tasks = [task for number in range(40) for task in done(every(7, 9), f"Thing{chr(97 + number)}")]
    different = [
        replace(task, title=f"{chr(97 + n // 9)}{task.title}") for n, task in enumerate(tasks)
    ]
    assert len(detect(different, NOW)) == MOST_HABITS


HISTORIES = st.integers(0, 2**32).map(
    lambda seed: [
        task
        for number, title in enumerate(["Water", "Rent", "Clean"])
        for task in drawn(Random(seed + number), title)
    ]
)


def drawn(random: Random, title: str) -> list[PastTask]:
    """A habit or none, with some noise."""
    step = random.choice([1, 2, 7, 7, 10, 14, 30])
    days = every(step, random.randint(3, 30), TUESDAY - timedelta(days=random.randrange(step)))
    kept = [day for day in days if random.random() < 0.9]
    strays = [TUESDAY - timedelta(days=random.randint(0, 200)) for _ in range(random.randint(0, 8))]
    return done(kept + strays, title)


@settings(deadline=None, max_examples=40)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_a_history_makes_no_difference(
    history: list[PastTask], random: Random
) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)
    assert detect(shuffled, NOW) == detect(history, NOW)


@settings(deadline=None, max_examples=40)
@given(HISTORIES)
def test_a_task_that_is_told_of_twice_makes_no_difference(history: list[PastTask]) -> None:
    assert detect([*history, *history], NOW) == detect(history, NOW)


@settings(deadline=None, max_examples=40)
@given(HISTORIES)
def test_a_day_on_which_it_was_done_twice_counts_once(history: list[PastTask]) -> None:
    twice = [*history, *(replace(task, id=UUID(int=task.id.int ^ 1)) for task in history)]
    found = [
        (habit.recurrence, [one.date for one in habit.evidence], habit.confidence)
        for habits in (detect(history, NOW, threshold=0), detect(twice, NOW, threshold=0))
        for habit in habits
    ]
    assert found[: len(found) // 2] == found[len(found) // 2 :]


@settings(deadline=None, max_examples=40)
@given(HISTORIES, st.lists(st.text(max_size=20), max_size=30))
def test_other_tasks_make_no_difference(history: list[PastTask], titles: list[str]) -> None:
    ours = {words_of(task.title) for task in history}
    others = [
        task for title in titles if words_of(title) not in ours for task in done(every(3, 2), title)
    ]
    found = [habit for habit in detect([*history, *others], NOW) if habit.words in ours]
    assert found == detect(history, NOW)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3), st.integers(12, 30), st.integers(-150, 150), st.integers(0, 6))
def test_whole_weeks_earlier_or_later_a_weekly_habit_is_the_same(
    weeks: int, times: int, shift: int, weekday: int
) -> None:
    last = TUESDAY + timedelta(days=weekday)
    tasks = done(every(7 * weeks, times, last))
    moved = [
        replace(
            task,
            created_at=task.created_at + timedelta(weeks=shift),
            completed_at=task.completed_at and task.completed_at + timedelta(weeks=shift),
        )
        for task in tasks
    ]
    now = datetime.combine(last, time(23), UTC)
    (here,), (there,) = detect(tasks, now), detect(moved, now + timedelta(weeks=shift))
    assert (here.recurrence, here.confidence) == (there.recurrence, there.confidence)
    assert there.anchor - here.anchor == timedelta(weeks=shift)


def test_who_asks_for_more_certainty_gets_no_more_habits() -> None:
    history = [
        task for number in range(20) for task in drawn(Random(number), f"{chr(97 + number)}ing")
    ]
    counts = [len(detect(history, NOW, threshold=at)) for at in (0.0, 0.5, THRESHOLD, 0.999, 1.1)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0
