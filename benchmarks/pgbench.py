"""The database's own limit: pgbench runs the statements of creating a task, and nothing else."""

import asyncio
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks.http_load import Run
from benchmarks.processes import Failed
from taskflow.runner.postgres_binaries import find_binaries

SCRIPT: Final = """
BEGIN;
SELECT timezone, notification_preferences FROM accounts.users
 WHERE id = '00000000-0000-0000-0000-000000000000';
INSERT INTO tasks.tasks (id, user_id, title, description, status, priority, tags, due_at, all_day,
       timezone, recurrence, reminders, version, created_at, updated_at)
VALUES (gen_random_uuid(), gen_random_uuid(), 'Water the plants', 'On the balcony, all of them',
       'pending', 'high', '{home,garden}', now(), false, 'Europe/Berlin', NULL, '[]', 1, now(),
       now());
INSERT INTO delivery.outbox (event_id, source, topic, key, envelope, created_at)
VALUES (gen_random_uuid(), '/taskflow/task-api', 'task-events', gen_random_uuid()::text,
       convert_to(repeat('x', 1100), 'UTF8'), now());
COMMIT;
"""


async def run_pgbench(
    dsn: str, folder: Path, connections: int, seconds: float, *, per_second: int | None = None
) -> Run:
    """Run it for so long over so many connections, as fast as it can or at a pace.

    Raises:
        Failed: there is no pgbench beside the PostgreSQL in use, or a transaction failed.
    """
    program = _program()
    script = folder / "create_task.sql"
    script.write_text(SCRIPT)
    flags = ["-n", "-M", "prepared", "-c", str(connections), "-T", str(max(1, round(seconds)))]
    pace = ["-R", str(per_second)] if per_second else []
    logs = ["-l", "--log-prefix", str(folder / "pgbench_log")]
    begun = perf_counter()
    process = await asyncio.create_subprocess_exec(
        program,
        *flags,
        *pace,
        *logs,
        "-f",
        script,
        dsn,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    taken = perf_counter() - begun
    if process.returncode or b"failed transactions: 0 " not in output:
        raise Failed(f"pgbench:\n{output.decode(errors='replace')[-1000:]}")
    return Run(taken, _latencies(folder))


def _program() -> Path:
    program = Path(find_binaries().program("pgbench"))
    if not program.is_file():
        raise Failed(f"there is no {program}; it comes with PostgreSQL's contrib programs")
    return program


def _latencies(folder: Path) -> list[float]:
    """Seconds of each transaction, from the logs, which are removed."""
    found: list[float] = []
    for log in folder.glob("pgbench_log.*"):
        found += [int(line.split()[2]) / 1e6 for line in log.read_text().splitlines()]
        log.unlink()
    return found
