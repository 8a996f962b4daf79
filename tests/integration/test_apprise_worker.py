"""The process in which Apprise runs: what it cannot do, and how long it is there."""

import asyncio
import os
import resource
import signal
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from tests.receivers import HttpReceiver
from tests.replicas import until

from taskflow.base.clock import SystemClock
from taskflow.base.errors import Unavailable
from taskflow.services.reminder.channels.apprise_worker import MOST_MEMORY_BYTES
from taskflow.services.reminder.channels.port import Addressee, Message, Receipt
from taskflow.services.reminder.channels.through_apprise import ThroughApprise
from taskflow.services.reminder.channels.worker_protocol import Reply, Request
from taskflow.services.reminder.channels.workers import MODULE, Workers
from taskflow.services.reminder.sending import BrokenOff, Sending

SECONDS = 30.0
LOOPBACK = "127.0.0.0/8"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MESSAGE = Message(uuid4(), "reminder", "Tea", "", None, "medium", NOON, 0, (), None)


@pytest.fixture
async def receiver() -> AsyncIterator[HttpReceiver]:
    """Listens at the loopback address."""
    receiver = HttpReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    """May call this machine."""
    workers = Workers(LOOPBACK)
    yield workers
    await workers.close()
    assert processes() == []


def processes() -> list[int]:
    """The workers that this process has."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            is_ours = int(parent) == os.getpid() and MODULE in (entry / "cmdline").read_text()
        except (OSError, IndexError, ValueError):
            continue
        if is_ours:
            found.append(int(entry.name))
    return found


def environment_of(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()


async def tell(workers: Workers, url: str) -> Reply:
    return await workers.ask(Request("send", url, "Tea", "is ready"), SECONDS)


async def test_a_worker_knows_nothing_of_our_environment(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKFLOW_SMTP_PASSWORD", "s3cret-word")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    await workers.ask(Request("check", "json://example.com"), SECONDS)
    (process,) = processes()
    environment = environment_of(process)
    assert b"s3cret-word" not in environment
    assert b"PROXY" not in environment


async def test_what_a_service_reads_is_no_file_of_this_machine(
    workers: Workers, receiver: HttpReceiver, tmp_path: Path
) -> None:
    secret = tmp_path / "template.json"
    secret.write_text('{"text": "hunter2", "summary": "hunter2"}')
    address = f"127.0.0.1:{receiver.port}/workflow/signature"
    url = f"workflows://{address}?template={secret}"
    reply = await tell(workers, url)
    assert (reply.is_delivered, reply.is_refused) == (False, True)
    assert b"hunter2" not in b"".join(call.body for call in receiver.calls)


async def test_a_name_that_leads_to_this_machine_is_refused(receiver: HttpReceiver) -> None:
    workers = Workers(None)
    for host in ("localhost", "127.0.0.1", "0x7f.1", "2130706433"):
        reply = await tell(workers, f"json://{host}:{receiver.port}/")
        assert (reply.is_delivered, reply.statuses) == (False, ()), host
    assert receiver.connections == 0
    await workers.close()


async def test_a_redirect_is_not_followed(workers: Workers, receiver: HttpReceiver) -> None:
    receiver.status = 302
    receiver.headers = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    reply = await tell(workers, f"json://127.0.0.1:{receiver.port}/here")
    assert (reply.is_delivered, reply.statuses) == (False, (302,))
    assert [call.path for call in receiver.calls] == ["/here"]


async def test_one_process_serves_many_and_ends_when_nobody_asks(receiver: HttpReceiver) -> None:
    workers = Workers(LOOPBACK, idle_seconds=3600)
    url = f"json://127.0.0.1:{receiver.port}/"
    for _ in range(3):
        assert (await tell(workers, url)).is_delivered
        assert len(processes()) == 1
    await workers.close()
    assert processes() == []
    brief = Workers(LOOPBACK, idle_seconds=0.01)
    assert (await tell(brief, url)).is_delivered
    await until(lambda: processes() == [])
    assert (await tell(brief, url)).is_delivered
    await brief.close()


async def test_a_process_that_died_is_replaced(workers: Workers, receiver: HttpReceiver) -> None:
    url = f"json://127.0.0.1:{receiver.port}/"
    assert (await tell(workers, url)).is_delivered
    (process,) = processes()
    os.kill(process, signal.SIGKILL)
    try:
        reply = await tell(workers, url)
    except Unavailable:  # Its end was not known yet: it may be tried again.
        reply = await tell(workers, url)
    assert reply.is_delivered


async def test_no_service_of_the_machine_itself_is_understood(workers: Workers) -> None:
    for url in ("syslog://", "dbus://", "mailto://a:b@example.com", "rsyslog://x", "growl://x"):
        reply = await workers.ask(Request("check", url), SECONDS)
        assert not reply.is_understood, url
    for url in (
        "ntfys://ntfy.sh/topic",
        "tgram://123456789:abcdefg_hijklmnop/1",
        "matrixs://a:b@x",
    ):
        reply = await workers.ask(Request("check", url), SECONDS)
        assert reply.is_understood, url


async def test_what_a_service_took_is_known_though_it_goes_on_speaking_when_we_stop(
    receiver: HttpReceiver,
) -> None:
    workers = Workers(LOOPBACK, hurry_seconds=SECONDS)
    receiver.missing = 1_000
    sending = Sending(ThroughApprise(workers, SystemClock(), ""), grace_seconds=0)
    answer = asyncio.create_task(sending.send(addressee(receiver), MESSAGE, may_rest=True))
    await until(lambda: len(receiver.calls) == 1)
    sending.stop()
    assert await answer == Receipt("it answered 200")
    await workers.close()
    assert processes() == []


async def test_a_service_that_says_nothing_when_we_stop_is_broken_off(
    receiver: HttpReceiver,
) -> None:
    workers = Workers(LOOPBACK, hurry_seconds=0.01)
    receiver.hangs = True
    sending = Sending(ThroughApprise(workers, SystemClock(), ""), grace_seconds=0)
    answer = asyncio.create_task(sending.send(addressee(receiver), MESSAGE, may_rest=True))
    await until(lambda: len(receiver.calls) == 1)
    sending.stop()
    assert await answer == BrokenOff()
    assert processes() == []


async def test_what_a_service_took_is_known_though_it_speaks_for_longer_than_it_may(
    receiver: HttpReceiver,
) -> None:
    workers = Workers(LOOPBACK, hurry_seconds=SECONDS)
    request = Request("send", addressee(receiver).address["url"], "Tea", "is ready")
    assert (await workers.ask(request, SECONDS)).is_delivered
    receiver.missing = 1_000
    assert (await workers.ask(request, 0)).is_delivered
    await workers.close()


def addressee(receiver: HttpReceiver) -> Addressee:
    address = {"url": f"json://127.0.0.1:{receiver.port}/"}
    return Addressee(uuid4(), uuid4(), "apprise", "mine", address)


def peak_bytes(process: int) -> int:
    """The most memory that a process has had."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (line,) = (one for one in lines if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


