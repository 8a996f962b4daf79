"""How far a series has come: nothing is forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from msgspec.structs import replace

from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.model import Chain, Instance, Missed, Series
from taskflow.services.recurring_processor.pauses import resumed
from taskflow.services.recurring_processor.progress import (
    MOST_CAUGHT_UP,
    MOST_COUNTED,
    going_on,
    next_alone,
    over,
    overdue,
    passed_over,
    settled,
)
from taskflow.tasks.recurrence import occurrences

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
PILING = Recurrence("FREQ=DAILY", policy="pile_up")


def chain(recurrence: Recurrence = PILING) -> Chain:
    task_id = uuid4()
    series = Series(
        id=uuid4(),
        user_id=uuid4(),
        recurrence=recurrence,
        timezone="UTC",
        all_day=False,
        start_at="2026-03-02T09:00:00Z",
        used=0,
        made=1,
        status="active",
        current_task_id=task_id,
        created_at=START,
        updated_at=START,
    )
    instance = Instance(
        task_id=task_id,
        series_id=series.id,
        title="Water",
        position=1,
        version=1,
        own_version=0,
        status="pending",
        is_deleted=False,
        is_withdrawn=False,
        repeats=True,
        occurrence_date="2026-03-02",
        due_date="2026-03-02T09:00:00Z",
        planned_date="2026-03-02T09:00:00Z",
        completed_at=None,
        due_at=START,
    )
    return Chain(series, {task_id: instance})


def test_what_is_due_of_what_piles_up_is_all_since_the_last_task() -> None:
    assert overdue(chain(), START + DAY - timedelta(seconds=1)).occurrences == []
    found = overdue(chain(), START + 3 * DAY)
    assert [one.date for one in found.occurrences] == ["2026-03-03", "2026-03-04", "2026-03-05"]
    assert found.missed == Missed()


def test_more_than_a_month_of_days_is_missed_and_counted() -> None:
    found = overdue(chain(), START + 400 * DAY)
    assert len(found.occurrences) == MOST_CAUGHT_UP
    assert found.missed == Missed(400 - MOST_CAUGHT_UP)
    hourly = chain(Recurrence("FREQ=HOURLY", policy="pile_up"))
    endless = overdue(hourly, START + 3_000 * DAY)
    assert endless.missed == Missed(MOST_COUNTED - MOST_CAUGHT_UP, is_at_least=True)


def test_of_very_many_the_newest_are_made_at_once() -> None:
    hourly = chain(Recurrence("FREQ=HOURLY", policy="pile_up"))
    now = START + 3_000 * DAY
    found = [one.at for one in overdue(hourly, now).occurrences]
    assert found == [now - timedelta(hours=ago) for ago in reversed(range(MOST_CAUGHT_UP))]


def test_what_is_due_within_minutes_is_all_made() -> None:
    dates = ("2026-03-02T09:05:00", "2026-03-02T09:10:00")
    found = overdue(chain(replace(PILING, rdates=dates)), START + timedelta(minutes=12))
    assert [one.date for one in found.occurrences] == ["2026-03-02T09:05", "2026-03-02T09:10"]


def test_what_is_too_long_ago_to_be_counted_is_still_followed() -> None:
    rule = Recurrence("FREQ=HOURLY;INTERVAL=20;BYHOUR=9", policy="pile_up")
    (only,) = chain(rule).instances.values()
    old = replace(only, due_date="1957-09-21T09:00:00Z", planned_date="1950-03-02T09:00:00Z")
    series = chain(rule).with_series(start_at="1957-09-21T09:00:00Z").series
    long_ago = Chain(series, {old.task_id: old})
    (following,) = occurrences(series.schedule, after=START)
    missed = passed_over(long_ago, following)
    assert missed.is_at_least
    assert 0 < missed.number < MOST_COUNTED
    found = overdue(long_ago, START + DAY)
    assert found.occurrences[-1].at == START + DAY
    assert len(found.occurrences) == MOST_CAUGHT_UP
    assert found.missed == missed._replace(number=missed.number - MOST_CAUGHT_UP)
    ending = long_ago.with_series(recurrence=replace(rule, until="2026-03-02"))
    lapsed = replace(old, lapsed=missed.number, is_lapsed_at_least=True)
    assert over(ending).last == lapsed
    assert going_on(over(ending)).last == old
    paused = long_ago.with_series(paused_at=START - 20_000 * DAY)
    assert resumed(paused, START).series.resumed_at == START


def test_the_end_of_a_rule_is_the_end_of_what_piles_up() -> None:
    ending = chain(Recurrence("FREQ=DAILY", "schedule", "2026-03-04", None, "skip", "pile_up"))
    found = overdue(ending, START + 100 * DAY)
    assert [one.date for one in found.occurrences] == ["2026-03-03", "2026-03-04"]


def test_a_series_that_is_held_or_shows_one_task_waits_for_nothing() -> None:
    assert next_alone(chain()) == START + DAY
    assert next_alone(chain(Recurrence("FREQ=DAILY"))) is None
    assert next_alone(chain().with_series(paused_at=START)) is None
    assert next_alone(chain().with_series(stopped_at=START)) is None


def test_what_is_added_beside_the_rule_is_due_on_its_day_and_uses_up_none_of_count() -> None:
    dates = ("2026-03-03T12:00:00", "2026-03-20T12:00:00")
    rule = Recurrence("FREQ=DAILY", "schedule", None, 5, policy="pile_up", rdates=dates)
    found = overdue(chain(rule), START + 2 * DAY)
    assert [one.date for one in found.occurrences] == [
        "2026-03-03", "2026-03-03T12:00", "2026-03-04",
    ]  # fmt: skip
    paused = chain(rule).with_series(paused_at=START + timedelta(hours=1))
    after = resumed(paused, START + 2 * DAY)
    assert after.series.used == -2
    (only,) = after.instances.values()
    assert only.excused == 3


def test_a_series_that_is_paused_or_stopped_says_so() -> None:
    assert settled(chain(), START).series.status == "active"
    assert settled(chain().with_series(paused_at=START), START).series.status == "paused"
    stopped = chain().with_series(stopped_at=START)
    assert settled(stopped, START).series.status == "ended"
    (only,) = stopped.instances.values()
    over = Chain(chain().series, {only.task_id: replace(only, repeats=False, is_deleted=True)})
    assert settled(over, START).series.status == "ended"


def test_a_series_that_does_not_change_is_left_as_it_is() -> None:
    once = settled(chain(), START)
    assert settled(once, START + DAY) == once
