"""The doors that show series."""

import asyncio
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.datastructures import ResponseHeader
from litestar.params import QueryParameter

from taskflow.accounts.model import Identity
from taskflow.base.clock import Clock
from taskflow.chassis.inputs import Cursor, Limit
from taskflow.db.engine import Database
from taskflow.services.recurring_processor import calendar, due_storage, history_storage, storage
from taskflow.services.recurring_processor.model import SeriesStatus
from taskflow.services.recurring_processor.shown import (
    Calendar,
    CalendarDay,
    HistoryPage,
    SeriesPage,
    SeriesWithInstances,
    coming_of_all,
    history_items,
    shown_entry,
    states,
    whole,
)
from taskflow.tasks.zones import wall_time

ETAG = ResponseHeader(
    name="ETag",
    documentation_only=True,
    description='The version of the series, such as `"3"`, for `If-Match`.',
)
Month = Annotated[
    str | None,
    QueryParameter(
        required=False,
        description="Such as 2026-03; the present one, where it is left out.",
        schema_extra={"pattern": r"^\d{4}-\d{2}$"},
    ),
]


@get("/recurring/series", tags=["recurring"])
async def list_series(
    caller: Identity,
    database: Database,
    clock: Clock,
    status: SeriesStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SeriesPage:
    """The caller's series."""
    async with database.transaction(read_only=True) as transaction:
        found, last = await storage.listing(transaction, caller.user_id, status, limit, cursor)
        chains = await due_storage.with_ends(transaction, found)
    # Between two transactions: what takes a while to follow holds no connection.
    coming = await coming_of_all(chains, clock.now())
    async with database.transaction(read_only=True) as transaction:
        return SeriesPage(await states(transaction, found, coming), last)


@get("/recurring/series/{series_id:str}", response_headers=[ETAG], tags=["recurring"])
async def get_series(
    series_id: UUID, caller: Identity, database: Database, clock: Clock
) -> Response[SeriesWithInstances]:
    """A series, its newest instances and how well it was kept."""
    async with database.transaction(read_only=True) as transaction:
        series = await storage.find(transaction, caller.user_id, series_id)
        chain = await storage.chain_of(transaction, series)
    coming = await coming_of_all([chain], clock.now())
    async with database.transaction(read_only=True) as transaction:
        return answer(await whole(transaction, series, coming))


@get("/recurring/series/{series_id:str}/history", tags=["recurring"])
async def get_history(
    series_id: UUID,
    caller: Identity,
    database: Database,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> HistoryPage:
    """What has become of every instance of a series, the newest first."""
    async with database.transaction(read_only=True) as transaction:
        series = await storage.find(transaction, caller.user_id, series_id)
        found, last = await history_storage.page(transaction, series_id, limit, cursor)
    return HistoryPage(history_items(series, found), last)


@get("/recurring/series/{series_id:str}/calendar", tags=["recurring"])
async def get_calendar(
    series_id: UUID, caller: Identity, database: Database, clock: Clock, month: Month = None
) -> Calendar:
    """A month of a series, in its zone: what there was on each day, and what is to come."""
    async with database.transaction(read_only=True) as transaction:
        series = await storage.find(transaction, caller.user_id, series_id)
        wanted = month or f"{wall_time(clock.now(), series.zone):%Y-%m}"
        span = calendar.month_of(wanted, series.zone)
        kept = await history_storage.between(transaction, series_id, span.start, span.end)
        chain = await storage.chain_of(transaction, series)
    # In a thread: to follow a long series to its month may take a while.
    found = await asyncio.to_thread(calendar.entries, chain, span, kept, clock.now())
    days = [
        CalendarDay(day, [shown_entry(one) for one in found if one.day == day]) for day in span.days
    ]
    return Calendar(wanted, series.timezone, days)


def answer(found: SeriesWithInstances) -> Response[SeriesWithInstances]:
    """A series with its entity tag."""
    return Response(found, headers={"ETag": f'"{found.series.version}"'})


ROUTES = [list_series, get_series, get_history, get_calendar]
