"""One service in a process of its own, beside its sidecar; any number of each may run.

It starts and is live whatever is away, serves what it can, and readiness names what is missing.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

from taskflow.base.errors import Invalid
from taskflow.base.settings import Settings
from taskflow.db.migrate import check_schema
from taskflow.runner.hosting import Host
from taskflow.runner.processes import MODULES, load


def host_of_one(settings: Settings, name: str) -> Host:
    """The host of a service.

    Raises:
        Invalid: there is no such service, or a setting that it needs is missing.
    """
    if name not in MODULES:
        raise Invalid.field("service", f"is one of {', '.join(MODULES)}")
    if settings.bus != "dapr":
        raise Invalid.field(
            "TASKFLOW_BUS",
            "a service by itself needs TASKFLOW_BUS=dapr; `taskflow up` runs all in one process",
        )
    if settings.database_url is None:
        raise Invalid.field("TASKFLOW_DATABASE_URL", "is required; several processes share it")
    return Host(
        settings, [load(name)], {"schema": lambda database: partial(check_schema, database)}
    )


async def run_one(host: Host, on_ready: Callable[[], None]) -> None:
    """Serve until the host is stopped, then leave in order.

    Raises:
        TaskFlowError: it cannot start; the detail says why and what to do.
    """
    url = host.settings.database_url
    async with AsyncExitStack() as stack:
        sockets = host.listen(stack)
        await host.serve(stack, sockets, url.get_secret_value() if url else "", {}, on_ready)
