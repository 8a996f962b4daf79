"""Coming, staying and leaving."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import People
from tests.browser.person import PASSWORD, Person, rows
from tests.product import Product

ACCESS_TOKEN_SECONDS = 1


@pytest.fixture(scope="module")
def hasty(open_dir: Path) -> Iterator[Product]:
    """TaskFlow with access tokens that expire at once."""
    settings = {"TASKFLOW_ACCESS_TOKEN_SECONDS": str(ACCESS_TOKEN_SECONDS)}
    product = Product(open_dir / "hasty", settings)
    product.start()
    yield product
    product.stop()


async def fill_in(page: Page, email: str, password: str) -> None:
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(password)


async def expire(person: Person) -> None:
    """Wait until the browser's access token is refused."""
    deadline = time.monotonic() + 20
    url = f"{person.product.url}/api/v1/auth/me"
    while (await person.context.request.get(url)).status != 401:
        assert time.monotonic() < deadline


async def test_a_new_person_registers_and_finds_an_empty_list(arrive: People) -> None:
    page = await (await arrive()).visit()
    await page.get_by_role("button", name="I am new here").click()
    await page.get_by_label("Name").fill("Ada")
    await fill_in(page, f"{uuid4()}@example.com", PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_text("Nothing to do. Add your first task above.")).to_be_visible()
    await expect(page.get_by_test_id("live-state")).to_have_text("live")
    await page.reload()
    await expect(page.get_by_text("Nothing to do. Add your first task above.")).to_be_visible()


async def test_a_password_that_is_too_weak_is_explained_beside_its_field(arrive: People) -> None:
    person = await arrive()
    person.complaints.intend("422 POST /api/v1/auth/register")
    page = await person.visit()
    await page.get_by_role("button", name="I am new here").click()
    await page.get_by_label("Name").fill("Ada")
    await fill_in(page, person.email, "short")
    await page.get_by_role("button", name="Create account").click()
    password = page.get_by_label("Password")
    await expect(password).to_have_attribute("aria-invalid", "true")
    await expect(password).to_have_accessible_description("must have at least 8 characters")
    await expect(page.get_by_text("must have at least 8 characters")).to_have_count(1)


async def test_a_wrong_password_shows_the_reason_and_the_right_one_enters(arrive: People) -> None:
    person = await arrive()
    await person.register()
    await person.context.clear_cookies()
    person.complaints.intend("401 POST /api/v1/auth/login")
    page = await person.visit()
    await fill_in(page, person.email, "Wrong123!")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_have_text("the email or the password is wrong")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_text("Ada Lovelace")).to_be_visible()


async def test_whoever_logs_out_is_out_also_after_a_reload(ada: Person) -> None:
    await ada.add("Secret")
    page = await ada.tab()
    await expect(rows(page, "Secret")).to_be_visible()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    await expect(page.get_by_text("Secret")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert await ada.context.cookies() == []


async def test_an_expired_session_is_renewed_unnoticed_in_all_tabs(
    arrive: People, hasty: Product
) -> None:
    person = await arrive(hasty)
    await person.register()
    lists = (
        "GET /notifications/stream",
        "GET /tasks",
        "GET /notifications",
        "GET /recurring/suggestions",
    )
    calls = (*lists, "POST /tasks", "GET /auth/me")
    person.complaints.intend(*(f"401 {call.replace('/', '/api/v1/', 1)}" for call in calls))
    tabs = [await person.tab(), await person.tab()]
    await expire(person)
    for number, page in enumerate(tabs):
        await page.get_by_label("New task").get_by_role("textbox").first.fill(f"Kept {number}")
    for page in tabs:
        await page.get_by_test_id("add").click()
    for page in tabs:
        await expect(rows(page, "Kept")).to_have_count(2)
    await expire(person)
    await tabs[0].reload()
    await expect(rows(tabs[0], "Kept")).to_have_count(2)
