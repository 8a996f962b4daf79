"""Lets PostgreSQL's programs reach a server by TLS, whether or not they were built with it.

The embedded ones were not. They connect to a socket of ours in a folder that nobody else can enter,
and what they say goes on over TLS, with the certificates and checks that the driver reads from the
same address and the same environment (`sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `PGSSL…`).
"""

import asyncio
import ssl
import struct
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog
from asyncpg import connect_utils

from taskflow.db.reasons import reason_of
from taskflow.runner.addresses import at_socket

PORT: Final = 5432
CHUNK_BYTES: Final = 64 * 1024
CONNECT_SECONDS: Final = 10.0
# The message that asks a server for TLS, and its answers (PostgreSQL's protocol, 54.2.10).
SSL_REQUEST: Final = struct.pack("!ii", 8, 80_877_103)
YES: Final = b"S"
NO: Final = b"N"
# How a server begins, in messages of one byte, their length, and so much (54.2.1 and 54.7).
LENGTH_BYTES: Final = 4
HEAD_BYTES: Final = 1 + LENGTH_BYTES
AUTHENTICATION: Final = b"R"
GREETED: Final = (AUTHENTICATION, b"E")
SASL: Final = (10).to_bytes(LENGTH_BYTES)
BOUND: Final = b"SCRAM-SHA-256-PLUS\0"
_STRICT: Final = ("require", "verify_ca", "verify_full")
# What is read from an address and the environment, and not given beside them.
_GIVEN: Final = (
    *("host", "port", "user", "password", "passfile", "database", "ssl", "service", "servicefile"),
    *("direct_tls", "server_settings", "target_session_attrs", "krbsrvname", "gsslib"),
)

log = structlog.get_logger()
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Way(NamedTuple):
    """How a server is reached: its addresses, by what TLS, and whether by nothing else."""

    addresses: Sequence[tuple[str, int]]
    context: ssl.SSLContext
    is_strict: bool


@asynccontextmanager
async def without_tls(dsn: str) -> AsyncIterator[str]:
    """An address of the same server for a program that knows no TLS, for the block."""
    way = _way(dsn)
    if way is None:
        yield dsn
        return
    with tempfile.TemporaryDirectory(prefix="taskflow-") as folder:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _serve(way, (reader, writer))

        async with await asyncio.start_unix_server(serve, Path(folder) / f".s.PGSQL.{PORT}"):
            yield at_socket(dsn, folder, PORT)


def _way(dsn: str) -> Way | None:
    """How an address is reached; None where no TLS is asked for, as on a socket of this machine."""
    # The driver's own reading, so that programs and services never see it differently.
    read: Any = connect_utils._parse_connect_dsn_and_args  # noqa: SLF001 - see above
    addresses, parameters = read(dsn=dsn, **dict.fromkeys(_GIVEN))
    reached = [one for one in addresses if not isinstance(one, str)]
    if not parameters.ssl or not reached:
        return None
    return Way(reached, parameters.ssl, parameters.sslmode.name in _STRICT)


async def _serve(way: Way, near: Streams) -> None:
    """Carry what is said on one connection both ways, until either side has said all."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            far = await _connect(way)
    except (OSError, TimeoutError) as error:
        log.warning("database.unreachable", reason=reason_of(error))
        near[1].close()
        return
    try:
        async with asyncio.TaskGroup() as group:
            both = [
                group.create_task(_carry(near[0], far[1])),
                group.create_task(_carry_back(far[0], near[1])),
            ]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for one in both:
                one.cancel()
    finally:
        near[1].close()
        far[1].close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()


async def _carry_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry what a server says.

    A program that knows no TLS leaves when it is offered a login that is bound to the TLS channel:
    to it that is a channel which somebody has opened. The driver does not use that login either.
    """
    with suppress(asyncio.IncompleteReadError, OSError):
        kind = b""
        while kind not in GREETED:
            head = await reader.readexactly(HEAD_BYTES)
            kind, length = head[:1], int.from_bytes(head[1:]) - LENGTH_BYTES
            body = await reader.readexactly(length)
            if kind == AUTHENTICATION and body.startswith(SASL):
                body = body.replace(BOUND, b"", 1)
            writer.write(kind + (len(body) + LENGTH_BYTES).to_bytes(LENGTH_BYTES) + body)
        await writer.drain()
        await _carry(reader, writer)


async def _connect(way: Way) -> Streams:
    """Reach the first of the addresses that answers."""
    refused: OSError = ConnectionError("the address names no server")
    for host, port in way.addresses:
        try:
            return await _connect_to(way, host, port)
        except OSError as error:
            refused = error
    raise refused


async def _connect_to(way: Way, host: str, port: int) -> Streams:
    loop = asyncio.get_running_loop()
    transport, asking = await loop.create_connection(_Asking, host, port)
    with ExitStack() as failing:
        failing.callback(transport.abort)
        answer = await asking.answer
        if answer == YES:
            transport = await _secured(transport, asking, way.context, host)
        elif answer != NO or way.is_strict:
            raise ConnectionError(f'the server at "{host}:{port}" rejected SSL upgrade')
        failing.pop_all()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    transport.resume_reading()
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _secured(
    transport: asyncio.Transport, asking: "_Asking", context: ssl.SSLContext, host: str
) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    secured = await loop.start_tls(transport, asking, context, server_hostname=host)
    if secured is None:
        raise ConnectionError("the connection ended while TLS began")
    return secured


class _Asking(asyncio.Protocol):
    """Asks a server for TLS.

    What comes behind the answer, before TLS has begun, could be anybody's: it makes the answer one
    that is not understood (CVE-2021-23222).
    """

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self._transport: asyncio.Transport = transport
        self._transport.write(SSL_REQUEST)

    def data_received(self, data: bytes) -> None:
        """The answer; nothing more is read until it is known who listens to it."""
        self._transport.pause_reading()
        if not self.answer.done():
            self.answer.set_result(data)

    def connection_lost(self, error: Exception | None) -> None:
        """The server left."""
        if not self.answer.done():
            self.answer.set_exception(error or ConnectionError("the server left"))
