"""A habit is offered on the page, quietly, and becomes recurring by one click."""

import time
from datetime import UTC, datetime, timedelta

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect
from tests.browser.person import Person, rows

PATIENCE_SECONDS = 30
TIMES = 9


async def weekly(person: Person, *titles: str) -> None:
    """Have these done every week, and wait until all of that is suggested."""
    for title in titles:
        for week in range(TIMES):
            task = await person.add(title)
            at = datetime.now(UTC) - timedelta(weeks=week)
            body = {"completed_at": at.isoformat()}
            person.api.post(f"/tasks/{task['id']}/complete", json=body).raise_for_status()
    deadline = time.monotonic() + PATIENCE_SECONDS
    evidence: list[int] = []
    while evidence != [TIMES] * len(titles) and time.monotonic() < deadline:
        items = person.api.get("/recurring/suggestions").json()["items"]
        evidence = [len(one["evidence"]) for one in items]
    assert evidence == [TIMES] * len(titles)


def to_do(page: Page, title: str) -> Locator:
    return page.locator('[data-testid="task-row"][data-status="pending"]', has_text=title)


async def test_a_habit_is_made_recurring_by_one_click(ada: Person) -> None:
    await weekly(ada, "Water the plants")
    page = await ada.tab()
    card = page.get_by_test_id("suggestion")
    await expect(card).to_contain_text("You seem to do Water the plants every ")
    await card.get_by_test_id("why").click()
    await expect(card.get_by_text("Done 9 of the 9 times that it was due since")).to_be_visible()
    await expect(card.get_by_role("listitem")).to_have_count(TIMES)
    axe = await Axe().run(page)
    assert axe.response["violations"] == []
    await card.get_by_role("button", name="Make it recurring").click()
    await expect(card).to_have_count(0)
    await expect(to_do(page, "Water the plants")).to_have_count(1)
    await expect(page.get_by_test_id("quick-line")).to_be_focused()
    await page.reload()
    await expect(to_do(page, "Water the plants")).to_have_count(1)
    await expect(card).to_have_count(0)


async def test_a_habit_that_is_declined_is_offered_no_more_and_the_next_one_is(
    ada: Person,
) -> None:
    await weekly(ada, "Pay the gardener", "Call Anna")
    page = await ada.tab()
    card = page.get_by_test_id("suggestion")
    await expect(card).to_have_count(1)
    before = await card.locator("strong").inner_text()
    await card.get_by_role("button", name="No, thanks").click()
    await expect(card.locator("strong")).not_to_have_text(before)
    await expect(card.get_by_test_id("accept-suggestion")).to_be_focused()
    await page.reload()
    await expect(card.locator("strong")).not_to_have_text(before)
    await card.get_by_role("button", name="No, thanks").click()
    await expect(card).to_have_count(0)
    await page.reload()
    await expect(rows(page, "Pay the gardener").first).to_be_visible()
    await expect(card).to_have_count(0)
