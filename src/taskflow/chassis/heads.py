"""HEAD: what GET would answer, without its body (RFC 9110, section 9.3.2).

A request for a head goes through the app as a GET, so that no route needs to know of it; what would
do something else than answer, such as a stream, asks `is_head`.
"""

from typing import Any, Final

from litestar.types import Message, Scope, Send

HEAD: Final = "taskflow.head"
_TELL_METHODS: Final = (204, 405)


def as_get(scope: Scope) -> Scope:
    """A request as the app is to see it."""
    if scope.get("method") != "HEAD":
        return scope
    seen: Any = {**scope, "method": "GET"}
    seen["extensions"] = {**(scope.get("extensions") or {}), HEAD: {}}
    found: Scope = seen
    return found


def is_head(scope: Scope) -> bool:
    """Whether a head is all that is wanted."""
    return HEAD in (scope.get("extensions") or {})


def method_of(scope: Scope) -> str:
    """The method that was asked for."""
    return "HEAD" if is_head(scope) else str(scope.get("method"))


def only_head(scope: Scope, send: Send) -> Send:
    """Send; where a head is wanted, the answer ends where its body would begin."""
    if not is_head(scope):
        return send
    has_ended = False

    async def begin(message: Message) -> None:
        nonlocal has_ended
        if message["type"] != "http.response.body":
            await send(message)
        elif not has_ended:
            has_ended = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return begin


def allowing_head(status: int, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer; one that tells the methods of a path names HEAD beside GET."""
    if status not in _TELL_METHODS:
        return headers
    return [
        (name, value + b", HEAD" if name.lower() == b"allow" and b"GET" in value else value)
        for name, value in headers
    ]
