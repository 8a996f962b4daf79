"""A reminder that comes while somebody looks at the page is answered where it shows."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Locator, Page, expect
from tests.browser.person import Person, is_done, rows

# Longer than a message stays by itself.
LONG_MS = 60_000


def messages(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text)


async def come(person: Person, page: Page, title: str = "Tea") -> Locator:
    """A reminder that has just come, as the message that says so."""
    at = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    await person.add(title, reminders=[{"at": at}])
    message = messages(page, f"Reminder: {title}")
    await expect(message).to_be_visible()
    return message


async def test_done_at_a_reminder_that_shows_completes_its_task_and_is_undone(ada: Person) -> None:
    page = await ada.tab()
    message = await come(ada, page)
    await expect(page.get_by_role("status").filter(has=message)).to_have_count(1)
    await message.get_by_role("button", name="Done: Tea").click()
    await is_done(rows(page, "Tea"))
    await expect(message).to_have_count(0)
    await expect(page.get_by_test_id("unread-count")).to_have_text("1")
    said = messages(page, "Completed “Tea”.")
    await said.get_by_role("button", name="Undo").click()
    await is_done(rows(page, "Tea"), done=False)
    await expect(said).to_have_count(0)


async def test_a_reminder_that_shows_is_snoozed_by_keyboard_alone(ada: Person) -> None:
    page = await ada.tab()
    message = await come(ada, page)
    await rows(page, "Tea").get_by_test_id("delete").focus()
    for _ in ("Dismiss", "Done", "Snooze"):
        await page.keyboard.press("Tab")
    snooze = message.get_by_role("button", name="Snooze: Tea")
    await expect(snooze).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(message.get_by_test_id("snooze-choices")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(snooze).to_be_focused()
    await page.keyboard.press("Enter")
    await message.get_by_test_id("snooze-tomorrow_morning").press("Enter")
    await expect(messages(page, "“Tea” comes again: ")).to_be_visible()
    await expect(message).to_have_count(0)
    await expect(rows(page, "Tea").get_by_test_id("delete")).to_be_focused()
    [reminder] = ada.api.get("/reminders").json()["items"]
    assert reminder["status"] == "pending"


async def test_a_reminder_that_shows_stays_while_somebody_is_at_it(ada: Person) -> None:
    page = await ada.tab()
    await page.clock.install()
    message = await come(ada, page)
    await message.hover()
    await page.clock.fast_forward(LONG_MS)
    await expect(message).to_be_visible()
    done = message.get_by_role("button", name="Done: Tea")
    await done.focus()
    for number in range(4):
        await ada.add(f"More {number}")
        await rows(page, f"More {number}").get_by_test_id("delete").evaluate("it => it.click()")
        await expect(messages(page, f"Deleted “More {number}”.")).to_be_visible()
    await page.clock.fast_forward(LONG_MS)
    await expect(done).to_be_focused()
    await page.mouse.move(1, 1)
    await page.get_by_test_id("bell").focus()
    await expect(message).to_have_count(0)
    await expect(messages(page, "Deleted")).to_have_count(3)
    await page.clock.fast_forward(LONG_MS)
    await expect(messages(page, "Deleted “More 1”.")).to_have_count(0)


async def test_a_reminder_that_comes_behind_a_dialog_waits_for_its_end(ada: Person) -> None:
    await ada.add("Read")
    page = await ada.tab()
    await page.clock.install()
    await rows(page, "Read").get_by_test_id("open").click()
    message = await come(ada, page)
    await page.clock.fast_forward(LONG_MS)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("sheet")).to_have_count(0)
    await expect(message).to_be_visible()
    await page.clock.fast_forward(LONG_MS)
    await expect(message).to_have_count(0)
