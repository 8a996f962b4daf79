"""Runs PostgreSQL's own `pg_dump`, `pg_restore` and `psql`, everything streamed.

Passwords travel in the environment of the program that needs them, never on a command line.
"""

import asyncio
import re
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import IO, Final

from taskflow.base.errors import Unavailable
from taskflow.base.settings import child_environment
from taskflow.runner.addresses import without_password
from taskflow.runner.postgres_binaries import Binaries
from taskflow.runner.tls_tunnel import without_tls

CHUNK_BYTES: Final = 256 * 1024
HEAD_BYTES: Final = 4096
LOCK_WAIT: Final = "30s"
# Tools of 17 and newer say this to every server, and an older one refuses it.
TOO_NEW: Final = b"\nSET transaction_timeout = 0;\n"
# A server's private mark on a column (15.20 writes it); older tools dump it like a setting, which
# older servers refuse. The tools that know it leave it out too.
PRIVATE: Final = re.compile(rb"^ALTER TABLE .* SET \(pg_attver=\d+\);\n", re.MULTILINE)
_GONE: Final = (BrokenPipeError, ConnectionResetError)


def for_any_server(schema: bytes) -> bytes:
    """A schema's script without what only some servers understand."""
    return PRIVATE.sub(b"", schema.replace(TOO_NEW, b"\n", 1))


class Tools:
    """PostgreSQL's programs.

    Args:
        binaries: Where they are, and their major version.
    """

    def __init__(self, binaries: Binaries) -> None:
        self.binaries = binaries

    def refuse_newer(self, server_major: int) -> None:
        """See to it that the tools understand a server.

        Raises:
            Unavailable: the server is newer.
        """
        if server_major > self.binaries.major:
            raise Unavailable(
                f"the database is PostgreSQL {server_major}, but pg_dump here is of "
                f"{self.binaries.major} ({self.binaries.folder}) and cannot read it; "
                f"use a TaskFlow that comes with PostgreSQL {server_major} or newer"
            )

    async def dump(self, dsn: str, snapshot: str, sink: Callable[[bytes], object]) -> None:
        """Write a database as it is in a snapshot to `sink`, in `pg_dump`'s custom format.

        Raises:
            Unavailable: `pg_dump` failed; the detail says why.
        """
        options = ["--format=custom", "--no-owner", f"--lock-wait-timeout={LOCK_WAIT}"]
        options.append(f"--snapshot={snapshot}")
        async with self._running("pg_dump", options, dsn=dsn) as process:
            while chunk := await _output(process).read(CHUNK_BYTES):
                sink(chunk)

    async def check(self, dump: Iterable[bytes]) -> None:
        """See to it that `pg_restore` can read a dump's table of contents.

        Raises:
            Unavailable: it cannot.
        """
        async with self._running("pg_restore", ["--list"], has_output=False) as process:
            await _feed(process, dump)

    async def load(self, dsn: str, dump: Callable[[], Iterable[bytes]]) -> None:
        """Read a dump into an empty database; everything then belongs to the login.

        Args:
            dsn: The database.
            dump: Where the dump is read from; once for the schema, once for the rest.

        Raises:
            Unavailable: it cannot be read, or the database refused; the detail says why.
        """
        schema = await self._schema(dump())
        rest = ["--no-owner", "--file=-", "--section=data", "--section=post-data"]
        run = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        async with (
            self._running("pg_restore", rest) as reader,
            self._running("psql", run, dsn=dsn, has_output=False) as writer,
        ):
            await _together(_feed(reader, dump()), _pass_on(schema, reader, writer))

    async def _schema(self, dump: Iterable[bytes]) -> bytes:
        """The script that makes a dump's tables, as every server that we serve takes it."""
        script = bytearray()

        async def collect(process: Process) -> None:
            while chunk := await _output(process).read(CHUNK_BYTES):
                script.extend(chunk)

        options = ["--no-owner", "--file=-", "--section=pre-data"]
        async with self._running("pg_restore", options) as process:
            await _together(_feed(process, dump), collect(process))
        return for_any_server(bytes(script))

    @asynccontextmanager
    async def _running(
        self, name: str, options: list[str], *, dsn: str | None = None, has_output: bool = True
    ) -> AsyncIterator[Process]:
        """A program while it runs; its end is awaited, and its failure is ours."""
        async with AsyncExitStack() as stack:
            secret = {}
            if dsn is not None:
                url, password = without_password(await stack.enter_async_context(without_tls(dsn)))
                options = [*options, "--no-password", f"--dbname={url}"]
                secret = {"PGPASSWORD": password} if password else {}
            output = PIPE if has_output else DEVNULL
            yield await stack.enter_async_context(self._started(name, options, secret, output))

    @asynccontextmanager
    async def _started(
        self, name: str, options: list[str], secret: dict[str, str], output: int
    ) -> AsyncIterator[Process]:
        with tempfile.TemporaryFile() as words:
            process = await self._start(name, options, secret, words, output)
            try:
                yield process
                code = await process.wait()
            finally:
                _kill(process)
                # Its end is noticed only once what it had written is read.
                await process.communicate()
                await _closed(process)
            if code:
                raise Unavailable(f"{name} failed: {_last_words(words)}")

    async def _start(
        self, name: str, options: list[str], secret: dict[str, str], words: IO[bytes], output: int
    ) -> Process:
        program = self.binaries.program(name)
        # TLS is the tunnel's: the embedded programs do not know it, and refuse the word.
        environment = child_environment({"LC_MESSAGES": "C", "PGSSLMODE": "disable"} | secret)
        try:
            return await asyncio.create_subprocess_exec(
                program,
                *options,
                stdin=PIPE,
                stdout=output,
                stderr=words,
                limit=CHUNK_BYTES,
                env=environment,
            )
        except OSError as error:
            raise Unavailable(f"{program} cannot be run: {error.strerror}") from error