async def test_an_answer_that_would_fill_the_memory_is_not_unpacked(
    workers: Workers, receiver: HttpReceiver
) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    receiver.body = b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    receiver.headers = {"Content-Encoding": "gzip"}
    reply = await tell(workers, f"json://127.0.0.1:{receiver.port}/")
    (process,) = processes()
    assert (reply.is_delivered, reply.statuses) == (True, (200,))
    assert peak_bytes(process) < 150 << 20


async def test_a_worker_has_no_more_memory_than_it_needs(
    workers: Workers, receiver: HttpReceiver
) -> None:
    assert (await tell(workers, f"json://127.0.0.1:{receiver.port}/")).is_delivered
    (process,) = processes()
    assert resource.prlimit(process, resource.RLIMIT_DATA) == (MOST_MEMORY_BYTES,) * 2


@pytest.mark.parametrize(
    "url",
    [
        "ntfy://127.0.0.1:{port}/one/two",
        "ntfy://127.0.0.1:{port}/one,two",
        "ntfy://127.0.0.1:{port}/one?to=two",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#one/#two",
    ],
)
async def test_an_address_of_several_receivers_is_told_of_and_nothing_is_sent(
    workers: Workers, receiver: HttpReceiver, url: str
) -> None:
    where = url.format(port=receiver.port)
    checked = await workers.ask(Request("check", where), SECONDS)
    sent = await tell(workers, where)
    assert (checked.receivers, sent.receivers) == (2, 2)
    assert not sent.is_delivered
    assert receiver.calls == []


async def test_a_person_takes_one_process_however_much_they_have_told(
    workers: Workers, receiver: HttpReceiver
) -> None:
    quick, slow = HttpReceiver(), f"json://127.0.0.1:{receiver.port}/"
    await quick.start()
    receiver.hangs = True
    ada, grace = uuid4(), uuid4()
    told = Request("send", slow, "Tea", "is ready")
    async with asyncio.timeout(2 * SECONDS), asyncio.TaskGroup() as group:
        waiting = [group.create_task(workers.ask(told, SECONDS, ada)) for _ in range(3)]
        await until(lambda: len(receiver.calls) == 1)
        request = Request("send", f"json://127.0.0.1:{quick.port}/", "Tea", "is ready")
        assert (await workers.ask(request, SECONDS, grace)).is_delivered
        assert len(receiver.calls) == 1
        assert not any(one.done() for one in waiting)
        receiver.hangs = False
        await receiver.stop()
    await quick.stop()
