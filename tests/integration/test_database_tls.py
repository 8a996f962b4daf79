"""A database that is reached by TLS: by services, migrations and PostgreSQL's own programs."""

import asyncio
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.distributed.certificates import Authority
from tests.installation import ADD_USER, USERS, Installation, silent
from tests.tls_postgres import TlsPostgres

from taskflow.base.errors import Unavailable
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import known_revisions, migrate, present_revision
from taskflow.runner.postgres_binaries import find_binaries
from taskflow.runner.postgres_tools import Tools
from taskflow.runner.reaching import connected
from taskflow.runner.restore import rehearse
from taskflow.runner.tls_tunnel import NO, SSL_REQUEST, YES, without_tls

ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
ELSEWHERE = "127.0.0.2"


def trusting(authority: object) -> dict[str, object]:
    """What asks for everything that TLS can prove."""
    return {"sslmode": "verify-full", "sslrootcert": authority}


class Certificates(NamedTuple):
    """Whom to believe, and who is not to be believed."""

    authority: Path
    stranger: Path
    client: Path


@pytest.fixture(scope="module")
def folder(open_dir: Path) -> Path:
    folder = open_dir / "tls"
    folder.mkdir(mode=0o755)
    return folder


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def certificates(folder: Path, authority: Authority) -> Certificates:
    client = authority.server("certified")
    client.chmod(0o600)
    return Certificates(authority.certificate, Authority(folder, "stranger").certificate, client)


@pytest.fixture(scope="module")
def server(folder: Path, authority: Authority) -> Iterator[TlsPostgres]:
    server = TlsPostgres(folder / "secured", authority.server("server"), authority.certificate)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def plain(folder: Path, authority: Authority) -> Iterator[TlsPostgres]:
    """The same without TLS."""
    server = TlsPostgres(folder / "plain", None, authority.certificate)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def verified(server: TlsPostgres, certificates: Certificates) -> str:
    return server.dsn(trusting(certificates.authority))


async def told(dsn: str) -> list[str]:
    """What everybody who needs the database says of not reaching it."""
    database = Database(dsn, None, Hints())
    await database.open()
    said = []
    for attempt in (database.ping, lambda: present_revision(dsn), lambda: migrate(dsn)):
        with pytest.raises(Unavailable) as refused:
            await attempt()
        said.append(refused.value.detail)
    with pytest.raises(Unavailable) as refused:
        async with connected(dsn):
            pass
    await database.close()
    return [*said, refused.value.detail]


async def test_services_and_migrations_reach_it_and_every_connection_is_encrypted(
    verified: str,
) -> None:
    await migrate(verified)
    assert await present_revision(verified) == known_revisions()[-1]
    database = Database(verified, "taskflow_task_api", Hints())
    await database.open()
    async with database.transaction() as transaction:
        assert await transaction.value("SELECT current_user") == "taskflow_task_api"
    await database.close()
    async with connected(verified) as owner:
        assert await owner.fetchval(ENCRYPTED)


async def test_the_environment_says_it_as_well_as_the_address(
    server: TlsPostgres, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(certificates.stranger))
    assert all("its certificate is refused" in one for one in await told(server.dsn()))
    monkeypatch.setenv("PGSSLROOTCERT", str(certificates.authority))
    await migrate(server.dsn())
    assert await present_revision(server.dsn()) == known_revisions()[-1]


async def test_a_certificate_of_a_stranger_is_refused_in_a_sentence(
    server: TlsPostgres, certificates: Certificates
) -> None:
    dsn = server.dsn(trusting(certificates.stranger))
    for one in await told(dsn):
        assert "its certificate is refused: self-signed certificate" in one
        assert "sslrootcert" in one


async def test_a_certificate_for_another_host_is_refused_in_a_sentence(
    server: TlsPostgres, certificates: Certificates
) -> None:
    dsn = server.dsn(trusting(certificates.authority), host=ELSEWHERE)
    for one in await told(dsn):
        assert f"certificate is not valid for '{ELSEWHERE}'" in one


