"""The hub tells a stream everything past its position, whenever that becomes known."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from taskflow.base.settings import Settings
from taskflow.events.payloads import TaskState
from taskflow.services.notification.frames import Note
from taskflow.services.notification.hub import Hub

USER = UUID(int=1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def note(number: int) -> Note:
    task = TaskState(
        id=UUID(int=number),
        user_id=USER,
        title="t",
        description="",
        status="pending",
        priority="medium",
        tags=(),
        due_date=None,
        all_day=False,
        timezone="UTC",
        recurrence=None,
        reminders=(),
        series_id=None,
        occurrence_date=None,
        version=1,
        created_at=NOW,
        updated_at=NOW,
        completed_at=None,
    )
    return Note(number, "task.created", task.id, "t", "", task, 1, NOW, UUID(int=number))


async def test_what_is_published_while_a_stream_opens_is_told_once_and_in_order() -> None:
    taken: list[bytes] = []

    async def send(message: Any) -> None:
        taken.append(message["body"])

    async def nothing(_user_id: UUID, _number: int) -> list[Note]:
        return []

    hub = Hub(Settings.load(), nothing)
    connection = hub.open(USER, send, wants_all=False)
    hub.publish(USER, note(4))
    hub.publish(USER, note(3))
    hub.begin(connection, position=3)
    hub.publish(USER, note(5))
    hub.go_live(connection)
    hub.publish(USER, note(6))
    hub.close(connection)
    assert re.findall(rb"^id: (\d+)$", b"".join(taken), re.MULTILINE) == [b"4", b"5", b"6"]
