"""What came of handing a message to a channel, whatever the channel does and when we stop."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from taskflow.services.reminder.channels.port import Addressee, Message, NotDelivered, Receipt
from taskflow.services.reminder.lifecycle import Failure
from taskflow.services.reminder.sending import BrokenOff, Sending

ID = UUID(int=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADDRESSEE = Addressee(ID, ID, "hook", "mine", {})
MESSAGE = Message(ID, "reminder", "Tea", "", None, "medium", NOON, 0, (ID,), ID)


class Held:
    """A channel whose receiver answers when it is told to.

    Args:
        error: What it answers; None for a receipt.
    """

    kind = "hook"

    def __init__(self, error: Exception | None = None) -> None:
        self.has_begun = asyncio.Event()
        self.is_free = asyncio.Event()
        self._error = error

    async def send(self, addressee: Addressee, message: Message) -> Receipt:  # noqa: ARG002
        """Answer once it is free."""
        self.has_begun.set()
        await self.is_free.wait()
        if self._error is not None:
            raise self._error
        return Receipt("taken")


async def test_what_we_stop_is_broken_off_by_us_however_often_we_say_so() -> None:
    channel = Held()
    sending = Sending(channel, grace_seconds=0)
    answer = asyncio.ensure_future(sending.send(ADDRESSEE, MESSAGE, may_rest=True))
    await channel.has_begun.wait()
    sending.stop()
    await asyncio.sleep(0)
    sending.stop()
    assert await answer == BrokenOff()
    assert sending.is_stopping


async def test_what_is_answered_within_the_grace_is_taken_although_we_stop() -> None:
    channel = Held()
    sending = Sending(channel, grace_seconds=60)
    answer = asyncio.ensure_future(sending.send(ADDRESSEE, MESSAGE, may_rest=True))
    await channel.has_begun.wait()
    sending.stop()
    channel.is_free.set()
    assert await answer == Receipt("taken")


async def test_a_channel_that_fails_as_its_connections_end_with_us_is_not_to_blame() -> None:
    channel = Held(NotDelivered("it broke the connection off"))
    sending = Sending(channel)
    channel.is_free.set()
    sending.is_stopping = True
    assert await sending.send(ADDRESSEE, MESSAGE, may_rest=True) == BrokenOff()


async def test_what_a_receiver_says_for_good_holds_when_we_stop_too() -> None:
    for error, said in (
        (NotDelivered("no", is_final=True), Failure("refused", "no")),
        (None, Receipt("taken")),
    ):
        sending = Sending(channel := Held(error))
        channel.is_free.set()
        sending.is_stopping = True
        assert await sending.send(ADDRESSEE, MESSAGE, may_rest=True) == said


async def test_what_a_receiver_could_not_do_for_now_is_its_answer_when_we_stop_too() -> None:
    sending = Sending(channel := Held(NotDelivered("answered 503", is_certain=True)))
    channel.is_free.set()
    sending.is_stopping = True
    answer = await sending.send(ADDRESSEE, MESSAGE, may_rest=True)
    assert answer == Failure("failed", "answered 503")


async def test_a_receiver_that_asks_to_be_left_alone_is_heard_when_we_stop_too() -> None:
    minute = timedelta(minutes=1)
    sending = Sending(channel := Held(NotDelivered("busy", retry_after=minute)))
    channel.is_free.set()
    sending.is_stopping = True
    answer = await sending.send(ADDRESSEE, MESSAGE, may_rest=True)
    assert answer == Failure("failed", "busy", minute)
