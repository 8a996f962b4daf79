"""Turns what went wrong into RFC 9457 problem documents; the rim where a request's errors end."""

from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from taskflow.base import errors
from taskflow.chassis.inputs import named_field

MEDIA_TYPE: Final = "application/problem+json"
PREFIX: Final = "urn:taskflow:problem:"
INTERNAL: Final = 500

STATUS_OF: Final[dict[type[errors.TaskFlowError], tuple[int, str, str]]] = {
    errors.NotFound: (404, "not-found", "Nothing here"),
    errors.Stale: (412, "stale", "The version is not the present one"),
    errors.Conflict: (409, "conflict", "In conflict with the present state"),
    errors.Invalid: (422, "invalid", "The input breaks a rule"),
    errors.Unauthenticated: (401, "unauthenticated", "No valid identity"),
    errors.Denied: (403, "denied", "Not allowed"),
    errors.TooLarge: (413, "too-large", "Too large"),
    errors.TooMany: (429, "too-many", "Too many requests"),
    errors.Unavailable: (503, "unavailable", "Not available right now"),
}
_TITLES: Final = {
    400: ("malformed", "Not JSON"),
    404: ("not-found", "Nothing here"),
    405: ("method-not-allowed", "The method is not allowed here"),
    408: ("timeout", "The request did not come to its end"),
    413: ("too-large", "Too large"),
    415: ("unsupported-media-type", "The body must be JSON"),
    422: ("invalid", "The input breaks a rule"),
}
CHALLENGE: Final = 'Bearer realm="taskflow"'

log = structlog.get_logger()


class FieldProblem(msgspec.Struct, omit_defaults=True):
    """What is wrong with one field; `position` is the index of the first character in error."""

    field: str
    message: str
    position: int | None = None


class Problem(msgspec.Struct, omit_defaults=True):
    """A problem document."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[FieldProblem] | None = None


def problem_of(error: Exception) -> Problem:
    """The problem document of anything that was raised."""
    if isinstance(error, errors.TaskFlowError):
        return _of_ours(error)
    if isinstance(error, HTTPException):
        return _of_framework(error)
    return Problem(
        f"{PREFIX}internal", "Something went wrong here", INTERNAL, "The error has been logged."
    )


def headers_of(error: Exception) -> dict[str, str]:
    """The headers that belong to an error's answer."""
    headers = dict(getattr(error, "headers", None) or {})
    seconds = getattr(error, "retry_after_seconds", None)
    if isinstance(error, errors.Unavailable):
        seconds = 1
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = CHALLENGE
    return headers


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a request with what went wrong; an unexpected error is logged once, here."""
    problem = problem_of(error)
    problem.instance = request.url.path
    if problem.status == INTERNAL:
        log.error("request.failed", path=request.url.path, exc_info=error)
    return Response(
        content=msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers_of(error),
    )


def _of_ours(error: errors.TaskFlowError) -> Problem:
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS_OF)
    status, name, title = STATUS_OF[kind]
    fields = None
    if isinstance(error, errors.Invalid):
        fields = [FieldProblem(*field) for field in error.errors]
    return Problem(PREFIX + name, title, status, error.detail, errors=fields or None)


def _of_framework(error: HTTPException) -> Problem:
    """Litestar says 400 for a body that is JSON but of the wrong shape; the contract says 422."""
    if isinstance(error, ValidationException):
        fields = [_field(issue) for issue in error.extra or [] if isinstance(issue, dict)]
        detail = "; ".join(f"{field.field}: {field.message}" for field in fields) or error.detail
        return Problem(f"{PREFIX}invalid", _TITLES[422][1], 422, detail, errors=fields or None)
    status = error.status_code
    name, title = _TITLES.get(status, ("error", error.detail))
    if status >= INTERNAL:
        return Problem(
            f"{PREFIX}internal", "Something went wrong here", status, "The error has been logged."
        )
    return Problem(PREFIX + name, title, status, error.detail)


def field_problem(path: str, message: str) -> FieldProblem:
    """What is wrong with a field; msgspec names an unknown or a missing one only in its message."""
    return FieldProblem(*named_field(message, "" if path == "data" else path))


def _field(issue: dict[str, Any]) -> FieldProblem:
    """One of Litestar's findings."""
    return field_problem(str(issue.get("key", "")), str(issue.get("message", "is not valid")))
