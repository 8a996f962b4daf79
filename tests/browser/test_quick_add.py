"""A task out of one line, as a person types it."""

from playwright.async_api import expect
from tests.browser.person import Person, rows

LINE = "pay rent every 1st at 9am !high #home remind 1h"
REFUSED = "422 POST /api/v1/tasks/quick-add"
REFUSED_PREVIEW = f"{REFUSED}/preview"


async def test_a_line_shows_what_it_means_while_it_is_typed_and_becomes_that(ada: Person) -> None:
    page = await ada.tab()
    line = page.get_by_label("Quick add").and_(page.get_by_role("textbox"))
    await line.press_sequentially(LINE)
    shown = page.get_by_test_id("quick-understood")
    await expect(shown.locator("mark")).to_have_text(
        ["every 1st at 9am", "!high", "#home", "remind 1h"]
    )
    await expect(shown).to_contain_text("every 1st of the month at 9:00, first on 1 ")
    await line.press("Enter")
    row = rows(page, "pay rent")
    for part in ("1 reminder", "high"):
        await expect(row).to_contain_text(part)
    await expect(line).to_have_value("")
    await expect(line).to_be_focused()
    await expect(shown).to_have_text("")
    [task] = ada.api.get("/tasks").json()["items"]
    assert task["recurrence"]["rule"] == "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9;BYMINUTE=0"
    assert (task["title"], task["priority"], task["tags"]) == ("pay rent", "high", ["home"])


async def test_a_line_without_a_title_says_so_and_stays(ada: Person) -> None:
    ada.complaints.intend(REFUSED, REFUSED_PREVIEW)
    page = await ada.tab()
    line = page.get_by_test_id("quick-line")
    await line.fill("every day")
    shown = page.get_by_test_id("quick-understood")
    await expect(shown).to_contain_text("leaves no title")
    await page.get_by_test_id("quick-add").click()
    await expect(line).to_have_attribute("aria-invalid", "true")
    await expect(shown).to_have_text("")
    await expect(page.get_by_text("Leaves no title", exact=False)).to_be_visible()
    await expect(line).to_have_value("every day")
    await line.fill("🌱 water tomorrow")
    await expect(page.get_by_test_id("quick-understood").locator("mark")).to_have_text(["tomorrow"])
    await line.press("Enter")
    await expect(rows(page, "🌱 water")).to_have_count(1)
