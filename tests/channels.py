"""Every kind of channel with a real receiver, under one face for one suite."""

import json
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

from tests.planning import Wall
from tests.receivers import Call, HttpReceiver, MailReceiver

from taskflow.base.networks import Network, parse_networks
from taskflow.chassis.outbound import Outbound
from taskflow.services.reminder.channels.mail import Mail, MailServer
from taskflow.services.reminder.channels.port import Addressee, Channel, Message
from taskflow.services.reminder.channels.posting import Posting
from taskflow.services.reminder.channels.through_apprise import ThroughApprise
from taskflow.services.reminder.channels.webhook import Webhook
from taskflow.services.reminder.channels.workers import Workers

PAGE = "https://tasks.example.com"
ALL = "127.0.0.0/8"
SECRET = "whsec_" + "c2VjcmV0" * 5
HIDDEN = "h1dd3n-in-the-address"
SENDER = "reminders@example.com"


class Told(NamedTuple):
    """What a receiver understood; no id where the way there carries none."""

    id: str | None
    title: str
    body: str
    link: str | None


class Bench(Protocol):
    """A channel, where it leads, and what may be said to it.

    Attributes:
        guards: Whether it refuses addresses that are not public.
        tells_gone: Whether its receiver can say that the address is none any more.
        tells_rest: Whether its receiver can ask to be left alone.
    """

    guards: bool
    tells_gone: bool
    tells_rest: bool

    async def start(self, tls: ssl.SSLContext | None = None) -> None: ...
    async def stop(self) -> None: ...
    def channel(self, allowed: str = ALL, seconds: float = 30.0) -> Channel: ...
    def addressee(self) -> Addressee: ...
    def told(self) -> Sequence[Told]: ...
    def take(self) -> None: ...
    def refuse(self) -> None: ...
    def be_busy(self) -> None: ...
    def be_gone(self) -> None: ...
    def hang(self) -> None: ...
    async def close(self) -> None: ...


def make_message(**changes: Any) -> Message:
    """A reminder of a task."""
    task_id = uuid4()
    known: dict[str, Any] = {
        "id": uuid4(),
        "kind": "reminder",
        "title": "Water the ficus — 50 % off\N{LEAF FLUTTERING IN WIND}",
        "body": "Due at 17:00.\nIt is <late> & thirsty.",
        "link": f"/#task-{task_id}",
        "priority": "high",
        "fire_at": Wall().now(),
        "late_by_seconds": 3,
        "reminder_ids": (uuid4(),),
        "task_id": task_id,
    }
    return Message(**(known | changes))


def addressee(kind: str, address: Mapping[str, Any]) -> Addressee:
    return Addressee(uuid4(), uuid4(), kind, "mine", address)


class HttpBench:
    """What the channels over HTTP have in common."""

    guards = True
    tells_gone = True
    tells_rest = True

    def __init__(self, folder: Path) -> None:
        self.receiver = HttpReceiver(status=201)
        self.clock = Wall()
        self.folder = folder
        self.scheme = "http"
        self.trusted: ssl.SSLContext | None = None
        self._closing: list[Any] = []

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        self.scheme = "https" if tls else "http"
        await self.receiver.start(tls)

    async def stop(self) -> None:
        await self.receiver.stop()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.receiver.port}/{HIDDEN}"

    def posting(self, allowed: str, seconds: float) -> Posting:
        networks: tuple[Network, ...] = parse_networks(allowed)
        outbound = Outbound(networks, tls=self.trusted)
        self._closing.append(outbound)
        return Posting(outbound, self.clock, seconds)

    def take(self) -> None:
        self.receiver.status, self.receiver.headers = 201, {}

    def refuse(self) -> None:
        self.receiver.status = 400

    def be_busy(self) -> None:
        self.receiver.status, self.receiver.headers = 503, {"Retry-After": "120"}

    def be_gone(self) -> None:
        self.receiver.status = 410

    def hang(self) -> None:
        self.receiver.hangs = True

    async def close(self) -> None:
        for one in self._closing:
            await one.close()
        await self.receiver.stop()


class WebhookBench(HttpBench):
    """A program of the person's."""

    def channel(self, allowed: str = ALL, seconds: float = 30.0) -> Channel:
        return Webhook(self.posting(allowed, seconds), self.clock, PAGE)

    def addressee(self) -> Addressee:
        return addressee("webhook", {"url": self.url, "secret": SECRET})

    def told(self) -> Sequence[Told]:
        return [self._told(call) for call in self.receiver.calls]

    def _told(self, call: Call) -> Told:
        said = json.loads(call.body)["data"]
        return Told(call.headers["webhook-id"], said["title"], said["body"], said["link"])


class AppriseBench(HttpBench):
    """A service that Apprise calls over HTTP: its own JSON."""

    def channel(self, allowed: str = ALL, seconds: float = 30.0) -> Channel:
        workers = Workers(allowed)
        self._closing.append(workers)
        return ThroughApprise(workers, self.clock, PAGE, seconds)

    def addressee(self) -> Addressee:
        scheme = "jsons" if self.scheme == "https" else "json"
        host = f"127.0.0.1:{self.receiver.port}"
        return addressee("apprise", {"url": f"{scheme}://ada:{HIDDEN}@{host}/{HIDDEN}"})

    def told(self) -> Sequence[Told]:
        return [self._told(call) for call in self.receiver.calls]

    def _told(self, call: Call) -> Told:
        said = json.loads(call.body)
        body, _, link = said["message"].partition("\n\n")
        return Told(None, said["title"], body, link or None)


class MailBench:
    """A mail server."""

    guards = False
    tells_gone = False
    tells_rest = False

    def __init__(self, folder: Path) -> None:
        self.receiver = MailReceiver()
        self.folder = folder
        self.clock = Wall()
        self.mode = "off"
        self.trusted: ssl.SSLContext | None = None

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        self.mode = "starttls" if tls else "off"
        await self.receiver.start(tls)

    async def stop(self) -> None:
        await self.receiver.stop()

    def channel(self, allowed: str = ALL, seconds: float = 30.0) -> Channel:
        assert allowed is not None
        server = MailServer("127.0.0.1", self.receiver.port, self.mode, SENDER, None, None)
        return Mail(server, self.clock, PAGE, seconds=seconds, tls=self.trusted)

    def addressee(self) -> Addressee:
        return addressee("email", {"to": "ada@example.org"})

    def told(self) -> Sequence[Told]:
        return [_mail_told(mail) for mail in self.receiver.mails]

    def take(self) -> None:
        self.receiver.answer = "250 OK"

    def refuse(self) -> None:
        self.receiver.answer = "550 5.1.1 no such mail box"

    def be_busy(self) -> None:
        self.receiver.answer = "451 4.3.0 come back later"

    def be_gone(self) -> None:
        self.refuse()

    def hang(self) -> None:
        self.receiver.hangs = True

    async def close(self) -> None:
        await self.receiver.stop()


def _mail_told(mail: Any) -> Told:
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    parts = text.partition("-- \n")[0].strip().split("\n\n")
    link = parts.pop() if parts[-1].startswith(PAGE) else None
    identifier = mail["Message-ID"].strip("<>").partition("@")[0]
    return Told(identifier, mail["Subject"], "\n\n".join(parts), link)
