"""The preview of a rule or a phrase."""

from datetime import datetime, time
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from litestar import post
from msgspec import Meta, Struct
from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.chassis.inputs import zoned
from taskflow.chassis.task_bodies import Dates
from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor.shown import Shown, shown_occurrence
from taskflow.tasks.phrased import renamed
from taskflow.tasks.phrases.sentences import sentence
from taskflow.tasks.phrases.understanding import Origin, Understood, understand
from taskflow.tasks.recurrence import Schedule, occurrences, require_occurrence
from taskflow.tasks.recurrence_completion import done_in_time
from taskflow.tasks.recurrence_dates import parse_date, settled
from taskflow.tasks.recurrence_rules import parse_recurrence, require_days
from taskflow.tasks.zones import YEARS, parse_zone, wall_time

_FORM: Final = "must be a date, or a date and a time"


class PreviewBody(Struct, forbid_unknown_fields=True):
    """A rule or a phrase to try: `start` is a local date and time, or a date, in `timezone`.

    `exdates` and `rdates` are those of a task's recurrence.
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


class Preview(Struct):
    """The canonical rule, the rule in words, and its next occurrences."""

    rule: str
    text: str
    occurrences: list[Shown]


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
    start, all_day = _start(data.start, zone)
    if data.text is None:
        recurrence, starting = _ruled(data), None
    else:
        understood = _phrased(data, Origin(start.date(), start, zone))
        recurrence, start, starting = understood.recurrence, understood.start, understood.starting
        all_day = all_day and not (understood.has_time or understood.is_hourly)
    require_days(recurrence, all_day=all_day)
    schedule = Schedule(settled(recurrence, zone, all_day=all_day), start, zone, all_day)
    # What is left out is shown, even where nothing else is.
    whole = replace(schedule.recurrence, exdates=())
    require_occurrence(schedule._replace(recurrence=whole))
    after = zoned("after", data.after)
    if recurrence.mode == "completion":
        found = done_in_time(schedule, after=after, limit=data.count)
    else:
        found = occurrences(schedule, after=after, limit=data.count, with_exceptions=True)
    shown = [shown_occurrence(occurrence, zone) for occurrence in found]
    return Preview(recurrence.rule, sentence(schedule.recurrence, starting), shown)


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
