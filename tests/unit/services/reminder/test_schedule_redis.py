"""What a replica hears from others on the shared Redis, before anything is asked of that."""

import pytest

from taskflow.base.clock import SystemClock
from taskflow.chassis.redis import RedisClient
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.services.reminder.schedule_redis import RedisSchedule


@pytest.mark.parametrize("message", [b"9" * 400, b"", b"nonsense", b"\xff"])
async def test_what_no_replica_would_say_hastens_nothing(message: bytes) -> None:
    client = RedisClient("redis://127.0.0.1:1/0")
    database = Database("postgresql://127.0.0.1:1/none", None, Hints())
    schedule = RedisSchedule(client, database, SystemClock())
    schedule._hear(message)
    assert schedule.next is None
