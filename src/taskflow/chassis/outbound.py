"""Calls over HTTP to where a person asked us to call.

The address that is checked is the one connected to: a name is resolved once for each connection,
so that it cannot mean another address a moment later. No redirect is followed, no proxy of the
machine is used, every call has an end, and an answer counts once its head is there: its body is
read to a bound and thrown away, for what an address answers is nobody's to read. An origin that did
not answer several times in a row is left alone for a while, by whose calls those were alone.
"""

import asyncio
import socket
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, Final, NamedTuple

import httpcore

from taskflow.base.breaker import Breaker
from taskflow.base.clock import monotonic
from taskflow.base.errors import Denied, TimedOut, Unavailable
from taskflow.base.networks import Network, Target, is_permitted, parse_target
from taskflow.chassis.conversation import Conversation, heed

MOST_BODY_BYTES: Final = 64 * 1024
DRAIN_SECONDS: Final = 1.0
MOST_ADDRESSES: Final = 4
CONNECT_SECONDS: Final = 4.0
MOST_ORIGINS: Final = 1_000
LOOKUPS: Final = 16
CONNECTIONS: Final = 100
KEPT_CONNECTIONS: Final = 10
KEPT_SECONDS: Final = 15.0
FAILURES: Final = 5
REST_SECONDS: Final = 30.0
# While one call finds out whether it answers again.
PROBE_SECONDS: Final = 1.0
_UNREACHED: Final = (httpcore.ConnectError, httpcore.ConnectTimeout)
_BROKEN: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
)

# A thread that looks a name up cannot be ended, and a name may be one that nobody answers for. They
# are apart, so that none is missing to what else this process does in threads.
_LOOKUPS: Final = ThreadPoolExecutor(LOOKUPS, "lookup")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name, at this moment."""


class LeftAlone(Unavailable):
    """Nothing was sent: it did not answer several times.

    Attributes:
        rest_seconds: For how long it is left alone.
    """

    def __init__(self, rest_seconds: float) -> None:
        super().__init__("it did not answer several times; left alone for a while")
        self.rest_seconds = rest_seconds


class Answer(NamedTuple):
    """What a call was answered with; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]


async def resolve(host: str, port: int) -> list[str]:
    """The addresses that the machine knows a name by.

    Raises:
        Unavailable: it knows none.
    """
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(_LOOKUPS, look_up)
    except (OSError, UnicodeError) as error:
        raise Unavailable("its name is not known") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Outbound:
    """Makes calls; one for each service and process.

    Args:
        allowed: Networks that may be called although they are not public.
        resolve: Where names are looked up.
        tls: Whom to trust; the machine's authorities by default.
    """

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._breakers: OrderedDict[tuple[str, str], Breaker] = OrderedDict()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=CONNECTIONS,
            max_keepalive_connections=KEPT_CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_Guard(allowed, resolve),
        )

    async def close(self) -> None:
        """End the connections."""
        await self._pool.aclose()

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
        *,
        seconds: float,
        addressee: str = "",
    ) -> Answer:
        """Send something to an address.

        Args:
            url: The address.
            headers: What goes with it.
            content: What is sent.
            seconds: How long it may take to answer.
            addressee: For whom; what others' calls come to at the same origin is not held against
                this one.

        Raises:
            Denied: the address is none to call.
            LeftAlone: it did not answer several times; nothing was sent.
            TimedOut: it did not answer in time.
            Unavailable: it could not be reached, or broke off.
        """
        try:
            target = parse_target(url)
        except ValueError as error:
            raise Denied(f"the address {error}") from error
        breaker, now = self._breaker(target.origin, addressee), monotonic()
        if not breaker.admit(now):
            raise LeftAlone(max(breaker.rest(now), PROBE_SECONDS))
        try:
            answer = await self._call(target, headers, content, seconds)
        except TimeoutError as error:
            breaker.fail(monotonic())
            raise TimedOut(f"it did not answer within {seconds:g} s") from error
        except _UNREACHED as error:
            breaker.fail(monotonic())
            raise Unavailable(_unreached(error)) from error
        except _BROKEN as error:
            breaker.succeed()
            raise Unavailable("it broke the connection off") from error
        else:
            breaker.succeed()
            return answer
        finally:
            breaker.abandon()

    async def _call(
        self, target: Target, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Answer:
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode(),
        )
        host = target.origin.partition("://")[2]
        sent = [("Host", host), ("User-Agent", "TaskFlow"), *headers.items()]
        call = self._pool.stream("POST", url, headers=sent, content=content)
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(seconds):
                response = await stack.enter_async_context(call)
            heed(response)
            await _drain(response)
            return Answer(response.status, _headers(response.headers))

    def _breaker(self, *called: *tuple[str, str]) -> Breaker:
        """The one of an origin and an addressee; those not called for longest are forgotten."""
        breaker = self._breakers.setdefault(called, Breaker(FAILURES, REST_SECONDS))
        self._breakers.move_to_end(called)
        if len(self._breakers) > MOST_ORIGINS:
            self._breakers.popitem(last=False)
        return breaker


class _Guard(httpcore.AsyncNetworkBackend):
    """Connects to permitted addresses alone, whatever name they were found by."""

    def __init__(self, allowed: Sequence[Network], resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109, ARG002 - the library's signature
        local_address: str | None = None,  # noqa: ARG002 - the library's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the library's signature
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check, connect to what was checked."""
        found = await self._resolve(host, port)
        permitted = [one for one in found if is_permitted(one, self._allowed)]
        if not permitted:
            raise Denied("the address is not public, and is not allowed here")
        *others, last = permitted[:MOST_ADDRESSES]
        for address in others:
            with suppress(*_UNREACHED):
                return await self._connect(address, port)
        return await self._connect(last, port)

    async def _connect(self, address: str, port: int) -> httpcore.AsyncNetworkStream:
        stream = await self._plain.connect_tcp(address, port, timeout=CONNECT_SECONDS)
        return Conversation(stream)

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - the library's signature
        timeout: float | None = None,  # noqa: ASYNC109, ARG002 - the library's signature
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the library's signature
    ) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise Denied("a socket of this machine is no address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._plain.sleep(seconds)


async def _drain(response: httpcore.Response) -> None:
    """Read the body, so that the connection can be used again; a long or slow one ends it.

    The answer is there: whoever is cancelled now has it all the same, and gives it.
    """
    read = 0
    with suppress(TimeoutError, asyncio.CancelledError, *_BROKEN):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for part in response.aiter_stream():
                read += len(part)
                if read > MOST_BODY_BYTES:
                    return


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _unreached(error: Exception) -> str:
    """Why a connection was not made, in words that tell nothing of what is there."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS"
        cause = cause.__cause__ or cause.__context__
    return "it cannot be reached"
