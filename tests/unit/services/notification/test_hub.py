"""The hub tells a stream everything past its position, whenever that becomes known."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from tests.notes import USER, make_note
from tests.streaming import Client, live

from taskflow.accounts.model import Identity
from taskflow.base.errors import Unavailable
from taskflow.base.settings import Settings
from taskflow.chassis.wire import Wire
from taskflow.services.notification.frames import Note
from taskflow.services.notification.hub import Hub

PATIENCE_SECONDS = 20


class Kept:
    """What was kept: the truth that the hub looks at."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    async def positions(self, users: Collection[UUID]) -> dict[UUID, int]:
        return {user: len(self.notes) for user in users}

    async def after(self, user_id: UUID, number: int) -> list[Note]:
        assert user_id == USER
        return self.notes[number:]


def make_hub(kept: Kept | None = None, **settings: Any) -> Hub:
    return Hub(Settings.load(settings), kept or Kept())


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(hub.run())
        yield
        loop.cancel()


async def test_what_is_published_while_a_stream_opens_is_told_once_and_in_order() -> None:
    hub, client = make_hub(), Client()
    hub.open(client.stream)
    hub.publish(USER, make_note(4))
    hub.publish(USER, make_note(3))
    hub.begin(client.stream, position=3)
    hub.publish(USER, make_note(5))
    hub.go_live(client.stream)
    hub.publish(USER, make_note(6))
    hub.close(client.stream)
    assert client.ids == [4, 5, 6]


async def test_what_a_second_stream_finds_in_the_table_is_not_told_to_it_live_too() -> None:
    hub = make_hub()
    first, second = live(hub, position=3), Client()
    hub.open(second.stream)
    hub.publish(USER, make_note(4, task=7))
    hub.publish(USER, make_note(5, task=7))
    hub.begin(second.stream, position=4)
    hub.go_live(second.stream)
    assert first.ids == [4, 5]
    assert second.ids == [5]
    assert b"merged" not in second.text


async def test_a_note_that_nobody_told_of_is_found_in_the_table() -> None:
    kept = Kept()
    hub = make_hub(kept)
    client = live(hub, position=0)
    async with running(hub):
        kept.notes.append(make_note(1))
        await client.has(b"id: 1\n")
    assert client.ids == [1]


async def test_what_comes_after_a_gap_waits_until_the_gap_is_filled() -> None:
    kept = Kept()
    kept.notes += [make_note(1), make_note(2), make_note(3)]
    hub = make_hub(kept)
    client = live(hub, position=0)
    hub.publish(USER, make_note(3))
    assert client.ids == []
    async with running(hub):
        await client.has(b"id: 3\n")
    assert client.ids == [1, 2, 3]


async def test_a_client_that_takes_nothing_is_told_to_fetch_afresh_when_it_reads_again() -> None:
    hub = make_hub()
    client, other = live(hub, position=0), live(hub, position=0)
    client.gate.clear()
    async with running(hub):
        for number in range(1, 60):
            hub.publish(USER, make_note(number))
        client.gate.set()
        await client.has(b'event: resync\ndata: {"position": 59}')
        hub.publish(USER, make_note(60))
        await client.has(b"id: 60\n")
        await other.has(b"id: 60\n")
    assert client.ids == [60]
    assert other.ids == list(range(1, 61))


async def test_a_stream_that_is_replaced_while_it_opens_is_told_so_and_nothing_else() -> None:
    hub = make_hub(streams_per_user=1)
    first = Client()
    hub.open(first.stream)
    second = live(hub, position=0)
    hub.begin(first.stream, position=0)
    hub.publish(USER, make_note(1))
    assert not first.stream.is_open
    await first.stream.take_leave(1)
    assert first.text == b"event: replaced\ndata: {}\n\n"
    assert second.ids == [1]


async def test_streams_end_with_the_identity_behind_them_and_others_do_not() -> None:
    hub = make_hub()
    gone, stays = live(hub, position=0, session=1), live(hub, position=0, session=2)

    class Authority:
        def __init__(self) -> None:
            self.looked = asyncio.Event()
            self._turns = 0

        async def next_refresh(self) -> None:
            self._turns += 1
            if self._turns > 1:
                self.looked.set()
                await asyncio.Event().wait()

        async def lapsed(self, identities: Collection[Identity]) -> list[Identity]:
            return [one for one in identities if one.session_id == UUID(int=1)]

    authority = Authority()
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        loop = group.create_task(hub.end_lapsed(authority))
        await authority.looked.wait()
        loop.cancel()
    assert gone.text == b"retry: 200\n\n"
    assert stays.text == b""
    assert hub.streams == 1


async def test_a_process_that_stops_opens_no_stream() -> None:
    hub = make_hub()
    client = live(hub, position=0)
    await hub.stop()
    assert client.text == b"retry: 3000\n\n"
    with pytest.raises(Unavailable):
        hub.open(Client().stream)


async def test_a_stream_whose_connection_is_gone_is_forgotten_and_breaks_nothing() -> None:
    hub = make_hub()
    client, other = live(hub, position=0), live(hub, position=0)

    class Gone(Wire):
        @property
        def is_closing(self) -> bool:
            return True

    client.stream._wire = Gone(None)
    hub.publish(USER, make_note(1))
    assert other.ids == [1]
    assert client.ids == []
    assert client.stream.is_over


async def test_a_note_is_told_of_once_when_a_stream_takes_it_and_not_when_a_limit_holds_it() -> (
    None
):
    sent: list[int | None] = []
    hub = Hub(Settings.load(), Kept(), lambda note: sent.append(note.id))
    clients = [live(hub, position=3, session=number) for number in (1, 2)]
    hub.publish(USER, make_note(4))
    assert sent == [4]
    for client in clients:
        client.gate.clear()
    hub.publish(USER, make_note(5))
    hub.publish(UUID(int=9), make_note(6))
    assert sent == [4]
    for client in clients:
        hub.close(client.stream)
