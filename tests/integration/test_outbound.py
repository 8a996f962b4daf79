"""Calls to where somebody else wants: the address that was checked is the one that is called."""

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from tests.distributed.certificates import Authority
from tests.receivers import HttpReceiver

from taskflow.base.errors import Denied, TaskFlowError, TimedOut, Unavailable
from taskflow.base.networks import parse_networks
from taskflow.chassis.outbound import (
    FAILURES,
    MOST_BODY_BYTES,
    REST_SECONDS,
    LeftAlone,
    Outbound,
    resolve,
)

LOOPBACK = parse_networks("127.0.0.0/8")
SECONDS = 20.0


class Names:
    """A name server whose answers are other ones each time."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        assert port
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
async def receiver() -> AsyncIterator[HttpReceiver]:
    """Listens at the loopback address."""
    receiver = HttpReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


async def post(outbound: Outbound, url: str, seconds: float = SECONDS) -> int:
    try:
        answer = await outbound.post(url, {"X": "y"}, b"content", seconds=seconds)
        return answer.status
    finally:
        await outbound.close()


async def refusal(outbound: Outbound, url: str, seconds: float = SECONDS) -> TaskFlowError:
    with pytest.raises(TaskFlowError) as raised:
        await post(outbound, url, seconds)
    return raised.value


async def test_a_name_is_resolved_once_so_that_it_cannot_mean_another_address(
    receiver: HttpReceiver,
) -> None:
    # The second answer is what an attacker wants to be called.
    names = Names(["203.0.113.7"], ["127.0.0.1"])
    outbound = Outbound(resolve=names.resolve)
    error = await refusal(outbound, f"http://rebinding.example:{receiver.port}/")
    assert isinstance(error, Denied)
    assert names.asked == ["rebinding.example"]
    assert receiver.connections == 0


async def test_a_name_that_turns_to_a_private_address_is_refused_the_next_time(
    receiver: HttpReceiver,
) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    outbound = Outbound(parse_networks("127.0.0.1/32"), resolve=names.resolve)
    url = f"http://rebinding.example:{receiver.port}/"
    receiver.headers = {"Connection": "close"}
    answer = await outbound.post(url, {}, b"", seconds=SECONDS)
    assert answer.status == 200
    assert isinstance(await refusal(outbound, url), Denied)
    assert len(receiver.calls) == 1


async def test_of_several_addresses_only_the_permitted_ones_are_called(
    receiver: HttpReceiver,
) -> None:
    names = Names(["10.0.0.1", "::1", "127.0.0.1", "169.254.169.254"])
    outbound = Outbound(LOOPBACK, resolve=names.resolve)
    assert await post(outbound, f"http://many.example:{receiver.port}/") == 200
    assert receiver.calls[0].headers["host"] == f"many.example:{receiver.port}"


async def test_what_answers_at_a_second_address_is_found(receiver: HttpReceiver) -> None:
    names = Names(["127.1.2.3", "127.0.0.1"])
    outbound = Outbound(LOOPBACK, resolve=names.resolve)
    assert await post(outbound, f"http://many.example:{receiver.port}/") == 200


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
)
async def test_this_machine_is_called_by_none_of_its_names(
    receiver: HttpReceiver, host: str
) -> None:
    error = await refusal(Outbound(), f"http://{host}:{receiver.port}/")
    assert isinstance(error, Denied)
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "url",
    ["http://0x7f.1:{}/", "http://2130706433:{}/", "http://127.1:{}/", "http://a@localhost:{}/"],
)
async def test_odd_forms_are_no_address(receiver: HttpReceiver, url: str) -> None:
    assert isinstance(await refusal(Outbound(LOOPBACK), url.format(receiver.port)), Denied)
    assert receiver.connections == 0


async def test_a_redirect_is_an_answer_and_is_not_followed(receiver: HttpReceiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": f"http://127.0.0.1:{receiver.port}/b"}
    assert await post(Outbound(LOOPBACK), f"http://127.0.0.1:{receiver.port}/a") == 307
    assert [call.path for call in receiver.calls] == ["/a"]


async def test_an_endless_body_is_left(receiver: HttpReceiver) -> None:
    receiver.body = b"a" * (MOST_BODY_BYTES * 20)
    assert await post(Outbound(LOOPBACK), f"http://127.0.0.1:{receiver.port}/") == 200


async def test_a_receiver_that_hangs_or_breaks_off_is_told_apart(receiver: HttpReceiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/"
    receiver.breaks = True
    assert not isinstance(await refusal(Outbound(LOOPBACK), url), TimedOut | Denied)
    receiver.hangs = True
    assert isinstance(await refusal(Outbound(LOOPBACK), url, 0.2), TimedOut)


@pytest.mark.parametrize("closes", [True, False])
async def test_an_answer_counts_although_its_body_breaks_off_or_never_ends(
    receiver: HttpReceiver, *, closes: bool
) -> None:
    receiver.missing, receiver.headers = 7, {"Connection": "close"} if closes else {}
    assert await post(Outbound(LOOPBACK), f"http://127.0.0.1:{receiver.port}/") == 200


async def test_an_origin_that_hangs_is_left_alone(receiver: HttpReceiver) -> None:
    receiver.hangs = True
    outbound, url = Outbound(LOOPBACK), f"http://127.0.0.1:{receiver.port}/"
    for _ in range(FAILURES):
        with pytest.raises(TimedOut):
            await outbound.post(url, {}, b"", seconds=0.05)
    with pytest.raises(Unavailable, match="left alone"):
        await outbound.post(url, {}, b"", seconds=SECONDS)
    await outbound.close()


async def test_what_hangs_for_one_addressee_is_called_for_another(receiver: HttpReceiver) -> None:
    receiver.hangs = True
    outbound, url = Outbound(LOOPBACK), f"http://127.0.0.1:{receiver.port}/"
    for _ in range(FAILURES):
        with pytest.raises(TimedOut):
            await outbound.post(url, {}, b"", seconds=0.05, addressee="one")
    with pytest.raises(LeftAlone) as left:
        await outbound.post(url, {}, b"", seconds=SECONDS, addressee="one")
    assert 0 < left.value.rest_seconds <= REST_SECONDS
    with pytest.raises(TimedOut):
        await outbound.post(url, {}, b"", seconds=0.05, addressee="another")
    await outbound.close()


async def test_an_origin_that_is_never_reached_is_left_alone_and_others_are_not(
    receiver: HttpReceiver,
) -> None:
    away = HttpReceiver()
    await away.start()
    await away.stop()
    outbound = Outbound(LOOPBACK)
    for _ in range(FAILURES):
        with pytest.raises(Unavailable, match="cannot be reached"):
            await outbound.post(f"http://127.0.0.1:{away.port}/", {}, b"", seconds=SECONDS)
    with pytest.raises(Unavailable, match="left alone"):
        await outbound.post(f"http://127.0.0.1:{away.port}/", {}, b"", seconds=SECONDS)
    assert await post(outbound, f"http://127.0.0.1:{receiver.port}/") == 200


async def test_the_certificate_must_be_of_the_name_whatever_the_address(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(authority.server("receiver"))
    receiver = HttpReceiver()
    await receiver.start(server)
    trust = ssl.create_default_context(cafile=str(authority.certificate))
    names = Names(["127.0.0.1"])
    good = Outbound(LOOPBACK, resolve=names.resolve, tls=trust)
    assert await post(good, f"https://localhost:{receiver.port}/") == 200
    bad = Outbound(LOOPBACK, resolve=names.resolve, tls=trust)
    error = await refusal(bad, f"https://other.example:{receiver.port}/")
    assert "certificate is not trusted" in error.detail
    assert len(receiver.calls) == 1
    await receiver.stop()


@pytest.mark.parametrize(
    ("said", "status"),
    [(b"", None), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbroken", 200)],
)
async def test_encryption_that_breaks_is_no_fault_of_ours_and_takes_no_answer_back(
    tmp_path: Path, said: bytes, status: int | None
) -> None:
    authority = Authority(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(authority.server("receiver"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"content")
        writer.write(said)
        await writer.drain()
        # A record that nobody has encrypted.
        os.write(writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x20" + b"z" * 32)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    trust = ssl.create_default_context(cafile=str(authority.certificate))
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        if status is None:
            error = await refusal(Outbound(LOOPBACK, tls=trust), url)
            assert error.detail == "it broke the connection off"
        else:
            assert await post(Outbound(LOOPBACK, tls=trust), url) == status


async def test_what_was_answered_before_it_was_asked_is_the_answer_to_nothing() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                asked.append(await reader.readuntil(b"content"))
                said = [200, 200] if len(asked) == 1 else [503]
                writer.write(
                    b"".join(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % one for one in said)
                )
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    outbound = Outbound(LOOPBACK)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        first = await outbound.post(url, {}, b"content", seconds=SECONDS)
        with pytest.raises(Unavailable, match="broke the connection off"):
            await outbound.post(url, {}, b"content", seconds=SECONDS)
        last = await outbound.post(url, {}, b"content", seconds=SECONDS)
        await outbound.close()
    assert (first.status, last.status) == (200, 503)


async def test_a_name_that_nobody_knows_may_be_known_later() -> None:
    async with asyncio.timeout(SECONDS * 3):
        error = await refusal(Outbound(), "https://name.invalid/")
    assert type(error) is Unavailable


async def test_the_machines_own_names_are_found() -> None:
    assert "127.0.0.1" in await resolve("localhost", 80)


async def test_names_that_nobody_answers_for_take_no_thread_from_the_rest_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.wait(SECONDS) and [])
    looking = [asyncio.create_task(resolve(f"{one}.example", 80)) for one in range(40)]
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(SECONDS / 2):
            assert await asyncio.to_thread(lambda: "done") == "done"
    finally:
        answers.set()
    assert await asyncio.gather(*looking) == [[]] * 40
