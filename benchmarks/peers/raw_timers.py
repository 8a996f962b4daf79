"""The machine's limit of goal 6: a timer for each, and a row that is marked durably."""

import asyncio
import sys
import time
from pathlib import Path

import asyncpg
import uvloop

from benchmarks import due

CONNECTIONS = 8
MAKE = """
DROP TABLE IF EXISTS timers;
CREATE TABLE timers (number integer PRIMARY KEY, fired_at timestamptz)
"""
SEED = "INSERT INTO timers SELECT generate_series(0, $1::integer - 1)"
FIRE = "UPDATE timers SET fired_at = now() WHERE number = $1"


async def main(dsn: str, path: Path, workload: due.Workload) -> None:
    """Run to the end."""
    noted: due.Noted = []
    async with asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        await pool.execute(MAKE)
        await pool.execute(SEED, workload.due)
        workload = workload._replace(begin=time.time() + due.AHEAD_SECONDS)

        async def fire(number: int) -> None:
            await asyncio.sleep(workload.at(number) - time.time())
            await pool.execute(FIRE, number)
            noted.append((number, time.time() - workload.at(number)))

        await asyncio.gather(*(fire(number) for number in range(workload.due)))
    due.write(path, noted)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2]), due.Workload.of(sys.argv[3:])))
