"""A mail as a mail server gets it, by each way of encryption, and what a refusal tells."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.channels import PAGE, SENDER, addressee, make_message
from tests.distributed.certificates import Authority
from tests.planning import Wall
from tests.receivers import MailReceiver

from taskflow.base.settings import Settings
from taskflow.chassis.auth import Authenticator
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.service import Context
from taskflow.db.engine import Database
from taskflow.services.reminder.channels.mail import QUIT_SECONDS, Mail, MailServer
from taskflow.services.reminder.channels.port import NotDelivered, Receipt
from taskflow.services.reminder.sending import Sending

PASSWORD = "s3cret-word"  # noqa: S105 - of nothing
PLAIN = b64encode(f"\0taskflow\0{PASSWORD}".encode()).decode()
KNOWS = "250-odd\r\n250 AUTH PLAIN LOGIN"
NO_SIGN_IN = "the mail server offers no sign-in that is known, and a user is set"
TO = addressee("email", {"to": "ada@example.org"})


@pytest.fixture
async def receiver() -> AsyncIterator[MailReceiver]:
    """A mail server that has not begun to listen."""
    receiver = MailReceiver()
    yield receiver
    await receiver.stop()


def mail_to(receiver: MailReceiver, mode: str = "off", **how: Any) -> Mail:
    user, password = how.pop("login", (None, None))
    host = how.pop("host", "localhost")
    server = MailServer(host, receiver.port, mode, SENDER, user, password)
    return Mail(server, Wall(), PAGE, **how)


async def test_a_mail_is_text_and_html_says_whence_it_is_and_how_to_end_it(
    receiver: MailReceiver,
) -> None:
    await receiver.start()
    message = make_message()
    await mail_to(receiver).send(TO, message)
    (mail,) = receiver.mails
    assert isinstance(mail, EmailMessage)
    assert receiver.recipients == ["ada@example.org"]
    assert mail["From"] == f"TaskFlow <{SENDER}>"
    assert mail["Message-ID"] == f"<{message.id}@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == f"<{PAGE}/>"
    html = mail.get_body(("html",))
    assert html is not None
    assert "It is &lt;late&gt; &amp; thirsty." in html.get_content()
    assert f'href="{PAGE}{message.link}"' in html.get_content()


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_mail_is_encrypted_and_the_server_known(
    receiver: MailReceiver, tmp_path: Path, mode: str
) -> None:
    authority = Authority(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(authority.server("mail"))
    await receiver.start(server, is_wrapped=mode == "tls")
    trust = ssl.create_default_context(cafile=str(authority.certificate))
    await mail_to(receiver, mode, tls=trust).send(TO, make_message())
    assert len(receiver.mails) == 1


async def test_nothing_is_sent_in_the_clear_where_it_is_to_be_encrypted(
    receiver: MailReceiver,
) -> None:
    await receiver.start()
    with pytest.raises(NotDelivered) as raised:
        await mail_to(receiver, "starttls").send(TO, make_message())
    assert not raised.value.is_final
    assert receiver.mails == []


async def test_a_wrong_password_is_the_operators_to_mend_and_is_not_told(
    receiver: MailReceiver, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(authority.server("mail"))
    receiver.authenticate = lambda *_: AuthResult(success=False, handled=False)
    await receiver.start(server)
    trust = ssl.create_default_context(cafile=str(authority.certificate))
    mail = mail_to(receiver, "starttls", tls=trust, login=("taskflow", "s3cret-word"))
    with pytest.raises(NotDelivered) as raised:
        await mail.send(TO, make_message())
    assert not raised.value.is_final
    assert "s3cret-word" not in str(raised.value)
    receiver.authenticate = lambda *_: AuthResult(success=True)
    await mail.send(TO, make_message())
    assert len(receiver.mails) == 1


async def test_a_server_that_is_never_reached_is_left_alone(receiver: MailReceiver) -> None:
    await receiver.start()
    await receiver.stop()
    mail = mail_to(receiver, host="127.0.0.1")
    details = []
    for _ in range(6):
        with pytest.raises(NotDelivered) as raised:
            await mail.send(TO, make_message())
        details.append(raised.value.detail)
    assert "several times" not in details[4]
    assert "several times" in details[5]


async def test_what_a_server_says_can_be_kept_whatever_it_is(receiver: MailReceiver) -> None:
    receiver.answer = "550 \x00no\x07 such \u0444 " + "a" * 300
    await receiver.start()
    with pytest.raises(NotDelivered) as raised:
        await mail_to(receiver).send(TO, make_message())
    detail = raised.value.detail
    assert detail.isprintable()
    assert "no such" in detail
    assert len(detail) < 150


async def test_an_operator_sees_that_the_server_is_left_alone(
    receiver: MailReceiver, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    await receiver.start()
    await receiver.stop()
    known = {"HOST": "127.0.0.1", "PORT": str(receiver.port), "TLS": "off", "SENDER": SENDER}
    for name, value in known.items():
        monkeypatch.setenv(f"TASKFLOW_SMTP_{name}", value)
    clock, metrics = Wall(), Metrics("reminder")
    key = Ed25519PrivateKey.generate().public_key()
    authenticator = Authenticator(key, database, clock)
    mail = Mail.of(Context(Settings.load(), clock, database, authenticator, metrics))
    for _ in range(5):
        with pytest.raises(NotDelivered):
            await mail.send(TO, make_message())
    shown = (await metrics.exposition()).decode()
    assert 'taskflow_breaker_state{circuit="mail"} 2.0' in shown


@pytest.mark.parametrize(
    ("mode", "says", "detail"),
    [
        ("starttls", "250 odd", "the mail server does not offer STARTTLS, which is set"),
        ("off", "250 odd", NO_SIGN_IN),
        ("off", "250-odd\r\n250 AUTH NTLM", NO_SIGN_IN),
    ],
)
async def test_a_server_that_cannot_do_what_is_set_is_said_to_and_is_not_left_alone(
    mode: str, says: str, detail: str
) -> None:
    async with odd(takes=True, says=says) as server:
        mail = mail_to(server, mode, login=("taskflow", PASSWORD))
        for _ in range(6):
            with pytest.raises(NotDelivered) as raised:
                await mail.send(TO, make_message())
            assert raised.value.detail == detail
            assert not raised.value.is_final


class Odd:
    """A mail server that says what it heard before with whatever it answers, and never good-bye.

    Args:
        takes: Whether it takes recipients.
        says: What it can do.
        is_left: Set once we take our leave.
    """

    def __init__(self, *, takes: bool, says: str, is_left: asyncio.Event) -> None:
        self._takes = takes
        self._says = says
        self._is_left = is_left
        self._heard: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 odd\r\n")
        while line := (await reader.readline()).decode():
            self._heard.append(line.strip())
            command = line.partition(" ")[0].strip().upper()
            if command == "QUIT":
                self._is_left.set()
                await reader.read()
            if command == "DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(f"{self._answer(command)}\r\n".encode())
        writer.close()

    def _answer(self, command: str) -> str:
        if command == "EHLO":
            return self._says
        code = {"AUTH": 235, "RCPT": 250 if self._takes else 550}.get(command, 250)
        return f"{code} you said {' '.join(self._heard[1:2])} {PASSWORD}"


@asynccontextmanager
async def odd(
    *, takes: bool, says: str = KNOWS, is_left: asyncio.Event | None = None
) -> AsyncIterator[MailReceiver]:
    """It listens."""
    mail_server = Odd(takes=takes, says=says, is_left=is_left or asyncio.Event())
    server = await asyncio.start_server(mail_server.serve, "127.0.0.1", 0)
    async with server:
        yield MailReceiver(port=server.sockets[0].getsockname()[1])


async def test_a_server_that_repeats_our_password_has_nobody_told_of_it() -> None:
    said = []
    async with odd(takes=False) as server:
        with pytest.raises(NotDelivered) as raised:
            await mail_to(server, login=("taskflow", PASSWORD)).send(TO, make_message())
        said.append(raised.value.detail)
    async with odd(takes=True) as server:
        mail = mail_to(server, login=("taskflow", PASSWORD))
        said.append((await mail.send(TO, make_message())).detail)
    for detail in said:
        assert "you said" in detail
        assert PASSWORD not in detail
        assert PLAIN not in detail


async def test_a_mail_that_was_taken_is_taken_however_long_the_server_says_no_good_bye() -> None:
    async with odd(takes=True) as server:
        # Shorter than a good-bye is waited for.
        receipt = await mail_to(server, seconds=QUIT_SECONDS / 2).send(TO, make_message())
    assert receipt.detail.startswith("the mail server took it")


async def test_a_mail_that_was_taken_is_taken_although_we_stop_before_the_good_bye() -> None:
    is_left = asyncio.Event()
    async with odd(takes=True, is_left=is_left) as server:
        sending = Sending(mail_to(server), grace_seconds=0)
        answer = asyncio.ensure_future(sending.send(TO, make_message(), may_rest=True))
        await is_left.wait()
        sending.stop()
        assert isinstance(await answer, Receipt)
