"""A Chromium for all tests of the page, and people who use it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright, expect
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.person import Person
from tests.product import Product

PATIENCE_MS = 15_000
# The first start on a machine writes caches, of fonts among others.
FIRST_START_MS = 120_000
ENVIRONMENT: dict[str, Any] = {"locale": "en-GB", "timezone_id": "Europe/Berlin"}

People = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser that has opened its first page already."""
    executable = find_chromium()
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=[*ARGUMENTS], timeout=FIRST_START_MS
        )
        await (await browser.new_page()).close()
        yield browser
        await browser.close()


@pytest.fixture
async def arrive(chromium: Browser, product: Product) -> AsyncIterator[People]:
    """Lets people arrive, each at a browser of their own, whose pages must not complain."""
    present: list[Person] = []

    async def arrive(place: Product = product, email: str = "", **environment: Any) -> Person:
        context = await chromium.new_context(**{**ENVIRONMENT, **environment})
        context.set_default_timeout(PATIENCE_MS)
        present.append(Person(place, context, email))
        return present[-1]

    yield arrive
    complaints = [person.complaints.unintended for person in present]
    for person in present:
        await person.context.close()
    assert complaints == [[] for _ in present]


@pytest.fixture
async def ada(arrive: People) -> Person:
    """Somebody with an account who is logged in."""
    person = await arrive()
    await person.register()
    return person
