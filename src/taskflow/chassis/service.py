"""What a service is: a declaration that the chassis makes an app and a consumer of."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from litestar.types import ControllerRouterHandler

from taskflow.base.breaker import Breaker
from taskflow.base.clock import Clock
from taskflow.base.settings import Settings
from taskflow.chassis.auth import Authenticator
from taskflow.chassis.consumer import BatchHandler, Forget, Handler
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database

Loop = Callable[[], Awaitable[None]]
"""Runs until it is cancelled."""
Check = Callable[[], Awaitable[None]]
"""Returns when a dependency answers, raises a TaskFlowError that names what is wrong otherwise."""


@dataclass(frozen=True)
class Context:
    """What a service is handed when it is built: one for each service and process.

    Attributes:
        checks: What readiness asks of the process, by name, beside the service's own.
    """

    settings: Settings
    clock: Clock
    database: Database
    authenticator: Authenticator
    metrics: Metrics
    checks: Mapping[str, Check] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a service consists of.

    Attributes:
        routes: Its Litestar handlers, with paths below `/api/v1` (or outside, for the page).
        dependencies: Its own values that handlers ask for by name, beside the chassis's.
        handlers: What each event type means to it; each runs with its own transaction.
        forget: Removes all that it keeps of a user whose account is erased; then no handler is
            given an event of theirs any more.
        batch_handler: Instead of `handlers`: takes many events at once.
        loops: What runs beside the app for as long as the process does.
        checks: What readiness asks, by name, beside the database.
        optional_checks: What readiness names, and what the service can do without.
        breakers: The circuits of its calls to other programs, by what they call.
        on_stop: Runs first when the process stops, before connections are closed.
    """

    routes: Sequence[ControllerRouterHandler]
    dependencies: Mapping[str, object] = field(default_factory=dict)
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    forget: Forget | None = None
    batch_handler: BatchHandler | None = None
    loops: Sequence[Loop] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    optional_checks: Mapping[str, Check] = field(default_factory=dict)
    breakers: Mapping[str, Breaker] = field(default_factory=dict)
    on_stop: Loop | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """The declaration of a service.

    Attributes:
        name: How it is called on the command line, as a consumer and in logs.
        title: How people call it.
        port_offset: Its port, counted from the first.
        role: The database role it works under.
        prefixes: Its paths, for the door that serves all services on one port.
        build: Makes its parts.
        publishes: The source of the events that it sends to a shared bus, if it sends any.
        signs: Whether it signs access tokens; no other service sees the private key.
    """

    name: str
    title: str
    port_offset: int
    role: str
    prefixes: Sequence[str]
    build: Callable[[Context], Parts]
    signs: bool = False
    publishes: str | None = None
