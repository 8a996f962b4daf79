"""Further databases with TaskFlow's schema, in the PostgreSQL that is under measurement."""

import asyncpg

from taskflow.db.migrate import migrate


async def add_database(dsn: str, new_dsn: str, name: str) -> None:
    """Make a database beside another, and bring it to the present schema."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    await migrate(new_dsn)