async def test_a_server_without_tls_is_refused_in_a_sentence(
    plain: TlsPostgres, certificates: Certificates
) -> None:
    dsn = plain.dsn(trusting(certificates.authority))
    assert all("it speaks no TLS, which sslmode asks for" in one for one in await told(dsn))


async def test_a_file_that_is_not_there_and_a_mode_that_is_none_are_told(
    server: TlsPostgres,
) -> None:
    missing = await told(server.dsn(trusting("/nowhere.crt")))
    assert all("cannot be read: No such file" in one for one in missing)
    mistyped = await told(server.dsn({"sslmode": "verify-fully"}))
    assert all("`sslmode` parameter must be one of" in one for one in mistyped)


async def test_a_wrong_password_is_a_database_that_is_away(verified: str) -> None:
    wrong = verified.replace("owner:", "owner:not-")
    assert all("password authentication failed" in one for one in await told(wrong))


async def test_a_client_proves_itself_by_a_certificate(
    verified: str, server: TlsPostgres, certificates: Certificates
) -> None:
    async with connected(verified) as owner:
        await owner.execute("CREATE ROLE certified LOGIN")
    files = {"sslcert": certificates.client, "sslkey": certificates.client}
    asked = trusting(certificates.authority)
    dsn = server.dsn(asked | files, user="certified")
    async with connected(dsn) as connection:
        assert await connection.fetchval("SELECT current_user") == "certified"
    assert await query(dsn) == "certified"
    with pytest.raises(Unavailable, match="certificate"):
        async with connected(server.dsn(asked, user="certified")):
            pass


async def test_a_backup_is_taken_restored_and_rehearsed_by_tls_alone(
    folder: Path, verified: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(verified) as owner:
        await owner.execute("CREATE DATABASE kept")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    installation = Installation(folder / "data", verified.replace("/postgres?", "/kept?"))
    (folder / "data").mkdir()
    await migrate(installation.dsn)
    await installation.run(ADD_USER, "ann@example.com")
    await installation.back_up(folder / "backup")
    await installation.run("DELETE FROM accounts.users")
    await installation.restore(folder / "backup", replace=True)
    assert await installation.run(USERS) == ["ann@example.com"]
    shutil.rmtree(folder / "data")
    assert (await rehearse(folder / "backup", silent, silent)).revision == known_revisions()[-1]


async def query(dsn: str) -> str:
    """Who PostgreSQL's own `psql`, as it is embedded, is to the server."""
    tools = Tools(find_binaries())
    options = ["--no-psqlrc", "--tuples-only", "--no-align", "--command=SELECT current_user"]
    async with tools._running("psql", options, dsn=dsn) as process:
        assert process.stdout
        return (await process.stdout.read()).decode().strip()


async def test_programs_refuse_whom_services_refuse(
    server: TlsPostgres, plain: TlsPostgres, certificates: Certificates
) -> None:
    asked = trusting(certificates.authority)
    assert await query(server.dsn(asked)) == "owner"
    assert await query(plain.dsn()) == "owner"
    for dsn in (
        server.dsn(trusting(certificates.stranger)),
        server.dsn(asked, host=ELSEWHERE),
        plain.dsn(asked),
    ):
        with pytest.raises(Unavailable, match="psql failed"):
            await query(dsn)


@pytest.mark.parametrize("answer", [YES + b"more", NO, b"E", b""])
async def test_nothing_is_said_to_a_server_that_answers_the_request_for_tls_oddly(
    certificates: Certificates, answer: bytes
) -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readexactly(len(SSL_REQUEST)))
        writer.write(answer)
        if answer:
            heard.append(await reader.read())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        dsn = f"postgresql://me@127.0.0.1:{port}/db?sslmode=verify-full&sslrootcert="
        async with without_tls(dsn + str(certificates.authority)) as near:
            folder = near.partition("host=")[2].partition("&")[0].replace("%2F", "/")
            reader, writer = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
            writer.write(struct.pack("!ii", 8, 196_608))
            assert await reader.read() == b""
            writer.close()
    assert b"".join(heard) == SSL_REQUEST
