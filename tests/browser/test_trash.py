"""A person takes back what they have deleted."""

from playwright.async_api import expect
from tests.browser.person import Person, is_done, rows


async def test_what_was_deleted_is_found_in_the_trash_and_restored(ada: Person) -> None:
    for title in ("First", "Second"):
        task = await ada.add(title)
        ada.api.delete(f"/tasks/{task['id']}").raise_for_status()
    page = await ada.tab()
    await page.get_by_test_id("trash").press("Enter")
    dialog = page.get_by_test_id("trash-dialog")
    await expect(dialog.get_by_test_id("trash-row")).to_have_count(2)
    await expect(dialog.get_by_test_id("trash-row").first).to_contain_text("Second")
    await dialog.get_by_role("button", name="Restore: Second").press("Enter")
    await expect(dialog.get_by_role("status")).to_have_text("Restored “Second”.")
    await expect(dialog.get_by_role("button", name="Restore: First")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog).to_contain_text("The trash is empty.")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("trash")).to_be_focused()
    await is_done(rows(page, "First"), done=False)
    await is_done(rows(page, "Second"), done=False)


async def test_what_is_restored_is_not_said_to_be_deleted_any_more(ada: Person) -> None:
    await ada.add("Kept")
    page = await ada.tab()
    await page.get_by_role("button", name="Delete: Kept").click()
    told = page.get_by_test_id("message")
    await expect(told).to_contain_text("Deleted “Kept”.")
    await page.get_by_test_id("trash").click()
    await page.get_by_test_id("restore").click()
    await expect(told).to_contain_text("Restored “Kept”.")
    await expect(told).to_have_count(1)


async def test_the_trash_says_what_fails_and_keeps_what_is_in_it(ada: Person) -> None:
    task = await ada.add("Kept")
    ada.api.delete(f"/tasks/{task['id']}").raise_for_status()
    page = await ada.tab()
    ada.complaints.intend(
        "net::ERR_FAILED GET /api/v1/tasks", "net::ERR_FAILED POST /api/v1/tasks/{id}/restore"
    )
    await page.route("**/tasks?status=deleted*", lambda route: route.abort())
    await page.get_by_test_id("trash").click()
    dialog = page.get_by_test_id("trash-dialog")
    await expect(dialog.get_by_role("alert")).to_contain_text("can't be reached")
    await page.unroute_all()
    await dialog.get_by_role("button", name="Try again").click()
    await page.route("**/restore", lambda route: route.abort())
    await dialog.get_by_role("button", name="Restore: Kept").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("can't be reached")
    await page.unroute_all()
    await dialog.get_by_role("button", name="Restore: Kept").click()
    await is_done(rows(page, "Kept"), done=False)
