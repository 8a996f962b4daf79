"""Whoever listens to the database finds out when nobody is there to be heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.hints import Hints

PATIENCE_SECONDS = 60
FILE = ".s.PGSQL.5432"


async def test_a_database_that_answers_no_more_when_it_is_to_be_listened_to_is_away(
    dsn: str,
) -> None:
    async with silent_from(b"LISTEN", dsn) as address:
        database = Database(address, "taskflow_reminders", Hints())
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(Unavailable):
                async with database.listening("told"):
                    pytest.fail("nobody can have answered")


@asynccontextmanager
async def silent_from(word: bytes, dsn: str) -> AsyncIterator[str]:
    """The address of a way to a database that carries nothing any more once it has seen a word."""
    (host,) = parse_qs(urlsplit(dsn).query)["host"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(f"{host}/{FILE}")
        answers = asyncio.create_task(carry(there, writer))
        while (part := await reader.read(65_536)) and word not in part:
            back.write(part)
        await reader.read()
        answers.cancel()
        back.close()
        writer.close()

    with TemporaryDirectory() as folder:
        async with await asyncio.start_unix_server(serve, Path(folder) / FILE):
            yield dsn.replace(quote(host, safe=""), quote(folder, safe=""))


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65_536):
        writer.write(part)
