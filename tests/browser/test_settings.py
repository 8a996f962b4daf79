"""A person says where they live and when they want quiet."""

from typing import Any

from playwright.async_api import expect
from tests.browser.person import Person, rows


async def test_the_time_zone_and_quiet_hours_are_saved_and_said(ada: Person) -> None:
    due = {"due_date": "2031-03-03T09:00:00Z", "timezone": "floating"}
    await ada.add("Floats", **due)
    page = await ada.tab()
    await expect(rows(page, "Floats")).to_contain_text("10:00")
    await page.get_by_test_id("settings").press("Enter")
    dialog = page.get_by_test_id("settings-dialog")
    await dialog.get_by_test_id("timezone").fill("Asia/Tokyo")
    await dialog.get_by_test_id("quiet").check()
    await dialog.get_by_test_id("quiet-start").fill("21:00")
    await dialog.get_by_test_id("quiet-end").fill("06:30")
    await dialog.get_by_test_id("settings-save").click()
    said = "Saved: time zone Asia/Tokyo, you are told of everything, quiet from 21:00 to 06:30."
    await expect(dialog.get_by_role("status")).to_have_text(said)
    me: dict[str, Any] = ada.api.get("/auth/me").json()
    quiet = {"start": "21:00", "end": "06:30"}
    assert me["timezone"] == "Asia/Tokyo"
    assert me["notification_preferences"] == {"level": "all", "quiet_hours": quiet}
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("settings")).to_be_focused()
    await expect(rows(page, "Floats")).to_contain_text("1:00")


async def test_what_is_wrong_in_the_settings_stands_beside_its_field(ada: Person) -> None:
    page = await ada.tab()
    await page.get_by_test_id("settings").click()
    dialog = page.get_by_test_id("settings-dialog")
    ada.complaints.intend("422 PATCH /api/v1/auth/me", "net::ERR_FAILED PATCH /api/v1/auth/me")
    zone = dialog.get_by_test_id("timezone")
    await zone.fill("Mars/Olympus")
    await dialog.get_by_test_id("settings-save").click()
    await expect(zone).to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_role("alert")).to_have_count(0)
    await dialog.get_by_test_id("timezone-here").click()
    await expect(zone).to_have_value("Europe/Berlin")
    await page.route("**/auth/me", lambda route: route.abort())
    await dialog.get_by_test_id("settings-save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("can't be reached")
    await expect(zone).to_have_value("Europe/Berlin")
    await page.unroute_all()
    await dialog.get_by_test_id("settings-save").click()
    await expect(dialog.get_by_role("status")).to_contain_text("Saved: time zone Europe/Berlin")


async def test_the_settings_lead_to_the_ways_of_being_reminded(ada: Person) -> None:
    page = await ada.tab()
    await page.get_by_test_id("settings").click()
    await page.get_by_test_id("settings-channels").click()
    await expect(page.get_by_test_id("channels-dialog")).to_be_visible()
    await expect(page.get_by_test_id("settings-dialog")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("settings")).to_be_focused()
