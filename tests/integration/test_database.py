"""A connection that comes back from a transaction, whatever became of it."""

import pytest

from taskflow.db.engine import Database
from taskflow.db.hints import Hints

HELD = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""


async def fail_holding_a_lock(database: Database) -> None:
    """Take a lock, then fail with the number of the database's process."""
    async with database.transaction() as transaction:
        await transaction.value("SELECT pg_advisory_xact_lock(1)")
        raise LookupError(await transaction.value("SELECT pg_backend_pid()"))


async def test_what_a_failed_transaction_held_is_free_when_its_connection_serves_again(
    dsn: str,
) -> None:
    database = Database(dsn, "taskflow_task_api", Hints(), max_connections=1)
    await database.open()
    try:
        with pytest.raises(LookupError) as failure:
            await fail_holding_a_lock(database)
        async with database.transaction() as transaction:
            assert await transaction.value("SELECT pg_backend_pid()") == failure.value.args[0]
            assert await transaction.value(HELD) == 0
            assert await transaction.value("SELECT current_user") == "taskflow_task_api"
    finally:
        await database.close()
