"""The Task API (port 8000): accounts, tasks, the page, and the outbox's figures."""

from datetime import datetime, timedelta
from functools import partial

from litestar import get

from taskflow.accounts import sessions
from taskflow.accounts.keys import load_signing_key
from taskflow.base.settings import Settings
from taskflow.chassis.app import VERSION
from taskflow.chassis.health import Liveness
from taskflow.chassis.housekeeping import Chore, keep_house
from taskflow.chassis.service import Context, Parts, Service
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import TASK_SOURCE
from taskflow.inbox import dedup
from taskflow.services.task_api import (
    auth_routes,
    idempotency,
    list_routes,
    quick_add_routes,
    routes,
)
from taskflow.services.task_api.attempts import Attempts
from taskflow.services.task_api.figures import show_disk, show_outbox
from taskflow.services.task_api.issuer import Issuer
from taskflow.services.task_api.page import page
from taskflow.tasks.commands import purge_trash


@get("/health", opt={"public": True, "outside": True}, tags=["health"])
async def health() -> Liveness:
    """Whether the process answers."""
    return Liveness("ok", "task-api", VERSION)


def build(context: Context) -> Parts:
    """The parts of the Task API."""
    show_outbox(context)
    if context.settings.database_url is None:
        show_disk(context)
    key = load_signing_key(context.settings.data_dir)
    return Parts(
        routes=[
            *routes.ROUTES,
            *list_routes.ROUTES,
            *quick_add_routes.ROUTES,
            *auth_routes.ROUTES,
            health,
            page,
        ],
        dependencies={
            "issuer": Issuer(context.settings, key),
            "attempts": Attempts.under(context.settings),
        },
        loops=[partial(keep_house, context.database, context.clock, _chores(context.settings))],
    )


def _chores(settings: Settings) -> list[Chore]:
    """What nobody can ask for any more; used tokens go before the sessions that they belong to."""
    lifetime, trashed = timedelta(days=settings.session_days), timedelta(days=settings.trash_days)

    async def empty_trash(transaction: Transaction, now: datetime, limit: int) -> int:
        return await purge_trash(transaction, now - trashed, limit)

    return [
        idempotency.prune,
        dedup.prune,
        partial(sessions.prune_tokens, lifetime=lifetime),
        sessions.prune,
        empty_trash,
    ]


service = Service(
    name="task-api",
    title="Task API",
    port_offset=0,
    role="taskflow_task_api",
    prefixes=("/api/v1/auth", "/api/v1/tasks"),
    build=build,
    signs=True,
    publishes=TASK_SOURCE,
)
