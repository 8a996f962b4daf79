"""Looks at an installation from outside: what is on, what is off and why, and what is wrong.

Each check is bounded in time, changes nothing, and says what to do about what it finds.
"""

import os
import resource
import shutil
import stat
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import asyncpg
import httpx

from taskflow.accounts.keys import FILE as KEY_FILE
from taskflow.accounts.keys import fingerprint, load_verifying_key
from taskflow.base.errors import Conflict, TaskFlowError, Unavailable
from taskflow.base.settings import Settings, unknown_variables
from taskflow.db.migrate import known_revisions
from taskflow.db.reasons import UNREACHABLE, place_of, reason_of
from taskflow.runner.folder_lock import holder
from taskflow.runner.postgres_binaries import NEWEST, OLDEST, find_binaries
from taskflow.runner.processes import MODULES, load
from taskflow.runner.reaching import reaching
from taskflow.runner.server import listen

State = Literal["on", "off", "warning", "wrong"]
LEAST_FREE_BYTES: Final = 512 * 1024 * 1024
LEAST_FILES: Final = 4_096
ASK_SECONDS: Final = 3.0
OLD_EVENT_SECONDS: Final = 60
SERVER = """
SELECT current_setting('server_version_num')::integer / 10000 AS major,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
         AND current_setting('synchronous_commit') <> 'off' AS is_durable
"""
EVENTS = """
SELECT (SELECT count(*) FROM delivery.outbox) AS pending,
       (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::integer
          FROM delivery.outbox) AS oldest_seconds,
       (SELECT count(*) FROM delivery.dead_letters) AS dead
"""
REVISION = "SELECT version_num FROM alembic_version"


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        text: What is so, in a few words.
        advice: What to do about it, where there is something to do.
    """

    name: str
    state: State
    text: str
    advice: str = ""


async def check_up(settings: Settings) -> AsyncIterator[Finding]:
    """All findings, as they come."""
    for name, nearest in unknown_variables().items():
        advice = f"is {nearest} meant?" if nearest else "see `taskflow settings`"
        yield Finding("settings", "warning", f"{name} is no setting", advice)
    yield _folder(settings.data_dir)
    yield _key(settings)
    yield _page()
    yield _files()
    running = holder(settings.data_dir) is not None if settings.data_dir.exists() else False
    async for finding in _database(settings):
        yield finding
    async with httpx.AsyncClient(timeout=ASK_SECONDS) as client:
        for name in MODULES:
            yield await _service(client, settings, name)
        if settings.bus == "dapr":
            yield await _sidecar(client, settings.dapr_http_port)
        else:
            state: State = "on" if running else "off"
            yield Finding("bus", state, "memory: events travel in-process")
            yield Finding("Dapr", "off", "not needed by the embedded size")
    yield _redis(settings)
    yield _mail(settings)


async def _sidecar(client: httpx.AsyncClient, port: int) -> Finding:
    """The sidecar beside this service, and through it the broker."""
    url = f"http://127.0.0.1:{port}/v1.0/healthz/outbound"
    try:
        status = (await client.get(url)).status_code
    except httpx.HTTPError as error:
        advice = "see its log, and TASKFLOW_DAPR_HTTP_PORT"
        return Finding("bus", "wrong", f"dapr: no sidecar on port {port}: {error}", advice)
    if status != HTTPStatus.NO_CONTENT:
        text = f"dapr: the sidecar on port {port} is not ready ({status})"
        return Finding("bus", "wrong", text, "see its log, and whether the broker answers")
    return Finding("bus", "on", f"dapr: the sidecar on port {port} is ready")


def _redis(settings: Settings) -> Finding:
    """Redis: who uses it says at its own door whether it answers."""
    if settings.redis_url is None:
        return Finding("Redis", "off", "not needed by the embedded size")
    return Finding("Redis", "on", "TASKFLOW_REDIS_URL; /health/ready of its users says how it is")


def _mail(settings: Settings) -> Finding:
    """The mail server, which reminders can do without."""
    if not (settings.smtp_host and settings.smtp_sender):
        text = "TASKFLOW_SMTP_HOST and TASKFLOW_SMTP_SENDER are not set"
        return Finding("e-mail", "off", text)
    return Finding("e-mail", "on", f"from {settings.smtp_sender} through {settings.smtp_host}")


def _folder(data_dir: Path) -> Finding:
    """The data folder: there, ours, private enough, with room."""
    name = "data folder"
    if not data_dir.exists():
        return Finding(name, "off", f"{data_dir} is not there yet", "`taskflow up` makes it")
    if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        owner = data_dir.stat().st_uid
        advice = "start TaskFlow as its owner, or name another folder by TASKFLOW_DATA_DIR"
        return Finding(name, "wrong", f"{data_dir} belongs to the user {owner}", advice)
    free = shutil.disk_usage(data_dir).free
    if free < LEAST_FREE_BYTES:
        text = f"{data_dir} has {free // 2**20} MiB left"
        return Finding(name, "wrong", text, "make room: a full disk refuses every write")
    process = holder(data_dir)
    by = f"in use by process {process}" if process else "not in use"
    return Finding(name, "on", f"{data_dir}, {free // 2**30} GiB free, {by}")


def _key(settings: Settings) -> Finding:
    """The signing key: there, and readable by nobody else."""
    path = settings.data_dir / "keys" / KEY_FILE
    if settings.verifying_key is not None and not path.exists():
        return Finding("signing key", "off", "the Task API has it; here is its public half alone")
    try:
        mode = path.stat().st_mode
    except OSError:
        return Finding("signing key", "off", "none yet", "`taskflow up` makes one")
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        return Finding("signing key", "wrong", "others can read it", f"chmod 600 {path}")
    return Finding("signing key", "on", "private")


def _page() -> Finding:
    """The web page, which is built into the package."""
    if (files("taskflow") / "page" / "index.html").is_file():
        return Finding("web page", "on", "built in")
    return Finding("web page", "wrong", "it was not built", "install TaskFlow again (`make setup`)")


def _files() -> Finding:
    """How many streams and connections this system lets a process hold."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit < LEAST_FILES and limit != resource.RLIM_INFINITY:
        text = f"a process may open {limit} files, so about as many streams"
        return Finding("open files", "warning", text, "raise it with `ulimit -n`")
    return Finding("open files", "on", "enough" if limit == resource.RLIM_INFINITY else f"{limit}")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    """The database: its programs, whether it answers, its schema, and the events within."""
    kind = "TASKFLOW_DATABASE_URL"
    try:
        if settings.database_url is None:
            found = find_binaries()
            kind = f"embedded PostgreSQL {found.major}"
        else:
            kind = place_of(settings.database_url.get_secret_value())
        if settings.database_url is None and holder(settings.data_dir) is None:
            yield Finding("database", "off", f"{kind}, not running", "`taskflow up` starts it")
            return
        async with reaching(settings) as dsn:
            connection = await asyncpg.connect(dsn, timeout=ASK_SECONDS)
            try:
                async for finding in _ask(connection, kind):
                    yield finding
            finally:
                await connection.close()
    except (TaskFlowError, *UNREACHABLE) as error:
        advice = "see that it runs, and that the address and the password are right"
        yield Finding("database", "wrong", f"{kind}: {reason_of(error)}", advice)


