"""Streams on real sockets: whatever a client does to its own, the server and the others go on."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.product import Product

PATIENCE_SECONDS = 30

BRISK = {"TASKFLOW_STREAM_HEARTBEAT_SECONDS": "0.5", "TASKFLOW_STREAM_STALE_SECONDS": "2"}


@pytest.fixture(scope="module")
def brisk(open_dir: Path) -> Iterator[Product]:
    """TaskFlow with a quick pulse."""
    product = Product(open_dir / "brisk", BRISK)
    product.start()
    yield product
    product.stop()


@contextmanager
def raw_stream(
    product: Product, user: httpx.Client, *lines: str, receive_bytes: int = 65_536, more: str = ""
) -> Iterator[socket.socket]:
    """A socket that has asked for a stream, perhaps with a small buffer, and for more behind it."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.settimeout(PATIENCE_SECONDS)
        client.connect(("127.0.0.1", product.port_base))
        head = [
            "GET /api/v1/notifications/stream HTTP/1.1",
            "Host: test",
            f"Authorization: {user.headers['Authorization']}",
            *lines,
        ]
        client.sendall(("\r\n".join(head) + "\r\n\r\n" + more).encode())
        yield client


def read_until(client: socket.socket, wanted: bytes) -> bytes:
    """What comes, up to and including what is wanted."""
    found = b""
    while wanted not in found:
        piece = client.recv(65_536)
        assert piece, found
        found += piece
    return found


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something holds within the patience."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def open_streams(product: Product) -> int:
    """How many streams the service says are open."""
    text = httpx.get(f"http://127.0.0.1:{product.port_base + 3}/metrics").text
    found = re.search(r"^taskflow_streams_open(\{.*\})? (\S+)$", text, re.MULTILINE)
    assert found, text
    return int(float(found[2]))


def is_connected(product: Product, client: socket.socket) -> bool:
    """Whether the server's end of a connection still exists, as the kernel sees it."""
    ours, theirs = client.getsockname()[1], product.port_base
    found = re.findall(
        r"^ *\d+: \w+:(\w+) \w+:(\w+) (\w+) ", Path("/proc/net/tcp").read_text(), re.MULTILINE
    )
    return (f"{theirs:04X}", f"{ours:04X}", "01") in found


def descriptors(product: Product) -> int:
    """How many files and sockets the process has open."""
    return len(list(Path(f"/proc/{product.process_id}/fd").iterdir()))


def write_much(user: httpx.Client, count: int) -> None:
    """Make tasks whose notes are large."""
    tasks = [{"title": f"t{number}", "description": "x" * 9_000} for number in range(count)]
    assert user.post("/tasks/bulk", json={"create": tasks}).status_code == 200


def test_a_stream_with_another_request_behind_it_ends_when_its_client_leaves(
    brisk: Product,
) -> None:
    user = brisk.user()
    with raw_stream(brisk, user, more="GET /health HTTP/1.1\r\nHost: test\r\n\r\n") as client:
        read_until(client, b"event: ready")
    assert eventually(lambda: open_streams(brisk) == 0)
    assert user.post("/tasks", json={"title": "t"}).status_code == 201
    assert httpx.get(f"{brisk.url}/health").status_code == 200


def test_a_client_that_takes_nothing_is_cut_off_and_others_are_told_meanwhile(
    brisk: Product,
) -> None:
    user = brisk.user()
    with (
        raw_stream(brisk, user, receive_bytes=4_096) as stalled,
        raw_stream(brisk, user) as other,
    ):
        read_until(stalled, b"event: ready")
        read_until(other, b"event: ready")
        while is_connected(brisk, stalled):
            write_much(user, 10)
            read_until(other, b"\nid: ")
        assert eventually(lambda: open_streams(brisk) == 1)
        assert is_connected(brisk, other)


def test_a_client_that_stops_reading_while_it_catches_up_is_cut_off(brisk: Product) -> None:
    user = brisk.user()
    for _ in range(8):
        write_much(user, 75)
    resume = "Last-Event-ID: 0"
    with raw_stream(brisk, user, resume, receive_bytes=4_096) as stalled:
        read_until(stalled, b"event: ready")
        assert eventually(lambda: not is_connected(brisk, stalled))
        assert eventually(lambda: open_streams(brisk) == 0)


def test_a_stream_is_read_with_get_alone(brisk: Product) -> None:
    user = brisk.user()
    for method in ("POST", "PUT", "DELETE"):
        answer = user.request(method, "/notifications/stream")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"


def test_a_stream_ends_when_its_session_does(brisk: Product) -> None:
    user = brisk.user()
    with raw_stream(brisk, user) as client:
        read_until(client, b"event: ready")
        user.post("/auth/logout")
        read_until(client, b"retry: 200\n\n\r\n0\r\n\r\n")
    assert user.get("/notifications/stream").status_code == 401


def test_a_stream_ends_when_its_personal_token_is_deleted(brisk: Product) -> None:
    user, agent = brisk.user(), brisk.visitor()
    made = user.post("/auth/tokens", json={"name": "t", "scopes": ["read"]}).json()
    agent.headers["Authorization"] = f"Bearer {made['token']}"
    with raw_stream(brisk, agent) as client, raw_stream(brisk, user) as other:
        read_until(client, b"event: ready")
        read_until(other, b"event: ready")
        assert user.delete(f"/auth/tokens/{made['id']}").status_code == 204
        read_until(client, b"retry: 200")
        assert user.post("/tasks", json={"title": "t"}).status_code == 201
        read_until(other, b"task.created")


def test_streams_of_an_erased_account_end(brisk: Product) -> None:
    user = brisk.user()
    with raw_stream(brisk, user) as client:
        read_until(client, b"event: ready")
        assert user.delete("/auth/me").status_code in (200, 204)
        read_until(client, b"retry: 200")
    assert user.get("/notifications/stream").status_code == 401


def test_streams_that_come_and_go_leave_nothing_open(brisk: Product) -> None:
    user = brisk.user()

    def come_and_go() -> None:
        for resume in ("X: y", "Last-Event-ID: 0"):
            for _ in range(20):
                with raw_stream(brisk, user, resume) as client:
                    read_until(client, b"event: ready")
        assert eventually(lambda: open_streams(brisk) == 0)

    come_and_go()
    before = descriptors(brisk)
    come_and_go()
    assert eventually(lambda: descriptors(brisk) <= before)


def test_a_fifth_stream_in_a_hurry_leaves_three_and_tells_the_others_why(brisk: Product) -> None:
    user = brisk.user()
    with ExitStack() as stack:
        clients = [stack.enter_context(raw_stream(brisk, user)) for _ in range(5)]
        for client in clients[:2]:
            assert b"event: replaced" in read_until(client, b"\r\n0\r\n\r\n")
        for client in clients[2:]:
            read_until(client, b"event: ready")
        assert eventually(lambda: open_streams(brisk) == 3)
