"""A service's OpenAPI document: Litestar's, completed with what holds for all services.

A route says what is its own: `opt={"raises": (Conflict,)}` for errors that follow neither from its
parameters nor from its guards, `response_headers`, `security` where it differs, and
in `opt` too what Litestar cannot see: `media`, other media types of the answer with their schemas;
`operation`, all of a raw ASGI route's; `accepts` and `structs`, what bodies and answers refer to
by name. Schemas are msgspec's, which reads and writes the bodies.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from litestar import Litestar
from litestar.datastructures import ResponseHeader
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import ASGIRoute, HTTPRoute
from litestar.serialization import decode_json, encode_json

from taskflow.base.schemas import Schema, schemas_of
from taskflow.chassis import openapi_problems as problems
from taskflow.chassis.auth import SESSION_COOKIE
from taskflow.chassis.problems import Problem

Document = dict[str, Any]
Operation = dict[str, Any]
REFERENCE: Final = "#/components/schemas/{name}"
OF_CALLER: Final[list[dict[str, list[str]]]] = [{"bearer": []}, {"session": []}]
SECURITY_SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of a login, or a personal access token.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "The page's session; a write is refused when its `Origin` is another site.",
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "A ticket for one stream, for clients that can send no header.",
    },
}
_DESCRIPTIONS: Final = {200: "Done.", 201: "Made.", 204: "Done; there is nothing to show."}
_LITESTARS: Final = ("Additional response",)
_NOISE: Final = ("deprecated", "allowEmptyValue", "allowReserved")
Handler = HTTPRouteHandler | ASGIRouteHandler


class Door(NamedTuple):
    """A handler, and the path and method that lead to it."""

    path: str
    method: str
    handler: Handler


def openapi_config(title: str, version: str) -> OpenAPIConfig:
    """What Litestar needs to know."""
    return OpenAPIConfig(
        title=title,
        version=version,
        render_plugins=[],
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, _method, _path: handler.handler_name,
    )


@lru_cache(maxsize=8)
def document_of(app: Litestar) -> Document:
    """The document of a service's app; not to be changed by whoever asks for it."""
    document = _plain(app.openapi_schema.to_schema())
    doors = list(_doors(app))
    paths: dict[str, dict[str, Operation]] = {}
    for door in doors:
        known = document["paths"].get(door.path, {}).get(door.method.lower(), {})
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door, known)
    described = document | {
        "security": OF_CALLER,
        "paths": {path: dict(sorted(paths[path].items())) for path in sorted(paths)},
        "components": {
            "schemas": _schemas(door.handler for door in doors),
            "responses": problems.responses(),
            "headers": problems.HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }
    return _plain(described)


def merged(documents: Iterable[Document], title: str) -> Document:
    """One document of several; what they all have is that of the first.

    Args:
        documents: At least one.
        title: What the whole is called.
    """
    first, *others = documents
    paths, schemas = dict(first["paths"]), dict(first["components"]["schemas"])
    for other in others:
        paths = other["paths"] | paths
        schemas = other["components"]["schemas"] | schemas
    return first | {
        "info": first["info"] | {"title": title},
        "paths": dict(sorted(paths.items())),
        "components": first["components"] | {"schemas": dict(sorted(schemas.items()))},
    }


def _plain(document: Mapping[str, Any]) -> Document:
    """A document in the types that JSON has."""
    plain: Document = decode_json(encode_json(document))
    return plain


def _doors(app: Litestar) -> Iterator[Door]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS" and handler.resolve_include_in_schema():
                    yield Door(route.path_format, str(method), handler)
        elif isinstance(route, ASGIRoute) and "operation" in route.route_handler.opt:
            yield Door(route.path_format, "GET", route.route_handler)


def _operation(door: Door, known: Operation) -> Operation:
    handler = door.handler
    known = known | handler.opt.get("operation", {})
    raised = problems.raised(door.path, door.method, known, handler.opt)
    answers = problems.references(raised) | _successes(handler, known)
    # What is called in a thread stands within what calls it there.
    called = getattr(handler.fn, "func", handler.fn)
    summary, *rest = re.split(r"\.\s+", inspect.getdoc(called) or "", maxsplit=1)
    described = {
        "operationId": handler.handler_name,
        "summary": summary.rstrip("."),
        "description": " ".join(" ".join(rest).split()),
        "tags": known.get("tags"),
        "security": known.get("security", [] if handler.opt.get("public") else OF_CALLER),
        "parameters": [_parameter(one) for one in known.get("parameters", ())],
        "requestBody": _body(known.get("requestBody")),
        "responses": dict(sorted(answers.items())),
    }
    return {name: value for name, value in described.items() if value or name == "security"}


def _parameter(known: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter as it can be sent: it is left out rather than null."""
    schema = {name: _whole(value) for name, value in _without_null(known["schema"]).items()}
    schema.pop("description", None)
    return {name: known[name] for name in known if name not in _NOISE} | {"schema": schema}


def _body(known: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A body; one that may be null may be left out."""
    if known is None:
        return None
    schemas = {kind: media["schema"] for kind, media in known["content"].items()}
    content = {kind: {"schema": _without_null(schema)} for kind, schema in schemas.items()}
    needed = all(schema == _without_null(schema) for schema in schemas.values())
    return {"required": needed, "content": content}


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(schema)
    if isinstance(plain.get("type"), list):
        (plain["type"],) = (kind for kind in plain["type"] if kind != "null")
        plain["enum"] = [value for value in plain.get("enum", ()) if value is not None]
    if "oneOf" in plain:
        kinds = [kind for kind in plain.pop("oneOf") if kind.get("type") != "null"]
        plain |= kinds[0] if len(kinds) == 1 else {"oneOf": kinds}
    return plain


def _whole(value: object) -> object:
    """A number without a needless fraction."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _successes(handler: Handler, known: Operation) -> dict[str, Any]:
    """The answers that are no problems, and those that the handler names itself."""
    named = getattr(handler, "responses", None) or {}
    found = {}
    for code, answer in known["responses"].items():
        if int(code) in named or int(code) < 400:  # noqa: PLR2004 - where HTTP's errors begin
            found[code] = _answer(int(code), answer, handler)
    return found


def _answer(code: int, known: Mapping[str, Any], handler: Handler) -> dict[str, Any]:
    description = known["description"]
    if description in _LITESTARS or description == HTTPStatus(code).description:
        description = _DESCRIPTIONS[code]
    headers: dict[str, Any] = {}
    if isinstance(handler, HTTPRouteHandler) and code == handler.status_code:
        found = sorted(handler.resolve_response_headers(), key=lambda header: header.name)
        headers = {header.name: _header(header) for header in found}
    content = {} if code == HTTPStatus.NO_CONTENT else dict(known.get("content", {}))
    if content:
        content |= {kind: {"schema": one} for kind, one in handler.opt.get("media", {}).items()}
    answer = {"description": description, "headers": headers, "content": content}
    return {name: value for name, value in answer.items() if value}


def _header(header: ResponseHeader) -> dict[str, Any]:
    return {"description": header.description or "", "schema": {"type": "string"}}


def _schemas(handlers: Iterable[Handler]) -> dict[str, Schema]:
    accepted: list[object] = []
    promised: list[object] = [Problem]
    for handler in handlers:
        accepted += handler.opt.get("accepts", ())
        promised += handler.opt.get("structs", ())
        if isinstance(handler, HTTPRouteHandler):
            signature = handler.parsed_fn_signature
            if body := signature.parameters.get("data"):
                accepted.append(body.annotation)
            promised.append(signature.return_type.annotation)
            promised += [spec.data_container for spec in (handler.responses or {}).values()]
    return schemas_of(accepted, promised, REFERENCE)
