"""When reminders are due, and where they stand after whatever their task goes through."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.notes import make_note

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Nag, Reminder, TaskState
from taskflow.services.reminder.scheduler import (
    PAST,
    REMOVED,
    Plan,
    Standing,
    passed_over,
    planned_time,
    plans,
    reminder_id,
    repetition,
    settle,
    why_closed,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZERO = timedelta(0)
ID = UUID(int=1)
DONE = "the task was completed"


def task(due: str | None = None, zone: str = "UTC", *, all_day: bool = False) -> TaskState:
    return replace(make_note(7).task, due_date=due, timezone=zone, all_day=all_day)


def due(state: TaskState, offset: str) -> str:
    found = planned_time(state, Reminder(offset=offset))
    assert found is not None
    return found.isoformat()


def plan(at: datetime, number: int = 1) -> Plan:
    return Plan(UUID(int=number), None, at, at)


def after(standing: Standing | None, asked_at: datetime, closed: str | None = None) -> Standing:
    """Where a reminder for noon stands once its task was changed."""
    known = {} if standing is None else {UUID(int=1): standing}
    changed = settle([plan(NOON)], known, asked_at, closed)
    return changed.get(UUID(int=1)) or known[UUID(int=1)]


def test_days_are_counted_on_the_wall_and_hours_exactly_when_the_clocks_change() -> None:
    # On 29 March 2026 Berlin leaves out an hour: 09:00 is 07:00 in UTC, the day before 08:00.
    monday = task("2026-03-29T07:00:00Z", "Europe/Berlin")
    assert due(monday, "P1D") == "2026-03-28T08:00:00+00:00"
    assert due(monday, "PT24H") == "2026-03-28T07:00:00+00:00"
    # On 25 October an hour happens twice.
    autumn = task("2026-10-25T08:00:00Z", "Europe/Berlin")
    assert due(autumn, "P1D") == "2026-10-24T07:00:00+00:00"
    assert due(autumn, "PT24H") == "2026-10-24T08:00:00+00:00"


def test_a_day_before_a_wall_time_that_does_not_exist_is_moved_by_the_gap() -> None:
    state = task("2026-03-30T00:30:00Z", "Europe/Berlin")
    assert due(state, "P1D") == "2026-03-29T01:30:00+00:00"


def test_an_all_day_task_counts_from_its_midnight() -> None:
    state = task("2026-03-30", "Europe/Berlin", all_day=True)
    assert due(state, "P1D") == "2026-03-28T23:00:00+00:00"
    assert due(state, "PT15H") == "2026-03-29T07:00:00+00:00"


def test_each_reminder_of_a_task_has_a_time_and_a_name_of_its_own() -> None:
    reminders = (Reminder(offset="P1D"), Reminder(offset="PT24H"), Reminder(at=NOON))
    state = replace(task("2026-03-20T09:00:00Z"), reminders=reminders)
    found = plans(state)
    assert len({one.id for one in found}) == 3
    assert [one.id for one in found] == [reminder_id(state, one) for one in reminders]
    assert [one.planned_at for one in found][:2] == [datetime(2026, 3, 19, 9, tzinfo=UTC)] * 2


def test_what_was_ahead_when_it_was_asked_for_fires_however_late_we_hear_of_it() -> None:
    assert after(None, asked_at=NOON - HOUR).status == "pending"
    assert after(None, asked_at=NOON) == Standing(NOON, NOON, "cancelled", PAST)


def test_what_is_due_and_has_not_fired_yet_is_not_cancelled_by_an_edit() -> None:
    pending = Standing(NOON, NOON, "pending")
    assert after(pending, asked_at=NOON + HOUR) == pending


def test_completing_cancels_and_reopening_plans_what_still_lies_ahead() -> None:
    closed = after(Standing(NOON, NOON, "pending"), NOON - 2 * HOUR, DONE)
    assert closed == Standing(NOON, NOON, "cancelled", DONE)
    assert after(closed, asked_at=NOON - HOUR) == Standing(NOON, NOON, "pending")
    assert after(closed, asked_at=NOON + HOUR) == Standing(NOON, NOON, "cancelled", PAST)


def test_a_snooze_outlives_completing_by_mistake_and_ends_with_a_new_time() -> None:
    snoozed = Standing(NOON - HOUR, NOON + HOUR, "pending", None, NOON, 3)
    wanted = [plan(NOON - HOUR)]
    closed = settle(wanted, {UUID(int=1): snoozed}, NOON, DONE)
    assert closed[UUID(int=1)].status == "cancelled"
    assert settle(wanted, closed, NOON, None) == {UUID(int=1): snoozed}
    assert after(snoozed, asked_at=NOON - 2 * HOUR) == Standing(NOON, NOON, "pending")


def test_what_has_fired_or_was_seen_stays_so_unless_its_time_moves() -> None:
    sent = Standing(NOON, NOON, "sent", None, NOON, 0)
    for known in (sent, sent._replace(status="acknowledged")):
        assert after(known, NOON + HOUR) == known
        assert after(known, NOON + HOUR, DONE) == known
        moved = known._replace(planned_at=NOON - HOUR, fire_at=NOON - HOUR)
        assert after(moved, NOON - 2 * HOUR) == Standing(NOON, NOON, "pending")


def test_a_reminder_that_is_taken_off_is_cancelled_and_one_put_back_is_planned() -> None:
    known = {UUID(int=1): Standing(NOON, NOON, "pending")}
    removed = settle([], known, NOON - HOUR, None)
    assert removed[UUID(int=1)] == Standing(NOON, NOON, "cancelled", REMOVED)
    assert after(removed[UUID(int=1)], NOON - HOUR) == known[UUID(int=1)]


def test_a_change_that_moves_nothing_writes_nothing() -> None:
    known = {UUID(int=1): Standing(NOON, NOON, "pending")}
    assert settle([plan(NOON)], known, NOON - HOUR, None) == {}


def test_a_deleted_task_is_closed_though_its_state_is_the_one_before() -> None:
    assert why_closed(task(), is_deleted=True) == "the task was deleted"
    assert why_closed(replace(task(), deleted_at=NOON), is_deleted=False) is not None
    assert why_closed(replace(task(), status="completed"), is_deleted=False) == DONE
    assert why_closed(task(), is_deleted=False) is None


@pytest.mark.parametrize("zone", ["Europe", "../etc", "Nowhere/Else"])
def test_a_zone_that_is_none_is_the_events_own_fault(zone: str) -> None:
    state = task("2026-03-02", zone, all_day=True)
    with pytest.raises(Invalid):
        planned_time(state, Reminder(offset="PT1H"))


def test_what_quiet_hours_hold_up_comes_still_where_its_time_moves_to_another_that_has_passed() -> (
    None
):
    # Its owner has moved to the next time zone at night, and it goes with the wall.
    earlier = NOON - HOUR
    held = Standing(earlier, NOON + 8 * HOUR, "pending", postponed_from=earlier)
    assert after(held, asked_at=NOON + HOUR) == held._replace(planned_at=NOON)


def test_what_has_fired_after_quiet_hours_is_planned_anew_like_any_other() -> None:
    earlier = NOON - HOUR
    sent = Standing(earlier, earlier, "sent", None, NOON, 0, postponed_from=earlier)
    assert after(sent, asked_at=NOON + HOUR) == Standing(NOON, NOON, "cancelled", PAST)


def test_what_quiet_hours_hold_up_comes_at_its_new_time_where_that_lies_ahead() -> None:
    earlier = NOON - HOUR
    held = Standing(earlier, NOON + 8 * HOUR, "pending", postponed_from=earlier)
    assert after(held, asked_at=earlier) == Standing(NOON, NOON, "pending")


def test_what_quiet_hours_held_up_is_due_again_when_its_task_is_reopened() -> None:
    done = Standing(NOON, NOON + 8 * HOUR, "cancelled", DONE, postponed_from=NOON)
    again = Standing(NOON, NOON + HOUR, "pending")
    assert after(done, asked_at=NOON + HOUR) == again
    assert after(done, asked_at=NOON - HOUR) == again._replace(fire_at=NOON)


def test_a_repetition_that_goes_on_is_neither_held_up_nor_late_like_the_one_before_it() -> None:
    waiting = NAGGING._replace(fired_at=NOON - HOUR, nag_done=1, missed_at=NOON - HOUR)
    done = waiting._replace(status="cancelled", reason=DONE, postponed_from=NOON)
    wanted = [plan(NOON)._replace(nag_every_seconds=600, nag_times=3)]
    found = settle(wanted, {UUID(int=1): done}, NOON + timedelta(minutes=5), None)[UUID(int=1)]
    assert (found.fire_at, found.nag_done) == (NOON + timedelta(minutes=10), 2)
    assert (found.missed_at, found.postponed_from) == (None, None)


NAGGING = Standing(NOON, NOON, "pending", None, None, None, 600, 3)


def test_a_task_says_how_its_reminder_nags() -> None:
    reminders = (Reminder(at=NOON, nag=Nag("PT10M", 3)), Reminder(at=NOON + HOUR))
    found = plans(replace(task(), reminders=reminders))
    assert [(one.nag_every_seconds, one.nag_times) for one in found] == [(600, 3), (None, None)]


def test_repetitions_follow_at_their_interval_and_end() -> None:
    standing, times = NAGGING, []
    while (following := repetition(standing, standing.fire_at)) is not None:
        times.append(following.at - NOON)
        standing = standing._replace(fire_at=following.at, nag_done=following.number)
    assert times == [timedelta(minutes=minutes) for minutes in (10, 20, 30)]
    assert repetition(Standing(NOON, NOON, "pending"), NOON) is None


@given(
    st.integers(60, 86_400), st.integers(1, 20), st.integers(0, 20), st.timedeltas(ZERO, 9 * DAY)
)
def test_a_repetition_lies_ahead_and_at_its_own_place_however_late_the_one_before_it_was(
    every: int, times: int, done: int, late: timedelta
) -> None:
    standing = NAGGING._replace(nag_every_seconds=every, nag_times=times, nag_done=done)
    following = repetition(standing, NOON + late)
    if following is None:
        assert done + late // timedelta(seconds=every) + 1 > times
    else:
        assert NOON + late < following.at <= NOON + late + timedelta(seconds=every)
        assert done < following.number <= times
        assert following.at - NOON == (following.number - done) * timedelta(seconds=every)


def test_a_nag_that_is_taken_off_or_shortened_ends_what_has_fired_already() -> None:
    known = NAGGING._replace(fire_at=NOON + HOUR, fired_at=NOON, late_by_seconds=0, nag_done=2)
    for nag in (Plan(ID, None, NOON, NOON), Plan(ID, None, NOON, NOON, 600, 1)):
        ended = settle([nag], {ID: known}, NOON + HOUR / 2, None)[ID]
        assert (ended.status, ended.fire_at, ended.nag_done) == ("sent", NOON, 0)
    longer = settle([Plan(ID, None, NOON, NOON, 900, 9)], {ID: known}, NOON + HOUR / 2, None)[ID]
    assert longer == known._replace(nag_every_seconds=900, nag_times=9)


def test_a_new_time_begins_the_nagging_afresh() -> None:
    known = NAGGING._replace(nag_done=2, fired_at=NOON, fire_at=NOON + HOUR)
    moved = settle([Plan(ID, None, None, NOON + 9 * HOUR, 600, 3)], {ID: known}, NOON, None)[ID]
    assert (moved.status, moved.nag_done, moved.fired_at) == ("pending", 0, None)


@pytest.mark.parametrize(
    ("reopened", "at", "number"),
    [(11, 20, 2), (19, 20, 2), (20, 30, 3), (29, 30, 3)],
)
def test_a_nag_whose_task_is_reopened_goes_on_with_what_is_left_of_it(
    reopened: int, at: int, number: int
) -> None:
    minute, nags = timedelta(minutes=1), Plan(ID, None, NOON, NOON, 600, 3)
    fired = NAGGING._replace(fire_at=NOON + 10 * minute, fired_at=NOON, nag_done=1)
    closed = settle([nags], {ID: fired}, NOON + minute, DONE)
    again = settle([nags], closed, NOON + reopened * minute, None)[ID]
    assert again == fired._replace(fire_at=NOON + at * minute, nag_done=number)


def test_what_has_fired_and_has_nothing_left_is_sent_when_its_task_is_reopened() -> None:
    fired = NAGGING._replace(fire_at=NOON + HOUR / 6, fired_at=NOON, nag_done=1)
    nags = Plan(ID, None, NOON, NOON, 600, 3)
    closed = settle([nags], {ID: fired}, NOON, DONE)
    again = settle([nags], closed, NOON + HOUR, None)[ID]
    assert (again.status, again.reason, again.fire_at) == ("sent", None, NOON)


@given(st.integers(0, 20), st.integers(0, 20), st.timedeltas(ZERO, 9 * DAY))
def test_a_firing_passes_over_what_lies_between_it_and_what_follows(
    times: int, done: int, late: timedelta
) -> None:
    standing = NAGGING._replace(nag_times=times, nag_done=done)
    following = repetition(standing, NOON + late)
    went_by = min(late // timedelta(minutes=10), max(times - done, 0))
    assert passed_over(standing, following) == went_by
