"""A service's documentation for people, made from its OpenAPI document; needs no internet."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
article { border: 1px solid #8884; border-radius: .5rem; margin: 1rem 0; padding: .25rem 1rem }
code { font-size: .95em } h2 code { font-size: 1rem } pre { overflow-x: auto; font-size: .85rem }
b { display: inline-block; min-width: 4.5rem } :root { color-scheme: light dark }
"""
_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title><style>{style}</style>
<h1>{title}</h1><p>Version {version} · <a href="/openapi.json">openapi.json</a></p>
{operations}<h1>Schemas</h1>{schemas}</html>"""
_OPERATION: Final = """<article><h2><b>{method}</b> <code>{path}</code></h2><p>{text}</p>
{parameters}{body}<p>Answers: {answers}</p></article>"""


def docs_page(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document, as HTML."""
    operations = [
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document.get("components", {}).get("schemas", {})
    return _PAGE.format(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        style=_STYLE,
        operations="".join(operations),
        schemas="".join(_schema(name, schema) for name, schema in schemas.items()),
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parameters = [
        f"<li><code>{escape(one['name'])}</code> ({escape(one['in'])})"
        for one in operation.get("parameters", [])
    ]
    answers = [escape(code) for code in operation.get("responses", {})]
    return _OPERATION.format(
        method=escape(method.upper()),
        path=escape(path),
        text=escape(operation.get("description") or operation.get("summary") or ""),
        parameters=f"<ul>{''.join(parameters)}</ul>" if parameters else "",
        body=_body(operation.get("requestBody")),
        answers=", ".join(answers),
    )


def _body(body: Mapping[str, Any] | None) -> str:
    if body is None:
        return ""
    schemas = [media.get("schema", {}) for media in body.get("content", {}).values()]
    return "".join(f"<pre>{escape(json.dumps(schema, indent=1))}</pre>" for schema in schemas)


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    text = escape(json.dumps(schema, indent=1))
    return f"<details><summary><code>{escape(name)}</code></summary><pre>{text}</pre></details>"
