"""Pauses between attempts grow, scatter, and end."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from taskflow.services.reminder.retries import FIRST_PAUSE, MOST_ATTEMPTS, MOST_TIME, pause

NOTHING = timedelta(0)


def test_each_pause_is_three_times_the_one_before_it() -> None:
    found = [pause(attempt, NOTHING, 0.5) for attempt in range(1, MOST_ATTEMPTS)]
    assert found == [FIRST_PAUSE * 3**power for power in range(MOST_ATTEMPTS - 1)]


def test_after_the_last_attempt_there_is_none() -> None:
    assert pause(MOST_ATTEMPTS, NOTHING, 0.5) is None


@given(
    st.integers(1, 10),
    st.timedeltas(NOTHING, timedelta(days=1)),
    st.floats(0, 1),
    st.none() | st.timedeltas(NOTHING, timedelta(days=1)),
)
def test_no_pause_leads_beyond_the_time_and_none_is_shorter_than_what_was_asked_for(
    attempt: int, spent: timedelta, chance: float, wish: timedelta | None
) -> None:
    found = pause(attempt, spent, chance, wish)
    if found is not None:
        assert found > NOTHING
        assert spent + found <= MOST_TIME
        assert found >= (wish or NOTHING)
