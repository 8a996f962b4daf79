"""What a channel is given to say."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace
from tests.notes import make_note

from taskflow.events.payloads import Priority
from taskflow.services.reminder.messages import MOST_NAMED, Contents, Member, message_of

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
ID = UUID(int=77)


def member(number: int, late: int = 0, priority: Priority = "medium") -> Member:
    task = replace(
        make_note(number, title=f"Task {number}").task,
        due_date="2026-03-02T09:00:00Z",
        timezone="Europe/Berlin",
        priority=priority,
    )
    return Member(UUID(int=number), AT, late, task)


def alone(one: Member) -> Contents:
    return Contents([one], 1, one.task.priority)


def test_one_reminder_says_what_is_due_when_in_its_own_zone_and_leads_to_it() -> None:
    message = message_of(ID, alone(member(1)))
    assert (message.id, message.kind, message.title) == (ID, "reminder", "Task 1")
    assert message.body == "Due Monday 02 March 2026, 10:00 (Europe/Berlin)"
    assert message.link == f"/#task-{UUID(int=1)}"
    assert message.reminder_ids == (UUID(int=1),)


def test_a_late_one_says_how_late_it_is_and_when_it_was_to_come() -> None:
    body = message_of(ID, alone(member(1, late=5400))).body
    assert body.endswith("This is late by 1:30:00: it was to come on 02 March 2026 at 09:00")


def test_a_task_without_a_due_date_has_something_to_say_too() -> None:
    plain = member(1)
    plain = plain._replace(task=replace(plain.task, due_date=None))
    assert message_of(ID, alone(plain)).body == "Reminder"


def test_an_all_day_task_is_due_on_a_day() -> None:
    day = member(1)
    day = day._replace(task=replace(day.task, due_date="2026-03-09", all_day=True))
    assert message_of(ID, alone(day)).body == "Due Monday 09 March 2026"


def test_a_digest_names_what_was_missed_counts_the_rest_and_is_as_urgent_as_the_most_urgent() -> (
    None
):
    named = [member(number, late=600) for number in range(1, MOST_NAMED + 1)]
    named[0] = member(1, late=9000)
    message = message_of(ID, Contents(named, MOST_NAMED + 2, "urgent"))
    assert (message.kind, message.title) == ("digest", "22 reminders were missed")
    assert message.body.splitlines()[0] == (
        "- Task 1 (Due Monday 02 March 2026, 10:00 (Europe/Berlin); was to come at 09:00)"
    )
    assert message.body.endswith("and 2 more")
    assert (message.priority, message.late_by_seconds, message.link) == ("urgent", 9000, "/")
    assert len(message.reminder_ids) == MOST_NAMED


def test_a_digest_says_of_each_when_it_was_to_come_and_which_are_urgent() -> None:
    day = 24 * 3600
    urgent = member(2, late=600, priority="urgent")
    plain = member(1)._replace(fire_at=AT - timedelta(days=1), late_by_seconds=600 + day)
    plain = plain._replace(task=replace(plain.task, due_date=None))
    message = message_of(ID, Contents([urgent, plain], 2, "urgent"))
    assert message.body.splitlines() == [
        "- Urgent: Task 2 (Due Monday 02 March 2026, 10:00 (Europe/Berlin); was to come at 09:00)",
        "- Task 1 (was to come on 01 March 2026 at 09:00)",
    ]
    assert (message.fire_at, message.late_by_seconds) == (plain.fire_at, plain.late_by_seconds)
