"""What every service shows of itself: whether it is ready, what is away, its connections."""

from collections.abc import Mapping

from taskflow.chassis.health import readiness
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.service import Check
from taskflow.db.engine import Database


def show_readiness(
    metrics: Metrics, checks: Mapping[str, Check], optional: Mapping[str, Check]
) -> None:
    """Ask on every scrape what readiness asks."""
    ready = metrics.gauge(
        "taskflow_ready", "Whether the service has all that it needs (1) or not (0).", ["service"]
    )
    dependency = metrics.gauge(
        "taskflow_dependency_up",
        "Whether something that the service uses answers (1) or not (0).",
        ["service", "dependency"],
    )

    async def ask() -> None:
        found = await readiness(metrics.service, checks, optional)
        ready.labels(metrics.service).set(found.status == "ready")
        for name, state in found.dependencies.items():
            dependency.labels(metrics.service, name).set(state.state == "up")

    metrics.on_scrape(ask)


def show_pool(metrics: Metrics, database: Database) -> None:
    """Show the database connections, and who waits for one."""
    connections = metrics.gauge(
        "taskflow_database_connections",
        "Open connections to the database, by whether a transaction has them (used) or not (idle).",
        ["service", "state"],
    )
    limit = metrics.gauge(
        "taskflow_database_connections_limit",
        "The most connections that the service may open (TASKFLOW_DATABASE_CONNECTIONS).",
        ["service"],
    )
    waiting = metrics.gauge(
        "taskflow_database_waiting",
        "Transactions that wait for a connection right now.",
        ["service"],
    )
    service = metrics.service
    connections.labels(service, "used").set_function(lambda: database.connections.used)
    connections.labels(service, "idle").set_function(lambda: database.connections.idle)
    limit.labels(service).set_function(lambda: database.connections.limit)
    waiting.labels(service).set_function(lambda: database.connections.waiting)
