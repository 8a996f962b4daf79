"""The recurring processor (port 8001): the next instance of what recurs."""

import asyncio
from functools import partial
from typing import Final

import structlog
from prometheus_client import Gauge

from taskflow.base.errors import Unavailable
from taskflow.chassis.service import Context, Parts, Service
from taskflow.db.engine import Database
from taskflow.events.topics import TASK_TYPES
from taskflow.services.recurring_processor import storage
from taskflow.services.recurring_processor.event_consumer import Continuation
from taskflow.services.recurring_processor.routes import ROUTES

COUNT_SECONDS: Final = 15.0

log = structlog.get_logger()


def build(context: Context) -> Parts:
    """The parts of the recurring processor."""
    made = context.metrics.counter(
        "taskflow_recurring_instances_total", "Tasks made as the next of their series."
    )
    active = context.metrics.gauge(
        "taskflow_recurring_series_active", "Series that go on: there will be a next task."
    )
    continuation = Continuation(context.clock, made)
    return Parts(
        routes=ROUTES,
        handlers=dict.fromkeys(TASK_TYPES, continuation.follow),
        loops=[partial(count_active, context.database, active)],
    )


async def count_active(database: Database, gauge: Gauge) -> None:
    """Keep the figure of active series fresh until cancelled."""
    while True:
        try:
            async with database.transaction(read_only=True) as transaction:
                gauge.set(await storage.count_active(transaction))
        except Unavailable as error:
            log.warning("series.waiting", reason=error.detail)
        await asyncio.sleep(COUNT_SECONDS)


service = Service(
    name="recurring-processor",
    title="Recurring Processor",
    port_offset=1,
    role="taskflow_recurring",
    prefixes=("/api/v1/recurring",),
    build=build,
)
