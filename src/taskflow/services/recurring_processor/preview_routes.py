"""The preview of a rule or a phrase."""

from datetime import date, datetime, time
from typing import Annotated, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from litestar import post
from msgspec import Meta, Struct
from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.chassis.inputs import zoned
from taskflow.chassis.task_bodies import Dates
from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.anchoring import beginning
from taskflow.services.recurring_processor.moments import shown_in
from taskflow.services.recurring_processor.shown import Shown
from taskflow.tasks.phrased import renamed
from taskflow.tasks.phrases.sentences import sentence
from taskflow.tasks.phrases.understanding import Origin, Understood, understand
from taskflow.tasks.recurrence import Occurrence, Schedule, occurrences, require_occurrence
from taskflow.tasks.recurrence_completion import done_in_time
from taskflow.tasks.recurrence_dates import parse_date, settled
from taskflow.tasks.recurrence_rules import parse_recurrence, require_days
from taskflow.tasks.zones import YEARS, parse_zone, wall_time

_FORM: Final = "must be a date, or a date and a time"


class PreviewBody(Struct, forbid_unknown_fields=True):
    """A rule or a phrase to try: `start` is a local date and time, or a date, in `timezone`.

    `exdates` and `rdates` are those of a task's recurrence. `start` is when its first task is due,
    which is one of COUNT also where the rule does not come to it; with `is_due` false, that one is
    due on the first day that a phrase names from there on.
    """

    start: str
    timezone: str = "UTC"
    rule: str | None = None
    text: str | None = None
    mode: Literal["schedule", "completion"] | None = None
    month_end: Literal["clamp", "skip"] | None = None
    until: str | None = None
    exdates: Dates | None = None
    rdates: Dates | None = None
    count: Annotated[int, Meta(ge=1, le=500)] = 10
    after: datetime | None = None
    is_due: bool = True


class Preview(Struct):
    """The canonical rule, the rule in words, and its next occurrences."""

    rule: str
    text: str
    occurrences: list[Shown]


class Tried(NamedTuple):
    """What is tried.

    Attributes:
        recurrence: The rule, and its end.
        start: Local wall time that it counts from.
        all_day: Whether occurrences are days.
        starting: The first day, where a phrase says one.
        begins: Whether the first task is due at the start.
    """

    recurrence: Recurrence
    start: datetime
    all_day: bool
    starting: date | None = None
    begins: bool = True


# In a thread: a long expansion must not hold up the requests beside it.
@post(
    "/recurring/preview",
    status_code=200,
    opt={"scope": "read"},
    tags=["recurring"],
    sync_to_thread=True,
)
def preview_recurrence(data: PreviewBody) -> Preview:
    """The next occurrences of a rule or phrase, each with a reason where it is not plain.

    What an exception leaves out is among them, marked by `is_excluded`. What counts from completion
    is shown as if each was done when it is due.
    """
    zone = parse_zone(data.timezone)
    recurrence, start, all_day, starting, begins = _tried(data, zone)
    require_days(recurrence, all_day=all_day)
    schedule = Schedule(settled(recurrence, zone, all_day=all_day), start, zone, all_day)
    # What is left out is shown, even where nothing else is.
    whole = replace(schedule.recurrence, exdates=())
    require_occurrence(schedule._replace(recurrence=whole))
    words = sentence(schedule.recurrence, starting)
    schedule = beginning(schedule) if begins else schedule
    after = zoned("after", data.after)
    if recurrence.mode == "completion":
        found = done_in_time(schedule, after=after, limit=data.count)
    else:
        found = occurrences(schedule, after=after, limit=data.count, with_exceptions=True)
    shown = [_shown(occurrence, zone) for occurrence in found]
    return Preview(recurrence.rule, words, shown)


def _shown(occurrence: Occurrence, zone: ZoneInfo) -> Shown:
    return Shown(shown_in(zone, occurrence.at), occurrence.reason, occurrence.is_excluded)


def _tried(data: PreviewBody, zone: ZoneInfo) -> Tried:
    start, all_day = _start(data.start, zone)
    if data.text is None:
        return Tried(_ruled(data), start, all_day)
    said = _phrased(data, Origin(start.date(), start, zone, is_fixed=data.is_due))
    is_timed = said.has_time or said.is_hourly
    # No task is due on a day and recurs at a time: that is from the day on.
    begins = not (all_day and is_timed)
    return Tried(said.recurrence, said.start, all_day and not is_timed, said.starting, begins)


def _ruled(data: PreviewBody) -> Recurrence:
    if data.rule is None:
        raise Invalid.field("rule", "is required, or a text")
    return parse_recurrence({"rule": data.rule, **_beside(data)})


def _phrased(data: PreviewBody, origin: Origin) -> Understood:
    if data.rule is not None:
        raise Invalid.field("text", "stands beside a rule; only one of them may be", 0)
    try:
        return understand(str(data.text), origin, _beside(data))
    except Invalid as error:
        raise renamed(error, "text") from None


def _beside(data: PreviewBody) -> dict[str, object]:
    names = ("mode", "until", "month_end", "exdates", "rdates")
    return {name: getattr(data, name) for name in names}


def _start(text: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """The local start, and whether it is a whole day."""
    try:
        start = parse_date(text)
    except (ValueError, OverflowError) as error:
        known = str(error) if str(error).startswith("must lie") else _FORM
        raise Invalid.field("start", known) from None
    if not isinstance(start, datetime):
        return datetime.combine(start, time()), True
    local = start if start.tzinfo is None else wall_time(start, zone)
    if local.year not in YEARS:
        raise Invalid.field("start", f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return local, False


ROUTES = [preview_recurrence]
