"""HEAD answers what GET would, without a body (RFC 9110, section 9.3.2)."""

import re
import socket
from collections.abc import Iterator

import httpx
import pytest
from tests.contracts.operations import STREAM, operations
from tests.product import Product

# They say when and which, or are counted anew for each answer.
OWN = {"date", "x-correlation-id"}
COUNTED = {"content-length"}
OUTSIDE = ("/", "/docs", "/openapi.json", "/nothing/here", "/api/v1/tasks")


@pytest.fixture(scope="module")
def user(product: Product) -> httpx.Client:
    return product.user()


@pytest.fixture(scope="module")
def readable(product: Product) -> list[str]:
    """The addresses of everything that is read with GET, but for the stream."""
    found = [
        one.url()
        for one in operations(product)
        if one.method == "get" and not one.path.endswith(STREAM)
    ]
    assert len(found) > 20
    return found


def heads(client: httpx.Client, url: str) -> Iterator[tuple[int, dict[str, str]]]:
    """What GET and HEAD have before their bodies."""
    for method in ("GET", "HEAD"):
        answer = client.request(method, url)
        yield (
            answer.status_code,
            {name: value for name, value in answer.headers.items() if name not in OWN},
        )


def test_every_operation_that_is_read_answers_head_as_it_answers_get(
    user: httpx.Client, readable: list[str]
) -> None:
    for url in readable:
        (status, got), (head_status, head) = heads(user, url)
        # A body of no known length is sent in chunks, of which HEAD has none.
        got.pop("transfer-encoding", None)
        if "/metrics" in url:
            got, head = ({n: v for n, v in one.items() if n not in COUNTED} for one in (got, head))
        assert (head_status, head) == (status, got), url


def test_the_page_and_its_files_answer_head(product: Product) -> None:
    visitor = product.visitor()
    assets = re.findall(r'(?:src|href)="(/[^"]+)"', visitor.get(product.url).text)
    assert assets
    for path in (*OUTSIDE, *assets):
        get, head = heads(visitor, product.url + path)
        assert head == get, path


def test_no_byte_follows_the_head(product: Product) -> None:
    with socket.create_connection(("127.0.0.1", product.port_base), timeout=20) as line:
        line.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while came := line.recv(65_536):
            answer += came
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert int(dict(re.findall(rb"([\w-]+): (.*)", head.lower()))[b"content-length"]) > 0
    assert body == b""


def test_where_get_is_allowed_head_is(user: httpx.Client) -> None:
    assert {"GET", "HEAD", "POST"} <= set(user.put("/tasks").headers["allow"].split(", "))
    assert user.head("/tasks/bulk").status_code == 405
    assert "HEAD" not in user.head("/tasks/bulk").headers["allow"]


def test_the_head_of_a_stream_comes_at_once_and_opens_none(
    user: httpx.Client, product: Product
) -> None:
    url = product.url + STREAM
    with user.stream("GET", url) as stream:
        lines = stream.iter_lines()
        assert "retry" in next(lines)
        # More than one person may have: a stream that was opened would take this one's place.
        answers = [user.head(url) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        for name in ("content-type", "cache-control", "x-accel-buffering"):
            assert answers[0].headers[name] == stream.headers[name]
        assert user.post("/tasks", json={"title": "Live"}).status_code == 201
        assert "event: task.created" in lines
    assert product.visitor().head(url).status_code == 401


def test_the_head_of_a_stream_uses_up_no_ticket(user: httpx.Client, product: Product) -> None:
    ticket = user.post("/notifications/ticket").json()["ticket"]
    visitor, url = product.visitor(), f"{product.url}{STREAM}?ticket={ticket}"
    assert [visitor.head(url).status_code for _ in range(2)] == [200, 200]
    with visitor.stream("GET", url) as stream:
        assert stream.status_code == 200
    assert visitor.head(url).status_code == 401
