"""A connection that comes back from a transaction, whatever became of it."""

import os

import pytest

from taskflow.base.errors import TimedOut
from taskflow.chassis.problems import headers_of, problem_of
from taskflow.db.engine import Database
from taskflow.db.hints import Hints

HELD = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""
NAMES = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"


async def fail_holding_a_lock(database: Database) -> None:
    """Take a lock, then fail with the number of the database's process."""
    async with database.transaction() as transaction:
        await transaction.value("SELECT pg_advisory_xact_lock(1)")
        raise LookupError(await transaction.value("SELECT pg_backend_pid()"))


async def take_too_long(database: Database) -> None:
    """Have a statement that does not end in time."""
    async with database.transaction() as transaction:
        await transaction.execute("SET LOCAL statement_timeout = '20ms'")
        await transaction.execute("SELECT pg_sleep(60)")


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


async def test_a_request_whose_statement_takes_too_long_is_told_to_come_back(dsn: str) -> None:
    database = Database(dsn, "taskflow_task_api", Hints(), max_connections=1)
    await database.open()
    try:
        with pytest.raises(TimedOut) as failure:
            await take_too_long(database)
    finally:
        await database.close()
    assert problem_of(failure.value).status == 503
    assert headers_of(failure.value)["Retry-After"] == "1"


async def test_an_operator_sees_what_each_connection_is_for_and_whose_process_has_it(
    dsn: str,
) -> None:
    database = Database(dsn, "taskflow_reminders", Hints(), max_connections=1)
    await database.open()
    try:
        async with database.listening("told"), database.transaction() as transaction:
            found = {row[0] for row in await transaction.rows(NAMES)}
    finally:
        await database.close()
    process = f"{os.getpid()}@"
    assert {name.partition(process)[0] for name in found if process in name} >= {
        "taskflow_reminders working ",
        "taskflow_reminders listening ",
    }
