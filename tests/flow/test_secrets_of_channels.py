"""What the address of a channel holds is told to nobody, however its receiver fails."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.collector import Collector
from tests.distributed.ports import free_ports
from tests.product import SERVICES, Product

PATIENCE_SECONDS = 60
HIDDEN = "h1dd3n-in-the-address"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"


class Echo(ThreadingHTTPServer):
    """Fails, and says all that it was told with that: in its status, its headers and its body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echoing)
        self.told: set[str] = set()


class _Echoing(BaseHTTPRequestHandler):
    server: Echo

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        said = self.headers.get("Authorization", self.path)
        self.server.told.add(said.removeprefix("vapid t=").removeprefix("Basic "))
        body = f"{self.path} {said}".encode()
        self.send_response(500, f"no {said} {self.path}")
        for name in ("X-Said", "Retry-After", "Location", "Content-Type"):
            self.send_header(name, f"{said} {self.path}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET = do_POST  # noqa: N815 - the library's names

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as echo:
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        yield echo
        echo.shutdown()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture
def talkative(open_dir: Path, collector: Collector) -> Iterator[Product]:
    """TaskFlow, telling all that it ever tells, and the collector."""
    settings = {
        "TASKFLOW_LOG_LEVEL": "debug",
        "TASKFLOW_OTLP_ENDPOINT": collector.url,
        "TASKFLOW_OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "TASKFLOW_AUTH_ATTEMPTS_PER_MINUTE": "1000",
    }
    product = Product(open_dir / "telling", settings)
    product.start()
    yield product
    product.stop()


def addresses(echo: Echo) -> list[dict[str, Any]]:
    """Whose receiver fails loudly, speaks no TLS, or is not there."""
    there, away = f"127.0.0.1:{echo.server_port}", f"127.0.0.1:{next(free_ports())}"
    keys = {"p256dh": P256DH, "auth": AUTH}
    pushes = [f"http://{there}", f"https://{there}", f"http://{away}"]
    services = [
        f"json://ada:{HIDDEN}@{there}/{HIDDEN}",
        f"jsons://ada:{HIDDEN}@{there}/{HIDDEN}",
        f"gotify://{there}/{HIDDEN}",
        f"ntfy://ada:{HIDDEN}@{there}/{HIDDEN}",
        f"matrix://ada:{HIDDEN}@{there}/#{HIDDEN}",
    ]
    return [
        *(
            {"kind": "web_push", "subscription": {"endpoint": f"{one}/{HIDDEN}/x", "keys": keys}}
            for one in pushes
        ),
        *({"kind": "webhook", "url": f"{one}/{HIDDEN}/x"} for one in pushes),
        *({"kind": "apprise", "url": one} for one in services),
    ]


def ask(user: httpx.Client, path: str) -> str:
    answer = user.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def tried(user: httpx.Client, address: dict[str, Any]) -> tuple[str, str]:
    """Set a channel up, try it and have a reminder go out by it; returns it, and what is said."""
    made = user.post("/reminders/channels", json=address)
    assert made.status_code == 201, made.text
    channel = made.json()["channel"]["id"]
    said = user.post(f"/reminders/channels/{channel}/test")
    assert not said.json()["is_delivered"], said.text
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    assert user.post("/tasks", json={"title": "Tea", "reminders": [{"at": soon}]}).is_success
    return channel, said.text


def shown(user: httpx.Client, channel: str) -> Iterator[str]:
    """All that its owner is shown of a channel, once a reminder went out by it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    path = f"/reminders/channels/{channel}/deliveries"
    while '"result"' not in (log := ask(user, path)):
        assert time.monotonic() < deadline, log
        time.sleep(0.1)
    yield log
    reminder = user.get("/reminders").json()["items"][0]["id"]
    yield from (
        ask(user, one)
        for one in (
            f"/reminders/{reminder}/timeline",
            "/reminders/channels",
            "/notifications",
            "/audit/events",
        )
    )


def refusals(user: httpx.Client) -> Iterator[str]:
    """What is said of addresses that are none."""
    keys = {"p256dh": HIDDEN, "auth": HIDDEN}
    for odd in (
        {"kind": "web_push", "subscription": {"endpoint": f"x://{HIDDEN}", "keys": keys}},
        {"kind": "web_push", "subscription": {"endpoint": "https://example.com", "keys": keys}},
        {"kind": "webhook", "url": f"http://ada:{HIDDEN}@127.0.0.1 /"},
        {"kind": "apprise", "url": f"unknown://{HIDDEN}"},
        {"kind": "apprise", "url": f"mailto://ada:{HIDDEN}@127.0.0.1"},
        {"kind": "email", "to": HIDDEN},
    ):
        answer = user.post("/reminders/channels", json=odd)
        assert answer.status_code in (409, 422), answer.text
        yield answer.text


def test_no_failure_tells_what_is_in_an_address(
    talkative: Product, echo: Echo, collector: Collector
) -> None:
    users = [talkative.user() for _ in addresses(echo)]
    said = list(refusals(users[0]))
    channels = []
    for user, address in zip(users, addresses(echo), strict=True):
        channel, text = tried(user, address)
        channels.append(channel)
        said.append(text)
    for user, channel in zip(users, channels, strict=True):
        said += shown(user, channel)
    said += [
        httpx.get(f"http://127.0.0.1:{talkative.port_base + offset}/metrics").text
        for offset in range(SERVICES)
    ]
    collector.until(lambda spans: any(one.name == "fire reminder" for one in spans))
    assert talkative.stop() == 0
    said += [path.read_text(errors="replace") for path in talkative.data_dir.rglob("*.log")]
    said += ["".join(talkative.output), collector.everything.decode("latin-1")]
    assert any(one.startswith("eyJ") for one in echo.told)
    for told in ("not speak TLS", "cannot be reached", "(SSLError)", "answered 500"):
        assert any(told in one for one in said), told
    secrets = {HIDDEN, AUTH, *echo.told}
    assert [(one, text) for one in secrets for text in said if one in text] == []
