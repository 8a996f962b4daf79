"""The event contract: the examples, what the commands make, and what may change."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema_rs
import msgspec
import pytest

from taskflow.db.engine import Database
from taskflow.events.envelope import Unreadable, decode, encode
from taskflow.events.examples import examples
from taskflow.events.payloads import Recurrence, Reminder
from taskflow.events.schema_export import event_schemas
from taskflow.events.topics import ALL_TYPES, TASK_TYPES
from taskflow.tasks import commands
from taskflow.tasks.model import Actor

FOLDER = Path(__file__).parents[2] / "contracts" / "events"
EXAMPLES = sorted((FOLDER / "examples").glob("*.json"))
SCHEMAS = {
    event_type: jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for event_type, schema in event_schemas().items()
}
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
EACH = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def faults(document: dict[str, Any]) -> list[str]:
    return [error.message for error in SCHEMAS[document["type"]].iter_errors(document)]


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return document


def changed(document: dict[str, Any], *place: str, value: object) -> dict[str, Any]:
    """A copy of a document with one value put or, with None, taken away."""
    copy: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    inner = copy
    for name in place[:-1]:
        inner = inner[name]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return copy


def test_every_type_has_an_example() -> None:
    assert {read(path)["type"] for path in EXAMPLES} == set(ALL_TYPES)


@EACH
def test_an_example_is_valid(path: Path) -> None:
    assert faults(read(path)) == []


@EACH
def test_an_example_is_read_and_written_again_as_the_same_bytes(path: Path) -> None:
    body = msgspec.json.encode(read(path))
    envelope = decode(body)
    assert encode(envelope) == body
    assert envelope == examples()[path.stem]


@EACH
def test_fields_that_are_added_one_day_are_let_pass(path: Path) -> None:
    document = read(path)
    for place in (("colour",), ("data", "colour"), ("data", "task", "colour")):
        richer = changed(document, *place, value="red")
        assert faults(richer) == []
        assert decode(msgspec.json.encode(richer)) == decode(msgspec.json.encode(document))


@EACH
def test_another_major_version_is_unreadable(path: Path) -> None:
    document = read(path)
    schema = document["dataschema"].removesuffix(":1") + ":2"
    newer = changed(document, "dataschema", value=schema)
    assert faults(newer) != []
    with pytest.raises(Unreadable, match="unknown schema"):
        decode(msgspec.json.encode(newer))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("specversion",), "0.3"),
        (("time",), "2026-01-05T09:00:00"),
        (("source",), "/elsewhere"),
        (("partitionkey",), None),
        (("data", "task", "deleted_at"), None),
        (("data", "task", "status"), "deleted"),
        (("data", "task", "due_date"), "tomorrow"),
        (("data", "version"), 0),
        (("data", "version"), 2**53 + 1),
        (("data", "actor", "type"), "robot"),
        (("data", "changes", "title"), {"old": "only"}),
        (("data", "timestamp"), "2026-01-05"),
    ],
)
def test_what_breaks_a_promise_is_not_valid(place: tuple[str, ...], value: object) -> None:
    document = read(FOLDER / "examples" / "task.updated.json")
    assert faults(changed(document, *place, value=value)) != []


@pytest.mark.parametrize(
    "place",
    [
        (),
        ("task",),
        ("task", "recurrence"),
        ("task", "reminders", 0),
        ("task", "reminders", 0, "nag"),
    ],
)
def test_a_field_of_a_newer_version_is_let_pass(place: tuple[str | int, ...]) -> None:
    document = read(FOLDER / "examples" / "task.created.json")
    inner: Any = document["data"]
    inner["task"]["reminders"][0]["nag"] = {"every": "PT5M", "times": 3}
    expected = decode(msgspec.json.encode(document))
    for key in place:
        inner = inner[key]
    inner["unheard_of"] = 1
    assert decode(msgspec.json.encode(document)) == expected


def test_a_plain_recurrence_is_written_as_ever() -> None:
    written = msgspec.to_builtins(Recurrence("FREQ=DAILY"))
    assert list(written) == ["rule", "mode", "until", "count", "month_end"]
    exdates = ("2026-01-06",)
    more = msgspec.to_builtins(Recurrence("FREQ=DAILY", policy="pile_up", exdates=exdates))
    assert list(more)[5:] == ["policy", "exdates"]


def test_only_a_reminder_tells_of_a_reminder() -> None:
    reminder = read(FOLDER / "examples" / "reminder.triggered.json")
    assert faults(changed(reminder, "data", "reminder", value=None)) != []


@pytest.fixture
async def made(database: Database) -> list[bytes]:
    """The envelopes of a task's life, as the outbox keeps them."""
    actor = Actor(uuid4(), "user", "somebody", "Somebody", "a-correlation")
    given = {
        "title": "Water the plants",
        "due_date": "2026-01-12T09:00:00+01:00",
        "recurrence": {"rule": "weekly:MON"},
        "reminders": [Reminder(offset="PT1H"), Reminder(at=NOW + timedelta(days=2))],
    }
    async with database.transaction() as transaction:
        task = await commands.create(transaction, actor, given, NOW, "Europe/Berlin")
        await commands.update(transaction, actor, task.id, {"priority": "urgent"}, NOW)
        await commands.complete(transaction, actor, task.id, NOW, NOW)
        await commands.delete(transaction, actor, task.id, NOW)
        rows = await transaction.rows(
            "SELECT envelope FROM delivery.outbox WHERE key = $1 ORDER BY id", str(task.id)
        )
    return [bytes(row["envelope"]) for row in rows]


async def test_what_the_commands_make_keeps_the_promises(made: list[bytes]) -> None:
    documents = [msgspec.json.decode(body) for body in made]
    assert [one["type"] for one in documents] == list(TASK_TYPES)
    assert [fault for one in documents for fault in faults(one)] == []
    assert [encode(decode(body)) for body in made] == made
