"""Publishing through a sidecar that answers oddly, and past whatever stands between."""

import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import msgspec
import pytest

from taskflow.bus.message import Message
from taskflow.bus.sidecar import Sidecar

TOKEN = "sidecar-token-of-the-tests"  # noqa: S105 - of the tests
MESSAGES = [Message(n, "taskflow.tasks.created", f"task {n}", b'{"id":"x"}') for n in (1, 2, 3)]


class Scripted:
    """A sidecar that gives each call its next answer, and the last one for ever."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.sent: list[list[int]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["dapr-api-token"] == TOKEN
        entries = msgspec.json.decode(request.content)
        self.sent.append(sorted(int(one["entryId"]) for one in entries))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def published(script: Scripted, messages: Sequence[Message]) -> list[int]:
    """The positions that the broker had, sorted for each answer."""
    accepted: dict[int, list[int]] = {}

    def accept(message: Message) -> None:
        accepted.setdefault(len(script.sent), []).append(message.position)

    sidecar = Sidecar("http://sidecar", TOKEN, httpx.MockTransport(script))
    await sidecar.publish(messages, accept)
    await sidecar.close()
    return [position for answer in accepted.values() for position in sorted(answer)]


def failed(*names: object) -> httpx.Response:
    return httpx.Response(500, json={"failedEntries": [{"entryId": name} for name in names]})


async def test_only_what_failed_is_sent_again() -> None:
    script = Scripted(failed("2"), httpx.Response(204))
    assert await published(script, MESSAGES) == [1, 3, 2]
    assert script.sent == [[1, 2, 3], [2]]


@pytest.mark.parametrize(
    "answer",
    [
        failed("99"),
        failed("1", "99"),
        failed("one"),
        failed(),
        failed(None),
        httpx.Response(500, content=b"<html>"),
        httpx.Response(401),
        httpx.Response(403, json={"errorCode": "ERR_PUBSUB_FORBIDDEN"}),
        httpx.Response(404),
        httpx.Response(200),
        httpx.Response(302, headers={"location": "http://elsewhere/"}),
    ],
)
async def test_an_answer_that_is_not_understood_accepts_nothing(answer: httpx.Response) -> None:
    script = Scripted(answer, httpx.Response(204))
    assert await published(script, MESSAGES) == [1, 2, 3]
    assert script.sent == [[1, 2, 3]] * 2


@pytest.fixture
def listener() -> Iterator[int]:
    """Something on this machine that is ready to publish."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


async def test_the_sidecar_is_reached_past_a_proxy_that_the_machine_has_for_the_world(
    listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    sidecar = Sidecar(f"http://127.0.0.1:{listener}", TOKEN)
    await sidecar.check()
    await sidecar.close()
    assert sidecar.breaker.state(0.0) == "closed"