def _output(process: Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise Unavailable("the program has no output")
    return process.stdout


async def _closed(process: Process) -> None:
    """Ask how the input of a program that has ended was closed; else Python before 3.11.4 cries."""
    if process.stdin is not None:
        process.stdin.close()
        with suppress(*_GONE):
            await process.stdin.wait_closed()


async def _feed(process: Process, chunks: Iterable[bytes]) -> None:
    """Hand a program its input; when it leaves early, its exit code says why."""
    if process.stdin is None:
        return
    try:
        for chunk in chunks:
            process.stdin.write(chunk)
            await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except _GONE:
        return


async def _pass_on(schema: bytes, reader: Process, writer: Process) -> None:
    """Hand a program a script, and then what another one writes."""
    if writer.stdin is None:
        return
    try:
        writer.stdin.write(schema)
        chunk = (await _head(reader)).replace(TOO_NEW, b"\n", 1)
        while chunk:
            writer.stdin.write(chunk)
            await writer.stdin.drain()
            chunk = await _output(reader).read(CHUNK_BYTES)
        writer.stdin.close()
        await writer.stdin.wait_closed()
    except _GONE:
        # The writer has failed; what else the reader has to say matters no more.
        _kill(reader)


async def _together(*work: Coroutine[None, None, None]) -> None:
    """Do things at once; what one raises is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _head(reader: Process) -> bytes:
    """The beginning of a script, where its settings are."""
    try:
        return await _output(reader).readexactly(HEAD_BYTES)
    except asyncio.IncompleteReadError as short:
        return short.partial


def _kill(process: Process) -> None:
    """End a program, if it has not ended by itself."""
    with suppress(ProcessLookupError):
        process.kill()


def _last_words(words: IO[bytes]) -> str:
    """What a program complained of, in one line."""
    words.seek(0)
    lines = words.read().decode(errors="replace").strip().splitlines()
    errors = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return " | ".join((errors or lines)[:2]) or "it said nothing"
