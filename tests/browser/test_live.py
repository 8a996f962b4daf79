"""Changes appear as they happen, wherever they come from, and each once."""

import asyncio

from playwright.async_api import Locator, Page, expect
from tests.browser.conftest import People
from tests.browser.person import Person, is_done, live_state, rows
from tests.product import Product

STREAM = "/api/v1/notifications/stream"
# How a connection to a killed server ends depends on what was under way.
BROKEN = tuple(
    f"net::ERR_{why}"
    for why in (
        "CONNECTION_REFUSED",
        "CONNECTION_RESET",
        "EMPTY_RESPONSE",
        "INCOMPLETE_CHUNKED_ENCODING",
    )
)
LISTS = ("/api/v1/tasks", "/api/v1/notifications", STREAM)


def notes(page: Page, title: str) -> Locator:
    """The notifications with this title; they are on the page also while the list is closed."""
    return page.get_by_test_id("notification").filter(has_text=title)


async def test_what_another_client_does_appears_without_a_reload(ada: Person) -> None:
    page = await ada.tab()
    task = await ada.add("From elsewhere")
    row = rows(page, "From elsewhere")
    await is_done(row, done=False)
    ada.api.patch(f"/tasks/{task['id']}", json={"title": "Renamed", "priority": "high"})
    await expect(rows(page, "Renamed")).to_contain_text("high")
    ada.api.post(f"/tasks/{task['id']}/complete")
    await is_done(rows(page, "Renamed"))
    ada.api.delete(f"/tasks/{task['id']}")
    await expect(rows(page, "Renamed")).to_have_count(0)
    await expect(page.get_by_test_id("unread-count")).to_have_text("4")
    await expect(page).to_have_title("(4) TaskFlow")
    await page.get_by_role("button", name="Log out").click()
    await expect(page).to_have_title("TaskFlow")


async def test_what_somebody_does_on_the_page_is_no_news_to_them(ada: Person) -> None:
    page = await ada.tab()
    await page.get_by_test_id("new-title").fill("Mine")
    await page.get_by_test_id("add").click()
    await page.get_by_role("checkbox", name="Done: Mine").click()
    await page.get_by_role("button", name="Delete: Mine").click()
    await ada.add("Not from here")
    for title in ("created: Mine", "completed: Mine", "deleted: Mine", "Not from here"):
        await expect(notes(page, title)).to_have_count(1)
    await expect(page.get_by_test_id("unread-count")).to_have_text("1")
    await page.reload()
    await expect(page.get_by_test_id("unread-count")).to_have_text("1")


async def test_two_browsers_of_one_person_see_each_others_changes(
    ada: Person, arrive: People
) -> None:
    again = await arrive(email=ada.email)
    await again.log_in()
    here, there = await ada.tab(), await again.tab()
    await here.get_by_test_id("new-title").fill("Shared")
    await here.get_by_test_id("add").click()
    await there.get_by_role("checkbox", name="Done: Shared").click()
    await is_done(rows(here, "Shared"))
    await here.get_by_role("button", name="Delete: Shared").click()
    await expect(rows(there, "Shared")).to_have_count(0)


async def test_after_a_kill_and_a_restart_the_page_catches_up_by_itself(
    ada: Person, product: Product
) -> None:
    page = await ada.tab()
    task = await ada.add("Before")
    await expect(notes(page, "Task created: Before")).to_have_count(1)
    ada.complaints.intend(*(f"{why} GET {path}" for why in BROKEN for path in LISTS))
    await asyncio.to_thread(product.kill)
    try:
        await expect(live_state(page)).not_to_have_text("live")
    finally:
        await asyncio.to_thread(product.start)
    ada.api.post(f"/tasks/{task['id']}/complete").raise_for_status()
    await ada.add("Meanwhile")
    await is_done(rows(page, "Before"))
    await is_done(rows(page, "Meanwhile"), done=False)
    await expect(live_state(page)).to_have_text("live")
    await ada.add("After")
    await expect(notes(page, "After")).to_have_count(1)
    for title in ("created: Before", "completed: Before", "created: Meanwhile"):
        await expect(notes(page, title)).to_have_count(1)
    await expect(page.get_by_test_id("task-row")).to_have_count(3)
    await expect(page.get_by_test_id("unread-count")).to_have_text("4")


async def test_a_fourth_tab_takes_the_place_of_the_first_which_does_not_fight(ada: Person) -> None:
    first = await ada.context.new_page()
    asked: list[str] = []
    first.on("request", lambda request: asked.append(request.url))
    await first.goto(ada.product.url)
    await expect(live_state(first)).to_have_text("live")
    others = [await ada.tab() for _ in range(3)]
    await expect(first.get_by_role("alert")).to_contain_text("open in other tabs")
    await ada.add("News")
    for page in others:
        await expect(rows(page, "News")).to_be_visible()
        await expect(live_state(page)).to_have_text("live")
    await expect(live_state(first)).to_have_text("replaced")
    await expect(rows(first, "News")).to_have_count(0)
    assert len([url for url in asked if STREAM in url]) == 1
    await first.get_by_role("button", name="Resume here").click()
    await expect(rows(first, "News")).to_be_visible()
    await expect(live_state(first)).to_have_text("live")
    await expect(live_state(others[0])).to_have_text("replaced")
