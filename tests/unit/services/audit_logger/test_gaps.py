"""Missing versions: what arrives late is no gap for long, what is lost is one."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from taskflow.base.ids import new_id
from taskflow.events.payloads import EventType, TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED, TASK_UPDATED
from taskflow.services.audit_logger.gaps import KEPT_SECONDS, PATIENCE_SECONDS, Gaps, Version
from taskflow.tasks.drafts import DEFAULTS, drafted
from taskflow.tasks.model import Actor, event_of, new_task

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
USER = uuid4()
TASK = new_task(drafted(DEFAULTS, {"title": "Water"}, NOW), new_id(NOW), USER, NOW)
EVENT = event_of(
    Actor(USER, "user", str(USER), "Ann", "correlation"), TASK_UPDATED, TASK, {}, new_id(NOW)
)
LATER = PATIENCE_SECONDS


def change(
    version: int, task_id: UUID = TASK.id, event_type: EventType = TASK_UPDATED
) -> TaskEvent:
    return replace(EVENT, version=version, task_id=task_id, event_type=event_type)


def look(gaps: Gaps, trail: set[int], now: float) -> list[Version]:
    """Look up what is due in a trail that has these versions."""
    asked = gaps.due(now)
    gaps.looked(asked, [one for one in asked if one.version not in trail])
    return asked


@given(st.permutations(range(1, 12)), st.lists(st.integers(1, 11), max_size=5))
def test_versions_that_all_arrive_leave_no_gap_whatever_their_order(
    order: list[int], again: list[int]
) -> None:
    gaps, trail = Gaps(), set[int]()
    for at, version in enumerate([*order, *again]):
        trail.add(version)
        gaps.saw([change(version)], at * LATER)
        look(gaps, trail, at * LATER)
    look(gaps, trail, 1_000 * LATER)
    assert len(gaps) == 0


@given(st.sets(st.integers(2, 10), min_size=1), st.permutations(range(1, 12)))
def test_a_version_that_never_comes_is_a_gap_when_the_next_one_has_come(
    lost: set[int], order: list[int]
) -> None:
    gaps, trail = Gaps(), {version for version in order if version not in lost}
    gaps.saw([change(version) for version in order if version in trail], 0.0)
    assert look(gaps, trail, LATER - 1) == []
    look(gaps, trail, LATER)
    assert len(gaps) == len({version for version in lost if version + 1 in trail})


def test_a_gap_that_closes_is_none_any_more() -> None:
    gaps = Gaps()
    gaps.saw([change(3)], 0.0)
    look(gaps, {3}, LATER)
    assert len(gaps) == 1
    gaps.saw([change(2)], 2 * LATER)
    assert len(gaps) == 0


def test_what_arrives_while_it_is_looked_up_is_no_gap() -> None:
    gaps = Gaps()
    gaps.saw([change(2)], 0.0)
    asked = gaps.due(LATER)
    gaps.saw([change(1)], LATER)
    gaps.looked(asked, asked)
    assert len(gaps) == 0


def test_what_arrives_in_order_is_never_looked_up() -> None:
    gaps = Gaps()
    for version in range(1, 100):
        gaps.saw([change(version)], 0.0)
    assert gaps.due(LATER) == []


def test_a_reminder_is_no_version() -> None:
    gaps = Gaps()
    gaps.saw([change(7, event_type=REMINDER_TRIGGERED)], 0.0)
    assert gaps.due(LATER) == []


def test_a_gap_is_given_up_after_a_day() -> None:
    gaps = Gaps()
    gaps.saw([change(3)], 0.0)
    look(gaps, {3}, LATER)
    assert gaps.due(KEPT_SECONDS + 1) == []
    assert len(gaps) == 0


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    gaps = Gaps(capacity=10)
    gaps.saw([change(3, uuid4()) for _ in range(100)], 0.0)
    assert len(gaps.due(LATER)) == 10
    assert len(gaps._last) == 10
