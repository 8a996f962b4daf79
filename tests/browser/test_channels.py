"""A person says on the page how they are reminded, and their browser shows what is pushed to it."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from playwright.async_api import Page, Worker, expect
from tests.browser.conftest import People
from tests.browser.person import Person

PATIENCE_SECONDS = 20
# What Chromium says in a window that keeps nothing, which every window of the tests is.
INCOGNITO = (
    "console: Chrome currently does not support the Push API in incognito mode "
    "(https://crbug.com/41124656). There is deliberately no way to feature-detect this, since "
    "incognito mode needs to be undetectable by websites."
)
PUSHED = '{"id": "1", "kind": "reminder", "title": "Tea", "body": "Now", "link": "/"}'
TITLES = """
async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map((one) => one.title);
}
"""
ASKED = 20
REGISTERED = """
async () => {
  const { active, scope } = await navigator.serviceWorker.ready;
  return [new URL(active.scriptURL).pathname, new URL(scope).pathname];
}
"""


async def come(ask: Callable[[], Awaitable[object]]) -> None:
    """Wait until the answer is something."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in count():
            if await ask():
                return
            await asyncio.sleep(0.05)


async def open_channels(page: Page) -> None:
    await page.get_by_test_id("bell").click()
    await page.get_by_test_id("channels").click()
    await expect(page.get_by_test_id("channel-kind")).to_be_visible()


async def test_a_webhook_is_added_shows_its_secret_once_is_tried_and_removed(ada: Person) -> None:
    page = await ada.tab()
    await open_channels(page)
    await page.get_by_test_id("channel-kind").select_option("webhook")
    await page.get_by_test_id("channel-address").fill("ftp://nowhere")
    ada.complaints.intend("422 POST /api/v1/reminders/channels")
    await page.get_by_test_id("add-channel").click()
    await expect(page.get_by_text("must begin with https://", exact=False)).to_be_visible()
    await page.get_by_test_id("channel-address").fill("http://localhost:9/hook")
    await page.get_by_test_id("add-channel").click()
    await expect(page.get_by_test_id("channel-secret")).to_contain_text("whsec_")
    row = page.get_by_test_id("channel")
    await row.get_by_role("button", name="Send me a test: Webhook").click()
    await expect(row).to_contain_text("not public")
    await row.get_by_role("checkbox").uncheck()
    await expect(row.get_by_role("checkbox")).not_to_be_checked()
    await expect(row).to_have_attribute("aria-busy", "false")
    assert ada.api.get("/reminders/channels").json()["items"][0]["is_on"] is False
    await row.get_by_test_id("remove-channel").click()
    await expect(row).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("channels-dialog")).to_have_count(0)
    await expect(page.get_by_test_id("bell")).to_be_focused()


async def test_what_the_installation_has_not_is_said_with_its_reason(ada: Person) -> None:
    page = await ada.tab()
    await open_channels(page)
    await page.get_by_test_id("channel-kind").select_option("email")
    await expect(page.get_by_test_id("channels-dialog")).to_contain_text("TASKFLOW_SMTP_HOST")
    await expect(page.get_by_test_id("add-channel")).to_have_count(0)


async def test_the_worker_is_served_afresh_and_registered_for_the_whole_page(
    arrive: People,
) -> None:
    ada = await arrive()
    await ada.register()
    page = await ada.tab()
    answer = await page.request.get(f"{ada.product.url}/service-worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    worker = await registered(ada, page)
    assert await page.evaluate(REGISTERED) == ["/service-worker.js", "/"]
    assert worker.url.endswith("/service-worker.js")


async def registered(person: Person, page: Page) -> Worker:
    """The page's worker, after it was asked to be there."""
    person.complaints.intend(INCOGNITO)
    await person.context.grant_permissions(["notifications"], origin=person.product.url)
    async with person.context.expect_event("serviceworker") as coming:
        await open_channels(page)
        await page.get_by_test_id("add-channel").click()
    worker: Worker = await coming.value
    # There is no push service where the tests run: the person is told, and nothing is added.
    await expect(page.get_by_role("alert").filter(has_text="browser")).to_be_visible()
    return worker


async def test_what_is_pushed_is_shown_and_its_button_does_what_it_says(ada: Person) -> None:
    page = await ada.tab()
    task = await ada.add("Tea", reminders=[{"at": "2035-01-01T09:00:00Z"}])
    worker = await registered(ada, page)
    deliver = await pushing(ada, page)

    async def shown() -> bool:
        # A push service gives a message again until the browser has it, too.
        await deliver(PUSHED)
        for _ in range(ASKED):
            if await page.evaluate(TITLES):
                return True
            await asyncio.sleep(0.05)
        return False

    await come(shown)
    assert await page.evaluate(TITLES) == ["Tea"]
    told: dict[str, Any] = {"task": task["id"], "reminders": [], "link": "/"}
    await worker.evaluate("(told) => act('done', told)", told)
    assert ada.api.get(f"/tasks/{task['id']}").json()["status"] == "completed"


async def pushing(person: Person, page: Page) -> Callable[[str], Awaitable[None]]:
    """What hands a message to the browser as its push service would."""
    session = await person.context.new_cdp_session(page)
    loop = asyncio.get_running_loop()
    known: asyncio.Future[str] = loop.create_future()

    def hear(update: dict[str, Any]) -> None:
        for one in update["registrations"]:
            if one["scopeURL"].startswith(person.product.url) and not known.done():
                known.set_result(one["registrationId"])

    async def deliver(told: str) -> None:
        message = {"origin": person.product.url, "registrationId": name, "data": told}
        await session.send("ServiceWorker.deliverPushMessage", message)

    session.on("ServiceWorker.workerRegistrationUpdated", hear)
    await session.send("ServiceWorker.enable")
    async with asyncio.timeout(PATIENCE_SECONDS):
        name = await known
    return deliver


async def test_a_link_of_a_reminder_leads_to_its_task(ada: Person) -> None:
    task = await ada.add("Water plants")
    page = await ada.context.new_page()
    await page.goto(f"{ada.product.url}/#task-{task['id']}")
    row = page.locator(f"[data-task-id='{task['id']}']")
    await expect(row.get_by_test_id("complete")).to_be_focused()
