"""Guessing passwords over HTTP: at the login and at the change of a password."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.product import Product

A_MINUTE = 4
RIGHT = "Test123!"
WRONG = "Wrong123!"


@pytest.fixture(scope="module")
def guarded(open_dir: Path) -> Iterator[Product]:
    """TaskFlow behind a proxy, where a minute has four attempts."""
    settings = {
        "TASKFLOW_AUTH_ATTEMPTS_PER_MINUTE": str(A_MINUTE),
        "TASKFLOW_TRUSTED_PROXIES": "1",
    }
    product = Product(open_dir / "guarded", settings)
    product.start()
    yield product
    product.stop()


def somewhere() -> dict[str, str]:
    """A place that nobody came from before."""
    return {"X-Forwarded-For": f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"}


def account(product: Product) -> tuple[httpx.Client, str]:
    client, email = product.visitor(), f"{uuid4()}@example.com"
    body = {"email": email, "password": RIGHT, "name": "Ada"}
    assert client.post("/auth/register", json=body, headers=somewhere()).status_code == 201
    return client, email


def login(
    client: httpx.Client, email: str, place: dict[str, str], password: str = WRONG
) -> httpx.Response:
    body = {"email": email, "password": password}
    return client.post("/auth/login", json=body, headers=place)


def change(client: httpx.Client, place: dict[str, str], current: str) -> httpx.Response:
    body = {"password": "Another123!", "current_password": current}
    return client.patch("/auth/me", json=body, headers=place)


def test_the_present_password_is_guessed_at_no_faster_than_a_login(guarded: Product) -> None:
    client, email = account(guarded)
    token = login(client, email, somewhere(), RIGHT).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    place = somewhere()
    answers = [change(client, place, WRONG) for _ in range(A_MINUTE + 1)]
    assert [answer.status_code for answer in answers] == [422] * A_MINUTE + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert login(client, email, place, RIGHT).status_code == 429
    assert client.patch("/auth/me", json={"name": "Eve"}, headers=place).status_code == 200
    everywhere = [change(client, somewhere(), WRONG).status_code for _ in range(20)]
    assert 429 in everywhere
    assert login(client, email, somewhere(), RIGHT).status_code == 200


def test_an_account_is_guessed_at_no_faster_from_everywhere_and_its_owner_comes_in(
    guarded: Product,
) -> None:
    client, email = account(guarded)
    home = somewhere()
    assert login(client, email, home, RIGHT).status_code == 200
    answers = [login(client, email, somewhere()) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {401, 429}
    refused = [answer for answer in answers if answer.status_code == 429]
    assert max(int(answer.headers["retry-after"]) for answer in refused) <= 45
    assert login(client, email, home, RIGHT).status_code == 200


def test_an_unknown_address_is_limited_like_a_known_one(guarded: Product) -> None:
    client = guarded.visitor()
    email = f"{uuid4()}@example.com"
    codes = [login(client, email, somewhere()).status_code for _ in range(20)]
    assert codes[: 3 * A_MINUTE] == [401] * 3 * A_MINUTE
    assert 429 in codes


def test_the_work_for_a_client_that_leaves_is_ended(guarded: Product) -> None:
    client, email = account(guarded)
    in_a_hurry = httpx.Timeout(10, read=0.001)
    body = {"email": email, "password": RIGHT}
    for _ in range(100):
        with suppress(httpx.ReadTimeout):
            client.post("/auth/login", json=body, headers=somewhere(), timeout=in_a_hurry)
        if 'status="499"' in httpx.get(f"{guarded.url}/metrics").text:
            break
    else:
        pytest.fail("every login was worked on to its end")
    assert login(client, email, somewhere(), RIGHT).status_code == 200


def test_a_cookie_is_for_tls_alone_when_the_proxy_says_so(guarded: Product) -> None:
    client, email = account(guarded)
    plain = login(client, email, somewhere(), RIGHT)
    tls = login(client, email, somewhere() | {"X-Forwarded-Proto": "https"}, RIGHT)
    assert ["Secure" in cookie for cookie in plain.headers.get_list("set-cookie")] == [False] * 3
    assert ["Secure" in cookie for cookie in tls.headers.get_list("set-cookie")] == [True] * 3


def test_without_a_proxy_nobody_chooses_where_they_come_from(open_dir: Path) -> None:
    settings = {"TASKFLOW_AUTH_ATTEMPTS_PER_MINUTE": str(A_MINUTE)}
    product = Product(open_dir / "open", settings)
    product.start()
    client = product.visitor()
    answers = [login(client, f"{uuid4()}@example.com", somewhere()) for _ in range(A_MINUTE + 1)]
    assert [answer.status_code for answer in answers] == [401] * A_MINUTE + [429]
    assert product.stop() == 0
