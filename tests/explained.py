"""How many rows PostgreSQL looks at for a statement, whatever it is that runs it."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction

T = TypeVar("T")


class Explained(Transaction):
    """A transaction that has every statement measured before it runs."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction._connection, transaction._hints)
        self.plans: list[dict[str, Any]] = []

    async def execute(self, statement: str, *parameters: object) -> int:
        await self._measure(statement, parameters)
        return await super().execute(statement, *parameters)

    async def rows(self, statement: str, *parameters: object) -> list[Any]:
        await self._measure(statement, parameters)
        return await super().rows(statement, *parameters)

    async def row(self, statement: str, *parameters: object) -> Any:
        await self._measure(statement, parameters)
        return await super().row(statement, *parameters)

    async def value(self, statement: str, *parameters: object) -> Any:
        await self._measure(statement, parameters)
        return await super().value(statement, *parameters)

    @property
    def looked_at(self) -> int:
        """The most rows that one step of a statement took up."""
        return max(_looked_at(node) for plan in self.plans for node in _nodes(plan))

    async def _measure(self, statement: str, parameters: Iterable[object]) -> None:
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
        nested = self._connection.transaction()
        await nested.start()
        found = await self._connection.fetchval(explain, *parameters)
        await nested.rollback()
        self.plans.append(json.loads(found)[0]["Plan"])


@asynccontextmanager
async def explaining(database: Database) -> AsyncIterator[Explained]:
    """A measured transaction; it commits."""
    async with database.transaction() as transaction:
        yield Explained(transaction)


def _looked_at(node: dict[str, Any]) -> int:
    removed = ("Rows Removed by Filter", "Rows Removed by Join Filter", "Heap Fetches")
    rows: float = node["Actual Rows"] + sum(node.get(name, 0) for name in removed)
    return int(rows * node["Actual Loops"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)
