"""A series, its tasks, and the two together, as this service knows them. Pure values."""

from collections.abc import Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from taskflow.events.payloads import Priority, Recurrence, Reminder, Status
from taskflow.services.recurring_processor.moments import instant_in, parse_when
from taskflow.tasks.recurrence import Schedule, schedule_of
from taskflow.tasks.zones import parse_zone

SeriesStatus = Literal["active", "paused", "ended"]


class Template(Struct, frozen=True):
    """What the next task takes over, beside the recurrence."""

    title: str = ""
    description: str = ""
    priority: Priority = "medium"
    tags: tuple[str, ...] = ()
    reminders: tuple[Reminder, ...] = ()


TEMPLATE: Final = Template.__struct_fields__


class Series(Struct, frozen=True):
    """A series as it is kept.

    Attributes:
        recurrence: None when the series had ended before anything was known of its rule.
        start_at: What the rule counts from: an instant (RFC 3339, UTC), a day, or a wall time
            (without an offset) that the zone lacks on its day.
        used: What COUNT had before `start_at`, in the mode `schedule`: occurrences, and a task to
            which no rule came; what fell into a pause is given back, so it may be negative.
        made: Tasks that the present recurrence has had, its first one included.
        current_task_id: The open task, or the last one.
        version: Rises whenever something about it changes.
        paused_at: Since when it rests; of a series that floats, on its owner's wall.
        resumed_at: No task is made for what lies before; of one that floats, on its owner's wall.
        stopped_at: When a person ended it for good.
        next_at: When the next task is due to appear by itself, under the policy `pile_up`.
        floating: Whether `timezone` is its owner's, where the last of its tasks was seen.
        may_lack_first: Whether `used` may leave out a first task off the rule, as it once did
            (`anchoring.with_first`).
        behind: Tasks up to this position are from before a person last moved the series: what
            comes next follows the start, not them.
    """

    id: UUID
    user_id: UUID
    recurrence: Recurrence | None
    timezone: str
    all_day: bool
    start_at: str
    used: int
    made: int
    status: SeriesStatus
    current_task_id: UUID
    created_at: datetime
    updated_at: datetime
    template: Template = Template()
    version: int = 1
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
    stopped_at: datetime | None = None
    next_at: datetime | None = None
    floating: bool = False
    behind: int = 0
    may_lack_first: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """Whose wall time it follows."""
        return parse_zone(self.timezone)

    @property
    def start(self) -> datetime | date:
        """What the rule counts from, as an instant or a day."""
        when = parse_when(self.start_at)
        return instant_in(self.zone, when) if isinstance(when, datetime) else when

    @property
    def piles_up(self) -> bool:
        """Whether each task appears on its date."""
        return self.recurrence is not None and self.recurrence.policy == "pile_up"

    @property
    def is_held(self) -> bool:
        """Whether no task is made for now, or ever."""
        return self.paused_at is not None or self.stopped_at is not None

    @property
    def schedule(self) -> Schedule:
        """Its occurrences, COUNT less what was used up before the start.

        Raises:
            Invalid: it has no recurrence.
        """
        schedule = schedule_of(self, parse_when(self.start_at))
        recurrence = schedule.recurrence
        if self.used and recurrence.count is not None:
            remaining = max(recurrence.count - self.used, 0)
            recurrence = replace(recurrence, count=remaining)
        return schedule._replace(recurrence=recurrence)

    def instant_of(self, when: str) -> datetime:
        """A due date as an instant; of a day, when it begins in the series' zone."""
        return instant_in(self.zone, parse_when(when))


class Missed(NamedTuple):
    """How many occurrences have had no task.

    Attributes:
        number: As far as they were counted.
        is_at_least: Whether there may be more of them.
    """

    number: int = 0
    is_at_least: bool = False


