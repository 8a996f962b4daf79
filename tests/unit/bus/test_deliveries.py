"""The listener of the sidecar, as whoever else reaches it would try it."""

import asyncio
import base64
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from taskflow.base.errors import Invalid, Unavailable
from taskflow.base.settings import Settings
from taskflow.bus.deliveries import ATTEMPTS, BULK, DEAD_LETTERS, EVENTS, Deliveries
from taskflow.bus.delivery_bodies import MOST_BYTES
from taskflow.bus.factory import make_bus
from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome, Subscription, Verdict
from taskflow.events.envelope import Unreadable, decode, encode
from taskflow.events.examples import examples

TOKEN = "the-token-of-the-tests"  # noqa: S105 - of the tests
EVENT = b'{"id":"1","topic":"taskflow.tasks.created","partitionkey":"task","data":{}}'
DEEP = b'{"id":"1","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
POISON = Outcome(Verdict.POISON, "unreadable")


class Desk:
    """A consumer that writes down what it is given."""

    def __init__(self, outcome: Outcome = DONE, *, is_away: bool = False) -> None:
        self.outcome = outcome
        self.is_away = is_away
        self.handled: list[Message] = []
        self.aside: list[tuple[Message, str]] = []
        self.door = Deliveries(TOKEN, self.can_consume)
        self.door.subscription = Subscription(
            consumer="desk", topics=frozenset(), handle=self.handle, set_aside=self.set_aside
        )

    async def can_consume(self) -> bool:
        return not self.is_away

    async def handle(self, messages: Sequence[Message]) -> list[Outcome]:
        self.handled += messages
        return [self.outcome for _ in messages]

    async def set_aside(self, message: Message, reason: str) -> None:
        if self.is_away:
            raise Unavailable("the database is away")
        self.aside.append((message, reason))

    async def post(
        self,
        path: str,
        *parts: bytes,
        token: str | None = TOKEN,
        method: str = "POST",
        headers: Sequence[tuple[bytes, bytes]] = (),
        is_cut_off: bool = False,
        is_stalled: bool = False,
    ) -> tuple[int, bytes]:
        """A request with its body in parts; cut off, it ends before the last of them."""
        shown = [] if token is None else [(b"dapr-api-token", token.encode())]
        scope = {"type": "http", "method": method, "path": path, "headers": [*headers, *shown]}
        coming: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": True} for part in parts
        ]
        end = "http.disconnect" if is_cut_off else "http.request"
        coming.append({"type": end, "body": b"", "more_body": False})
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if is_stalled and len(coming) == 1:
                await asyncio.Event().wait()
            return coming.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.door(scope, receive, send)
        return sent[0]["status"], sent[1]["body"]


def bulk(*entries: object) -> bytes:
    return msgspec.json.encode({"id": "bulk", "entries": entries})


def entry(number: int, event: object = None) -> dict[str, object]:
    return {"entryId": str(number), "event": event or msgspec.Raw(EVENT)}


@pytest.mark.parametrize("path", [EVENTS, BULK, DEAD_LETTERS, "/internal/elsewhere", "/"])
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], "töken"])
async def test_without_the_token_nothing_is_handled(path: str, token: str | None) -> None:
    desk = Desk()
    assert (await desk.post(path, EVENT, token=token))[0] == 401
    assert (desk.handled, desk.aside) == ([], [])


async def test_a_second_token_beside_the_right_one_is_refused() -> None:
    desk = Desk()
    wrong = [(b"dapr-api-token", b"wrong")]
    assert (await desk.post(EVENTS, EVENT, headers=wrong))[0] == 401
    assert desk.handled == []


@pytest.mark.parametrize("token", ["", " ", "short"])
def test_a_token_that_anybody_could_guess_is_refused_at_the_start(token: str) -> None:
    given = {"bus": "dapr", "dapr_api_token": "a-token-that-is-long", "app_api_token": token}
    with pytest.raises(Invalid, match="TASKFLOW_APP_API_TOKEN"):
        make_bus(Settings.load(given), _nothing, _always)