async def _ask(
    connection: "asyncpg.Connection[asyncpg.Record]", kind: str
) -> AsyncIterator[Finding]:
    server = await connection.fetchrow(SERVER)
    if server is None or not OLDEST <= server["major"] <= NEWEST:
        major = server["major"] if server else "unknown"
        text = f"{kind}: it is PostgreSQL {major}"
        yield Finding("database", "wrong", text, f"use PostgreSQL {OLDEST} to {NEWEST}")
    elif not server["is_durable"]:
        advice = "set fsync, full_page_writes and synchronous_commit to on"
        yield Finding("database", "wrong", f"{kind}: it may lose what it has confirmed", advice)
    else:
        yield Finding("database", "on", f"{kind}, answers, keeps what it confirms")
    yield await _schema(connection)
    try:
        yield _events(await connection.fetchrow(EVENTS))
    except asyncpg.PostgresError as error:
        yield Finding("events", "wrong", str(error), "run `taskflow migrate`")


async def _schema(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    newest = known_revisions()[-1]
    try:
        present = await connection.fetchval(REVISION)
    except asyncpg.UndefinedTableError:
        present = None
    if present == newest:
        return Finding("schema", "on", f"revision {present}")
    text = f"revision {present or 'none'}, this TaskFlow is at {newest}"
    is_newer = present is not None and present not in known_revisions()
    advice = "use the newer TaskFlow" if is_newer else "run `taskflow migrate`"
    return Finding("schema", "wrong", text, advice)


def _events(row: "asyncpg.Record | None") -> Finding:
    pending, oldest, dead = row or (0, 0, 0)
    text = f"{pending} on their way, {dead} dead letters"
    if dead:
        return Finding("events", "warning", text, "see `taskflow dead-letters list`")
    if oldest > OLD_EVENT_SECONDS:
        text = f"{text}; the oldest has waited {oldest} s"
        return Finding("events", "warning", text, "see the readiness of the services")
    return Finding("events", "on", text)


def _installation(settings: Settings) -> str | None:
    """By what this TaskFlow is told from others; None before its first start."""
    try:
        return fingerprint(load_verifying_key(settings.data_dir, settings.verifying_key))
    except Unavailable:
        return None


def _readiness(name: str, answer: Mapping[str, Any], address: str) -> Finding:
    """What a service says of itself: it may be ready, and yet do without something."""
    away = {name: one for name, one in answer["dependencies"].items() if one["state"] != "up"}
    if not away:
        return Finding(name, "on", f"ready at {address}")
    state: State = "warning" if answer["status"] == "ready" else "wrong"
    text = "; ".join(f"{other}: {one.get('detail')}" for other, one in away.items())
    return Finding(name, state, text)


async def _service(client: httpx.AsyncClient, settings: Settings, name: str) -> Finding:
    """Whether a service runs here and has what it needs, or else whether its port is free."""
    port = settings.port(load(name).port_offset)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        answer = (await client.get(f"http://{address}/health/ready")).json()
        if answer["service"] == name:
            if answer.get("installation", "") not in ("", _installation(settings)):
                text = f"another TaskFlow listens on {address}, not that of {settings.data_dir}"
                return Finding(name, "wrong", text, "name its folder, or set TASKFLOW_PORT_BASE")
            return _readiness(name, answer, address)
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        pass
    try:
        listen(host, [port])[0].close()
    except Conflict as error:
        return Finding(name, "wrong", error.detail)
    return Finding(name, "off", f"does not run; {address} is free")
