"""What the Task API shows of the installation: what is on its way, and the room that is left."""

import shutil

from taskflow.chassis.service import Context
from taskflow.outbox.relay import read_pending

SIZE = "SELECT pg_database_size(current_database())"


def show_outbox(context: Context) -> None:
    """Show how much waits to be delivered and since when, and how large the database is."""
    pending = context.metrics.gauge(
        "taskflow_outbox_pending",
        "Events that wait to be delivered, of all services; beyond 10,000 an estimate.",
    )
    oldest = context.metrics.gauge(
        "taskflow_outbox_oldest_age_seconds",
        "Seconds that the oldest of them has waited; 0 where none waits.",
    )
    size = context.metrics.gauge("taskflow_database_size_bytes", "What the database takes up.")

    async def measure() -> None:
        waiting = await read_pending(context.database)
        now = context.clock.now()
        pending.set(waiting.events)
        oldest.set(max((now - (waiting.oldest or now)).total_seconds(), 0.0))
        async with context.database.transaction(read_only=True) as transaction:
            size.set(await transaction.value(SIZE))

    context.metrics.on_scrape(measure)


def show_disk(context: Context) -> None:
    """Show the room on the data folder's disk, where the database is in that folder."""
    free = context.metrics.gauge(
        "taskflow_disk_free_bytes", "Room on the disk of the data folder, with the database."
    )
    total = context.metrics.gauge("taskflow_disk_size_bytes", "The size of that disk.")

    async def measure() -> None:
        usage = shutil.disk_usage(context.settings.data_dir)
        free.set(usage.free)
        total.set(usage.total)

    context.metrics.on_scrape(measure)
