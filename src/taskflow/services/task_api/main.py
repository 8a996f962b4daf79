"""The Task API (port 8000): accounts, tasks, the page, and the outbox's figures."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from litestar import get

from taskflow.accounts import sessions
from taskflow.accounts.keys import load_signing_key
from taskflow.base.errors import Unavailable
from taskflow.chassis.app import VERSION
from taskflow.chassis.health import Liveness
from taskflow.chassis.service import Context, Parts, Service
from taskflow.inbox import dedup
from taskflow.outbox.relay import read_pending
from taskflow.services.task_api import auth_routes, idempotency, list_routes, routes
from taskflow.services.task_api.attempts import Attempts
from taskflow.services.task_api.issuer import Issuer
from taskflow.services.task_api.page import page
from taskflow.tasks.commands import purge_trash

HOUSEKEEPING_SECONDS: Final = 3600.0
PURGED_AT_ONCE: Final = 1_000

log = structlog.get_logger()


@get("/health", opt={"public": True, "outside": True}, tags=["health"])
async def health() -> Liveness:
    """Whether the process answers."""
    return Liveness("ok", "task-api", VERSION)


def build(context: Context) -> Parts:
    """The parts of the Task API."""
    pending = context.metrics.gauge("taskflow_outbox_pending", "Events that wait to be delivered.")
    oldest = context.metrics.gauge(
        "taskflow_outbox_oldest_age_seconds", "Seconds that the oldest of them has waited."
    )

    async def measure() -> None:
        waiting = await read_pending(context.database)
        age = context.clock.now() - (waiting.oldest or context.clock.now())
        pending.set(waiting.events)
        oldest.set(max(age.total_seconds(), 0))

    async def keep_house() -> None:
        while True:
            try:
                await _tidy(context)
            except Unavailable as error:
                log.warning("housekeeping.waiting", reason=error.detail)
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    context.metrics.on_scrape(measure)
    key = load_signing_key(context.settings.data_dir)
    return Parts(
        routes=[*routes.ROUTES, *list_routes.ROUTES, *auth_routes.ROUTES, health, page],
        dependencies={
            "issuer": Issuer(context.settings, key),
            "attempts": Attempts.under(context.settings),
        },
        loops=[keep_house],
    )


async def _tidy(context: Context) -> None:
    """Remove what nobody can ask for any more."""
    now = context.clock.now()
    lifetime = timedelta(days=context.settings.session_days)
    trash_until = now - timedelta(days=context.settings.trash_days)
    async with context.database.transaction() as transaction:
        await idempotency.prune(transaction, now)
        await dedup.prune(transaction, now)
        await sessions.prune(transaction, now, lifetime)
        await purge_trash(transaction, trash_until, PURGED_AT_ONCE)


service = Service(
    name="task-api",
    title="Task API",
    port_offset=0,
    role="taskflow_task_api",
    prefixes=("/api/v1/auth", "/api/v1/tasks"),
    build=build,
    signs=True,
)
