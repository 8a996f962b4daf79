"""The next task of a series, as it is drafted."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace

from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.instance_commands import Wish, drafted_instance
from taskflow.tasks.model import Actor, new_task
from taskflow.tasks.recurrence import occurrences, schedule_of

NOW = datetime(2027, 1, 1, tzinfo=UTC)
USER = UUID(int=1)
ANN = Actor(USER, "user", "1", "Ann", "c")


def test_what_is_made_where_its_time_is_left_out_has_it_where_its_owner_goes() -> None:
    wanted = {
        "title": "Stretch",
        "due_date": "2027-03-27T02:30:00+01:00",
        "timezone": "Europe/Berlin",
        "recurrence": {"rule": "daily"},
    }
    fields = replace(drafted(DEFAULTS, wanted, NOW), floating=True)
    first = replace(new_task(fields, UUID(int=2), USER, NOW), series_id=UUID(int=3)).state()
    assert isinstance(fields.due, datetime)
    following = occurrences(schedule_of(first, fields.due), limit=2)[1]
    made = drafted_instance(Wish(ANN, first, following), NOW)
    assert made.due == made.planned == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 03:30.
    there = made.moved_to("Europe/London")
    assert there.due == there.planned == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 02:30.
    assert there.due_wall is None
