"""The preview of a rule."""

from datetime import datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from litestar import post
from msgspec import Meta, Struct

from taskflow.base.errors import Invalid
from taskflow.chassis.inputs import zoned
from taskflow.services.recurring_processor.sentences import sentence
from taskflow.services.recurring_processor.shown import Shown, shown_occurrence
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.zones import YEARS, parse_zone, wall_time


class PreviewBody(Struct, forbid_unknown_fields=True):
    """A rule to try: `start` is a local date and time, or a date, in `timezone`."""

    start: str
    timezone: str = "UTC"
    rule: str | None = None
    text: str | None = None
    mode: Literal["schedule", "completion"] = "schedule"
    month_end: Literal["clamp", "skip"] | None = None
    until: str | None = None
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
    """The next occurrences of a rule, each with a reason where it is not plain."""
    if data.rule is None:
        if data.text is not None:
            raise Invalid.field("text", "phrases are not understood yet", 0)
        raise Invalid.field("rule", "is required")
    given = {"rule": data.rule, "mode": data.mode, "until": data.until}
    recurrence = parse_recurrence(given | {"month_end": data.month_end})
    zone = parse_zone(data.timezone)
    start, all_day = _start(data.start, zone)
    schedule = Schedule(recurrence, start, zone, all_day)
    found = occurrences(schedule, after=zoned("after", data.after), limit=data.count)
    shown = [shown_occurrence(occurrence, zone) for occurrence in found]
    return Preview(recurrence.rule, sentence(recurrence), shown)


def _start(text: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """The local start, and whether it is a whole day."""
    try:
        is_day = len(text) == len("2026-01-24")
        start = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid.field("start", "must be a date, or a date and a time") from None
    if start.year not in YEARS:
        raise Invalid.field("start", f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    if is_day:
        return datetime.combine(start.date(), time()), True
    return start if start.tzinfo is None else wall_time(start, zone), False


ROUTES = [preview_recurrence]
