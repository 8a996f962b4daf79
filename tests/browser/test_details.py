"""A task is opened, read whole and changed, whoever else changes it meanwhile."""

from typing import Any

from playwright.async_api import Page, Route, expect
from tests.browser.person import Person, rows

CONFLICT = "412 PATCH /api/v1/tasks/{id}"
REFUSED = "422 PATCH /api/v1/tasks/{id}"
MISSING = "404 GET /api/v1/tasks/{id}"


async def opened(page: Page, title: str) -> None:
    """The task with this title is open."""
    await rows(page, title).get_by_test_id("open").click()
    await expect(page.get_by_test_id("details-title")).to_have_value(title)


def now(person: Person, task: dict[str, Any]) -> dict[str, Any]:
    """A task as the server has it."""
    found: dict[str, Any] = person.api.get(f"/tasks/{task['id']}").json()
    return found


async def test_a_task_is_opened_changed_and_left_by_keyboard_alone(ada: Person) -> None:
    task = await ada.add("Buy tea")
    page = await ada.tab()
    await rows(page, "Buy tea").get_by_test_id("open").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Task: Buy tea")).to_be_visible()
    await expect(page.get_by_role("heading", name="Task", exact=True)).to_be_focused()
    await expect(page).to_have_url(f"{ada.product.url}/#/tasks/{task['id']}")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Buy green tea")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("sheet")).to_have_count(0)
    await expect(rows(page, "Buy green tea").get_by_test_id("open")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("sheet")).to_have_count(0)
    await expect(rows(page, "Buy green tea").get_by_test_id("open")).to_be_focused()
    await expect(page).to_have_url(f"{ada.product.url}/")


async def test_every_field_of_a_task_is_changed(ada: Person) -> None:
    task = await ada.add("Trip", due_date="2031-03-03T08:00:00Z")
    page = await ada.tab()
    await opened(page, "Trip")
    await expect(page.get_by_test_id("details-due")).to_have_value("2031-03-03T09:00")
    await page.get_by_test_id("details-notes").fill("- [ ] tickets\n- [ ] passport")
    await page.get_by_role("checkbox", name="passport").check()
    await page.get_by_test_id("details-all-day").check()
    await page.get_by_test_id("details-due").fill("2031-03-04")
    await page.get_by_test_id("details-priority").select_option("Urgent")
    await page.get_by_test_id("details-tags").fill("home, #far away")
    await page.get_by_test_id("details-repeat").click()
    await page.get_by_test_id("details-phrase").fill("every last friday")
    await page.get_by_test_id("details-save").click()
    await expect(page.get_by_test_id("sheet")).to_have_count(0)
    after = now(ada, task)
    assert after["description"] == "- [ ] tickets\n- [x] passport"
    assert (after["due_date"], after["all_day"]) == ("2031-03-04", True)
    assert (after["priority"], after["tags"]) == ("urgent", ["home", "far away"])
    assert after["recurrence"]["rule"] == "FREQ=MONTHLY;BYDAY=-1FR"


async def test_what_others_change_appears_and_what_is_being_typed_stays(ada: Person) -> None:
    task = await ada.add("Buy tea")
    page = await ada.tab()
    await opened(page, "Buy tea")
    title = page.get_by_test_id("details-title")
    await title.fill("Buy green tea")
    change = {"title": "Buy coffee", "priority": "high"}
    ada.api.patch(f"/tasks/{task['id']}", json=change).raise_for_status()
    await expect(page.get_by_test_id("details-priority")).to_have_value("high")
    await expect(title).to_have_value("Buy green tea")
    await expect(title).to_be_focused()
    clashes = page.get_by_test_id("details-clashes")
    await expect(clashes).to_contain_text("The title is now “Buy coffee”.")
    await page.get_by_test_id("details-save").click()
    await expect(rows(page, "Buy green tea")).to_contain_text("high")
    await opened(page, "Buy green tea")
    await title.fill("Mine")
    ada.api.patch(f"/tasks/{task['id']}", json={"title": "Theirs"}).raise_for_status()
    await clashes.get_by_role("button", name="Take this instead of mine").click()
    await expect(title).to_have_value("Theirs")
    await expect(clashes).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("sheet")).to_have_count(0)


