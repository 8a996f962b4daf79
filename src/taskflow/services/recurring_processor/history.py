"""What has become of the instances of a series, and how well it was kept. Pure."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from taskflow.services.recurring_processor.model import Instance
from taskflow.tasks.zones import instant, wall_time

Status = Literal["open", "done", "skipped", "deleted", "withdrawn"]
Timing = Literal["on_time", "late"]


class Trace(NamedTuple):
    """What the figures need of an instance."""

    status: Status
    timing: Timing | None
    missed: int
    lapsed: int = 0


class Figures(NamedTuple):
    """How well a series was kept.

    Attributes:
        completion_rate: What was done, of that and what was skipped or missed; None before any.
        current_streak: How many were done in a row up to now, however late; what was deleted is an
            exception, and neither goes on nor ends it.
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


def status_of(instance: Instance) -> Status:
    """What has become of an instance."""
    if instance.is_withdrawn:
        return "withdrawn"
    if instance.is_deleted:
        return "skipped" if instance.is_skipped else "deleted"
    return "done" if instance.status == "completed" else "open"


def timing_of(instance: Instance, zone: ZoneInfo, *, all_day: bool) -> Timing | None:
    """Whether an instance was done in time: by its due date, or on its day."""
    done_at, due_at = instance.completed_at, instance.due_at
    if done_at is None or due_at is None or instance.due_date is None:
        return None
    end = _end_of_day(due_at, zone) if all_day else due_at
    return "on_time" if done_at < end or done_at == due_at else "late"


def trace_of(instance: Instance, zone: ZoneInfo, *, all_day: bool) -> Trace:
    """An instance as the figures see it."""
    timing = timing_of(instance, zone, all_day=all_day)
    lapsed = 0 if instance.is_open else instance.lapsed
    return Trace(status_of(instance), timing, instance.missed, lapsed)


def figures(traces: Iterable[Trace]) -> Figures:
    """The figures of instances, in the order in which they were made."""
    counts = dict.fromkeys(("open", "done", "skipped", "deleted", "withdrawn"), 0)
    timings = {"on_time": 0, "late": 0}
    missed = streak = longest = 0
    for trace in traces:
        counts[trace.status] += 1
        if trace.status == "withdrawn":
            continue
        missed += trace.missed + trace.lapsed
        if trace.missed or trace.status == "skipped":
            streak = 0
        if trace.status == "done":
            streak += 1
            timings[trace.timing or "on_time"] += 1
        longest = max(longest, streak)
        if trace.lapsed:
            streak = 0
    due = counts["done"] + counts["skipped"] + missed
    return Figures(
        done=counts["done"],
        on_time=timings["on_time"],
        late=timings["late"],
        skipped=counts["skipped"],
        missed=missed,
        deleted=counts["deleted"],
        open=counts["open"],
        completion_rate=round(counts["done"] / due, 4) if due else None,
        current_streak=streak,
        longest_streak=longest,
    )


def _end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    return instant(datetime.combine(wall_time(at, zone) + timedelta(days=1), time()), zone)
