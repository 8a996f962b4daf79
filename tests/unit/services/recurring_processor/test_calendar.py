"""A month is that of the series' zone, whole, and says what is not plain."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.calendar import PAUSED, Entry, entries, month_of
from taskflow.services.recurring_processor.model import Chain, Instance, Series

NOW = datetime(2026, 3, 3, tzinfo=UTC)
SERIES = Series(
    id=uuid4(),
    user_id=uuid4(),
    recurrence=Recurrence("FREQ=DAILY"),
    timezone="Europe/Berlin",
    all_day=False,
    start_at="2026-03-02T01:30:00Z",
    used=0,
    made=1,
    status="active",
    current_task_id=uuid4(),
    created_at=NOW,
    updated_at=NOW,
)
INSTANCE = Instance(
    task_id=SERIES.current_task_id,
    series_id=SERIES.id,
    title="Water",
    position=1,
    version=1,
    own_version=0,
    status="pending",
    is_deleted=False,
    is_withdrawn=False,
    repeats=True,
    occurrence_date="2026-03-02",
    due_date="2026-03-05T01:30:00Z",
    planned_date="2026-03-02T01:30:00Z",
    completed_at=None,
    due_at=datetime(2026, 3, 5, 1, 30, tzinfo=UTC),
)
CHAIN = Chain(SERIES, {INSTANCE.task_id: INSTANCE})


def test_a_month_begins_and_ends_at_the_zones_midnight() -> None:
    month = month_of("2026-03", ZoneInfo("Europe/Berlin"))
    assert (month.days[0], month.days[-1]) == (date(2026, 3, 1), date(2026, 3, 31))
    assert month.end - month.start == timedelta(days=31, hours=-1)


@pytest.mark.parametrize(
    "text", ["2026-00", "2026-13", "1899-12", "2026-3", "2026-03-01", "٢٠٢٦-٠٣"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        month_of(text, ZoneInfo("UTC"))


def test_a_moved_task_stands_on_its_new_day_and_the_rest_on_the_rules() -> None:
    month = month_of("2026-03", SERIES.zone)
    found = entries(CHAIN, month, [INSTANCE], NOW)
    moved = [one for one in found if one.status == "open"]
    assert [(one.day, "moved from 2026-03-02" in str(one.reason)) for one in moved] == [
        (date(2026, 3, 5), True)
    ]
    planned = [one for one in found if one.status == "planned"]
    assert [one.day for one in planned] == [date(2026, 3, day) for day in range(3, 32)]
    gap = next(one for one in planned if one.day == date(2026, 3, 29))
    assert "does not exist" in str(gap.reason)


def test_a_paused_series_says_so_and_one_that_has_ended_plans_nothing() -> None:
    month = month_of("2026-04", SERIES.zone)
    paused = Chain(replace(SERIES, status="paused", paused_at=NOW), CHAIN.instances)
    assert {one.reason for one in entries(paused, month, [], NOW)} == {PAUSED}
    march = entries(paused, month_of("2026-03", SERIES.zone), [], NOW)
    gap = next(one for one in march if one.day == date(2026, 3, 29))
    assert str(gap.reason).startswith(f"{PAUSED}; 02:30 does not exist")
    ended = Chain(replace(SERIES, status="ended"), CHAIN.instances)
    assert entries(ended, month, [], NOW) == []


GAP = replace(
    INSTANCE,
    occurrence_date="2026-03-29",
    due_date="2026-03-29T01:30:00Z",
    planned_date="2026-03-29T01:30:00Z",
    due_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
)
DONE = replace(GAP, status="completed", completed_at=NOW)


def of_day(instance: Instance, number: int, **series: Any) -> list[Entry]:
    """What stands on a day of March, with this the series' last task."""
    chain = Chain(replace(SERIES, **series), {instance.task_id: instance})
    found = entries(chain, month_of("2026-03", SERIES.zone), [instance], NOW)
    return [one for one in found if one.day == date(2026, 3, number)]


@pytest.mark.parametrize(
    "instance", [GAP, DONE, replace(GAP, is_deleted=True), replace(GAP, is_skipped=True)]
)
@pytest.mark.parametrize("status", ["active", "ended"])
def test_a_task_says_what_is_not_plain_whatever_became_of_it(
    instance: Instance, status: str
) -> None:
    (found,) = of_day(instance, 29, status=status)
    assert str(found.reason).endswith("02:30 does not exist on this day; moved forward to 03:30")


def test_a_day_that_a_month_lacks_is_told_of_the_task_that_was_done_then() -> None:
    rule = Recurrence("FREQ=MONTHLY", month_end="clamp")
    at = "2026-02-28T01:30:00Z"
    clamped = replace(
        DONE, planned_date=at, due_date=at, due_at=datetime(2026, 2, 28, 1, 30, tzinfo=UTC)
    )
    monthly = replace(SERIES, recurrence=rule, start_at="2026-01-31T01:30:00Z")
    chain = Chain(monthly, {clamped.task_id: clamped})
    (found,) = entries(chain, month_of("2026-02", SERIES.zone), [clamped], NOW)
    assert found.reason == "there is no day 31 in this month; its last day is meant"


def test_a_task_that_was_moved_into_a_month_says_what_is_not_plain_where_it_was() -> None:
    moved = replace(
        GAP, due_date="2026-04-02T07:00:00Z", due_at=datetime(2026, 4, 2, 7, tzinfo=UTC)
    )
    chain = Chain(SERIES, {moved.task_id: moved})
    april = entries(chain, month_of("2026-04", SERIES.zone), [moved], NOW)
    found = next(one for one in april if one.status == "open")
    assert "moved from 2026-03-29" in str(found.reason)
    assert "does not exist" in str(found.reason)


@pytest.mark.parametrize("day", [2, 3, 20])
def test_an_exception_is_told_as_one_whenever_it_is(day: int) -> None:
    rule = Recurrence("FREQ=DAILY", exdates=(f"2026-03-{day:02}",))
    (found,) = of_day(replace(GAP, planned_date="2026-03-10T01:30:00Z"), day, recurrence=rule)
    assert (found.status, found.instance) == ("excluded", None)
    assert found.reason == "left out: an exception"


def test_a_day_left_out_that_has_its_task_shows_the_task() -> None:
    rule = Recurrence("FREQ=DAILY", exdates=("2026-03-29",))
    (found,) = of_day(DONE, 29, recurrence=rule)
    assert (found.status, found.reason) == ("done", "left out: an exception")


def test_nothing_is_left_out_after_the_end_of_a_series() -> None:
    rule = Recurrence("FREQ=DAILY", exdates=("2026-03-05", "2026-03-30"))
    assert of_day(DONE, 30, recurrence=rule, status="ended") == []
    assert [one.status for one in of_day(DONE, 5, recurrence=rule, status="ended")] == ["excluded"]


@pytest.mark.parametrize("recurrence", [Recurrence("FREQ=DAILY"), Recurrence("FREQ=WEEKLY")])
def test_a_task_from_before_the_present_start_says_what_was_not_plain_then(
    recurrence: Recurrence,
) -> None:
    old = replace(DONE, reason="02:30 was not", plan="another")
    (found,) = of_day(old, 29, recurrence=recurrence, start_at="2026-04-02T07:00:00Z")
    assert (found.status, found.reason) == ("done", "02:30 was not")


@pytest.mark.parametrize("reason", ["", None])
def test_an_edited_rule_says_nothing_of_a_task_that_it_did_not_plan(reason: str | None) -> None:
    (found,) = of_day(replace(DONE, reason=reason, plan="another"), 29)
    assert (found.status, found.reason) == ("done", None)
