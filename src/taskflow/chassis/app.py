"""Makes the HTTP app of a service: its routes under the rules that hold for all of them."""

from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import version
from typing import Any, Final

import structlog
from litestar import Litestar, Request, Response, Router, get
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import ResponseSpec
from litestar.types import Message, Receive, Scope, Send

from taskflow.accounts.model import Identity
from taskflow.base import spans
from taskflow.base.clock import monotonic
from taskflow.base.spans import Span
from taskflow.chassis import heads, health, tracing
from taskflow.chassis.auth import authenticated, json_only
from taskflow.chassis.bodies import StrictRequest, nothing_else
from taskflow.chassis.docs import docs_page
from taskflow.chassis.figures import show_pool, show_readiness
from taskflow.chassis.limits import RateLimiter
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.openapi import Document, document_of, openapi_config
from taskflow.chassis.problems import respond
from taskflow.chassis.queries import only_known
from taskflow.chassis.service import Context, Parts, Service

API: Final = "/api/v1"
MAX_BODY_BYTES: Final = 1024 * 1024
FAILED: Final = 500
VERSION: Final = version("taskflow")
_PUBLIC: Final = {"public": True}
_NOT_READY: Final = ResponseSpec(
    health.Readiness, generate_examples=False, description="Something that it needs is away."
)
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)

log = structlog.get_logger()


def make_app(service: Service, parts: Parts, context: Context) -> "Edge":
    """The ASGI app of a service."""
    checks = {"database": context.database.ping, **context.checks, **parts.checks}
    optional = {**context.optional_checks, **parts.optional_checks}
    show_readiness(context.metrics, checks, optional)
    installation = context.authenticator.installation
    ask = partial(health.readiness, service.name, checks, optional, installation)
    show_pool(context.metrics, context.database)
    api = Router(
        API,
        route_handlers=[r for r in parts.routes if not _is_outside(r)],
        guards=[only_known, nothing_else],
    )
    app = Litestar(
        route_handlers=[
            api,
            *(r for r in parts.routes if _is_outside(r)),
            *_operations(service, ask, context.metrics),
        ],
        dependencies=_provide(context, parts),
        guards=[authenticated, json_only],
        exception_handlers={Exception: respond},
        request_class=StrictRequest,
        request_max_body_size=MAX_BODY_BYTES,
        state=_state(context),
        openapi_config=openapi_config(f"TaskFlow {service.title}", VERSION),
        on_app_init=[_without_html_pages],
        logging_config=None,
    )
    return Edge(app, context.metrics)


class Edge:
    """The outermost layer: traces, counts and logs a request, and adds what all answers have."""

    def __init__(self, app: Litestar, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    @property
    def document(self) -> Document:
        """The OpenAPI document."""
        return document_of(self._app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope["headers"])
        scope = heads.as_get(scope)
        send = heads.only_head(scope, send)
        with spans.Running(tracing.request_span(scope, headers, self._metrics.service)) as span:
            trace = tracing.begin(headers, span)
            with structlog.contextvars.bound_contextvars(correlation_id=trace.correlation_id):
                await self._app(scope, receive, self._answering(scope, send, trace, span))

    def _answering(self, scope: Scope, send: Send, trace: tracing.Trace, span: Span) -> Send:
        """Send, and where an answer begins count it and give it the headers that all have."""
        started = monotonic()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = heads.allowing_head(message["status"], list(message.get("headers", [])))
                headers += (*SECURITY_HEADERS, (b"x-correlation-id", trace.correlation_id.encode()))
                message["headers"] = headers
                self._note(scope, message["status"], monotonic() - started)
                tracing.answered(span, scope, message)
            await send(message)

        return answer

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count an answer and log it; the path itself may hold a secret, its template does not."""
        route = str(scope.get("path_template") or "unmatched")
        method = heads.method_of(scope)
        self._metrics.request(method, route, status, seconds)
        say = log.warning if status >= FAILED else log.debug
        milliseconds = round(seconds * 1000, 1)
        say(
            "request.answered",
            service=self._metrics.service,
            method=method,
            route=route,
            status=status,
            milliseconds=milliseconds,
        )


def caller(request: Request[Any, Any, Any]) -> Identity:
    """Who asks; the guard has seen to it that somebody does."""
    identity: Identity = request.scope["user"]
    return identity


def _provide(context: Context, parts: Parts) -> dict[str, Provide]:
    values = {
        "database": context.database,
        "clock": context.clock,
        "settings": context.settings,
        **parts.dependencies,
    }
    provided = {name: Provide(_constant(value)) for name, value in values.items()}
    return {**provided, "caller": Provide(caller, sync_to_thread=False)}


def _state(context: Context) -> State:
    """What guards and handlers find at the app."""
    settings = context.settings
    limiter = RateLimiter(settings.rate_limit_per_second, settings.rate_limit_burst)
    return State(
        {
            "authenticator": context.authenticator,
            "limiter": limiter,
            "metrics": context.metrics,
        }
    )


def _constant(value: object) -> Any:
    async def give() -> Any:
        return value

    return give


def _operations(
    service: Service, ask: Callable[[], Awaitable[health.Readiness]], metrics: Metrics
) -> list[Any]:
    """Health, metrics and the documentation: public, and the same for every service."""

    @get("/health/live", opt=_PUBLIC, tags=["health"])
    async def live() -> health.Liveness:
        """Whether the process answers."""
        return health.Liveness("ok", service.name, VERSION)

    @get("/health/ready", opt=_PUBLIC, tags=["health"], responses={503: _NOT_READY})
    async def ready() -> Response[health.Readiness]:
        """Whether the service has all that it needs; 503 names what is missing."""
        found = await ask()
        return Response(found, status_code=200 if found.status == "ready" else 503)

    @get("/metrics", opt=_PUBLIC, tags=["health"], media_type="text/plain")
    async def metrics_text() -> Response[bytes]:
        """What the service counts, in Prometheus's text format."""
        return Response(
            await metrics.exposition(),
            media_type="text/plain; version=0.0.4; charset=utf-8",
        )

    @get("/openapi.json", opt=_PUBLIC, include_in_schema=False)
    async def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
        """This service's OpenAPI document."""
        return document_of(request.app)

    @get("/docs", opt=_PUBLIC, include_in_schema=False, media_type="text/html")
    async def docs(request: Request[Any, Any, Any]) -> str:
        """The same for people; works with no internet."""
        return docs_page(document_of(request.app))

    return [live, ready, metrics_text, openapi, docs]


def _without_html_pages(config: AppConfig) -> AppConfig:
    """Errors are problem documents for everybody, also in debug mode."""
    config.debug = False
    return config


def _is_outside(route: Any) -> bool:
    """Whether a handler asks to stand outside of `/api/v1`."""
    return bool(getattr(route, "opt", {}).get("outside"))
