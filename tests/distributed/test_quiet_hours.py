"""Quiet hours that are changed over HTTP let go what they hold up, whoever hears of the change."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import httpx
import pytest
from tests.distributed.cluster import Cluster
from tests.distributed.load import Origin

if TYPE_CHECKING:
    from asyncpg import Connection, Record

Server: TypeAlias = "Connection[Record]"
Change: TypeAlias = Callable[[], None]
PATIENCE_SECONDS = 60
HOUR = timedelta(hours=1)
LISTENERS = """
SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'taskflow_reminders listening %'
"""
CUT = "SELECT pg_terminate_backend(pid) FROM unnest($1::integer[]) AS pid"


@pytest.fixture
def user(origin: Origin) -> Iterator[httpx.Client]:
    """Somebody whose quiet hours hold now."""
    with origin.client(origin.token()) as user:
        now = datetime.now(UTC)
        prefer(user, {"start": f"{now - HOUR:%H:%M}", "end": f"{now + 3 * HOUR:%H:%M}"})
        yield user


@pytest.fixture
async def server(cluster: Cluster) -> AsyncIterator[Server]:
    """The database, under the login of the services."""
    connection = await asyncpg.connect((cluster.secrets / "database_url").read_text().strip())
    yield connection
    await connection.close()


def prefer(user: httpx.Client, hours: dict[str, str] | None) -> None:
    change = {"timezone": "UTC", "notification_preferences": {"quiet_hours": hours}}
    user.patch("/auth/me", json=change).raise_for_status()


def until(user: httpx.Client, reminder: str, what: str) -> list[dict[str, Any]]:
    """A reminder's timeline, once this has happened to it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = user.get(f"/reminders/{reminder}/timeline").raise_for_status().json()["items"]
        if what in [one["what"] for one in found]:
            return list(found)
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def held_up(user: httpx.Client) -> str:
    """A reminder that quiet hours hold up."""
    at = datetime.now(UTC) + timedelta(seconds=1)
    task = {"title": "Tea", "reminders": [{"at": at.isoformat()}]}
    made = user.post("/tasks", json=task).raise_for_status().json()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := user.get("/reminders", params={"task_id": made["id"]}).json()["items"]):
        assert time.monotonic() < deadline, "it was never planned"
        time.sleep(0.05)
    reminder = str(found[0]["id"])
    until(user, reminder, "postponed")
    return reminder


async def listeners(server: Server, holds: Callable[[set[int]], bool]) -> set[int]:
    """The connections by which replicas hear of changes, once this holds of them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds(found := {row[0] for row in await server.fetch(LISTENERS)}):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)
    return found


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """No replica of the reminder service does anything meanwhile."""
    services = [one.service for one in cluster.replicas["reminder"]]
    for one in services:
        one.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in services:
            one.send_signal(signal.SIGCONT)


async def at_once(_cluster: Cluster, _server: Server, change: Change) -> None:
    """Whoever listens hears of it."""
    change()


async def while_nobody_hears(cluster: Cluster, server: Server, change: Change) -> None:
    """The connection of each that listens is cut, and they have not noticed yet."""
    each = len(cluster.replicas["reminder"])
    known = await listeners(server, lambda found: len(found) == each)
    with frozen(cluster):
        await server.execute(CUT, known)
        await listeners(server, lambda found: not found)
        change()


async def once_it_has_healed(cluster: Cluster, server: Server, change: Change) -> None:
    """The connection of each that listens was cut, and they listen by another one."""
    each = len(cluster.replicas["reminder"])
    known = await listeners(server, lambda found: len(found) == each)
    await server.execute(CUT, known)
    await listeners(server, lambda found: len(found) == each and not found & known)
    change()


@pytest.mark.parametrize("when", [at_once, while_nobody_hears, once_it_has_healed])
async def test_what_is_held_up_comes_once_quiet_hours_are_turned_off(
    cluster: Cluster,
    server: Server,
    user: httpx.Client,
    when: Callable[[Cluster, Server, Change], Awaitable[None]],
) -> None:
    reminder = held_up(user)
    await when(cluster, server, lambda: prefer(user, None))
    until(user, reminder, "fired")
    found = until(user, reminder, "delivered")
    told = [one["what"] for one in found]
    assert told == ["planned", "postponed", "replanned", "due", "fired", "handed_over", "delivered"]
    (fired,) = (one for one in found if one["what"] == "fired")
    assert fired["late_by_seconds"] < PATIENCE_SECONDS
    (replanned,) = (one for one in found if one["what"] == "replanned")
    assert replanned["reason"] == "quiet hours were changed"