async def test_an_event_that_was_cut_off_is_no_poison() -> None:
    desk = Desk(POISON)
    await desk.post(EVENTS, EVENT[:20], is_cut_off=True)
    assert (desk.handled, desk.aside) == ([], [])


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    desk = Desk()
    desk.door = Deliveries(TOKEN, desk.can_consume, call_seconds=0.01)
    desk.door.subscription = Subscription(
        consumer="desk", topics=frozenset(), handle=desk.handle, set_aside=desk.set_aside
    )
    assert (await desk.post(EVENTS, EVENT[:20], is_stalled=True))[0] == 503
    assert (desk.handled, desk.aside) == ([], [])


@pytest.mark.parametrize("is_declared", [True, False])
async def test_a_body_without_end_is_refused_and_not_kept(*, is_declared: bool) -> None:
    desk = Desk()
    declared = [(b"content-length", b"%d" % (MOST_BYTES + 1))] if is_declared else []
    parts = [b" "] if is_declared else [b" " * (MOST_BYTES // 2)] * 3
    assert (await desk.post(EVENTS, *parts, headers=declared))[0] == 413
    assert desk.handled == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_a_post_is_a_delivery(method: str) -> None:
    desk = Desk(POISON)
    assert (await desk.post(EVENTS, method=method))[0] == 404
    assert desk.aside == []


async def test_a_delivery_to_a_path_that_is_none_comes_again_instead_of_being_dropped() -> None:
    assert (await Desk().post("/internal/event", EVENT))[0] == 503
    assert (await Desk().post("/dapr/subscribe", method="GET"))[0] == 404


@pytest.mark.parametrize("path", [EVENTS, DEAD_LETTERS])
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"id":5}', b"\xff\xfe", b'{"id":"1"', DEEP]
)
async def test_what_is_no_event_is_set_aside_once_and_never_comes_again(
    path: str, body: bytes
) -> None:
    desk = Desk(POISON)
    assert (await desk.post(path, body))[0] == 200
    assert [message.body for message, _ in desk.aside] == [body]


def test_a_body_that_is_nested_without_end_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        decode(DEEP)


async def test_what_cannot_be_set_aside_now_comes_again() -> None:
    desk = Desk(POISON, is_away=True)
    assert (await desk.post(EVENTS, b"nonsense"))[0] == 503
    assert (await desk.post(DEAD_LETTERS, b"nonsense"))[0] == 503


async def test_one_entry_that_is_none_does_not_bring_the_others_of_a_bulk_again() -> None:
    desk = Desk()
    body = bulk(entry(1), {"entryId": "2"}, {"event": {}}, 7, {"entryId": 4, "event": {}}, entry(5))
    status, answer = await desk.post(BULK, body)
    assert status == 200
    found = {one["entryId"]: one["status"] for one in msgspec.json.decode(answer)["statuses"]}
    assert found == {"1": "SUCCESS", "2": "SUCCESS", "5": "SUCCESS"}
    assert len(desk.handled) == 3


async def test_an_entry_that_the_sidecar_could_not_read_is_taken_as_its_bytes() -> None:
    desk = Desk()
    raw = base64.b64encode(b"\x00\x01").decode()
    await desk.post(BULK, bulk(entry(1, raw), entry(2, "no base64!")))
    assert [message.body for message in desk.handled] == [b"\x00\x01", b"no base64!"]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"entries":{}}', b"\xff", DEEP])
async def test_a_bulk_that_is_none_comes_again_for_as_long_as_the_sidecar_tries(
    body: bytes,
) -> None:
    desk = Desk()
    assert (await desk.post(BULK, body))[0] == 503
    assert desk.handled == []


