"""Structured logs (structlog): one line an occurrence, a correlation id on each, never a secret."""

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, Literal

import structlog

_SECRET_WORDS = ("password", "token", "secret", "authorization", "cookie", "ticket", "database_url")
# What a secret of ours looks like, wherever it stands: opaque tokens, access tokens, hashes, keys.
_SECRETS = re.compile(
    r"\btf[a-z]_[\w-]{20,}"
    r"|\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"
    r"|\bwhsec_[\w+/=-]{20,}"
    r"|\$argon2\w*\$[^\s'\"]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(level: str, style: Literal["console", "json"]) -> None:
    """Set the process's logs up, structlog's and the standard library's, on standard error."""
    shared: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    rendering: list[Callable[..., Any]] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if style == "json"
        else [_console()]
    )
    last = [*rendering, scrub]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(_LEVELS[level], logging.WARNING))


def _console() -> structlog.dev.ConsoleRenderer:
    """Lines for people; a traceback shows no local variables, which may be secrets."""
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def hide_secrets(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank every value whose key says that it is a secret."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
    return event


def scrub(_logger: object, _name: str, line: Any) -> str:
    """Blank what looks like a secret in a finished line, such as one in an error's message."""
    return _SECRETS.sub("***", str(line))


def get(room: str) -> Any:
    """A logger that names the room it speaks from."""
    return structlog.get_logger().bind(room=room)
