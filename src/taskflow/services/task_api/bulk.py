"""Many writes in one request: each in a savepoint of its own, or all or nothing."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec

from taskflow.base.errors import FieldError, Invalid, TaskFlowError, Unavailable
from taskflow.chassis.homes import placed
from taskflow.chassis.problems import field_problem, problem_of
from taskflow.db.transaction import Transaction
from taskflow.services.task_api.schemas import (
    BulkAnswer,
    BulkBody,
    BulkResult,
    BulkUpdate,
    TaskBody,
    TaskChanges,
    given,
)
from taskflow.tasks import commands, queries
from taskflow.tasks.model import Actor, Task

MAX_ENTRIES: Final = 500
Operation = Literal["create", "update", "complete", "delete"]


class _Bulk(NamedTuple):
    """What every entry needs."""

    transaction: Transaction
    actor: Actor
    now: datetime
    timezone: str


async def run_bulk(
    transaction: Transaction, actor: Actor, body: BulkBody, now: datetime, timezone: str
) -> BulkAnswer:
    """Do what the body asks for, entry by entry.

    Raises:
        Invalid: it is too much, or with `atomic` an entry failed; nothing may be committed then.
    """
    entries = list(_entries(_Bulk(transaction, actor, now, timezone), body))
    if len(entries) > MAX_ENTRIES:
        raise Invalid(f"at most {MAX_ENTRIES} entries are taken at once")
    await queries.hold(transaction, actor.user_id, list(_named(body)))
    results = [
        await _attempt(transaction, operation, index, work) for operation, index, work in entries
    ]
    failures = [result for result in results if result.problem is not None]
    if body.atomic and failures:
        raise Invalid("nothing was written, since an entry failed", *_fields(failures))
    return BulkAnswer(results)


def _entries(
    bulk: _Bulk, body: BulkBody
) -> Iterator[tuple[Operation, int, Callable[[], Awaitable[Task | None]]]]:
    for index, entry in enumerate(body.create):
        yield "create", index, partial(_create, bulk, entry)
    for index, entry in enumerate(body.update):
        yield "update", index, partial(_update, bulk, entry)
    for index, text in enumerate(body.complete):
        yield "complete", index, partial(_complete, bulk, text)
    for index, text in enumerate(body.delete):
        yield "delete", index, partial(_delete, bulk, text)


def _named(body: BulkBody) -> Iterator[UUID]:
    """The tasks that a body names; what is no id is told of where it is used."""
    for text in (*(entry.get("id") for entry in body.update), *body.complete, *body.delete):
        with suppress(Invalid):
            yield _id("id", text)


async def _attempt(
    transaction: Transaction,
    operation: Operation,
    index: int,
    work: Callable[[], Awaitable[Task | None]],
) -> BulkResult:
    try:
        async with transaction.savepoint():
            task = await work()
    except Unavailable:
        raise
    except TaskFlowError as error:
        problem = problem_of(error)
        return BulkResult(operation, index, problem.status, problem=problem)
    status = {"create": 201, "delete": 204}.get(operation, 200)
    return BulkResult(operation, index, status, task=task.state() if task else None)


async def _create(bulk: _Bulk, entry: dict[str, Any]) -> Task:
    body = _convert(entry, TaskBody)
    wanted = placed(given(body), bulk.timezone)
    return await commands.create(bulk.transaction, bulk.actor, wanted, bulk.now, bulk.timezone)


async def _update(bulk: _Bulk, entry: dict[str, Any]) -> Task:
    if "status" in entry:
        raise Invalid.field("status", "use `complete` in a bulk")
    body: BulkUpdate = _convert(entry, BulkUpdate)
    version = body.if_match if isinstance(body.if_match, int) else None
    wanted = {
        name: value for name, value in given(body).items() if name in TaskChanges.__struct_fields__
    }
    wanted = placed(wanted, bulk.timezone)
    return await commands.update(bulk.transaction, bulk.actor, body.id, wanted, bulk.now, version)


async def _complete(bulk: _Bulk, text: str) -> Task:
    task_id = _id("complete", text)
    return await commands.complete(bulk.transaction, bulk.actor, task_id, bulk.now, bulk.now)


async def _delete(bulk: _Bulk, text: str) -> None:
    await commands.delete(bulk.transaction, bulk.actor, _id("delete", text), bulk.now)


def _convert(entry: dict[str, Any], kind: type[Any]) -> Any:
    try:
        return msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        problem = field_problem(path.rstrip("`"), message)
        raise Invalid.field(problem.field or "entry", problem.message) from error


def _id(field: str, value: object) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise Invalid.field(field, "must be an id") from None


def _fields(failures: list[BulkResult]) -> list[FieldError]:
    found = []
    for failure in failures:
        place = f"{failure.op}[{failure.index}]"
        problem = failure.problem
        found += [
            FieldError(f"{place}.{error.field}", error.message, error.position)
            for error in (problem and problem.errors) or ()
        ]
        if problem is not None and not problem.errors:
            found.append(FieldError(place, problem.detail))
    return found
