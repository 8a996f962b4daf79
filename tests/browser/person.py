"""A person at a browser of their own: one account, one set of cookies, any number of tabs."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from playwright.async_api import BrowserContext, Locator, Page, expect
from tests.browser.complaints import Complaints
from tests.product import Product

PASSWORD = "Test123!"  # noqa: S105 - of people who live for one test


class Person:
    """Uses the page in tabs, and `api`, another client of the same account, beside it."""

    def __init__(self, product: Product, context: BrowserContext, email: str = "") -> None:
        self.product = product
        self.context = context
        self.complaints = Complaints()
        self.email = email or f"{uuid4()}@example.com"
        self.api = product.visitor()
        context.on("page", self.complaints.listen)

    @property
    def account(self) -> Mapping[str, str]:
        """What it takes to log in."""
        return {"email": self.email, "password": PASSWORD}

    async def register(self) -> None:
        """Make the account, and log in behind the page's back."""
        body = {**self.account, "name": "Ada Lovelace"}
        assert self.api.post("/auth/register", json=body).status_code == 201
        await self.log_in()

    async def log_in(self) -> None:
        """Log in at this browser, and let the other client speak for the same session."""
        url = f"{self.product.url}/api/v1/auth/login"
        answer = await self.context.request.post(url, data=dict(self.account))
        assert answer.ok, await answer.text()
        self.api.headers["Authorization"] = f"Bearer {(await answer.json())['access_token']}"

    async def add(self, title: str, **fields: object) -> dict[str, Any]:
        """A task that the other client made."""
        answer = self.api.post("/tasks", json={"title": title, **fields})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def visit(self) -> Page:
        """A new tab with the page."""
        page = await self.context.new_page()
        await page.goto(self.product.url)
        return page

    async def tab(self) -> Page:
        """A new tab that shows the tasks, live."""
        page = await self.visit()
        await expect(live_state(page)).to_have_text("live")
        await expect(page.get_by_label("Tasks", exact=True)).to_have_attribute("aria-busy", "false")
        return page


def live_state(page: Page) -> Locator:
    """How live a tab says that it is."""
    return page.get_by_test_id("live-state")


def rows(page: Page, title: str) -> Locator:
    """The tasks with this in their text."""
    return page.get_by_test_id("task-row").filter(has_text=title)


def is_done(row: Locator, *, done: bool = True) -> Any:
    """An expectation about a task's state, to await."""
    return expect(row).to_have_attribute("data-status", "completed" if done else "pending")
