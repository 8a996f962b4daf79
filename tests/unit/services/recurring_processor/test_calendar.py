"""A month is that of the series' zone, whole, and says what is not plain."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.calendar import PAUSED, entries, month_of
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
    ended = Chain(replace(SERIES, status="ended"), CHAIN.instances)
    assert entries(ended, month, [], NOW) == []
