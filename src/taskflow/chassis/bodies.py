"""Reads the body of a request: strictly, within a time, and never deeper than it can be carried.

What is refused here is refused everywhere: what is not JSON (400), a value of another type, an
unknown field, a NUL character and a lone surrogate (422, naming the field), and a body where none
is taken.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from taskflow.base.errors import FieldError, Invalid
from taskflow.chassis.inputs import field_error

BODY_SECONDS: Final = 30.0
MAX_DEPTH: Final = 100
_NOTHING: Final = (b"", b"{}", b"null")
_UNPRINTABLE: Final = frozenset({"\0", *map(chr, range(0xD800, 0xE000))})
_UNPRINTABLE_RULE: Final = "must have no NUL character and no lone surrogate"


class StrictRequest(Request[Any, Any, Any]):
    """A request whose body is decoded into the type that its handler takes, without leniency."""

    async def body(self) -> bytes:
        """All of the body.

        Raises:
            HTTPException: 408, it does not come to its end; 413, it is too large.
        """
        return await within(BODY_SECONDS, super().body)

    async def json(self) -> Any:
        """The body as the handler's type.

        Raises:
            HTTPException: 400, it is no JSON.
            Invalid: it is of another shape, or has a text that nothing can carry.
        """
        field = self.route_handler.parsed_data_field
        return decode(await self.body() or b"null", field.annotation if field else Any)


async def within(seconds: float, read: Any) -> bytes:
    """What is read within a time.

    Raises:
        HTTPException: 408, it took longer.
    """
    try:
        async with asyncio.timeout(seconds):
            body: bytes = await read()
    except TimeoutError as error:
        detail = f"the body did not come to its end within {seconds:g} s"
        headers = {"Connection": "close"}
        raise HTTPException(detail=detail, status_code=408, headers=headers) from error
    return body


async def nothing_else(request: Any, handler: BaseRouteHandler) -> None:
    """A guard: an operation without a body gets none, or an empty object.

    Raises:
        HTTPException: 400, it is no JSON.
        Invalid: it says something that would be ignored.
    """
    if not isinstance(request, StrictRequest) or not isinstance(handler, HTTPRouteHandler):
        return
    if request.method == "GET" or handler.parsed_data_field is not None:
        return
    body = (await request.body()).strip()
    if body not in _NOTHING:
        decode(body, Any)
        raise Invalid.field("body", "is not taken here")


def decode(body: bytes, kind: Any) -> Any:
    """A JSON text as a value of a type.

    Raises:
        HTTPException: 400, it is no JSON.
        Invalid: it is of another shape, or has a text that nothing can carry.
    """
    try:
        value = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        if kind is not Any:
            decode(body, Any)  # The rest of it may be no JSON at all.
        raise Invalid.field(*field_error(error)[:2]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse_unprintable(body)
        detail = f"the body is not JSON in UTF-8, or nested too deep: {error}"
        raise HTTPException(detail=detail, status_code=400) from error
    if b"\\u0000" in body:
        _refuse_unprintable(body)
    return value


def _refuse_unprintable(body: bytes) -> None:
    """Name the texts that nothing can carry, if there are any and the rest is JSON."""
    try:
        found = list(_unprintable(json.loads(body.decode()), ()))
    except (ValueError, RecursionError):
        return
    if found:
        errors = [FieldError(path, _UNPRINTABLE_RULE) for path in found]
        raise Invalid(f"{found[0]}: {_UNPRINTABLE_RULE}", *errors)


def _unprintable(value: object, path: tuple[str, ...]) -> Iterator[str]:
    """The paths of such texts, and of the objects that have one for a name."""
    if len(path) > MAX_DEPTH:
        return
    if isinstance(value, str) and not _UNPRINTABLE.isdisjoint(value):
        yield "".join(path).lstrip(".") or "body"
    elif isinstance(value, dict):
        for name, inner in value.items():
            if _UNPRINTABLE.isdisjoint(name):
                yield from _unprintable(inner, (*path, f".{name}"))
            else:
                yield "".join(path).lstrip(".") or "body"
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unprintable(inner, (*path, f"[{index}]"))