@pytest.mark.parametrize("path", [EVENTS, DEAD_LETTERS])
async def test_what_fails_too_often_is_set_aside_with_its_reason(path: str) -> None:
    desk = Desk(Outcome(Verdict.RETRY, "ZeroDivisionError"))
    answers = [(await desk.post(path, EVENT))[0] for _ in range(ATTEMPTS)]
    assert answers == [503] * (ATTEMPTS - 1) + [200]
    assert [reason for _, reason in desk.aside] == ["ZeroDivisionError"]
    assert (await desk.post(path, EVENT))[0] == 503, "a replay is counted anew"


@pytest.mark.parametrize("verdict", [Verdict.AWAY, Verdict.RETRY])
async def test_while_effects_cannot_be_written_nothing_is_set_aside(verdict: Verdict) -> None:
    desk = Desk(Outcome(verdict, "late"), is_away=True)
    assert {(await desk.post(EVENTS, EVENT))[0] for _ in range(3 * ATTEMPTS)} == {503}
    desk.outcome, desk.is_away = DONE, False
    assert (await desk.post(EVENTS, EVENT))[0] == 200
    assert desk.aside == []


async def test_a_dead_letter_that_was_never_tried_here_is_handled_after_all() -> None:
    desk = Desk()
    assert (await desk.post(DEAD_LETTERS, EVENT))[0] == 200
    assert ([one.body for one in desk.handled], desk.aside) == ([EVENT], [])


async def test_a_dead_letter_comes_as_text_and_is_kept_as_its_bytes_with_its_topic() -> None:
    desk = Desk(POISON)
    body = msgspec.json.encode({"id": "x", "data_base64": b'{"id":'})
    topic = [(b"__topic", b"taskflow.tasks.deleted")]
    assert (await desk.post(DEAD_LETTERS, body, headers=topic))[0] == 200
    kept = [(message.topic, message.body) for message, _ in desk.aside]
    assert kept == [("taskflow.tasks.deleted", b'{"id":')]


class Troubled(Desk):
    """A consumer with one event that breaks it, alone or among others."""

    def __init__(self, broken: str, error: Exception | None) -> None:
        super().__init__()
        self._broken, self._error = broken.encode(), error
        self.door = Deliveries(TOKEN, self.can_consume, call_seconds=0.2)
        self.door.subscription = Subscription(
            consumer="desk", topics=frozenset(), handle=self.handle, set_aside=self.set_aside
        )

    async def handle(self, messages: Sequence[Message]) -> list[Outcome]:
        if any(self._broken in message.body for message in messages):
            if self._error is not None:
                raise self._error
            await asyncio.Event().wait()
        return await super().handle(messages)


@pytest.mark.parametrize("error", [TypeError("naive"), None])
async def test_an_event_that_breaks_or_hangs_its_handler_is_set_aside_alone(
    error: Exception | None,
) -> None:
    desk = Troubled('"id":"2"', error)
    waiting = {"1", "2", "3"}
    for _ in range(20 * ATTEMPTS):
        events = {one: EVENT.replace(b'"id":"1"', b'"id":"%s"' % one.encode()) for one in waiting}
        body = bulk(*(entry(int(one), msgspec.Raw(event)) for one, event in events.items()))
        status, answer = await desk.post(BULK, body)
        assert status == 200
        told = msgspec.json.decode(answer)["statuses"]
        waiting -= {one["entryId"] for one in told if one["status"] == "SUCCESS"}
        if not waiting:
            break
    assert waiting == set()
    assert [message.body.count(b'"id":"2"') for message, _ in desk.aside] == [1]
    assert len(desk.handled) == 2


def test_a_moment_without_an_offset_is_none() -> None:
    whole = encode(examples()["task.created"])
    moment = re.search(rb'"timestamp":"([^"]+)"', whole)
    assert moment is not None
    with pytest.raises(Unreadable, match="timezone"):
        decode(whole.replace(moment[1], moment[1].rstrip(b"Z")))


async def _nothing(_positions: Sequence[int]) -> list[Message]:
    return []


async def _always() -> bool:
    return True
