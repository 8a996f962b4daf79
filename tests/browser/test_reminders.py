"""A person asks why a reminder came, and changes what is planned."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from playwright.async_api import Locator, Page, Route, expect
from tests.browser.person import Person


def soon(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


async def ask(
    person: Person, page: Page, more: Sequence[Mapping[str, object]] = (), **fields: object
) -> Locator:
    """The dialog about the reminders of a task, one of which has just come."""
    await person.add("Tea", reminders=[{"at": soon(seconds=2)}, *more], **fields)
    note = page.get_by_test_id("notification").filter(has_text="Reminder: Tea")
    await expect(note).to_have_count(1)
    await page.get_by_test_id("bell").click()
    await note.get_by_role("button", name="Why: Tea").press("Enter")
    return page.get_by_test_id("why-dialog")


async def test_a_reminder_tells_why_it_came_and_that_it_was_seen(ada: Person) -> None:
    # Tomorrow is tomorrow where the page is, too.
    ada.api.patch("/auth/me", json={"timezone": "Europe/Berlin"}).raise_for_status()
    page = await ada.tab()
    dialog = await ask(ada, page)
    row = dialog.get_by_test_id("reminder")
    await expect(row).to_contain_text("You saw it")
    await row.get_by_test_id("reminder-why").click()
    timeline = dialog.get_by_test_id("timeline")
    for step in ("It was planned for Today", "Its time came", "It came at its time", "You saw it"):
        await expect(timeline).to_contain_text(step)
    await expect(timeline).to_contain_text("in the list of this page")
    await row.get_by_test_id("reminder-snooze").click()
    await page.keyboard.press("Escape")
    await expect(row.get_by_test_id("reminder-snooze")).to_be_focused()
    await page.keyboard.press("Enter")
    await row.get_by_test_id("snooze-tomorrow_morning").click()
    await expect(timeline).to_contain_text("You snoozed it until Tomorrow")
    await expect(row).to_contain_text("It comes again: Tomorrow")
    await row.get_by_test_id("reminder-stop").click()
    await expect(row).to_contain_text("You are done with it")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("button", name="Why: Tea")).to_be_focused()


async def test_a_reminder_of_a_series_is_removed_from_one_task_or_from_what_follows_here_too(
    ada: Person,
) -> None:
    page = await ada.tab()
    rule = {"due_date": "2031-03-03T08:00:00Z", "recurrence": {"rule": "daily"}}
    dialog = await ask(ada, page, [{"offset": "PT1H"}, {"offset": "PT2H"}], **rule)
    for amount, scope in ((1, "future"), (2, "this")):
        name = re.compile(f"Remove reminder: {amount} hour")
        await dialog.get_by_role("button", name=name).click()
        await dialog.get_by_test_id(f"scope-{scope}").click()
        await expect(dialog.get_by_role("button", name=name)).to_have_count(0)
    await page.keyboard.press("Escape")
    [task] = ada.api.get("/tasks").json()["items"]
    ada.api.post(f"/tasks/{task['id']}/complete").raise_for_status()
    await expect(page.get_by_test_id("task-row")).to_have_count(2)
    [task] = ada.api.get("/tasks", params={"status": "pending"}).json()["items"]
    assert [one["offset"] for one in task["reminders"]] == ["PT2H"]


async def test_reminders_are_added_in_words_and_removed(ada: Person) -> None:
    page = await ada.tab()
    dialog = await ask(ada, page, due_date="2031-03-03T09:00:00Z")
    opener = dialog.get_by_test_id("reminder-new")
    await opener.click()
    await dialog.get_by_test_id("reminder-amount").fill("2")
    await dialog.get_by_test_id("reminder-unit").select_option("hours")
    await dialog.get_by_test_id("reminder-nag").check()
    await dialog.get_by_test_id("reminder-every").fill("15")
    await dialog.get_by_test_id("reminder-add").click()
    added = dialog.get_by_test_id("reminder").filter(has_text="2 hours before it is due")
    await expect(opener).to_be_focused()
    await expect(added).to_contain_text("every 15 minutes until you react")
    await expect(added).to_contain_text("Comes: Mon, 3 Mar 2031, 8:00")
    await opener.click()
    await dialog.get_by_test_id("reminder-when").select_option("At a time")
    ada.complaints.intend("422 PATCH /api/v1/tasks/{id}")
    await dialog.get_by_test_id("reminder-at").fill("2020-01-01T10:00")
    await dialog.get_by_test_id("reminder-add").click()
    await expect(dialog.get_by_text("must lie in the future")).to_be_visible()
    await dialog.get_by_test_id("reminder-at").fill("2031-03-01T10:00")
    await dialog.get_by_test_id("reminder-at").press("Enter")
    await expect(dialog.get_by_test_id("reminder")).to_have_count(3)
    await added.get_by_test_id("reminder-remove").click()
    await expect(added).to_have_count(0)
    [task] = ada.api.get("/tasks").json()["items"]
    assert ["at" in one for one in task["reminders"]] == [True, True]


async def test_the_form_of_a_reminder_opens_when_it_is_asked_for(ada: Person) -> None:
    page = await ada.tab()
    dialog = await ask(ada, page)
    when = dialog.get_by_test_id("reminder-when")
    opener = dialog.get_by_test_id("reminder-new")
    await expect(when).to_have_count(0)
    await opener.press("Enter")
    await expect(when).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(when).to_have_count(0)
    await expect(opener).to_be_focused()
    await expect(dialog).to_be_visible()


async def test_what_comes_while_it_is_looked_at_shows_by_itself(ada: Person) -> None:
    page = await ada.tab()
    dialog = await ask(ada, page)
    [task] = ada.api.get("/tasks").json()["items"]
    comes = [*task["reminders"], {"at": soon(seconds=4)}]
    ada.api.patch(f"/tasks/{task['id']}", json={"reminders": comes}).raise_for_status()
    rows = dialog.get_by_test_id("reminder")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(1)).to_contain_text("Comes: ")
    await expect(rows.nth(1)).to_contain_text("Came: ")
    ada.api.post(f"/tasks/{task['id']}/complete").raise_for_status()
    await expect(dialog).to_contain_text("The task is done")


async def test_many_reminders_stay_short_until_they_are_asked_for(ada: Person) -> None:
    offsets = [{"offset": f"PT{hours}H"} for hours in range(1, 6)]
    await ada.add("Trip", due_date="2031-03-03T09:00:00Z", reminders=offsets)
    page = await ada.tab()
    await page.get_by_test_id("open").click()
    await expect(page.get_by_test_id("reminder")).to_have_count(3)
    more = page.get_by_test_id("reminders-all")
    await expect(more).to_have_text("Show all 5")
    await more.press("Enter")
    await expect(page.get_by_test_id("reminder")).to_have_count(5)
    await expect(more).to_be_focused()
    await more.press("Enter")
    await expect(page.get_by_test_id("reminder")).to_have_count(3)


async def test_what_is_still_asked_about_a_task_when_its_sheet_closes_is_let_go(
    ada: Person,
) -> None:
    tea = await ada.add("Tea", reminders=[{"at": soon(days=1)}])
    page = await ada.tab()
    await page.get_by_test_id("open").click()
    asked, closed = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await closed.wait()
        await route.continue_()

    await expect(page.get_by_test_id("reminder-why")).to_be_visible()
    await page.route("**/timeline", hold)
    await page.get_by_test_id("reminder-why").click()
    await asked.wait()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("sheet")).to_have_count(0)
    comes = {"reminders": [*tea["reminders"], {"at": soon(seconds=2)}]}
    ada.api.patch(f"/tasks/{tea['id']}", json=comes).raise_for_status()
    await expect(page.get_by_test_id("message")).to_contain_text("Reminder: Tea")
    async with page.expect_response("**/timeline"):
        closed.set()
    await page.unroute_all(behavior="wait")
    await page.get_by_test_id("open").click()
    await expect(page.get_by_test_id("reminder")).to_have_count(2)