class Instance(Struct, frozen=True):
    """A task of a series, as far as it is known.

    Attributes:
        position: Its place among the tasks of the series, in the order of their making.
        version: The newest version of the task that is known.
        own_version: The version that this service has left it at; a newer one was somebody's touch.
        is_withdrawn: It was taken back, so its occurrence is free.
        repeats: Whether the task has its recurrence still.
        due_date: As in the task's JSON.
        planned_date: The due date that the series counts on; another one was moved by somebody.
        plan: The task's recurrence, zone and form, to tell whether somebody changed them.
        overrides: What the next task has instead of what was edited for this one alone.
        is_skipped: It is in the trash since somebody skipped it.
        missed: How many occurrences before it have had no task.
        excused: How many occurrences after it fell into a pause.
        due_at: When it is due, or else when it was made.
        lapsed: How many occurrences after it, up to the end of the rule, have had no task.
        reason: What was not plain about its occurrence when it was planned, empty where all was;
            None where that is not known.
        is_missed_at_least: Whether more than `missed` may have been.
        is_lapsed_at_least: Whether more than `lapsed` may have.
    """

    task_id: UUID
    series_id: UUID
    title: str
    position: int
    version: int
    own_version: int
    status: Status
    is_deleted: bool
    is_withdrawn: bool
    repeats: bool
    occurrence_date: str
    due_date: str | None
    planned_date: str | None
    completed_at: datetime | None
    plan: str = ""
    overrides: dict[str, Any] = {}
    is_skipped: bool = False
    missed: int = 0
    excused: int = 0
    due_at: datetime | None = None
    lapsed: int = 0
    reason: str | None = None
    is_missed_at_least: bool = False
    is_lapsed_at_least: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it waits to be done."""
        return self.status == "pending" and not self.is_deleted

    @property
    def is_untouched(self) -> bool:
        """Whether nobody but this service has changed it since it was made."""
        return self.version <= self.own_version

    @property
    def closing(self) -> datetime | int | None:
        """What tells one closing from another: when it was done, or the version of its deletion."""
        if self.is_open:
            return None
        return self.version if self.completed_at is None else self.completed_at

    @property
    def place(self) -> tuple[int, UUID]:
        """Its place among the tasks of its series; two of one position lie as they are due."""
        return self.position, self.task_id

    def reopened(self) -> "Instance":
        """As it was between two closings."""
        return replace(
            self, status="pending", is_deleted=False, completed_at=None, is_skipped=False
        )

    def withdrawn(self) -> "Instance":
        """As this service leaves it when it takes it back."""
        version = self.version + 1
        return replace(
            self, version=version, own_version=version, is_deleted=True, is_withdrawn=True
        )

    def discarded(self, *, is_skipped: bool) -> "Instance":
        """As a person's wish about the series leaves it in the trash."""
        return replace(self, version=self.version + 1, is_deleted=True, is_skipped=is_skipped)

    def touched(self) -> "Instance":
        """Somebody has changed it, and the news of that is still on its way."""
        return replace(self, own_version=0)


class Chain(Struct, frozen=True):
    """A series with those of its tasks that a decision needs.

    Attributes:
        instances: The open ones, the one that the news is of, and the last two that were not
            withdrawn: the last may be taken back.
    """

    series: Series
    instances: Mapping[UUID, Instance]

    @property
    def open(self) -> list[Instance]:
        """The tasks that wait to be done, the earliest made first."""
        return sorted(
            (one for one in self.instances.values() if one.is_open), key=attrgetter("place")
        )

    @property
    def last(self) -> Instance | None:
        """The latest made that stands."""
        standing = [one for one in self.instances.values() if not one.is_withdrawn]
        return max(standing, key=attrgetter("place"), default=None)

    def before(self, instance: Instance) -> Instance | None:
        """The latest made before another one that stands."""
        earlier = (one for one in self.instances.values() if one.place < instance.place)
        return max(
            (one for one in earlier if not one.is_withdrawn), key=attrgetter("place"), default=None
        )

    def of(self, task_id: UUID) -> Instance | None:
        """What is known of a task."""
        return self.instances.get(task_id)

    def with_series(self, **changes: Any) -> "Chain":
        """The chain with a series that differs in these fields."""
        return Chain(replace(self.series, **changes), self.instances)

    def replacing(self, instance: Instance) -> "Chain":
        """The chain with what is noted of a task changed, and nothing of the task itself."""
        return Chain(self.series, {**self.instances, instance.task_id: instance})

    def keeping(self, instance: Instance) -> "Chain":
        """The chain with this state of a task; a withdrawal gives its part of COUNT back."""
        was = self.instances.get(instance.task_id)
        is_new = was is None or was.is_withdrawn
        made = self.series.made + (not instance.is_withdrawn) - (not is_new)
        instances = {**self.instances, instance.task_id: instance}
        return Chain(replace(self.series, made=made), instances)
