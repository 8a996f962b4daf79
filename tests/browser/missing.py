"""A product that was off when reminders were to come."""

from datetime import timedelta

import asyncpg
from tests.product import Product

from taskflow.runner.postgres import EmbeddedPostgres

# As if it had been killed before they were due, and had come back that long after.
MISS = """
UPDATE reminders.reminders SET planned_at = now() - $1::interval, fire_at = now() - $1::interval
 WHERE status = 'pending'
"""


async def miss(product: Product, late: timedelta) -> None:
    """Let a product that is killed, and that is not started here, miss all that it has planned."""
    postgres = EmbeddedPostgres(product.data_dir)
    await postgres.start()
    connection = await asyncpg.connect(postgres.dsn())
    try:
        await connection.execute(MISS, late)
    finally:
        await connection.close()
        await postgres.stop()
