"""The problems that operations answer with, as an OpenAPI document describes them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from taskflow.base import errors
from taskflow.chassis.problems import CHALLENGE, MEDIA_TYPE, STATUS_OF

_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
RETRY_AFTER: Final = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
HEADERS: Final = {
    "RetryAfter": {
        "description": "Seconds after which the same request may succeed.",
        "schema": {"type": "integer", "minimum": 0},
    },
}
# What the framework finds before our own code does.
_OF_FRAMEWORK: Final = {
    "Malformed": (400, "The body is not JSON"),
    "Timeout": (408, "The request did not come to its end"),
    "UnsupportedMediaType": (415, "The body must be JSON"),
}
_STATUS: Final = {kind.__name__: known[0] for kind, known in STATUS_OF.items()} | {
    name: status for name, (status, _) in _OF_FRAMEWORK.items()
}
_HEADERS_OF: Final[Mapping[str, Mapping[str, Any]]] = {
    "Conflict": RETRY_AFTER,
    "TooMany": RETRY_AFTER,
    "Unavailable": RETRY_AFTER,
    "Unauthenticated": {
        "WWW-Authenticate": {
            "description": "How to identify oneself.",
            "schema": {"type": "string", "const": CHALLENGE},
        }
    },
}


def responses() -> dict[str, Any]:
    """All of them, by the names of the errors that they come from."""
    titles = {kind.__name__: title for kind, (_, _, title) in STATUS_OF.items()}
    titles |= {name: title for name, (_, title) in _OF_FRAMEWORK.items()}
    return {
        name: {"description": f"{titles[name]}."}
        | ({"headers": dict(_HEADERS_OF[name])} if name in _HEADERS_OF else {})
        | {"content": _CONTENT}
        for name in sorted(titles)
    }


def references(names: Iterable[str]) -> dict[str, Any]:
    """The answers of an operation, by status, that come from errors of these names."""
    ordered = sorted(names, key=_STATUS.__getitem__)
    return {str(_STATUS[name]): {"$ref": f"#/components/responses/{name}"} for name in ordered}


def raised(
    path: str, method: str, operation: Mapping[str, Any], opt: Mapping[str, Any]
) -> set[str]:
    """The names of the problems that follow from what an operation is and takes.

    Args:
        path: With its parameters in braces.
        method: In capitals.
        operation: Its parameters and its body.
        opt: Of its handler: `public`, and `raises`, the errors that are its own.
    """
    parameters = {one["name"] for one in operation.get("parameters", ())}
    has_body = "requestBody" in operation
    follows = {
        "Unauthenticated Denied TooMany": not opt.get("public"),
        "Unavailable": path.startswith("/api/"),
        "NotFound": "{" in path,
        "Stale": "If-Match" in parameters,
        "Conflict": "Idempotency-Key" in parameters,
        "Invalid": has_body or bool(parameters) or path.startswith("/api/"),
        "Malformed Timeout TooLarge": method != "GET",
        "UnsupportedMediaType": method != "GET",
    }
    found = {name for names, holds in follows.items() if holds for name in names.split()}
    return found | {kind.__name__ for kind in _own(opt)}


def _own(opt: Mapping[str, Any]) -> Iterable[type[errors.TaskFlowError]]:
    raises: Iterable[type[errors.TaskFlowError]] = opt.get("raises", ())
    return raises
