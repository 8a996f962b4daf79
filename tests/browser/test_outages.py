"""The database is away: the page says so, keeps what was written, and goes on by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect
from tests.browser.conftest import People
from tests.browser.person import live_state, rows
from tests.product import Product

from taskflow.runner.postgres import EmbeddedPostgres

# What is asked, by whom and how often while it is away, is no matter here.
ASKED = tuple(
    f"503 {call}"
    for call in (
        "GET /api/v1/auth/me",
        "GET /api/v1/notifications",
        "GET /api/v1/recurring/series/{id}",
        "GET /api/v1/recurring/suggestions",
        "GET /api/v1/reminders",
        "GET /api/v1/reminders/channels",
        "GET /api/v1/tasks",
        "GET /api/v1/tasks/{id}",
        "POST /api/v1/notifications/…/read",
        "POST /api/v1/tasks",
        "POST /api/v1/tasks/quick-add",
        "POST /api/v1/tasks/quick-add/preview",
    )
)


class Away:
    """A database of its own that a test takes away and brings back, and TaskFlow on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._postgres = EmbeddedPostgres(folder / "database")

    async def begin(self) -> None:
        """Start both."""
        await self._postgres.start()
        settings = {"TASKFLOW_DATABASE_URL": self._postgres.dsn()}
        self.product = Product(self._folder / "product", settings)
        await asyncio.to_thread(self.product.start)

    async def end(self) -> None:
        """Stop both."""
        await asyncio.to_thread(self.product.stop)
        await self._postgres.stop()

    async def take(self) -> None:
        """Kill the database's process."""
        pid = self._postgres.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await self._postgres.exited()
        await self._postgres.stop()

    async def give(self) -> None:
        """Start it again."""
        await self._postgres.start()


@pytest.fixture(scope="module")
async def away(open_dir: Path) -> AsyncIterator[Away]:
    """A TaskFlow whose database can be away for as long as a test wants."""
    away = Away(open_dir / "away")
    await away.begin()
    yield away
    await away.end()


async def test_what_is_written_while_the_database_is_away_is_kept_and_goes_through_after_it(
    away: Away, arrive: People
) -> None:
    person = await arrive(away.product)
    await person.register()
    page = await person.tab()
    person.complaints.intend(*ASKED)
    await away.take()
    await page.get_by_test_id("new-title").fill("Written meanwhile")
    await page.get_by_test_id("add").click()
    await expect(page.get_by_test_id("away")).to_contain_text("Not available right now: tasks")
    assert (await Axe().run(page)).response["violations"] == []
    await expect(page.get_by_test_id("new-title")).to_have_value("Written meanwhile")
    await expect(page.get_by_test_id("problem")).to_contain_text("TaskFlow can't do this right now")
    await away.give()
    await expect(page.get_by_test_id("away")).to_be_empty()
    await page.get_by_test_id("add").click()
    await expect(rows(page, "Written meanwhile")).to_have_count(1)
    await expect(page.get_by_test_id("new-title")).to_have_value("")
    [task] = person.api.get("/tasks").json()["items"]
    assert task["title"] == "Written meanwhile"


async def test_a_page_that_is_opened_while_the_database_is_away_opens_when_it_is_back(
    away: Away, arrive: People
) -> None:
    person = await arrive(away.product)
    await person.register()
    await person.add("Before")
    person.complaints.intend(*ASKED)
    await away.take()
    page = await person.visit()
    await expect(page.get_by_role("alert")).to_contain_text("TaskFlow can't do this right now")
    await away.give()
    await expect(rows(page, "Before")).to_have_count(1)
    await expect(live_state(page)).to_have_text("live")
