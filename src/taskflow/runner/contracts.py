"""The public contracts as files: `python -m taskflow.runner.contracts FOLDER` writes them.

The same code makes the same files; `tests/contracts` holds the checked-in ones to that.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from taskflow.accounts.keys import load_signing_key
from taskflow.base.clock import SystemClock
from taskflow.base.settings import Settings
from taskflow.chassis.app import make_app
from taskflow.chassis.auth import Authenticator
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.openapi import Document, merged
from taskflow.chassis.service import Context, Service
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.events.envelope import encode
from taskflow.events.examples import examples
from taskflow.events.schema_export import event_schemas
from taskflow.runner.processes import MODULES, load

NOWHERE = "postgresql://nowhere"


def contract_files() -> dict[str, str]:
    """The contents of all files, by their names in the folder."""
    texts = {"openapi.json": _text(openapi_document())}
    for event_type, schema in event_schemas().items():
        texts[f"events/{event_type}.schema.json"] = _text(schema)
    for name, envelope in examples().items():
        texts[f"events/examples/{name}.json"] = _text(msgspec.json.decode(encode(envelope)))
    return texts


def openapi_document() -> Document:
    """What is reachable at the first port: all services, each under its own paths."""
    with tempfile.TemporaryDirectory() as folder:
        services = [load(name) for name in MODULES]
        first, *others = [_document(service, Path(folder)) for service in services]
    own = [_only(document, service) for document, service in zip(others, services[1:], strict=True)]
    return merged([first, *own], "TaskFlow")


def _document(service: Service, folder: Path) -> Document:
    """The document of a service that is built and never started."""
    settings, clock = Settings.load({"data_dir": folder}), SystemClock()
    database = Database(NOWHERE, service.role, Hints())
    public_key = load_signing_key(folder).public_key()
    authenticator = Authenticator(public_key, database, clock)
    context = Context(settings, clock, database, authenticator, Metrics(service.name))
    return make_app(service, service.build(context), context).document


def _only(document: Document, service: Service) -> Document:
    """A document without the paths that lead to another service at the first port."""
    prefixes = tuple(service.prefixes)
    paths = {path: item for path, item in document["paths"].items() if path.startswith(prefixes)}
    return document | {"paths": paths}


def _text(document: Mapping[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def main(folder: Path) -> None:
    """Write the files, and remove what is none of them any more."""
    texts = contract_files()
    for path in folder.rglob("*.json"):
        if path.relative_to(folder).as_posix() not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
