"""The doors to series, and the preview of a rule."""

from datetime import datetime, time
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import get, post
from msgspec import Meta, Struct

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock
from taskflow.base.errors import Invalid
from taskflow.chassis.inputs import Cursor, Limit, zoned
from taskflow.db.engine import Database
from taskflow.events.payloads import Recurrence
from taskflow.services.recurring_processor import storage
from taskflow.services.recurring_processor.model import Instance, Series
from taskflow.services.recurring_processor.moments import shown_in
from taskflow.tasks.phrased import renamed
from taskflow.tasks.phrases import Origin, Understood, understand
from taskflow.tasks.recurrence import Occurrence, Schedule, occurrences
from taskflow.tasks.recurrence_rules import parse_recurrence
from taskflow.tasks.sentences import sentence
from taskflow.tasks.zones import YEARS, parse_zone, wall_time


class PreviewBody(Struct, forbid_unknown_fields=True):
    """A rule or a phrase to try: `start` is a local date and time, or a date, in `timezone`."""

    start: str
    timezone: str = "UTC"
    rule: str | None = None
    text: str | None = None
    mode: Literal["schedule", "completion"] | None = None
    month_end: Literal["clamp", "skip"] | None = None
    until: str | None = None
    count: Annotated[int, Meta(ge=1, le=500)] = 10
    after: datetime | None = None


class Shown(Struct, omit_defaults=True):
    """One occurrence, with the zone's offset or as a date, and what is not plain about it."""

    at: str
    reason: str | None = None


class Preview(Struct):
    """The canonical rule, the rule in words, and its next occurrences."""

    rule: str
    text: str
    occurrences: list[Shown]


class InstanceState(Struct):
    """What has become of one instance."""

    task_id: UUID
    title: str
    occurrence_date: str | None
    status: Literal["open", "done", "gone"]
    completed_at: datetime | None


class SeriesState(Struct):
    """A series: its rule, in words too, and what comes next."""

    id: str
    recurrence: Recurrence
    text: str
    timezone: str
    all_day: bool
    status: Literal["active", "ended"]
    next: list[Shown]


class SeriesWithInstances(Struct):
    """A series and its instances, newest first."""

    series: SeriesState
    instances: list[InstanceState]


class SeriesPage(Struct):
    """Some series, and the cursor of the next ones."""

    items: list[SeriesState]
    next_cursor: str | None


# In a thread: a long expansion must not hold up the requests beside it.
@post(
    "/recurring/preview",
    status_code=200,
    opt={"scope": "read"},
    tags=["recurring"],
    sync_to_thread=True,
)
def preview_recurrence(data: PreviewBody) -> Preview:
    """The next occurrences of a rule or phrase, each with a reason where it is not plain."""
    zone = parse_zone(data.timezone)
    start, all_day = _start(data.start, zone)
    if data.text is None:
        recurrence, starting = _ruled(data), None
    else:
        understood = _phrased(data, Origin(start.date(), start, zone))
        recurrence, start, starting = understood.recurrence, understood.start, understood.starting
        all_day = all_day and not (understood.has_time or understood.is_hourly)
    schedule = Schedule(recurrence, start, zone, all_day)
    found = occurrences(schedule, after=zoned("after", data.after), limit=data.count)
    shown = [_shown(occurrence, zone) for occurrence in found]
    return Preview(recurrence.rule, sentence(recurrence, starting), shown)


def _ruled(data: PreviewBody) -> Recurrence:
    if data.rule is None:
        raise Invalid.field("rule", "is required, or a text")
    given = {"rule": data.rule, "mode": data.mode, "until": data.until}
    return parse_recurrence(given | {"month_end": data.month_end})


def _phrased(data: PreviewBody, origin: Origin) -> Understood:
    if data.rule is not None:
        raise Invalid.field("text", "stands beside a rule; only one of them may be", 0)
    beside = {"mode": data.mode, "until": data.until, "month_end": data.month_end}
    try:
        return understand(str(data.text), origin, beside)
    except Invalid as error:
        raise renamed(error, "text") from None


@get("/recurring/series", tags=["recurring"])
async def list_series(
    caller: Identity,
    database: Database,
    clock: Clock,
    status: Literal["active", "ended"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SeriesPage:
    """The caller's series."""
    async with database.transaction(read_only=True) as transaction:
        found, last = await storage.listing(transaction, caller.user_id, status, limit, cursor)
    return SeriesPage([_state(series, clock.now()) for series in found], last)


@get("/recurring/series/{series_id:str}", tags=["recurring"])
async def get_series(
    series_id: UUID, caller: Identity, database: Database, clock: Clock
) -> SeriesWithInstances:
    """A series and its instances."""
    async with database.transaction(read_only=True) as transaction:
        series = await storage.find(transaction, caller.user_id, series_id)
        instances = await storage.instances(transaction, series_id)
    states = [_instance(instance) for instance in instances]
    return SeriesWithInstances(_state(series, clock.now()), states)


def _state(series: Series, now: datetime) -> SeriesState:
    schedule = series.schedule
    coming: list[Occurrence] = []
    if series.status == "active" and schedule.recurrence.mode == "schedule":
        coming = occurrences(schedule, after=now, limit=3)
    recurrence = series.recurrence or schedule.recurrence
    return SeriesState(
        str(series.id),
        recurrence,
        sentence(recurrence),
        series.timezone,
        series.all_day,
        series.status,
        [_shown(one, series.zone) for one in coming],
    )


def _instance(instance: Instance) -> InstanceState:
    status: Literal["open", "done", "gone"]
    status = "open" if instance.is_open else "gone" if instance.is_deleted else "done"
    return InstanceState(
        instance.task_id,
        instance.title,
        instance.occurrence_date or None,
        status,
        instance.completed_at,
    )


def _shown(occurrence: Occurrence, zone: ZoneInfo) -> Shown:
    return Shown(shown_in(zone, occurrence.at), occurrence.reason)


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


ROUTES = [preview_recurrence, list_series, get_series]
