"""What a person does with tasks."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, Route, expect
from tests.browser.person import Person, is_done, rows

HTML = "<img src=x onerror=alert(1)>"


async def add(page: Page, title: str) -> None:
    await page.get_by_test_id("new-title").fill(title)
    await page.get_by_test_id("add").click()


async def test_a_task_is_added_with_all_that_the_form_offers(ada: Person) -> None:
    page = await ada.tab()
    await page.get_by_test_id("new-due").fill("2031-03-03T09:00")
    await page.get_by_test_id("new-priority").select_option("Urgent")
    await page.get_by_test_id("new-repeat").select_option("Every week")
    await page.get_by_label("Mon", exact=True).check()
    await page.get_by_label("Thu", exact=True).check()
    await page.get_by_test_id("new-reminder").select_option("1 hour before")
    await add(page, "Water the plants")
    row = rows(page, "Water the plants")
    for part in ("Mon, 3 Mar 2031, 9:00", "Every week on Mon, Thu", "1 reminder", "urgent"):
        await expect(row).to_contain_text(part)
    await expect(page.get_by_test_id("new-title")).to_be_focused()
    await expect(page.get_by_test_id("new-title")).to_have_value("")
    [task] = ada.api.get("/tasks").json()["items"]
    assert (task["priority"], task["due_date"]) == ("urgent", "2031-03-03T08:00:00Z")
    assert task["recurrence"]["rule"] == "FREQ=WEEKLY;BYDAY=MO,TH"
    assert [one["offset"] for one in task["reminders"]] == ["PT1H"]


async def test_what_is_begun_while_a_task_is_being_added_stays(ada: Person) -> None:
    page = await ada.tab()
    answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route(re.compile("/api/v1/tasks(/quick-add)?$"), hold)
    for field, button in (("new-title", "add"), ("quick-line", "quick-add")):
        answered.clear()
        line = page.get_by_test_id(field)
        await line.fill(f"First of {field}")
        await page.get_by_test_id(button).click()
        await line.fill("Next")
        answered.set()
        await expect(rows(page, f"First of {field}")).to_have_count(1)
        await expect(line).to_have_value("Next")


async def test_a_new_task_repeats_as_the_person_says_it_in_words(ada: Person) -> None:
    ada.complaints.intend("422 POST /api/v1/recurring/preview", "422 POST /api/v1/tasks")
    page = await ada.tab()
    await page.get_by_test_id("new-due").fill("2031-01-31T09:00")
    await page.get_by_test_id("new-repeat").select_option("In my words")
    phrase = page.get_by_test_id("new-phrase")
    await phrase.fill("every 31st foo")
    await expect(page.get_by_test_id("phrase-meaning").locator("mark")).to_have_text("foo")
    await add(page, "Pay rent")
    await expect(phrase).to_have_attribute("aria-invalid", "true")
    await expect(phrase).to_have_value("every 31st foo")
    await phrase.fill("every 31st")
    await expect(page.get_by_test_id("phrase-meaning")).to_contain_text("Fri, 28 Feb 2031, 9:00")
    await phrase.press("Enter")
    await expect(rows(page, "Pay rent")).to_contain_text("Every 31st of the month")
    await expect(phrase).to_have_count(0)
    [task] = ada.api.get("/tasks").json()["items"]
    assert (task["due_date"], task["recurrence"]["month_end"]) == ("2031-01-31T08:00:00Z", "clamp")


async def test_a_task_is_completed_reopened_deleted_and_taken_back(ada: Person) -> None:
    page = await ada.tab()
    await add(page, "Buy milk")
    row = rows(page, "Buy milk")
    await page.get_by_role("checkbox", name="Done: Buy milk").click()
    await is_done(row)
    await page.get_by_role("checkbox", name="Done: Buy milk").click()
    await is_done(row, done=False)
    await page.get_by_role("button", name="Delete: Buy milk").click()
    await expect(row).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await is_done(row, done=False)
    await page.reload()
    await is_done(row, done=False)


async def test_deleting_a_task_that_is_just_being_completed_waits_and_is_done(ada: Person) -> None:
    page = await ada.tab()
    answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route("**/complete", hold)
    await add(page, "Buy milk")
    await page.get_by_role("checkbox", name="Done: Buy milk").click()
    await page.get_by_role("button", name="Delete: Buy milk").click()
    answered.set()
    await expect(rows(page, "Buy milk")).to_have_count(0)
    [task] = ada.api.get("/tasks", params={"status": "deleted"}).json()["items"]
    assert task["status"] == "completed"


async def test_completing_leaves_the_view_where_it_is(ada: Person) -> None:
    chapters = [{"title": f"Chapter {number:02}"} for number in range(40)]
    assert ada.api.post("/tasks/bulk", json={"create": chapters}).status_code == 200
    page = await ada.tab()
    await expect(rows(page, "Chapter")).to_have_count(40)
    box = page.get_by_role("checkbox", name="Done: Chapter 30")
    await box.scroll_into_view_if_needed()
    before = await page.evaluate("scrollY")
    await box.click()
    await is_done(rows(page, "Chapter 30"))
    await expect(page.get_by_role("checkbox", name="Done: Chapter 29")).to_be_focused()
    assert await page.evaluate("scrollY") == before


async def test_a_title_that_looks_like_html_stays_text(ada: Person) -> None:
    dialogs: list[str] = []
    page = await ada.tab()
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await add(page, HTML)
    await expect(page.get_by_test_id("task-row").get_by_text(HTML, exact=True)).to_be_visible()
    await page.get_by_role("button", name=f"Delete: {HTML}").click()
    await expect(page.get_by_text(f"Deleted “{HTML}”.")).to_be_visible()
    await page.get_by_test_id("bell").click()
    await expect(page.get_by_text(f"Task created: {HTML}")).to_be_visible()
    await expect(page.locator("img")).to_have_count(0)
    assert dialogs == []


async def test_completing_a_recurring_task_brings_the_next_instance(ada: Person) -> None:
    await ada.add("Stretch", due_date="2031-03-03T08:00:00Z", recurrence={"rule": "daily"})
    page = await ada.tab()
    await page.get_by_role("checkbox", name="Done: Stretch").click()
    await expect(rows(page, "Stretch")).to_have_count(2)
    await is_done(rows(page, "Done: Today"))
    await expect(rows(page, "Mon, 3 Mar 2031")).to_have_count(0)
    await is_done(rows(page, "Tue, 4 Mar 2031"), done=False)


async def test_a_reminder_shows_up_when_it_is_due(ada: Person) -> None:
    page = await ada.tab()
    due = datetime.now(UTC) + timedelta(hours=1, seconds=2)
    await ada.add("Tea", due_date=due.isoformat(), reminders=[{"offset": "PT1H"}])
    await expect(page.get_by_role("status").get_by_text("Reminder: Tea")).to_be_visible()
    await page.get_by_test_id("bell").click()
    await expect(page.get_by_test_id("notification").filter(has_text="Reminder")).to_have_count(1)
