"""A Redis that may vanish at any moment; nothing is true because it says so.

Every call has an end, is tried again at most once after a short random pause, and is not made at
all while the circuit is open. Whatever goes wrong is `Unavailable`. Importing this module costs
some 28 MB: only what uses a Redis may do so (`services/*/main.py` chooses).

`rediss://` speaks TLS and verifies the server's certificate and name, against the machine's
authorities or those of a file: `rediss://:password@redis.example:6380/0?ssl_ca_certs=/etc/ca.pem`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha1
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import parse_qs, urlsplit

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from taskflow.base.breaker import Breaker
from taskflow.base.clock import monotonic
from taskflow.base.errors import Invalid, Unavailable
from taskflow.base.settings import Settings

CALL_SECONDS: Final = 1.0
ATTEMPTS: Final = 2
PAUSE_SECONDS: Final = (0.02, 0.1)
# A connection that only listens says nothing by itself: it is asked for a sign of life so often.
SILENCE_SECONDS: Final = 5.0
LISTEN_AGAIN_SECONDS: Final = (0.3, 0.9)
CONNECTIONS: Final = 8
SCHEMES: Final = ("redis", "rediss", "unix")
# Certificates, and nothing that could turn their verification or a time-out off.
OPTIONS: Final = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "db"}

__all__ = ["Forgotten", "Redis", "RedisClient", "Script"]

Answer = TypeVar("Answer")

log = structlog.get_logger()


class Forgotten(Unavailable):
    """The server does not know a script that we gave it: it is not the one that it was."""


class Script:
    """A Lua script; the server runs it as one step.

    Args:
        text: Its source.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.name = sha1(text.encode(), usedforsecurity=False).hexdigest()


class RedisClient:
    """The connections of one service to its Redis.

    Args:
        url: Its address; `redis://`, `rediss://` (TLS) or `unix://`.

    Attributes:
        breaker: Whether it is called at all.

    Raises:
        Invalid: it is no such address, or one with options that are not for it to set.
    """

    def __init__(self, url: str) -> None:
        _check(url)
        self.breaker = Breaker()
        self._is_away = False
        self._redis = Redis.from_url(
            url,
            # We end calls ourselves: with a time-out of its own the library waits by
            # `asyncio.wait_for`, which before Python 3.12 may swallow a cancellation.
            socket_timeout=None,
            socket_connect_timeout=CALL_SECONDS,
            retry=Retry(NoBackoff(), 0),
            max_connections=CONNECTIONS,
            client_name="taskflow",
            protocol=2,
        )

    @classmethod
    def of(cls, settings: Settings) -> "RedisClient":
        """The Redis that the settings name."""
        return cls(settings.redis_url.get_secret_value() if settings.redis_url else "")

    async def close(self) -> None:
        """End the connections."""
        await self._redis.aclose()

    async def check(self) -> None:
        """Ask for a sign of life.

        Raises:
            Unavailable: there is none.
        """
        await self.call(lambda redis: redis.ping(), attempts=1)

    async def call(
        self, ask: Callable[[Redis], Awaitable[Answer]], attempts: int = ATTEMPTS
    ) -> Answer:
        """Ask something.

        Args:
            ask: What; it may be asked twice.
            attempts: One where asking twice is not the same as once.

        Raises:
            Unavailable: no answer, an error for an answer, or the circuit is open.
        """
        for _ in range(attempts - 1):
            try:
                return await self._once(ask)
            except Forgotten:
                raise
            except Unavailable:
                await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 - a pause
        return await self._once(ask)

    async def run(
        self, script: Script, keys: Sequence[str], *arguments: Any, attempts: int = ATTEMPTS
    ) -> Any:
        """Run a script that the server was given before.

        Raises:
            Forgotten: the server does not know it.
            Unavailable: as for `call`.
        """
        command = (script.name, len(keys), *keys, *arguments)
        return await self.call(lambda redis: redis.evalsha(*command), attempts)

    async def listen(
        self, channel: str, hear: Callable[[bytes], None], begin: Callable[[], None]
    ) -> NoReturn:
        """Hear what is published, until cancelled.

        Args:
            channel: Where.
            hear: Told of each message; those that come while we are cut off are lost.
            begin: Told whenever we hear again, so that it may look for what was lost.
        """
        while True:
            try:
                await self._listen(channel, hear, begin)
            except (Unavailable, RedisError, OSError) as error:
                log.debug("redis.not_heard", channel=channel, reason=_brief(error))
            await asyncio.sleep(random.uniform(*LISTEN_AGAIN_SECONDS))  # noqa: S311 - a pause

    async def _listen(
        self, channel: str, hear: Callable[[bytes], None], begin: Callable[[], None]
    ) -> None:
        async with self._redis.pubsub() as subscription:
            await self.call(lambda _: subscription.subscribe(channel), attempts=1)
            while True:
                message = await self._next(subscription)
                if message["type"] == "subscribe":
                    begin()
                elif message["type"] == "message":
                    hear(message["data"])

    async def _next(self, subscription: PubSub) -> Any:
        message = await subscription.get_message(timeout=SILENCE_SECONDS)
        if message is None:
            async with asyncio.timeout(CALL_SECONDS):
                await subscription.ping()
            message = await subscription.get_message(timeout=CALL_SECONDS)
        if message is None:
            raise Unavailable("Redis is silent")
        return message

    async def _once(self, ask: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        if not self.breaker.admit(monotonic()):
            seconds = self.breaker.rest(monotonic())
            raise Unavailable(f"Redis kept failing and is not asked for {seconds:.1f} s")
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await ask(self._redis)
        except NoScriptError as error:
            self._succeeded()
            raise Forgotten("the script is not known") from error
        except (RedisError, OSError) as error:
            self._failed(error)
            raise Unavailable(f"Redis is not available: {_brief(error)}") from error
        except asyncio.CancelledError:
            self.breaker.abandon()
            raise
        self._succeeded()
        return answer

    def _succeeded(self) -> None:
        self.breaker.succeed()
        if self._is_away:
            self._is_away = False
            log.info("redis.back")

    def _failed(self, error: Exception) -> None:
        self.breaker.fail(monotonic())
        if not self._is_away:
            self._is_away = True
            log.warning("redis.away", reason=_brief(error))


def _check(url: str) -> None:
    """Refuse what would be found wrong only later, or would weaken the connection."""
    name = "TASKFLOW_REDIS_URL"
    try:
        parts = urlsplit(url)
        options = set(parse_qs(parts.query, keep_blank_values=True))
        _ = parts.port
    except ValueError as error:
        raise Invalid.field(name, "is no address") from error
    if parts.scheme not in SCHEMES:
        raise Invalid.field(name, f"must begin with {', '.join(f'{one}://' for one in SCHEMES)}")
    if unknown := options - OPTIONS:
        raise Invalid.field(name, f"takes no option {', '.join(sorted(unknown))}")


def _brief(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
