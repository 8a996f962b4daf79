"""What is shown of what is to come, however long rules take to follow.

A rule that occurs no more, though nothing in it says so, is at its end; nobody is refused for it.
"""

from datetime import UTC, datetime
from uuid import uuid4

from msgspec.structs import replace
from tests.unit.services.recurring_processor.test_progress import chain

from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor import calendar, series
from taskflow.services.recurring_processor.model import Chain
from taskflow.services.recurring_processor.progress import overdue, settled
from taskflow.services.recurring_processor.shown import NEXT, all_coming, coming_of

# Every second hour falls on three o'clock only while Moscow's clocks were an hour ahead.
STOPPING = Recurrence("FREQ=HOURLY;INTERVAL=2;BYHOUR=3")
START = "2009-12-31T21:00:00Z"
LAST = datetime(2014, 10, 25, 23, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LONG = Recurrence("FREQ=HOURLY;INTERVAL=23;BYMONTH=1,2,3,4,5,6,7,8,9,10,11", count=10_000)


def test_a_page_of_rules_that_take_long_shows_what_comes_of_the_first_ones() -> None:
    known = chain(LONG).with_series(start_at="2003-01-01T09:00:00Z").series
    page = [replace(known, id=uuid4()) for _ in range(40)]
    coming = all_coming(page, NOW)
    assert list(coming) == [one.id for one in page]
    assert len(coming[page[0].id]) == NEXT
    assert coming[page[-1].id] == []


def test_a_page_of_plain_rules_shows_what_comes_of_all() -> None:
    known = chain(Recurrence("FREQ=DAILY")).series
    page = [replace(known, id=uuid4()) for _ in range(200)]
    assert {len(some) for some in all_coming(page, NOW).values()} == {NEXT}


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
    assert [one.at for one in coming_of(known.series, before)] == following
    month = calendar.month_of("2014-10", known.series.zone)
    assert [one.at for one in calendar.to_come(known, before, month.end, after=before)] == following


def test_a_rule_that_stopped_shows_nothing_to_come() -> None:
    known = stopping()
    month = calendar.month_of("2026-03", known.series.zone)
    assert coming_of(known.series, NOW) == []
    assert calendar.entries(known, month, [], NOW) == []


def test_the_last_that_a_rule_has_to_give_is_still_made() -> None:
    known = stopping("pile_up", "2014-10-23T23:00:00Z")
    assert len(overdue(known, NOW).occurrences) == 1
