"""A series on the page: what a change is for, what comes next, and what can be done to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, Route, expect
from tests.browser.person import Person, rows

REFUSED_PREVIEW = "422 POST /api/v1/recurring/preview"
NOT_YET = "404 GET /api/v1/recurring/series/{id}"
REFUSED_CHANGES = tuple(f"{why} PATCH /api/v1/recurring/series/{{id}}" for why in (503, 409))
LOOKS = 4
MONTHLY = {"rule": "monthly:31"}


async def series_open(person: Person, title: str, **fields: object) -> tuple[Page, dict[str, Any]]:
    """A new recurring task, open on a page that shows its series."""
    task = await person.add(title, **fields)
    person.complaints.intend(NOT_YET)
    page = await person.tab()
    await rows(page, title).get_by_test_id("open").click()
    await expect(page.get_by_test_id("series-rate")).to_be_visible()
    return page, task


def closed(page: Page) -> Any:
    """An expectation that no task is open, to await."""
    return expect(page.get_by_test_id("sheet")).to_have_count(0)


def to_do(page: Page, title: str) -> Locator:
    return page.locator('[data-testid="task-row"][data-status="pending"]', has_text=title)


async def test_a_change_is_for_one_task_for_what_follows_or_for_all(ada: Person) -> None:
    due = {"due_date": "2031-03-03T08:00:00Z", "recurrence": {"rule": "daily"}}
    page, task = await series_open(ada, "Stretch", **due)
    title = page.get_by_test_id("details-title")
    await title.fill("Stretch twice")
    await page.get_by_test_id("details-save").click()
    await expect(page.get_by_test_id("scope-this")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("details-save")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await closed(page)
    await expect(rows(page, "Stretch twice")).to_have_count(1)
    ada.api.post(f"/tasks/{task['id']}/complete").raise_for_status()
    await rows(page, "Tue, 4 Mar 2031").get_by_test_id("open").click()
    await expect(title).to_have_value("Stretch")
    await title.fill("Run")
    await page.get_by_test_id("details-phrase").or_(page.get_by_test_id("details-repeat")).click()
    await page.get_by_test_id("details-phrase").fill("every tuesday")
    await page.get_by_test_id("details-save").click()
    await expect(page.get_by_test_id("scope-this")).to_have_count(0)
    await page.get_by_test_id("scope-future").click()
    await closed(page)
    await expect(to_do(page, "Run")).to_contain_text("Every week on Tue")
    [task] = ada.api.get("/tasks", params={"status": "pending"}).json()["items"]
    assert (task["title"], task["recurrence"]["rule"]) == ("Run", "FREQ=WEEKLY;BYDAY=TU")


async def test_what_is_open_scrolls_within_its_sheet_alone(ada: Person) -> None:
    page, _ = await series_open(ada, "Stretch", recurrence={"rule": "daily"})
    fits = "sheet => sheet.scrollHeight === sheet.clientHeight"
    assert await page.get_by_test_id("sheet").evaluate(fits)


async def test_a_reminder_is_added_to_all_that_follows(ada: Person) -> None:
    due = {"due_date": "2031-03-03T08:00:00Z", "recurrence": {"rule": "daily"}}
    page, task = await series_open(ada, "Stretch", **due)
    reminders = page.get_by_test_id("task-reminders")
    await reminders.get_by_test_id("reminder-new").click()
    await reminders.get_by_test_id("reminder-scope").select_option("this and the following")
    await reminders.get_by_test_id("reminder-amount").fill("2")
    await reminders.get_by_test_id("reminder-unit").select_option("hours")
    await reminders.get_by_test_id("reminder-add").click()
    added = reminders.get_by_test_id("reminder").filter(has_text="2 hours before it is due")
    await expect(added).to_have_count(1)
    await page.keyboard.press("Escape")
    await closed(page)
    ada.api.post(f"/tasks/{task['id']}/complete").raise_for_status()
    await expect(rows(page, "Tue, 4 Mar 2031")).to_have_count(1)
    [task] = ada.api.get("/tasks", params={"status": "pending"}).json()["items"]
    assert [one["offset"] for one in task["reminders"]] == ["PT2H"]


async def test_a_reminder_is_removed_from_one_task_or_from_all_that_follows(ada: Person) -> None:
    offsets = [{"offset": "PT1H"}, {"offset": "PT2H"}]
    due = {"due_date": "2031-03-03T08:00:00Z", "recurrence": {"rule": "daily"}}
    page, task = await series_open(ada, "Stretch", reminders=offsets, **due)
    reminders = page.get_by_test_id("task-reminders")
    await expect(reminders.get_by_test_id("reminder-scope")).to_have_count(0)
    remove = reminders.get_by_role("button", name="Remove reminder: 1 hour before it is due")
    await remove.click()
    await expect(reminders.get_by_test_id("scope-this")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(reminders.get_by_test_id("scope")).to_have_count(0)
    await expect(remove).to_be_focused()
    await remove.press("Enter")
    await reminders.get_by_test_id("scope-future").click()
    await expect(reminders.get_by_test_id("reminder")).to_have_count(1)
    await reminders.get_by_test_id("reminder-remove").click()
    await reminders.get_by_test_id("scope-this").click()
    await expect(reminders.get_by_test_id("reminder")).to_have_count(0)
    await expect(reminders.get_by_test_id("reminder-new")).to_be_focused()
    ada.api.post(f"/tasks/{task['id']}/complete").raise_for_status()
    await expect(rows(page, "Tue, 4 Mar 2031")).to_have_count(1)
    [task] = ada.api.get("/tasks", params={"status": "pending"}).json()["items"]
    assert [one["offset"] for one in task["reminders"]] == ["PT2H"]


async def test_whoever_comes_back_to_the_page_sees_what_has_become_of_the_series(
    ada: Person,
) -> None:
    page, task = await series_open(ada, "Stretch", recurrence={"rule": "daily"})
    # The page looks by itself for a while after a task of it has changed.
    ada.api.patch(f"/tasks/{task['id']}", json={"description": "Slowly"}).raise_for_status()
    for _ in range(LOOKS):
        await page.wait_for_event("response", lambda one: "/recurring/series/" in one.url)
    ada.api.post(f"/recurring/series/{task['series_id']}/pause").raise_for_status()
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(page.get_by_test_id("series-paused")).to_be_visible()


async def test_a_series_that_is_paused_and_resumed_elsewhere_shows_at_once(ada: Person) -> None:
    page, task = await series_open(ada, "Stretch", recurrence={"rule": "daily"})
    # The page looks by itself for a while after a task of it has changed.
    ada.api.patch(f"/tasks/{task['id']}", json={"description": "Slowly"}).raise_for_status()
    for _ in range(LOOKS):
        await page.wait_for_event("response", lambda one: "/recurring/series/" in one.url)
    ada.api.post(f"/recurring/series/{task['series_id']}/pause").raise_for_status()
    await expect(page.get_by_test_id("series-paused")).to_be_visible()
    ada.api.post(f"/recurring/series/{task['series_id']}/resume").raise_for_status()
    await expect(page.get_by_test_id("series-paused")).to_have_count(0)


async def test_a_save_that_fails_keeps_what_was_written_and_the_place(ada: Person) -> None:
    page, task = await series_open(ada, "Stretch", recurrence={"rule": "daily"})
    path = f"/api/v1/recurring/series/{task['series_id']}"
    ada.complaints.intend(
        *(f"{status} PATCH /api/v1/recurring/series/{{id}}" for status in (503, 409))
    )
    answers = [503, 409]

    async def refuse(route: Route) -> None:
        if route.request.method != "PATCH" or not answers:
            await route.continue_()
            return
        status = answers.pop(0)
        problem = {
            "type": "about:blank",
            "title": "No",
            "status": status,
            "detail": f"No {status}.",
        }
        await route.fulfill(status=status, json=problem, content_type="application/problem+json")

    await page.route(f"**{path}", refuse)
    await page.get_by_test_id("details-title").fill("Stretch twice")
    for status in (503, 409):
        await page.get_by_test_id("details-save").click()
        await page.get_by_test_id("scope-all").click()
        await expect(page.get_by_test_id("details-problem")).to_have_text(f"No {status}.")
        await expect(page.get_by_test_id("details-save")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("scope-all").click()
    await expect(rows(page, "Stretch twice")).to_be_visible()


async def test_a_fine_rule_reads_as_the_server_says_it(ada: Person) -> None:
    await ada.add("Lunch", recurrence={"text": "every last friday at noon"})
    page = await ada.tab()
    await expect(rows(page, "Lunch")).to_contain_text("Every last Friday of the month at 12:00")


async def test_a_phrase_shows_what_it_means_or_where_it_is_not_understood(ada: Person) -> None:
    await ada.add("Rent", due_date="2031-01-31T08:00:00Z")
    page = await ada.tab()
    await rows(page, "Rent").get_by_test_id("open").click()
    await page.get_by_test_id("details-repeat").click()
    phrase = page.get_by_test_id("details-phrase")
    await expect(phrase).to_be_focused()
    meaning = page.get_by_test_id("phrase-meaning")
    await phrase.fill("every 31st")
    await expect(meaning).to_contain_text("Every 31st of the month")
    await expect(meaning.get_by_role("listitem").nth(1)).to_have_text(
        "Fri, 28 Feb 2031, 9:00 there is no day 31 in this month; its last day is meant"
    )
    ada.complaints.intend(REFUSED_PREVIEW)
    await phrase.fill("every 31st 🌱 foo")
    await expect(meaning.locator("mark")).to_have_text("🌱 foo")
    await expect(phrase).to_have_attribute("aria-invalid", "true")
    await phrase.fill("every 31st")
    await page.keyboard.press("Enter")
    await closed(page)
    await expect(rows(page, "Rent")).to_contain_text("Every 31st of the month")


async def test_a_series_is_skipped_paused_resumed_and_stopped(ada: Person) -> None:
    due = {"due_date": "2031-01-31T08:00:00Z", "recurrence": MONTHLY}
    page, task = await series_open(ada, "Rent", **due)
    coming = page.get_by_role("list", name="What comes next")
    await expect(coming).to_contain_text("Fri, 28 Feb 2031, 9:00")
    await expect(coming).to_contain_text("its last day is meant")
    await page.get_by_test_id("series-pause").click()
    await expect(page.get_by_test_id("series-paused")).to_be_visible()
    # It is read out, and stands there once.
    await expect(page.get_by_text("Paused.", exact=True)).to_have_css("position", "absolute")
    await page.get_by_test_id("series-resume").click()
    await expect(page.get_by_test_id("series-pause")).to_be_visible()
    await page.get_by_test_id("series-skip").click()
    await expect(page.get_by_test_id("details-gone")).to_be_visible()
    await expect(page.get_by_text("Skipped.")).to_be_in_viewport()
    await expect(page.get_by_test_id("reminder-new")).to_have_count(0)
    await page.get_by_test_id("details-leave").click()
    await closed(page)
    await to_do(page, "Fri, 28 Feb 2031").get_by_test_id("open").click()
    await page.get_by_test_id("series-policy").select_option("Each on its date")
    await expect(page.get_by_text("whether or not the last one is done")).to_be_visible()
    await page.get_by_test_id("series-stop").click()
    await expect(page.get_by_test_id("series-stop-not")).to_be_focused()
    await page.get_by_test_id("series-stop-now").click()
    await expect(page.get_by_text("This series has ended")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(rows(page, "Rent")).to_have_count(0)
    known = ada.api.get(f"/recurring/series/{task['series_id']}").json()["series"]
    assert (known["status"], known["recurrence"]["policy"]) == ("ended", "pile_up")


async def test_a_month_says_why_a_day_is_not_plain(ada: Person) -> None:
    due = {"due_date": "2031-01-31T08:00:00Z", "recurrence": MONTHLY}
    page, _ = await series_open(ada, "Rent", **due)
    await page.get_by_test_id("series-calendar").click()
    shown = page.get_by_role("table")
    for _ in range(months_until(2031, 2)):
        month = await shown.get_attribute("aria-labelledby")
        before = await page.locator(f"[id='{month}']").inner_text()
        await page.get_by_test_id("calendar-next").click()
        await expect(page.locator(f"[id='{month}']")).not_to_have_text(before)
    reasons = page.get_by_role("list", name="Why these days")
    await expect(reasons).to_contain_text("28 Feb 2031: there is no day 31 in this month")


def months_until(year: int, month: int) -> int:
    now = datetime.now(UTC)
    return (year - now.year) * 12 + month - now.month


async def test_a_series_tells_how_it_was_kept_by_list_and_by_month(ada: Person) -> None:
    start = datetime.now(UTC) - timedelta(hours=2)
    rule = {"rule": "daily"}
    page, task = await series_open(ada, "Stretch", due_date=start.isoformat(), recurrence=rule)
    await expect(page.get_by_test_id("series-rate")).to_contain_text("Nothing of it has been done")
    ada.api.post(f"/tasks/{task['id']}/complete").raise_for_status()
    await expect(page.get_by_test_id("series-rate")).to_contain_text("1 of 1 done (100 %)")
    await page.get_by_test_id("series-history").click()
    history = page.get_by_role("list", name="History")
    await expect(history.get_by_role("listitem")).to_have_count(2)
    await expect(history).to_contain_text("done late")
    await page.get_by_test_id("series-calendar").click()
    month = page.get_by_role("table")
    await expect(month.get_by_role("cell", name="planned").first).to_be_visible()
    axe = await Axe().run(page)
    assert axe.response["violations"] == []
    name = await month.get_attribute("aria-labelledby")
    before = await page.locator(f"[id='{name}']").inner_text()
    await page.get_by_test_id("calendar-next").click()
    await expect(page.locator(f"[id='{name}']")).not_to_have_text(before)
