"""Requests that are odd in themselves: too large, unfinished, lying, from elsewhere, too many."""

import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.contracts.operations import fields, wrong
from tests.product import Product

MIB = 1024 * 1024
OK = b'{"title":"x"}'
NEXT = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
ODD_PATHS = (
    "/%00", "/index.html%00.js", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/../../../../etc/passwd",
    "/..%2f..%2f..%2fetc/passwd", "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", "/%2fetc%2fpasswd",
    "//etc/passwd", "/assets/../../__init__.py", "/assets/%2e%2e/%2e%2e/py.typed", "/assets",
    "/.vite/manifest.json", "/%", "/%zz", "/%ff", "/%ed%a0%80", "/..\\..\\x", "/~root",
    "/" + "a" * 5_000, "/" + "a/" * 3_000, "/a%0d%0aX-Injected:%20yes", "/api/v1/../v1/tasks", "*",
)  # fmt: skip


def talk(product: Product, *parts: bytes) -> bytes:
    """All that comes back on one connection, until the other side closes it."""
    with socket.create_connection(("127.0.0.1", product.port_base), timeout=20) as line:
        try:
            for part in parts:
                line.sendall(part)
        except OSError:
            pass  # It was closed on us, which is an answer too.
        answer = b""
        try:
            while came := line.recv(65_536):
                answer += came
        except ConnectionResetError:
            pass
    return answer


@pytest.fixture(scope="module")
def user(product: Product) -> httpx.Client:
    return product.user()


