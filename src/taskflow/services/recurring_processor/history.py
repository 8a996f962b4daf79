"""What has become of the instances of a series, and how well it was kept. Pure."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from taskflow.services.recurring_processor.model import Instance, Missed
from taskflow.services.recurring_processor.moments import parse_when
from taskflow.services.recurring_processor.patterns import timezone_of
from taskflow.tasks.zones import instant, parse_zone

Status = Literal["open", "done", "skipped", "deleted", "withdrawn"]
Timing = Literal["on_time", "late"]


class Trace(NamedTuple):
    """What the figures need of an instance."""

    status: Status
    timing: Timing | None
    missed: Missed = Missed()
    lapsed: Missed = Missed()


class Statistics(Struct, frozen=True):
    """How well a series was kept, over its newest 2,000 instances.

    Attributes:
        is_missed_at_least: Whether more may have been missed than were counted.
        completion_rate: What was done, of that and what was missed.
        current_streak: How many were done in a row up to now.
    """

    done: int
    on_time: int
    late: int
    skipped: int
    missed: int
    deleted: int
    open: int
    completion_rate: float | None
    current_streak: int
    longest_streak: int
    is_missed_at_least: bool = False


def status_of(instance: Instance) -> Status:
    """What has become of an instance; what was done stays so in the trash."""
    if instance.is_withdrawn:
        return "withdrawn"
    if instance.status == "completed":
        return "done"
    if instance.is_deleted:
        return "skipped" if instance.is_skipped else "deleted"
    return "open"


def timing_of(instance: Instance, zone: ZoneInfo) -> Timing | None:
    """Whether an instance was done in time: by its due date, or on its day.

    A day is one of the zone that the task had, whatever the series has become since; `zone` holds
    where that is not known.
    """
    done_at = instance.completed_at
    if done_at is None or instance.due_date is None:
        return None
    due = parse_when(instance.due_date)
    if isinstance(due, datetime):
        return "on_time" if done_at <= due else "late"
    own = parse_zone(timezone_of(instance.plan)) if instance.plan else zone
    midnight = instant(datetime.combine(due + timedelta(days=1), time()), own)
    return "on_time" if done_at < midnight else "late"


def trace_of(instance: Instance, zone: ZoneInfo) -> Trace:
    """An instance as the figures see it."""
    timing = timing_of(instance, zone)
    return Trace(status_of(instance), timing, missed_before(instance), lapsed_after(instance))


def missed_before(instance: Instance) -> Missed:
    """How many occurrences before an instance have had no task."""
    return Missed(instance.missed, instance.is_missed_at_least)


def lapsed_after(instance: Instance) -> Missed:
    """How many occurrences after an instance have had no task; none lapses while it is open."""
    if instance.is_open:
        return Missed()
    return Missed(instance.lapsed, instance.is_lapsed_at_least)


def statistics(traces: Iterable[Trace]) -> Statistics:
    """The figures of instances, in the order in which they were made.

    There is no rate before anything was done or missed. What was done late goes on with a streak.
    What was skipped was left out on purpose, and what was deleted is an exception: neither counts
    in the rate, goes on with a streak or ends it.
    """
    known = [one for one in traces if one.status != "withdrawn"]
    counts = dict.fromkeys(("open", "done", "skipped", "deleted"), 0)
    timings = {"on_time": 0, "late": 0}
    for trace in known:
        counts[trace.status] += 1
        if trace.status == "done":
            timings[trace.timing or "on_time"] += 1
    missed = sum(one.missed.number + one.lapsed.number for one in known)
    current, longest = _streaks(known)
    due = counts["done"] + missed
    return Statistics(
        done=counts["done"],
        on_time=timings["on_time"],
        late=timings["late"],
        skipped=counts["skipped"],
        missed=missed,
        deleted=counts["deleted"],
        open=counts["open"],
        completion_rate=round(counts["done"] / due, 4) if due else None,
        current_streak=current,
        longest_streak=longest,
        is_missed_at_least=any(one.missed.is_at_least or one.lapsed.is_at_least for one in known),
    )


def _streaks(traces: Iterable[Trace]) -> tuple[int, int]:
    """How many were done in a row up to the end, and at most."""
    streak = longest = 0
    for trace in traces:
        if any(trace.missed):
            streak = 0
        streak += trace.status == "done"
        longest = max(longest, streak)
        if any(trace.lapsed):
            streak = 0
    return streak, longest
