"""A mail as a mail server gets it, by each way of encryption, and what a refusal tells."""

import ssl
from collections.abc import AsyncIterator
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
from taskflow.services.reminder.channels.mail import Mail, MailServer
from taskflow.services.reminder.channels.port import NotDelivered

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
