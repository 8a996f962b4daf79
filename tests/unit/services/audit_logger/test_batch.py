"""A batch keeps every event once and whole, whatever it is made of."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from taskflow.base.ids import new_id
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TASK_CREATED
from taskflow.services.audit_logger.batch import Row, columns
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.model import Actor, event_of, new_task

USER = UUID(int=1)
ACTOR = Actor(USER, "user", str(USER), "Ann", "correlation")
TITLES = st.text(st.characters(codec="utf-8", categories=["L", "N", "S"]), min_size=1, max_size=40)
FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)
MOMENTS = st.builds(
    lambda seconds, hours: (FIRST + timedelta(seconds=seconds)).astimezone(
        timezone(timedelta(hours=hours))
    ),
    st.integers(0, int((LAST - FIRST).total_seconds())),
    st.integers(-12, 14),
)


@st.composite
def events(draw: st.DrawFn) -> TaskEvent:
    now = draw(MOMENTS)
    fields = drafted(DEFAULTS, {"title": draw(TITLES)}, now)
    task = new_task(fields, new_id(now), USER, now)
    return event_of(ACTOR, TASK_CREATED, task, {}, new_id(now))


@given(st.lists(events(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_every_event_stands_in_a_batch_once_and_can_be_read_back(
    found: list[TaskEvent], chance: Random
) -> None:
    repeated = [*found, *found[::2]]
    chance.shuffle(repeated)
    table = columns(repeated)
    rows = [Row(*values) for values in zip(*table, strict=True)]
    by_id = {event.event_id: event for event in found}
    assert sorted(row.event_id for row in rows) == sorted(by_id)
    for row in rows:
        event = msgspec.json.decode(row.payload, type=TaskEvent)
        assert event == by_id[row.event_id]
        utc = event.timestamp.astimezone(UTC)
        assert (row.partition_key.year, row.partition_key.month) == (utc.year, utc.month)
        assert row.partition_key.day == 1
