"""A guard over query strings: only what an operation takes, each once, in the form of its type.

A filter that we do not know, or read otherwise than it was meant, would silently show too much.
"""

import re
from collections import Counter
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, get_args
from urllib.parse import parse_qsl

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import CookieParameter, HeaderParameter, QueryParameter

from taskflow.base.errors import Invalid
from taskflow.chassis.inputs import zoned

# What a handler may ask for by name beside parameters.
_RESERVED: Final = (
    "request", "data", "state", "scope", "headers", "cookies", "query", "body", "socket",
)  # fmt: skip
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")


async def only_known(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """A guard: see above.

    Raises:
        Invalid: a parameter is unknown, repeated, or of another type.
    """
    query = connection.scope.get("query_string", b"")
    if not query or not isinstance(handler, HTTPRouteHandler):
        return
    given = _given(query)
    known = _parameters(handler)
    for name, times in Counter(name for name, _ in given).items():
        if name not in known:
            raise Invalid.field(name, "is not a parameter of this")
        if times > 1:
            raise Invalid.field(name, "stands here more than once")
    for name, text in given:
        _refuse_other_type(name, text, known[name])


def _given(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    except (UnicodeError, ValueError):
        raise Invalid("the query is not UTF-8, percent-encoded") from None


@lru_cache(maxsize=1024)
def _parameters(handler: HTTPRouteHandler) -> dict[str, frozenset[type]]:
    """The query parameters of an operation by name, with their types."""
    known = {}
    elsewhere = {*handler.resolve_dependencies(), *_RESERVED}
    for name, parameter in handler.parsed_fn_signature.parameters.items():
        declared = parameter.kwarg_definition
        in_path = any(f"{{{name}:" in path for path in handler.paths)
        if name in elsewhere or in_path or isinstance(declared, HeaderParameter | CookieParameter):
            continue
        alias = declared.name if isinstance(declared, QueryParameter) else None
        kinds = get_args(parameter.annotation) or (parameter.annotation,)
        known[alias or name] = frozenset(kinds)
    return known


def _refuse_other_type(name: str, text: str, types: frozenset[type]) -> None:
    """The framework reads `1.0` as an integer, a number as a time, and `null` as nothing at all."""
    if "\0" in text:
        raise Invalid.field(name, "must have no NUL character")
    if int in types and not _INTEGER.fullmatch(text):
        raise Invalid.field(name, "must be an integer")
    if datetime in types:
        _refuse_other_time(name, text)
    if str not in types and text.lower() == "null":
        raise Invalid.field(name, "is not one of its values")


def _refuse_other_time(name: str, text: str) -> None:
    try:
        zoned(name, msgspec.convert(text, datetime))
    except msgspec.ValidationError:
        raise Invalid.field(name, "must be RFC 3339, such as 2026-01-24T10:00:00Z") from None
