"""Reads tasks: one, or a page of many. Pages hold still while tasks come and go (keysets)."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from taskflow.base import cursors
from taskflow.base.errors import Invalid
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Priority
from taskflow.tasks import tables
from taskflow.tasks.errors import TaskNotFound
from taskflow.tasks.model import Task


class _Order(NamedTuple):
    """A column (or expression) that a list may be sorted by, its type and text for a cursor."""

    expression: str
    type: str
    is_key: Callable[[str], object]


# As PostgreSQL writes a `timestamptz` in a session in UTC.
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00", re.ASCII)


def _is_instant(text: str) -> bool:
    if text == "infinity":
        return True
    try:
        return bool(_INSTANT.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


_ORDERS: Final = {
    "created_at": _Order("created_at", "timestamptz", _is_instant),
    "due_date": _Order("coalesce(due_at, 'infinity')", "timestamptz", _is_instant),
    "priority": _Order("priority_rank", "smallint", re.compile(r"[0-9]").fullmatch),
    "title": _Order("title", "text", re.compile(r"[^\x00]{0,1000}", re.DOTALL).fullmatch),
}
SORTS: Final = tuple(f"{sign}{name}" for name in _ORDERS for sign in ("", "-"))
_LIVE: Final = "deleted_at IS NULL"
_STATUSES: Final = {
    None: _LIVE,
    "pending": f"{_LIVE} AND status = 'pending'",
    "completed": f"{_LIVE} AND status = 'completed'",
    "deleted": "deleted_at IS NOT NULL",
}
STATUSES: Final = tuple(status for status in _STATUSES if status is not None)
# All words must occur, each as the beginning of a word; a query without any word finds nothing.
_MATCHES: Final = (
    "search @@ (replace(nullif(plainto_tsquery('simple', {0})::text, ''), ''' &', ''':* &')"
    " || ':*')::tsquery"
)


class Filter(Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; None narrows nothing."""

    status: str | None = None
    priority: Priority | None = None
    tag: str | None = None
    q: str | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    series_id: UUID | None = None


class Page(NamedTuple):
    """Some tasks, and where the next ones begin; None after the last."""

    tasks: list[Task]
    next_cursor: str | None


async def get(transaction: Transaction, user_id: UUID, task_id: UUID) -> Task:
    """A user's task.

    Raises:
        TaskNotFound: there is none, it is in the trash, or it is somebody else's.
    """
    task = await tables.find(transaction, user_id, task_id)
    if task is None or task.is_deleted:
        raise TaskNotFound(task_id)
    return task


async def find_all(transaction: Transaction, user_id: UUID, task_ids: Sequence[UUID]) -> list[Task]:
    """Those of a user's tasks that there are, also from the trash."""
    return await tables.find_all(transaction, user_id, task_ids)


async def hold(transaction: Transaction, user_id: UUID, task_ids: Sequence[UUID]) -> None:
    """Hold a user's tasks until the transaction ends, before many of them are changed.

    Everybody takes them in the same order, so that two never wait for each other.
    """
    await tables.hold(transaction, user_id, task_ids)


async def listing(
    transaction: Transaction,
    user_id: UUID,
    wanted: Filter,
    *,
    sort: str = "-created_at",
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """A page of a user's tasks.

    Args:
        transaction: Where to read.
        user_id: Whose.
        wanted: What the list is narrowed to.
        sort: `created_at`, `due_date`, `priority` or `title`, with `-` for descending.
        limit: At most so many.
        cursor: Where the page before ended.

    Raises:
        Invalid: the sort or the cursor is not one of this list.
    """
    statement = _Statement(user_id, wanted)
    order, is_descending = _order(sort)
    if cursor is not None:
        statement.begin_after(order, is_descending, sort, cursor)
    direction = "DESC" if is_descending else "ASC"
    sql = f"""
    SELECT {tables.COLUMNS}, ({order.expression})::text AS sort_key
      FROM tasks.tasks
     WHERE {" AND ".join(statement.conditions)}
     ORDER BY {order.expression} {direction}, id {direction}
     LIMIT {statement.bind(limit + 1)}
    """  # noqa: S608 - made of constants; what a person wrote is bound
    rows = await transaction.rows(sql, *statement.parameters)
    tasks = [tables.task_of(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(tasks, None)
    last = rows[limit - 1]
    return Page(tasks, cursors.encode(_list_name(sort), last["sort_key"], last["id"]))


class _Statement:
    """Conditions and their bound parameters."""

    def __init__(self, user_id: UUID, wanted: Filter) -> None:
        self.parameters: list[object] = []
        if wanted.status not in _STATUSES:
            raise Invalid.field("status", "is one of pending, completed, deleted")
        self.conditions = [f"user_id = {self.bind(user_id)}", _STATUSES[wanted.status]]
        for value, condition in (
            (wanted.priority, "priority = {0}"),
            (wanted.tag, "tags @> ARRAY[{0}::text]"),
            (wanted.q, _MATCHES),
            (wanted.due_before, "due_at < {0}"),
            (wanted.due_after, "due_at >= {0}"),
            (wanted.series_id, "series_id = {0}"),
        ):
            if value is not None:
                self.conditions.append(condition.format(self.bind(value)))

    def bind(self, value: object) -> str:
        """The placeholder of a value."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def begin_after(self, order: _Order, is_descending: bool, sort: str, cursor: str) -> None:  # noqa: FBT001 - private
        """Only what comes after the last item of the page before."""
        key, task_id = cursors.decode(cursor, _list_name(sort), tuple[str, UUID])
        if not order.is_key(key):
            raise Invalid.field("cursor", "is not a cursor of this list")
        sign = "<" if is_descending else ">"
        key_value = f"{self.bind(key)}::text::{order.type}"
        self.conditions.append(
            f"({order.expression}, id) {sign} ({key_value}, {self.bind(task_id)})"
        )


def _list_name(sort: str) -> str:
    return f"tasks by {sort}"


def _order(sort: str) -> tuple[_Order, bool]:
    name = sort.removeprefix("-")
    if name not in _ORDERS:
        raise Invalid.field("sort", f"is one of {', '.join(_ORDERS)}, with - for descending")
    return _ORDERS[name], sort.startswith("-")
