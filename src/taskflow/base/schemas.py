"""JSON Schemas of structs: narrow in what is accepted, open in what is promised.

What comes in has no field that we do not know. What goes out always has all of its fields, and may
have more one day: whoever reads it must let them pass.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from inspect import cleandoc
from typing import Any, Final, get_args, get_type_hints

from msgspec import NODEFAULT, Struct, UnsetType
from msgspec.json import schema_components
from msgspec.structs import fields

Schema = dict[str, Any]
# A line of the section `Attributes:` of a docstring, with those that it runs on to.
_ATTRIBUTE: Final = re.compile(r"^ {4}(\w+): (.+(?:\n {5,}.+)*)", re.MULTILINE)


def structs_in(annotations: Iterable[object]) -> dict[str, type[Struct]]:
    """The structs that annotations name, at any depth, by their names."""
    found: dict[str, type[Struct]] = {}
    waiting = list(annotations)
    while waiting:
        kind = waiting.pop()
        if not isinstance(kind, type) or not issubclass(kind, Struct):
            waiting += get_args(kind)
        elif kind.__name__ not in found:
            found[kind.__name__] = kind
            waiting += get_type_hints(kind).values()
    return found


def schemas_of(
    accepted: Iterable[object], promised: Iterable[object], reference: str
) -> dict[str, Schema]:
    """The schemas of all structs in annotations, by name.

    Args:
        accepted: What comes in.
        promised: What goes out; a struct that does both is described as what comes in.
        reference: How schemas refer to one another, such as `#/components/schemas/{name}`.
    """
    incoming, outgoing = structs_in(accepted), structs_in(promised)
    kinds = {**outgoing, **incoming}
    _, schemas = schema_components(kinds.values(), ref_template=reference)
    _say_texts(schemas)
    for name, kind in kinds.items():
        _describe(schemas[name])
        _say_times(schemas[name], kind)
        if name not in incoming:
            _open(schemas[name], kind)
    return {name: schemas[name] for name in sorted(schemas)}


def _describe(schema: Schema) -> None:
    """Move what a docstring says of attributes to them."""
    text, _, attributes = cleandoc(schema["description"]).partition("Attributes:\n")
    schema["description"] = " ".join(text.split())
    for name, words in _ATTRIBUTE.findall(attributes):
        if name in schema["properties"]:
            schema["properties"][name]["description"] = " ".join(words.split())


def _say_texts(part: object) -> None:
    """Say of a choice of texts that it is one, at any depth."""
    if isinstance(part, dict):
        if all(isinstance(choice, str) for choice in part.get("enum", (None,))):
            part["type"] = "string"
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            _say_texts(inner)


def _say_times(schema: Schema, kind: type[Struct]) -> None:
    """An instant is RFC 3339, with its offset from UTC."""
    for key, hint in _fields(kind):
        if datetime in (hint, *get_args(hint)):
            found = schema["properties"][key]
            for one in (found, *found.get("anyOf", ())):
                if one.get("type") == "string":
                    one["format"] = "date-time"


def _open(schema: Schema, kind: type[Struct]) -> None:
    """Turn what is accepted into what is promised."""
    schema.pop("additionalProperties", None)
    omitted = _omitted(kind)
    schema["required"] = [
        key for key, hint in _fields(kind) if key not in omitted and UnsetType not in get_args(hint)
    ]
    if omitted:
        return
    for field in schema["properties"].values():
        field.pop("default", None)


def _omitted(kind: type[Struct]) -> set[str]:
    """The keys that are left out at their default; not those of which a factory makes it."""
    if not kind.__struct_config__.omit_defaults:
        return set()
    return {one.encode_name for one in fields(kind) if one.default is not NODEFAULT}


def _fields(kind: type[Struct]) -> Iterator[tuple[str, object]]:
    """The fields of a struct: how each is called in JSON, and what it is."""
    hints = get_type_hints(kind)
    for name, key in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True):
        yield key, hints[name]
