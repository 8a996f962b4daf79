"""A Redis that is away costs a call no more than its time; the wrong one is told nothing."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.distributed.certificates import Authority
from tests.distributed.ports import free_ports
from tests.redis_server import RedisServer
from tests.replicas import PATIENCE_SECONDS, until

from taskflow.base.clock import monotonic
from taskflow.base.errors import Invalid, Unavailable
from taskflow.base.settings import Settings
from taskflow.chassis.redis import Forgotten, RedisClient, Script

PASSWORD = "a-password-that-nobody-may-read"  # noqa: S105 - of the test's own server
# What docker-compose.yaml allows its account.
USER = f"user taskflow on >{PASSWORD} ~* &* +@all -@admin"


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[RedisClient]:
    client = RedisClient(url)
    yield client
    await client.close()


class Encrypted:
    """A Redis that speaks TLS alone and wants a password."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.stranger = Authority(folder, "stranger")
        self.port = next(free_ports())
        both = str(self.authority.server("redis"))
        options = ["--tls-port", str(self.port), "--bind", "127.0.0.1", "127.0.0.2"]
        options += ["--tls-cert-file", both, "--tls-key-file", both, "--tls-auth-clients", "no"]
        options += ["--tls-ca-cert-file", str(self.authority.certificate)]
        (folder / "users.acl").write_text(f"user default off\n{USER}\n")
        self.server = RedisServer(folder, [*options, "--aclfile", str(folder / "users.acl")])

    def url(self, authority: Authority, host: str = "localhost") -> str:
        place = f"taskflow:{PASSWORD}@{host}:{self.port}/0"
        return f"rediss://{place}?ssl_ca_certs={authority.certificate}"


@pytest.fixture
async def encrypted(open_dir: Path) -> AsyncIterator[Encrypted]:
    """A Redis with TLS, running."""
    made = Encrypted(Path(tempfile.mkdtemp(prefix="redis-", dir=open_dir)))
    made.server.start()
    yield made
    made.server.stop()


async def test_tls_works_for_calls_scripts_and_messages(encrypted: Encrypted) -> None:
    script = Script("return redis.call('PUBLISH', KEYS[1], ARGV[1])")
    heard: list[bytes] = []
    begun = asyncio.Event()
    async with client_of(encrypted.url(encrypted.authority)) as client:
        await client.check()
        with pytest.raises(Forgotten):
            await client.run(script, ["channel"], "message")
        await client.call(lambda redis: redis.script_load(script.text))
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            loop = group.create_task(client.listen("channel", heard.append, begun.set))
            await begun.wait()
            assert await client.run(script, ["channel"], "message") == 1
            await until(lambda: bool(heard))
            loop.cancel()
    assert heard == [b"message"]


async def test_a_server_that_shows_somebody_elses_certificate_is_told_nothing(
    encrypted: Encrypted,
) -> None:
    async with client_of(encrypted.url(encrypted.stranger)) as client:
        with pytest.raises(Unavailable, match="certificate"):
            await client.check()
    async with client_of(encrypted.url(encrypted.authority, "127.0.0.2")) as client:
        with pytest.raises(Unavailable, match="certificate"):
            await client.check()


async def test_a_wrong_password_is_an_outage_and_is_not_shown(encrypted: Encrypted) -> None:
    url = encrypted.url(encrypted.authority).replace(PASSWORD, f"{PASSWORD}-but-wrong")
    async with client_of(url) as client:
        with pytest.raises(Unavailable) as caught:
            await client.check()
    assert PASSWORD not in caught.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://localhost:port/0",
        "rediss://localhost/0?ssl_cert_reqs=none",
        "rediss://localhost/0?ssl_check_hostname=false",
        "redis://localhost/0?socket_timeout=1000",
    ],
)
def test_an_address_that_would_weaken_the_connection_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="TASKFLOW_REDIS_URL"):
        RedisClient.of(Settings.load({"redis_url": url}))


async def test_one_that_hangs_is_left_alone_after_a_while_and_asked_again_when_it_answers(
    redis_server: RedisServer,
) -> None:
    async with client_of(redis_server.url) as client:
        await client.check()
        redis_server.freeze()
        for _ in range(5):
            with pytest.raises(Unavailable, match="not available"):
                await client.check()
        assert client.breaker.state(monotonic()) == "open"
        with pytest.raises(Unavailable, match="kept failing"):
            await client.check()
        redis_server.thaw()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await until(lambda: client.breaker.state(monotonic()) == "half-open")
        await client.check()
        assert client.breaker.state(monotonic()) == "closed"


async def test_a_listener_hears_again_when_a_killed_server_is_back(
    redis_server: RedisServer,
) -> None:
    heard: list[bytes] = []
    begun: list[None] = []
    client = RedisClient(redis_server.url)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        listening = client.listen("channel", heard.append, lambda: begun.append(None))
        loop = group.create_task(listening)
        await until(lambda: len(begun) == 1)
        redis_server.kill()
        await asyncio.to_thread(redis_server.start)
        await until(lambda: len(begun) > 1)
        redis_server.ask("PUBLISH", "channel", "again")
        await until(lambda: bool(heard))
        loop.cancel()
    await client.close()
    assert heard == [b"again"]


async def test_whatever_is_cancelled_ends_wherever_it_was(
    redis_server: RedisServer,
) -> None:
    async with client_of(redis_server.url) as client, asyncio.timeout(PATIENCE_SECONDS):
        for steps in range(40):
            listening = asyncio.create_task(client.listen("channel", print, print))
            asking = asyncio.create_task(client.check())
            for _ in range(steps):
                await asyncio.sleep(0)
            listening.cancel()
            asking.cancel()
            await asyncio.gather(listening, asking, return_exceptions=True)
            assert listening.cancelled()
            assert asking.cancelled() or asking.exception() is None
        await client.check()
