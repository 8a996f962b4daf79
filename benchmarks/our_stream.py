"""Our fan-out: the notification service's hub and stream handler under the real chassis and server.

Only the consumer is left out: a command of the benchmark publishes where a committed note would.
All streams are one user's, so that one event goes to all; the limits are raised accordingly.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import uvloop

from benchmarks import frame
from benchmarks.people import STREAMING
from taskflow.accounts.keys import load_signing_key
from taskflow.base.clock import SystemClock
from taskflow.base.ids import new_id
from taskflow.base.settings import Settings
from taskflow.chassis.app import make_app
from taskflow.chassis.auth import Authenticator
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.service import Context, Parts
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import migrate
from taskflow.events.payloads import TaskState
from taskflow.runner.postgres import EmbeddedPostgres
from taskflow.runner.server import Doors, listen, make_server
from taskflow.services.notification.backlog import TableBacklog
from taskflow.services.notification.frames import Note
from taskflow.services.notification.hub import Hub
from taskflow.services.notification.main import service
from taskflow.services.notification.sse_handler import Desk, make_stream

UNLIMITED: Final = {"stream_per_second": 1_000_000, "stream_heartbeat_seconds": 3600}


class Sized(Note, frozen=True):
    """A note whose frame has the bytes that all contenders send."""

    def frame(self) -> bytes:
        """The same bytes as everybody's."""
        return frame.frame(self.id or 0)


async def serve(data_dir: Path, port: int, streams: int) -> None:
    """Serve until standard input ends."""
    settings = Settings.load({"data_dir": data_dir, "streams_per_user": streams, **UNLIMITED})
    async with AsyncExitStack() as stack:
        postgres = EmbeddedPostgres(data_dir)
        await postgres.start()
        stack.push_async_callback(postgres.stop)
        await migrate(postgres.dsn())
        database = Database(postgres.dsn(), service.role, Hints())
        await database.open()
        stack.push_async_callback(database.close)
        hub = Hub(settings, TableBacklog(database))
        (socket,) = listen("127.0.0.1", [port])
        stack.callback(socket.close)
        server = make_server(Doors({port: _app(settings, database, hub)}))
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(server.serve([socket])), group.create_task(hub.run())]
            await server.has_started()
            print(frame.READY, flush=True)
            async for number in frame.commands():
                hub.publish(STREAMING, _note(number))
            for task in background:
                task.cancel()


def _app(settings: Settings, database: Database, hub: Hub) -> Any:
    clock = SystemClock()
    key = load_signing_key(settings.data_dir).public_key()
    authenticator = Authenticator(key, database, clock)
    context = Context(settings, clock, database, authenticator, Metrics(service.name))
    desk = Desk(
        hub=hub,
        backlog=TableBacklog(database),
        database=database,
        clock=clock,
        per_second=settings.stream_per_second,
        stale_seconds=settings.stream_stale_seconds,
    )
    return make_app(service, Parts(routes=[make_stream(desk)]), context)


def _note(number: int) -> Note:
    now = SystemClock().now()
    task_id = new_id(now)
    task = TaskState(
        task_id, STREAMING, "", "", "pending", "medium", (), None, all_day=False, timezone="UTC",
        recurrence=None, reminders=(), series_id=None, occurrence_date=None, version=1,
        created_at=now, updated_at=now, completed_at=None,
    )  # fmt: skip
    return Sized(number, frame.EVENT, task_id, "", "", task, 1, now, new_id(now))


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
