"""What every channel promises; each runs the whole suite, against a real receiver."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from tests.channels import (
    HIDDEN,
    PAGE,
    SECRET,
    AppriseBench,
    Bench,
    MailBench,
    Told,
    WebhookBench,
    make_message,
)
from tests.distributed.certificates import Authority
from tests.pushing import WebPushBench

from taskflow.services.reminder.channels.port import Addressee, Channel, Message, NotDelivered

PATIENCE_SECONDS = 60
SHORT_SECONDS = 1.0
BENCHES: Mapping[str, Callable[[Path], Bench]] = {
    "webhook": WebhookBench,
    "web_push": WebPushBench,
    "email": MailBench,
    "apprise": AppriseBench,
}


@pytest.fixture(params=list(BENCHES))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """A channel's receiver, which has not begun to listen."""
    made: Bench = BENCHES[request.param](tmp_path)
    yield made
    await made.close()


async def not_delivered(channel: Channel, to: Addressee, message: Message) -> NotDelivered:
    """Why a message was not delivered, which tells no secret."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(NotDelivered) as raised:
            await channel.send(to, message)
    error = raised.value
    assert error.detail
    assert len(error.detail.splitlines()) == 1
    assert HIDDEN not in str(error)
    assert SECRET not in str(error)
    return error


async def test_title_body_and_link_arrive_and_a_receipt_says_so(bench: Bench) -> None:
    await bench.start()
    message = make_message()
    receipt = await bench.channel().send(bench.addressee(), message)
    (told,) = bench.told()
    assert told == Told(told.id, message.title, message.body, f"{PAGE}{message.link}")
    assert told.id in {str(message.id), None}
    assert HIDDEN not in receipt.detail
    assert receipt.detail


async def test_a_channel_says_its_kind(bench: Bench) -> None:
    assert bench.channel().kind == bench.addressee().kind


async def test_a_repetition_has_the_same_id_and_another_message_another(bench: Bench) -> None:
    await bench.start()
    channel, message, another = bench.channel(), make_message(), make_message()
    for one in (message, message, another):
        await channel.send(bench.addressee(), one)
    ids = [told.id for told in bench.told()]
    assert len(ids) == 3
    if ids != [None, None, None]:  # The service of Apprise's may know no ids.
        assert ids == [str(message.id), str(message.id), str(another.id)]


async def test_what_has_no_text_and_no_link_is_told_by_its_title(bench: Bench) -> None:
    await bench.start()
    await bench.channel().send(bench.addressee(), make_message(body="", link=None))
    assert [told.title for told in bench.told()] == [make_message().title]


async def test_a_long_text_arrives_as_far_as_the_way_carries_it(bench: Bench) -> None:
    await bench.start()
    long = "é" * 9_000 + "\N{WATER BUFFALO}"
    await bench.channel().send(bench.addressee(), make_message(body=long, link=None))
    (told,) = bench.told()
    assert told.body.replace("\n", "").startswith("é" * 1_000)


async def test_a_title_of_many_lines_adds_nothing_to_a_header(bench: Bench) -> None:
    await bench.start()
    odd = "Tea\r\nBcc: eve@example.com\n\nX: y"
    await bench.channel().send(bench.addressee(), make_message(title=odd))
    (told,) = bench.told()
    assert " ".join(told.title.split()) == "Tea Bcc: eve@example.com X: y"


async def test_a_refusal_is_final_and_the_address_stays(bench: Bench) -> None:
    await bench.start()
    bench.refuse()
    error = await not_delivered(bench.channel(), bench.addressee(), make_message())
    assert (error.is_final, error.is_gone, error.retry_after) == (True, False, None)


async def test_a_busy_receiver_is_asked_again_when_it_says_so(bench: Bench) -> None:
    await bench.start()
    bench.be_busy()
    channel, message = bench.channel(), make_message()
    error = await not_delivered(channel, bench.addressee(), message)
    assert (error.is_final, error.is_gone, error.is_certain) == (False, False, True)
    assert error.retry_after == (timedelta(seconds=120) if bench.tells_rest else None)
    bench.take()
    await channel.send(bench.addressee(), message)


async def test_an_address_that_is_gone_is_told_from_one_that_refuses(bench: Bench) -> None:
    await bench.start()
    bench.be_gone()
    error = await not_delivered(bench.channel(), bench.addressee(), make_message())
    assert error.is_final
    assert error.is_gone is bench.tells_gone


async def test_a_receiver_that_hangs_is_left_and_may_be_tried_again(bench: Bench) -> None:
    await bench.start()
    bench.hang()
    channel = bench.channel(seconds=SHORT_SECONDS)
    error = await not_delivered(channel, bench.addressee(), make_message())
    assert not error.is_final


async def test_nobody_there_may_be_tried_again_and_answers_later(bench: Bench) -> None:
    await bench.start()
    await bench.stop()
    channel, message = bench.channel(), make_message()
    error = await not_delivered(channel, bench.addressee(), message)
    assert not error.is_final
    await bench.start()
    await channel.send(bench.addressee(), message)
    assert [told.title for told in bench.told()] == [message.title]


async def test_a_receiver_with_a_certificate_of_nobody_is_told_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(Authority(tmp_path).server("receiver"))
    await bench.start(server)
    error = await not_delivered(bench.channel(), bench.addressee(), make_message())
    assert not error.is_final
    assert bench.told() == []


async def test_an_address_that_is_not_public_is_refused_unless_allowed(bench: Bench) -> None:
    if not bench.guards:
        return  # The operator's mail server may stand anywhere.
    await bench.start()
    error = await not_delivered(bench.channel(allowed=""), bench.addressee(), make_message())
    assert error.is_final
    assert "not public" in error.detail
    assert bench.told() == []


async def test_giving_up_ends_what_was_begun(bench: Bench) -> None:
    await bench.start()
    bench.hang()
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT_SECONDS):
                await bench.channel().send(bench.addressee(), make_message())


async def test_no_log_line_tells_a_secret(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await bench.start()
    channel = bench.channel()
    await channel.send(bench.addressee(), make_message())
    bench.refuse()
    await not_delivered(channel, bench.addressee(), make_message())
    assert HIDDEN not in caplog.text
    assert SECRET not in caplog.text
