"""What is shown of what is to come, however long rules take to follow.

A rule that occurs no more, though nothing in it says so, is at its end; nobody is refused for it.
"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_progress import chain

from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor import calendar, series
from taskflow.services.recurring_processor.model import Chain, Instance, Missed
from taskflow.services.recurring_processor.progress import (
    MOST_COUNTED,
    overdue,
    passed_over,
    settled,
)
from taskflow.services.recurring_processor.shown import NEXT, all_coming, coming_of, history_items
from taskflow.tasks.recurrence import Occurrence

# Every second hour falls on three o'clock only while Moscow's clocks were an hour ahead.
STOPPING = Recurrence("FREQ=HOURLY;INTERVAL=2;BYHOUR=3")
START = "2009-12-31T21:00:00Z"
LAST = datetime(2014, 10, 25, 23, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LONG = Recurrence("FREQ=HOURLY;INTERVAL=23;BYMONTH=1,2,3,4,5,6,7,8,9,10,11", count=10_000)


def test_a_page_of_rules_that_take_long_shows_what_comes_of_the_first_ones() -> None:
    page = page_of(chain(LONG).with_series(start_at="2003-01-01T09:00:00Z"), 40)
    coming = all_coming(page, NOW)
    assert list(coming) == [one.series.id for one in page]
    assert len(coming[page[0].series.id]) >= NEXT
    assert coming[page[-1].series.id] == []


def test_a_page_of_plain_rules_shows_what_comes_of_all() -> None:
    page = page_of(chain(Recurrence("FREQ=DAILY")), 200)
    assert min(len(some) for some in all_coming(page, NOW).values()) >= NEXT


def page_of(known: Chain, number: int) -> list[Chain]:
    """So many series that are alike."""
    return [known.with_series(id=uuid4()) for _ in range(number)]


def days_to_come(known: Chain) -> list[str]:
    return [one.date for one in coming_of(known, NOW)][:NEXT]


def at_place(known: Chain, day: str, **changes: object) -> Chain:
    """The series with its one task on another day."""
    (task,) = known.instances.values()
    moved = replace(task, planned_date=f"{day}T09:00:00Z", occurrence_date=day, **changes)
    return Chain(known.series, {moved.task_id: moved})


def test_what_was_done_ahead_of_its_time_is_not_to_come() -> None:
    known = chain(Recurrence("FREQ=DAILY"))
    done = at_place(known, "2026-03-05", status="completed", completed_at=NOW)
    assert days_to_come(done) == ["2026-03-06", "2026-03-07", "2026-03-08"]
    gone = at_place(known, "2026-03-05", is_deleted=True)
    assert days_to_come(gone) == ["2026-03-06", "2026-03-07", "2026-03-08"]


def test_a_task_that_waits_for_its_time_is_to_come_and_nothing_before_it() -> None:
    known = at_place(chain(Recurrence("FREQ=DAILY")), "2026-03-05")
    assert days_to_come(known) == ["2026-03-05", "2026-03-06", "2026-03-07"]
    late = at_place(chain(Recurrence("FREQ=DAILY")), "2026-03-01")
    assert days_to_come(late) == ["2026-03-03", "2026-03-04", "2026-03-05"]


def stopping(policy: str = "one_open", planned_date: str = START) -> Chain:
    """A series under the rule, and its one task."""
    recurrence = replace(STOPPING, policy=policy)
    known = chain(recurrence).with_series(timezone="Europe/Moscow", start_at=START).series
    (only,) = chain(recurrence).instances.values()
    task = replace(only, task_id=uuid4(), due_date=planned_date, planned_date=planned_date)
    return Chain(known, {task.task_id: task})


def test_a_task_of_a_rule_that_stopped_is_followed_by_none() -> None:
    known = stopping()
    (task,) = known.instances.values()
    done = replace(task, status="completed", completed_at=NOW)
    assert next(series.candidates(known, done, NOW, NOW), None) is None
    assert settled(known.keeping(done), NOW).series.status == "ended"


def test_what_comes_before_a_rule_stops_is_followed_and_shown_to_its_end() -> None:
    known = stopping()
    (task,) = known.instances.values()
    before = datetime(2014, 10, 23, 12, tzinfo=UTC)
    following = [one.at for one in series.candidates(known, task, before, before)]
    assert len(following) == 2
    assert following[-1] < LAST
    assert [one.at for one in coming_of(known, before)] == following
    month = calendar.month_of("2014-10", known.series.zone)
    assert [one.at for one in calendar.to_come(known, before, month.end, after=before)] == following


def test_a_rule_that_stopped_shows_nothing_to_come() -> None:
    known = stopping()
    month = calendar.month_of("2026-03", known.series.zone)
    assert coming_of(known, NOW) == []
    assert calendar.entries(known, month, [], NOW) == []


def test_the_last_that_a_rule_has_to_give_is_still_made() -> None:
    known = stopping("pile_up", "2014-10-23T23:00:00Z")
    assert len(overdue(known, NOW).occurrences) == 1


def having(task: Instance, missed: Missed) -> Instance:
    return replace(task, missed=missed.number, is_missed_at_least=missed.is_at_least)


def test_a_history_says_at_least_where_counting_has_ended() -> None:
    known = chain(Recurrence("FREQ=HOURLY"))
    (task,) = known.instances.values()
    late = Occurrence("", NOW + timedelta(days=400))
    for excused in (0, 300):
        last = replace(task, excused=excused)
        missed = passed_over(known.replacing(last), late)
        item = history_items(known.series, [having(task, missed)])[1]
        assert (item.count, item.is_at_least) == (MOST_COUNTED, True)
    soon = passed_over(known, Occurrence("", NOW + timedelta(days=4)))
    assert not history_items(known.series, [having(task, soon)])[1].is_at_least


def test_what_piles_up_says_at_least_too() -> None:
    missed = overdue(chain(Recurrence("FREQ=HOURLY", policy="pile_up")), NOW + timedelta(days=400))
    assert missed.missed.is_at_least
