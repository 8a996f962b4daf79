"""The page for everybody: keyboards, phones, light and dark."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect
from tests.browser.conftest import People
from tests.browser.person import PASSWORD, Person, is_done, rows

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
# Where the page has fewer columns: 44rem.
NARROW = 704
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return [at.dataset.testid ?? at.getAttribute("aria-label") ?? at.textContent.trim(), isSeen];
}"""
OVERFLOW = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
  .map((one) => one.outerHTML.slice(0, 120))"""

CUT = """() => [...document.querySelectorAll("select")].filter((one) => {
  const given = one.offsetWidth;
  one.style.width = "max-content";
  return one.offsetWidth > given;
}).map((one) => one.dataset.testid)"""


async def tab_through(page: Page) -> list[str]:
    """What Tab reaches from the top of the page, in order; the focus is visible on each."""
    reached: list[str] = []
    await page.mouse.click(1, 1)
    await page.keyboard.press("Tab")
    while (focus := await page.evaluate(FOCUS)) is not None:
        name, is_seen = focus
        assert is_seen, f"the focus is not visible on {name}"
        if not reached or reached[-1] != name:
            reached.append(name)
        assert len(reached) < 100
        await page.keyboard.press("Tab")
    return reached


async def everything(person: Person) -> None:
    """Tasks of every look."""
    now = datetime.now(UTC)
    late, soon = (now + timedelta(hours=hours) for hours in (-30, 30))
    await person.add("Late", due_date=late.isoformat(), priority="urgent", tags=["work"])
    rule = {"rule": "weekly:MON,TUE,WED,THU,FRI"}
    reminders = [{"offset": "PT1H"}, {"offset": "PT5M"}]
    await person.add(
        "Soon", due_date=soon.isoformat(), priority="high", recurrence=rule, reminders=reminders
    )
    await person.add(LONG, priority="low", tags=[f"tag-number-{n}" for n in range(12)])
    done = await person.add("Done")
    person.api.post(f"/tasks/{done['id']}/complete").raise_for_status()


async def test_everything_can_be_done_by_keyboard_alone(arrive: People) -> None:
    person = await arrive()
    page = await person.visit()
    await expect(page.get_by_test_id("to-register")).to_be_visible()
    assert await tab_through(page) == ["email", "password", "login", "to-register"]
    await page.get_by_test_id("to-register").focus()
    await page.keyboard.press("Enter")
    assert await tab_through(page) == ["name", "email", "password", "register", "to-login"]
    for field, text in (("name", "Ada"), ("email", person.email), ("password", PASSWORD)):
        await page.get_by_test_id(field).focus()
        await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("live-state")).to_have_text("live")
    await page.get_by_test_id("new-title").focus()
    await page.keyboard.type("Typed")
    await page.keyboard.press("Enter")
    await expect(rows(page, "Typed")).to_be_visible()
    bar = ["bell", "trash", "settings", "logout", "quick-line", "quick-add"]
    form = ["new-title", "add", "new-due", "new-priority", "new-repeat"]
    assert await tab_through(page) == [*bar, *form, "complete", "open", "delete"]


async def test_the_keyboard_keeps_its_place_in_the_list(ada: Person) -> None:
    for title in ("Third", "Second", "First"):
        await ada.add(title)
    page = await ada.tab()
    await page.get_by_role("checkbox", name="Done: First").focus()
    await page.keyboard.press("Space")
    await is_done(rows(page, "First"))
    await expect(page.get_by_role("checkbox", name="Done: Second")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(rows(page, "Second")).to_have_count(0)
    await expect(page.get_by_role("button", name="Delete: Third")).to_be_focused()
    assert deque(await tab_through(page), 2) == deque(["undo", "Dismiss"])
    await page.get_by_test_id("undo").last.press("Enter")
    await expect(rows(page, "Second")).to_be_visible()
    await page.get_by_test_id("bell").press("Enter")
    await expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("heading", name="Notifications")).to_be_hidden()
    await expect(page.get_by_test_id("bell")).to_be_focused()


async def test_nothing_is_wider_than_a_narrow_phone(arrive: People) -> None:
    person = await arrive(**PHONE)
    page = await person.visit()
    await expect(page.get_by_test_id("login")).to_be_visible()
    assert await page.evaluate(OVERFLOW) == []
    await person.register()
    await everything(person)
    page = await person.tab()
    await page.get_by_test_id("new-fields").click()
    await page.get_by_test_id("new-repeat").select_option("weekly")
    await expect(page.get_by_test_id("task-row")).to_have_count(4)
    await page.get_by_role("button", name="Delete: Done").click()
    await expect(page.get_by_test_id("undo")).to_be_visible()
    await page.get_by_test_id("bell").click()
    await expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    assert await page.evaluate(OVERFLOW) == []
    await open_channels(person, page)
    assert await page.evaluate(OVERFLOW) == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await page.get_by_role("button", name="Close").click()
    await rows(page, "Donau").get_by_test_id("open").click()
    await expect(page.get_by_test_id("details-save")).to_be_visible()
    assert await page.evaluate(OVERFLOW) == []


async def test_a_phone_shows_the_tasks_and_the_long_form_on_demand(arrive: People) -> None:
    person = await arrive(**PHONE)
    await person.register()
    await person.add("Soon")
    page = await person.tab()
    fields, title = page.get_by_test_id("new-fields"), page.get_by_test_id("new-title")
    await expect(title).to_be_hidden()
    await expect(rows(page, "Soon")).to_be_in_viewport(ratio=1)
    await fields.press("Enter")
    await expect(fields).to_have_attribute("aria-expanded", "true")
    await title.fill("Begun")
    await fields.press("Enter")
    await expect(title).to_be_hidden()
    await page.set_viewport_size({"width": 1280, "height": 740})
    await expect(title).to_have_value("Begun")
    await expect(title).to_be_visible()
    await expect(fields).to_be_hidden()
    await page.set_viewport_size(PHONE["viewport"])
    await fields.click()
    await page.reload()
    await expect(title).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390, 360])
async def test_every_choice_of_a_new_task_can_be_read_whole(ada: Person, width: int) -> None:
    page = await ada.tab()
    await page.set_viewport_size({"width": width, "height": 740})
    if width < NARROW:
        await page.get_by_test_id("new-fields").click()
    await page.get_by_test_id("new-due").fill("2031-03-03T09:00")
    assert await page.evaluate(CUT) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_and_operate_it(arrive: People, scheme: str) -> None:
    person = await arrive(color_scheme=scheme)
    page = await person.visit()
    await expect(page.get_by_test_id("login")).to_be_visible()
    assert await barriers(page) == []
    await person.register()
    await everything(person)
    page = await person.tab()
    await expect(page.get_by_test_id("task-row")).to_have_count(4)
    await page.get_by_test_id("new-repeat").select_option("weekly")
    await page.get_by_role("button", name="Delete: Done").click()
    await page.get_by_test_id("bell").click()
    await expect(page.get_by_test_id("undo")).to_be_visible()
    assert await barriers(page) == []
    await open_channels(person, page)
    assert await barriers(page) == []
    await page.get_by_role("button", name="Close").click()
    await page.get_by_test_id("new-repeat").select_option("In my words")
    await page.get_by_test_id("new-phrase").fill("every last friday at 5pm until march")
    await expect(page.get_by_test_id("phrase-meaning")).to_contain_text("Every last Friday")
    assert await barriers(page) == []
    await rows(page, "Soon").get_by_test_id("open").click()
    await page.get_by_test_id("details-repeat").click()
    assert await barriers(page) == []


async def open_channels(person: Person, page: Page) -> None:
    """The dialog about channels, with one in it and a form of everything."""
    body = {"kind": "webhook", "url": "https://example.com/hook", "name": "A program of mine"}
    assert person.api.post("/reminders/channels", json=body).status_code == 201
    await page.get_by_test_id("channels").click()
    await expect(page.get_by_test_id("channel")).to_have_count(1)
    await page.get_by_test_id("channel-kind").select_option("apprise")


async def barriers(page: Page) -> list[str]:
    """What axe finds wrong: contrast, names, roles, landmarks and more."""
    found = (await Axe().run(page)).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_reminders_trash_and_settings_can_be_read_on_a_narrow_phone(
    arrive: People, scheme: str
) -> None:
    person = await arrive(color_scheme=scheme, **PHONE)
    await person.register()
    page = await person.tab()
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    await person.add(LONG, due_date=due, reminders=[{"at": soon}, {"offset": "PT1H"}])
    gone = await person.add(f"Gone {LONG}")
    person.api.delete(f"/tasks/{gone['id']}").raise_for_status()
    await snoozing_fits(page)
    await page.get_by_test_id("bell").click()
    await page.get_by_test_id("note-snooze").click()
    await expect(page.get_by_test_id("snooze-in_an_hour")).to_be_visible()
    await fits(page)
    await page.get_by_test_id("note-why").click()
    await page.get_by_test_id("reminder-new").click()
    await page.get_by_test_id("reminder-nag").check()
    await page.get_by_test_id("reminder-why").first.click()
    await expect(page.get_by_test_id("timeline")).to_contain_text("It came at its time")
    await fits(page)
    await page.get_by_role("button", name="Close").click()
    await page.keyboard.press("Escape")
    await page.get_by_test_id("trash").click()
    await expect(page.get_by_test_id("trash-row")).to_have_count(1)
    await fits(page)
    await page.get_by_test_id("trash-close").click()
    await page.get_by_test_id("settings").click()
    await page.get_by_test_id("quiet").check()
    await fits(page)


async def snoozing_fits(page: Page) -> None:
    """So does the message that a reminder has come, with all that is offered."""
    message = page.get_by_test_id("message")
    await message.get_by_test_id("note-snooze").click()
    await expect(message.get_by_test_id("snooze-in_an_hour")).to_be_visible()
    await fits(page)
    await message.get_by_role("button", name="Dismiss").click()


async def fits(page: Page) -> None:
    """Nothing is wider than the page, and axe finds no barrier."""
    assert await page.evaluate(OVERFLOW) == []
    assert await barriers(page) == []
