"""What is due: it fires, waits for the end of quiet hours, or is told of with others."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from taskflow.events.payloads import Digest, Priority
from taskflow.services.reminder.catch_up import Due, firings, is_missed, joined, postponed
from taskflow.services.reminder.scheduler import Standing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def due(late: timedelta, *, user: int = 1, number: int = 1, priority: Priority = "medium") -> Due:
    at = NOON - late
    return Due(
        id=UUID(int=number),
        user_id=UUID(int=user),
        task_id=UUID(int=number),
        offset=None,
        standing=Standing(at, at, "pending"),
        priority=priority,
        due_date=None,
        version=1,
        correlation_id="c",
        traceparent=None,
    )


def test_quiet_hours_hold_up_all_but_what_is_urgent() -> None:
    until = NOON + timedelta(hours=7)
    found = [due(MINUTE), due(MINUTE, number=2, priority="urgent"), due(MINUTE, user=2, number=3)]
    quiet = {UUID(int=1): until, UUID(int=2): None}
    assert postponed(found, quiet, NOON) == {UUID(int=1): until}


def test_lateness_is_said_in_whole_seconds_and_never_negative() -> None:
    found = firings([due(timedelta(seconds=90.9)), due(timedelta(0))], (), NOON)
    assert [one.late_by_seconds for one in found] == [90, 0]


def test_only_what_is_more_than_a_minute_late_was_missed() -> None:
    assert not is_missed(due(MINUTE), NOON)
    assert is_missed(due(MINUTE + timedelta(seconds=1)), NOON)


def test_what_was_missed_takes_its_places_in_its_owners_digest_and_nothing_else_does() -> None:
    late = [due(5 * MINUTE, number=number) for number in (1, 2)]
    others = [due(timedelta(0), number=3), due(5 * MINUTE, user=2, number=4)]
    digest = Digest(UUID(int=50), 4, 8)
    fired = joined(firings([*late, *others], (), NOON), {UUID(int=1): digest}, NOON)
    places = [one.digest.place if one.digest else None for one in fired]
    assert places == [4, 5, None, None]


def test_who_wants_to_be_told_of_nothing_is_told_of_nothing() -> None:
    fired = firings([due(MINUTE), due(MINUTE, user=2)], {UUID(int=2)}, NOON)
    assert [one.is_muted for one in fired] == [False, True]
