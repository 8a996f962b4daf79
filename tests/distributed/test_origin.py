"""The one origin before a running TaskFlow: TLS, HTTP/2, streams, nobody's word but its own."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.distributed import compose_file
from tests.distributed.composed import PortOf
from tests.distributed.nginx import HEALTH_PORT, TLS_PORT, Nginx, make_secrets
from tests.distributed.ports import free_ports
from tests.product import PASSWORD, Product

from taskflow.runner.processes import MODULES, load, port_offset

STREAMS = 8
WAIT_SECONDS = 20
STREAM = "/api/v1/notifications/stream"
LIMITED = {
    "TASKFLOW_TRUSTED_PROXIES": "1",
    "TASKFLOW_STREAMS_PER_USER": "20",
    "TASKFLOW_AUTH_ATTEMPTS_PER_MINUTE": "30",
}
PREFIXES = {prefix: name for name in MODULES for prefix in load(name).prefixes}


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return compose_file.load()


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_secrets(tmp_path_factory.mktemp("origin") / "secrets")


@pytest.fixture(scope="module")
def behind(open_dir: Path) -> Iterator[Product]:
    """TaskFlow, believing one proxy."""
    product = Product(open_dir / "behind", LIMITED)
    product.start()
    product.install()
    yield product
    product.stop()


@pytest.fixture(scope="module")
def origin(
    behind: Product, model: dict[str, Any], secrets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx]:
    """The origin in front of it."""
    ports = {(name, 8000 + port_offset(name)): port_of(behind, name) for name in MODULES}
    folder = tmp_path_factory.mktemp("nginx") / "origin"
    nginx = Nginx(folder, model, secrets, chosen(ports))
    nginx.start()
    yield nginx
    assert nginx.stop() == 0


def chosen(services: dict[tuple[str, int], int]) -> PortOf:
    """These ports, and fresh ones for the origin itself."""
    fresh = free_ports()
    own = {("nginx", TLS_PORT): next(fresh), ("nginx", HEALTH_PORT): next(fresh)}
    return lambda network, port: {**services, **own}[network, port]


def port_of(product: Product, name: str) -> int:
    return product.port_base + port_offset(name)


def browser(origin: Nginx, **options: Any) -> httpx.AsyncClient:
    """Everything over one connection, as a browser does with HTTP/2."""
    trust = ssl.create_default_context(cafile=str(origin.certificate))
    limits = httpx.Limits(max_connections=1)
    return httpx.AsyncClient(
        base_url=origin.url,
        http2=True,
        verify=trust,
        limits=limits,
        timeout=WAIT_SECONDS,
        **options,
    )


@pytest.fixture
async def visitor(origin: Nginx) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(origin) as client:
        yield client


@pytest.fixture
def person(behind: Product) -> dict[str, str]:
    """What a request of a fresh account carries."""
    return {"Authorization": str(behind.user().headers["Authorization"])}


async def test_the_page_comes_over_tls_and_http_2(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<title>" in answer.text


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(origin: Nginx, version: ssl.TLSVersion) -> None:
    trust = ssl.create_default_context(cafile=str(origin.certificate))
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        trust.minimum_version = trust.maximum_version = version
    with pytest.raises(httpx.ConnectError), httpx.Client(verify=trust) as client:
        client.get(origin.url)


async def test_each_path_goes_to_the_service_that_owns_it(
    visitor: httpx.AsyncClient, origin: Nginx, behind: Product, person: dict[str, str]
) -> None:
    for prefix, name in PREFIXES.items():
        for path in (prefix, f"{prefix}/nothing-is-here", f"{prefix}s/of-somebody-else"):
            await visitor.get(path, headers=person)
            owner = "task-api" if path.startswith(f"{prefix}s/") else name
            asked = await asyncio.to_thread(origin.asked, path)
            assert asked[6] == f"127.0.0.1:{port_of(behind, owner)}", path


async def test_figures_are_not_for_everybody(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/metrics")).status_code == 404


async def test_a_session_of_the_page_works_and_its_cookies_are_for_tls_alone(
    origin: Nginx, behind: Product
) -> None:
    user = behind.user()
    email = user.get("/auth/me").json()["email"]
    async with browser(origin, headers={"Origin": origin.url}) as page:
        account = {"email": email, "password": PASSWORD}
        begun = await page.post("/api/v1/auth/login", json=account)
        cookies = begun.headers.get_list("set-cookie")
        assert len(cookies) == 3
        assert all("secure" in cookie.lower().split("; ") for cookie in cookies)
        readable = [one for one in cookies if "httponly" not in one.lower().split("; ")]
        assert [one.partition("=")[0] for one in readable] == ["taskflow_here"]
        made = await page.post("/api/v1/tasks", json={"title": "Through the origin"})
        assert made.status_code == 201, made.text
        other = {"Origin": "https://elsewhere.example"}
        refused = await page.post("/api/v1/tasks", json={"title": "From elsewhere"}, headers=other)
        assert refused.status_code == 403
        gone = await page.delete(f"/api/v1/tasks/{made.json()['id']}")
        assert gone.status_code in (200, 204), gone.text


async def next_frame(lines: AsyncIterator[str]) -> dict[str, str]:
    """The next frame of a stream that has data."""
    frame: dict[str, str] = {}
    async with asyncio.timeout(WAIT_SECONDS):
        async for line in lines:
            name, _, value = line.partition(": ")
            if line:
                frame[name] = value
            elif "data" in frame:
                return frame
            else:
                frame = {}
    raise AssertionError("the stream ended")


async def test_many_streams_share_one_connection_and_each_event_comes_at_once(
    visitor: httpx.AsyncClient, person: dict[str, str]
) -> None:
    async with AsyncExitStack() as stack:
        streams = []
        for _ in range(STREAMS):
            request = visitor.stream("GET", STREAM, headers=person)
            answer = await stack.enter_async_context(request)
            assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
            lines = answer.aiter_lines()
            assert (await next_frame(lines))["event"] == "ready"
            streams.append(lines)
        # All of them are still open, and nothing that would fill a buffer follows the event.
        made = await visitor.post("/api/v1/tasks", json={"title": "Live"}, headers=person)
        assert made.status_code == 201
        frames = await asyncio.gather(*map(next_frame, streams))
        assert {json.loads(frame["data"])["task_id"] for frame in frames} == {made.json()["id"]}


async def test_a_ticket_is_in_no_log(origin: Nginx, person: dict[str, str]) -> None:
    before = len([line for line in origin.requests() if line[2] == STREAM])
    # A connection of its own: a stream is written down when it ends.
    async with browser(origin) as client:
        made = await client.post("/api/v1/notifications/ticket", headers=person)
        ticket = made.json()["ticket"]
        async with client.stream("GET", STREAM, params={"ticket": ticket}) as answer:
            assert (await next_frame(answer.aiter_lines()))["event"] == "ready"
    await asyncio.to_thread(origin.asked, STREAM, before + 1)
    assert ticket not in origin.tail(1000)
    assert not [line for line in origin.requests() if ticket in " ".join(line)]


async def test_nobody_chooses_the_address_that_is_believed(
    visitor: httpx.AsyncClient, behind: Product
) -> None:
    def attempt(number: int) -> dict[str, Any]:
        claimed = {
            "X-Forwarded-For": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
        }
        account = {"email": f"nobody-{number}@example.com", "password": "Wrong123!"}
        return {"headers": claimed, "json": account}

    with behind.visitor() as direct:
        # The service itself believes whoever is in front of it.
        believed = {direct.post("/auth/login", **attempt(one)).status_code for one in range(1, 41)}
    assert believed == {401}
    answers = [await visitor.post("/api/v1/auth/login", **attempt(one)) for one in range(101, 141)]
    assert answers[-1].status_code == 429


async def test_what_is_away_is_a_problem_document_that_says_when_to_come_back(
    model: dict[str, Any], secrets: Path, tmp_path: Path
) -> None:
    fresh = free_ports()
    ports = {(name, 8000 + port_offset(name)): next(fresh) for name in MODULES}
    nginx = Nginx(tmp_path / "away", model, secrets, chosen(ports))
    nginx.start()
    try:
        async with browser(nginx) as client:
            for method, path in (("GET", "/"), ("POST", "/api/v1/tasks"), ("GET", STREAM)):
                answer = await client.request(method, path)
                assert answer.status_code == 503, (method, path)
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert answer.headers["Retry-After"] == "2"
                assert "Strict-Transport-Security" in answer.headers
                assert answer.json()["type"] == "urn:taskflow:problem:unavailable"
    finally:
        assert nginx.stop() == 0


class Upstream:
    """A service that counts what it is asked, and answers or hangs up."""

    def __init__(self, *, answers: bool) -> None:
        self.asked: list[str] = []
        self._answers = answers

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split(b" ", 1)[0].decode())
        if self._answers:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        writer.close()


async def test_only_what_is_read_is_asked_for_again_elsewhere(
    model: dict[str, Any], secrets: Path, tmp_path: Path
) -> None:
    broken, whole = Upstream(answers=False), Upstream(answers=True)
    async with AsyncExitStack() as stack:
        addresses = []
        for one in (broken, whole):
            server = await asyncio.start_server(one.handle, "127.0.0.1", 0)
            addresses.append(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
            stack.push_async_callback(server.wait_closed)
            stack.callback(server.close)
        fresh = free_ports()
        ports = {(name, 8000 + port_offset(name)): next(fresh) for name in MODULES}
        # Both are one service, and the broken one is asked first, whatever it did before.
        group = (
            f"upstream replicas {{ server {addresses[0]} max_fails=0; "
            f"server {addresses[1]} backup; }} map $uri $service {{"
        )
        first = f"127.0.0.1:{ports['task-api', 8000]}"
        instead = {"map $uri $service {": group, first: "replicas"}
        nginx = Nginx(tmp_path / "retry", model, secrets, chosen(ports), instead)
        await asyncio.to_thread(nginx.start)
        try:
            async with browser(nginx) as client:
                assert (await client.get("/")).text == "ok"
                for method in ("POST", "PUT", "PATCH", "DELETE"):
                    assert (await client.request(method, "/")).status_code == 503, method
        finally:
            assert await asyncio.to_thread(nginx.stop) == 0
    assert broken.asked == ["GET", "POST", "PUT", "PATCH", "DELETE"]
    assert whole.asked == ["GET"]
