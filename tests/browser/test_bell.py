"""What a person sees of their reminders behind the bell, and does about them."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect
from tests.browser.conftest import People
from tests.browser.missing import miss
from tests.browser.person import Person, is_done, rows
from tests.product import Product

PATIENCE_SECONDS = 20
MISSED = 7


@pytest.fixture(scope="module")
def interrupted(open_dir: Path) -> Iterator[Product]:
    """A TaskFlow of its own that may be killed."""
    product = Product(open_dir / "interrupted")
    product.start()
    yield product
    product.stop()


def soon(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


async def known(person: Person, holds: Callable[[list[dict[str, Any]]], bool]) -> dict[str, Any]:
    """The person's first reminder, once this holds of all of them."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in count():
            found: list[dict[str, Any]] = person.api.get("/reminders").json()["items"]
            if holds(found):
                return found[0]
            await asyncio.sleep(0.05)
    raise AssertionError


async def remind(person: Person, page: Page, title: str = "Tea") -> Locator:
    """A reminder that has just fired, in the open list."""
    await person.add(title, reminders=[{"at": soon(seconds=2)}])
    note = notes(page, f"Reminder: {title}")
    await expect(note).to_have_count(1)
    await page.get_by_test_id("bell").click()
    return note


def notes(page: Page, title: str) -> Locator:
    return page.get_by_test_id("notification").filter(has_text=title)


async def test_the_list_opens_at_what_is_new_wherever_somebody_left_it(ada: Person) -> None:
    for number in range(12):
        await ada.add(f"Older {number}")
    page = await ada.tab()
    bell = page.get_by_test_id("bell")
    await bell.click()
    await page.get_by_test_id("channels").scroll_into_view_if_needed()
    await expect(page.get_by_role("heading", name="Notifications")).not_to_be_in_viewport()
    await bell.click()
    await ada.add("Newest")
    await expect(notes(page, "Newest")).to_have_count(1)
    await bell.click()
    await expect(page.get_by_role("heading", name="Notifications")).to_be_in_viewport()
    await expect(notes(page, "Newest")).to_be_in_viewport()


async def test_a_reminder_that_is_shown_is_seen_and_stays_unread(ada: Person) -> None:
    page = await ada.tab()
    await ada.add("Tea", reminders=[{"at": soon(seconds=2)}])
    await expect(notes(page, "Reminder: Tea")).to_have_count(1)
    assert (await known(ada, lambda found: found[0]["status"] == "sent"))["seen_at"] is None
    await page.get_by_test_id("bell").click()
    await known(ada, lambda found: found[0]["seen_at"] is not None)
    await expect(page.get_by_test_id("unread-count")).to_have_text("2")
    await page.get_by_role("button", name="Mark as read: Reminder: Tea").press("Enter")
    await expect(page.get_by_test_id("unread-count")).to_have_text("1")
    note = notes(page, "Reminder: Tea")
    await expect(note.get_by_role("button", name="Done: Tea")).to_be_focused()


async def test_done_at_a_reminder_completes_its_task(ada: Person) -> None:
    page = await ada.tab()
    note = await remind(ada, page)
    await note.get_by_role("button", name="Done: Tea").click()
    await is_done(rows(page, "Tea"))
    await expect(note.get_by_test_id("note-done")).to_have_count(0)
    await expect(note.get_by_test_id("read")).to_have_count(0)
    await expect(note).to_contain_text("Done")


async def test_a_reminder_is_snoozed_by_a_preset_or_until_any_time(ada: Person) -> None:
    page = await ada.tab()
    note = await remind(ada, page)
    await note.get_by_role("button", name="Snooze: Tea").press("Enter")
    await expect(note.get_by_test_id("snooze-choices")).to_be_focused()
    await note.get_by_test_id("snooze-in_an_hour").click()
    await expect(page.get_by_text("“Tea” comes again: ")).to_be_visible()
    await known(ada, lambda found: found[0]["status"] == "pending")
    await note.get_by_role("button", name="Snooze: Tea").press("Enter")
    await page.keyboard.press("Escape")
    await expect(note.get_by_role("button", name="Snooze: Tea")).to_be_focused()
    await page.keyboard.press("Enter")
    ada.complaints.intend("422 POST /api/v1/reminders/{id}/snooze")
    await note.get_by_test_id("snooze-until").fill("2020-01-01T10:00")
    await note.get_by_test_id("snooze-save").click()
    await expect(note.get_by_text("from a second to a year ahead", exact=False)).to_be_visible()
    later = datetime.now() + timedelta(days=2)  # noqa: DTZ005 - as a person types it
    await note.get_by_test_id("snooze-until").fill(f"{later:%Y-%m-%dT10:00}")
    await note.get_by_test_id("snooze-save").click()
    await expect(note.get_by_test_id("snooze-choices")).to_have_count(0)
    reminder = await known(ada, lambda found: found[0]["fire_at"] > soon(days=1))
    assert reminder["status"] == "pending"


async def test_nothing_is_lost_where_an_answer_to_a_reminder_reaches_nobody(ada: Person) -> None:
    page = await ada.tab()
    note = await remind(ada, page)
    await note.get_by_role("button", name="Snooze: Tea").click()
    await expect(note.get_by_test_id("snooze-in_an_hour")).to_be_visible()
    ada.complaints.intend(
        "net::ERR_FAILED POST /api/v1/reminders/{id}/snooze",
        "net::ERR_FAILED POST /api/v1/tasks/{id}/complete",
    )
    for path in ("**/snooze", "**/complete"):
        await page.route(path, lambda route: route.abort())
    await note.get_by_test_id("snooze-in_an_hour").click()
    await expect(note.get_by_role("alert")).to_contain_text("can't be reached")
    await note.get_by_role("button", name="Done: Tea").click()
    await expect(page.get_by_role("status").get_by_text("can't be reached")).to_be_visible()
    await page.unroute_all()
    await note.get_by_role("button", name="Done: Tea").click()
    await is_done(rows(page, "Tea"))


async def test_what_was_missed_says_how_late_it_is_and_opens_to_each(
    arrive: People, interrupted: Product
) -> None:
    person = await arrive(place=interrupted)
    await person.register()
    titles = [f"Missed {number}" for number in range(MISSED)]
    for title in titles:
        await person.add(title, reminders=[{"at": soon(days=1)}])
    await known(person, lambda found: len(found) == MISSED)
    await asyncio.to_thread(interrupted.kill)
    await miss(interrupted, timedelta(minutes=12))
    await asyncio.to_thread(interrupted.start)
    page = await person.tab()
    await expect(notes(page, "Reminder: Missed")).to_have_count(MISSED)
    await page.get_by_test_id("bell").click()
    digest = page.get_by_test_id("digest")
    await expect(digest).to_contain_text(f"{MISSED} reminders were missed")
    await digest.get_by_test_id("digest-open").click()
    note = notes(page, "Reminder: Missed 3")
    await expect(note).to_contain_text("12 minutes late: TaskFlow was off or too busy")
    await note.get_by_role("button", name="Done: Missed 3").click()
    await is_done(rows(page, "Missed 3"))
    await digest.get_by_test_id("digest-read").click()
    await expect(digest.get_by_test_id("digest-read")).to_have_count(0)