def head(user: httpx.Client, path: str, *headers: str) -> bytes:
    """The head of a POST with the user's token."""
    lines = [
        f"POST /api/v1{path} HTTP/1.1", "Host: x", "Content-Type: application/json",
        f"Authorization: {user.headers['Authorization']}", *headers, "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("path", ODD_PATHS)
def test_the_page_shows_its_own_files_alone(product: Product, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = talk(product, request.encode())
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ")), answer[:300]
    assert b"application/problem+json" in answer
    assert b"x-injected" not in answer.lower().partition(b"\r\n\r\n")[0]
    assert b"root:" not in answer


@pytest.mark.parametrize(("path", "limit"), [("/tasks", MIB), ("/tasks/bulk", 4 * MIB)])
def test_a_body_over_its_limit_is_413_and_the_connection_goes_on(
    product: Product, user: httpx.Client, path: str, limit: int
) -> None:
    body = b" " * (limit + 1)
    announced = head(user, path, f"Content-Length: {len(body)}")
    answer = talk(product, announced, body, NEXT)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    assert answer.count(b"HTTP/1.1 200 OK") == 1


@pytest.mark.parametrize(("path", "limit"), [("/tasks", MIB), ("/tasks/bulk", 4 * MIB)])
def test_a_body_over_its_limit_that_does_not_say_its_length_is_413_too(
    product: Product, user: httpx.Client, path: str, limit: int
) -> None:
    chunks = b"".join(b"10000\r\n" + b" " * 65_536 + b"\r\n" for _ in range(limit // 65_536 + 1))
    announced = head(user, path, "Transfer-Encoding: chunked")
    answer = talk(product, announced, chunks + b"0\r\n\r\n", NEXT)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.count(b"HTTP/1.1 200 OK") == 1


def test_a_bulk_may_have_more_than_another_body(user: httpx.Client) -> None:
    answer = user.post(
        "/tasks/bulk",
        content=b" " * (2 * MIB) + b"{}",
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 200


def test_an_operation_without_a_body_takes_no_large_one_either(
    product: Product, user: httpx.Client
) -> None:
    announced = head(user, "/notifications/read-all", f"Content-Length: {2 * MIB}")
    assert talk(product, announced, b" " * 2 * MIB, NEXT).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "framing",
    [
        ("Content-Length: 5",),
        ("Content-Length: -5",),
        ("Content-Length: abc",),
        ("Content-Length: 13", "Content-Length: 14"),
        ("Content-Length: 13", "Transfer-Encoding: chunked"),
        ("Content-Length: 99999999999999999999999",),
        ("Transfer-Encoding: gzip",),
        ("Transfer-Encoding: chunked",),
    ],
)
def test_a_framing_that_lies_is_400_and_the_connection_ends(
    product: Product, user: httpx.Client, framing: tuple[str, ...]
) -> None:
    before = len(user.get("/tasks?limit=200").json()["items"])
    answer = talk(product, head(user, "/tasks", *framing), OK)
    assert b"HTTP/1.1 400 " in answer
    assert b"application/problem+json" in answer
    assert b"HTTP/1.1 201 " not in answer
    assert len(user.get("/tasks?limit=200").json()["items"]) == before


def test_what_is_no_http_is_400(product: Product) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n", b"FOO / HTTP/1.1\r\n\r\n"):
        answer = talk(product, garbage)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    "large",
    [
        b"X-Large: " + b"a" * 100_000 + b"\r\n\r\n",
        b"".join(b"X-%d: %s\r\n" % (index, b"a" * 50) for index in range(5_000)) + b"\r\n",
        b"X-Endless: " + b"a" * 5_000_000,
    ],
    ids=["one header", "many headers", "a header without an end"],
)
def test_a_head_over_its_limit_is_431(product: Product, large: bytes) -> None:
    parts = [large[start : start + 32_768] for start in range(0, len(large), 32_768)]
    answer = talk(product, b"GET /health HTTP/1.1\r\nHost: x\r\n", *parts)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert httpx.get(f"{product.url}/health").status_code == 200


def test_an_address_over_the_limit_is_refused(product: Product) -> None:
    answer = talk(product, b"GET /?q=" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer == b"" or answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://[", "https://127.0.0.1.evil.example"]
)
def test_a_page_of_another_site_writes_nothing_with_the_cookie(
    product: Product, user: httpx.Client, origin: str
) -> None:
    cookie = user.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Cookie": f"taskflow_session={cookie}", "Origin": origin}
    with product.visitor() as page:
        for method, path in (("POST", "/tasks"), ("PATCH", "/auth/me"), ("DELETE", "/auth/me")):
            body: dict[str, str] | None = {} if method != "DELETE" else None
            assert wrong(page.request(method, path, headers=headers, json=body), 403) is None
        assert page.get("/tasks", headers=headers).status_code == 200
        own = headers | {"Origin": product.url}
        assert page.post("/tasks", headers=own, json={"title": "mine"}).status_code == 201


def test_an_idempotency_key_belongs_to_one_path_and_one_body(user: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first = user.post("/tasks", json={"title": "once"}, headers=headers)
    assert user.post("/tasks", json={"title": "once"}, headers=headers).content == first.content
    assert wrong(user.post("/tasks", json={"title": "else"}, headers=headers), 409) is None
    assert wrong(user.post("/tasks/bulk", json={}, headers=headers), 409) is None


def test_the_same_body_on_another_path_is_another_request(user: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    assert user.post("/tasks/bulk", json={}, headers=headers).status_code == 200
    answer = user.post("/tasks", json={"title": "other path"}, headers=headers)
    assert wrong(answer, 409) is None


@pytest.mark.parametrize("key", ["", "a" * 256, "\xe9", "a b"])
def test_an_idempotency_key_has_a_form(user: httpx.Client, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = user.post("/tasks", json={"title": "x"}, headers=headers)
    assert wrong(answer, 422) is None
    assert fields(answer) == {"Idempotency-Key"}


@pytest.mark.parametrize(
    "tag", ['"7"', '"7", "8"', 'W/"7"', '"x"', "", '""', "-1", "\xff", '"9' * 9]
)
def test_a_version_that_is_not_the_present_one_is_412(user: httpx.Client, tag: str) -> None:
    task = user.post("/tasks", json={"title": "versioned"}).json()
    url, headers = f"/tasks/{task['id']}", {b"If-Match": tag.encode("latin-1")}
    assert wrong(user.patch(url, json={"title": "b"}, headers=headers), 412) is None
    assert wrong(user.put(url, json={"title": "b"}, headers=headers), 412) is None
    assert wrong(user.post(f"{url}/complete", headers=headers), 412) is None
    assert wrong(user.delete(url, headers=headers), 412) is None
    assert user.get(url).json() == task


@pytest.fixture(scope="module")
def strict(open_dir: Path) -> Iterator[Product]:
    """The product with small limits."""
    limits = {
        "TASKFLOW_AUTH_ATTEMPTS_PER_MINUTE": "3",
        "TASKFLOW_RATE_LIMIT_BURST": "5",
        "TASKFLOW_RATE_LIMIT_PER_SECOND": "0.01",
    }
    product = Product(open_dir / "strict", limits)
    product.start()
    yield product
    product.stop()


def test_too_many_requests_are_429_and_say_when_to_come_back(strict: Product) -> None:
    user = strict.user()
    answers = [user.get("/tasks") for _ in range(6)]
    assert [one.status_code for one in answers[:5]] == [200] * 5
    assert wrong(answers[5], 429) is None
    assert int(answers[5].headers["retry-after"]) > 0
    wanted = {"email": "a@example.com", "password": "Test123!"}
    answers = [user.post("/auth/login", json=wanted) for _ in range(2)]
    assert wrong(answers[1], 429) is None
    assert int(answers[1].headers["retry-after"]) > 0