async def test_a_change_of_what_is_newer_by_now_says_what_happened(ada: Person) -> None:
    task = await ada.add("Buy tea")
    page = await ada.tab()
    await opened(page, "Buy tea")
    await page.get_by_test_id("details-title").fill("Mine")
    ada.complaints.intend(CONFLICT)

    async def overtake(route: Route) -> None:
        ada.api.patch(f"/tasks/{task['id']}", json={"title": "Theirs"}).raise_for_status()
        await route.continue_()

    await page.route(f"**/api/v1/tasks/{task['id']}", overtake, times=1)
    await page.get_by_test_id("details-save").click()
    await expect(page.get_by_test_id("details-problem")).to_contain_text("changed elsewhere")
    await expect(page.get_by_test_id("details-clashes")).to_contain_text("now “Theirs”")
    await expect(page.get_by_test_id("details-title")).to_have_value("Mine")
    await page.get_by_test_id("details-save").click()
    await expect(rows(page, "Mine")).to_be_visible()


async def test_what_is_wrong_is_said_beside_its_field(ada: Person) -> None:
    task = await ada.add("Buy tea")
    page = await ada.tab()
    await opened(page, "Buy tea")
    ada.complaints.intend(REFUSED, "422 POST /api/v1/recurring/preview")
    await page.get_by_test_id("details-tags").fill("x" * 51)
    await page.get_by_test_id("details-save").click()
    tags = page.get_by_test_id("details-tags")
    await expect(tags).to_have_attribute("aria-invalid", "true")
    await tags.fill("x")
    await expect(tags).to_have_attribute("aria-invalid", "false")
    await page.get_by_test_id("details-repeat").click()
    await page.get_by_test_id("details-phrase").fill("every foo")
    await page.get_by_test_id("details-save").click()
    await expect(page.get_by_test_id("details-phrase")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_text("“foo” is not understood here")).to_be_visible()
    assert now(ada, task)["version"] == 1


async def test_nothing_that_was_written_is_lost_unasked(ada: Person) -> None:
    await ada.add("Buy tea")
    page = await ada.tab()
    await opened(page, "Buy tea")
    title = page.get_by_test_id("details-title")
    await title.fill("Buy green tea")
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("You have changes that are not saved.")).to_be_visible()
    await expect(page.get_by_role("button", name="Go on")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(title).to_be_focused()
    await page.go_back()
    await expect(page.get_by_text("You have changes that are not saved.")).to_be_visible()
    await expect(title).to_have_value("Buy green tea")
    await page.get_by_test_id("sheet-discard").click()
    await expect(page.get_by_test_id("sheet")).to_have_count(0)
    await expect(rows(page, "Buy tea")).to_be_visible()


async def test_the_address_of_a_task_leads_to_it_and_back(ada: Person) -> None:
    task = await ada.add("Buy tea")
    page = await ada.context.new_page()
    await page.goto(f"{ada.product.url}/#/tasks/{task['id']}")
    await expect(page.get_by_test_id("details-title")).to_have_value("Buy tea")
    await page.get_by_test_id("sheet-close").click()
    await expect(page).to_have_url(f"{ada.product.url}/")
    await opened(page, "Buy tea")
    await page.go_back()
    await expect(page.get_by_test_id("sheet")).to_have_count(0)
    await page.go_forward()
    await expect(page.get_by_test_id("details-title")).to_have_value("Buy tea")
    ada.api.delete(f"/tasks/{task['id']}").raise_for_status()
    await expect(page.get_by_test_id("details-gone")).to_contain_text("is in the trash")
    ada.complaints.intend(MISSING)
    await page.reload()
    await expect(page.get_by_test_id("details-gone")).to_contain_text("There is no such task")
