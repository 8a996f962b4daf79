"""A rule within the day gives whole days, where a task that was kept has it."""

from datetime import UTC, datetime, time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from taskflow.tasks.recurrence import (
    occurrence_key,
    occurrences,
    schedule_of,
)
from taskflow.tasks.recurrence_completion import next_after_completion
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import instant

RULES = st.sampled_from(
    [
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;BYDAY=MO,FR",
        "FREQ=HOURLY",
        "FREQ=HOURLY;INTERVAL=7;BYDAY=MO,FR",
        "FREQ=DAILY;BYHOUR=9",
        "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=30",
        "FREQ=WEEKLY;BYHOUR=9;BYSECOND=7",
        "FREQ=MONTHLY;BYHOUR=0,12;BYDAY=MO,TU;BYSETPOS=-1",
    ]
)
ZONES = st.sampled_from(["Europe/Berlin", "Pacific/Apia", "America/Santiago", "Asia/Beirut"])
STARTS = st.datetimes(datetime(2000, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is beside them


@settings(deadline=None, max_examples=200)
@given(RULES, STARTS, ZONES, st.sampled_from(["schedule", "completion"]))
def test_of_whole_days_each_lies_behind_the_one_before_whatever_the_rule_says(
    rule: str, start: datetime, zone: str, mode: str
) -> None:
    class Task:
        recurrence = parse_recurrence({"rule": rule, "mode": mode})
        timezone = zone
        all_day = True

    found = schedule_of(Task(), start)
    days = [one.at for one in occurrences(found, limit=5)]
    for one, following in pairwise(days):
        at = instant(datetime.combine(one, time()), found.zone)
        assert occurrences(found, after=at)[0].at == following > one
        done = next_after_completion(found, at, made=1)
        assert done is not None
        assert done.at > one
        assert occurrence_key(following, Task()) == f"{following:%Y-%m-%d}"
