"""E-mail, through the mail server of the operator's choice.

Mail goes to a box only after a code that was sent there has been shown to us: nobody can have mail
sent to others. The operator's server is trusted, and may stand anywhere.
"""

import asyncio
import ssl
from base64 import b64encode
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Final, NamedTuple

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from taskflow.base.breaker import Breaker
from taskflow.base.clock import Clock, monotonic
from taskflow.base.settings import Settings
from taskflow.chassis.service import Context
from taskflow.services.reminder.channels.port import Addressee, Message, NotDelivered, Receipt
from taskflow.services.reminder.channels.words import in_a_line

SECONDS: Final = 20.0
QUIT_SECONDS: Final = 2.0
PORTS: Final = {"starttls": 587, "tls": 465, "off": 25}
MOST_SUBJECT: Final = 200
# Of what the server says.
MOST_SAID: Final = 100
# For ever, not for now (RFC 5321, 4.2.1).
REFUSED: Final = range(500, 600)
BUSY: Final = range(400, 500)
FOOTER: Final = "You get this because you asked TaskFlow to remind you here: {page}"


class MailServer(NamedTuple):
    """The operator's mail server; `sender` is what mail comes from."""

    host: str
    port: int
    mode: str
    sender: str
    user: str | None
    password: str | None

    @classmethod
    def of(cls, settings: Settings) -> "MailServer":
        """The one that the settings name."""
        password = settings.smtp_password
        return cls(
            settings.smtp_host or "",
            settings.smtp_port or PORTS[settings.smtp_tls],
            settings.smtp_tls,
            settings.smtp_sender or "",
            settings.smtp_user,
            None if password is None else password.get_secret_value(),
        )

    def said(self, text: str) -> str:
        """What it says in a line, as anybody may read it: without our password, in each form.

        A server that is set up wrongly may repeat what it was told (RFC 4616, RFC 4954).
        """
        if self.user and self.password:
            told = f"\0{self.user}\0{self.password}"
            plain, login = (b64encode(one.encode()).decode() for one in (told, self.password))
            for secret in (plain, login, self.password):
                text = text.replace(secret, "***")
        return in_a_line(text, MOST_SAID)


class Mail:
    """Carries messages to mail boxes.

    Args:
        server: Takes them.
        clock: The time.
        page_url: What links begin with.
        seconds: How long the server may take.
        tls: Whom to trust; the machine's authorities by default.
    """

    kind: Final = "email"

    def __init__(
        self,
        server: MailServer,
        clock: Clock,
        page_url: str,
        *,
        seconds: float = SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._clock = clock
        self._page_url = page_url
        self._seconds = seconds
        self._tls = tls or ssl.create_default_context()
        self._breaker = Breaker(failures=5, rest_seconds=30.0)

    @classmethod
    def of(cls, context: Context) -> "Mail":
        """The one of a service; whether its server is left alone is among the service's figures."""
        settings = context.settings
        mail = cls(MailServer.of(settings), context.clock, settings.page_url)
        context.metrics.circuit("mail", mail._breaker)
        return mail

    async def close(self) -> None:
        """Nothing to end: each message has a connection of its own."""

    async def send(self, addressee: Addressee, message: Message) -> Receipt:
        """Give a message to the mail server once.

        Raises:
            NotDelivered: the server has not taken it.
        """
        if not self._breaker.admit(monotonic()):
            raise NotDelivered("the mail server was not reached several times in a row")
        mail = compose(
            message, self._server.sender, addressee.address["to"], self._page_url, self._clock.now()
        )
        try:
            answer = await self._hand_over(mail)
        except (SMTPException, OSError) as error:
            self._note(error)
            raise _not_delivered(error, self._server) from error
        finally:
            self._breaker.abandon()
        self._breaker.succeed()
        return Receipt(f"the mail server took it: {self._server.said(answer)}")

    async def _hand_over(self, mail: EmailMessage) -> str:
        """What the server says when it has taken a mail."""
        client = self._client()
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                _, answer = await client.send_message(mail)
            # It has the mail: whether it is polite about our going says nothing of that, nor
            # whether we wait for it.
            with suppress(SMTPException, OSError, asyncio.CancelledError):
                await client.quit(timeout=QUIT_SECONDS)
            return answer
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.mode == "tls",
            start_tls=server.mode == "starttls",
            username=server.user,
            password=server.password,
            tls_context=None if server.mode == "off" else self._tls,
            timeout=self._seconds,
        )

    def _note(self, error: Exception) -> None:
        """Whoever refuses or lacks something is there; who does not answer may be left alone."""
        if isinstance(error, OSError) and not isinstance(error, SMTPResponseException):
            self._breaker.fail(monotonic())
        else:
            self._breaker.succeed()


def compose(message: Message, sender: str, to: str, page_url: str, now: datetime) -> EmailMessage:
    """A mail of a message; the same message has the same `Message-ID`."""
    mail = EmailMessage(policy=SMTP)
    title = " ".join(message.title.split())
    mail["From"] = f"TaskFlow <{sender}>"
    mail["To"] = to
    mail["Subject"] = title[:MOST_SUBJECT] or "TaskFlow"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    # An address that leads nowhere from there would be worse than none.
    if message.kind != "verification" and page_url.startswith("https://"):
        mail["List-Unsubscribe"] = f"<{page_url}/>"
    link = None if message.link is None else page_url + message.link
    footer = FOOTER.format(page=f"{page_url}/")
    mail.set_content("\n\n".join(filter(None, (message.body, link, f"-- \n{footer}"))) + "\n")
    mail.add_alternative(_html(title, message.body, link, footer), subtype="html")
    return mail


def _html(title: str, body: str, link: str | None, footer: str) -> str:
    paragraphs = [f"<h1>{escape(title)}</h1>"]
    if body:
        paragraphs.append(f"<p>{'<br>'.join(map(escape, body.splitlines()))}</p>")
    if link is not None:
        paragraphs.append(f'<p><a href="{escape(link)}">Open in TaskFlow</a></p>')
    paragraphs.append(f"<p><small>{escape(footer)}</small></p>")
    inside = "\n".join(paragraphs)
    return f'<!doctype html>\n<html lang="en"><body>\n{inside}\n</body></html>\n'


def _not_delivered(error: Exception, server: MailServer) -> NotDelivered:
    """What the mail server's refusal means."""
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, SMTPAuthenticationError):
        # The person's address is well: what is wrong is the operator's to mend.
        detail = "the mail server does not accept our user and password"
        return NotDelivered(detail, is_certain=True)
    if isinstance(error, SMTPResponseException) and not isinstance(error, SMTPConnectError):
        detail = f"the mail server answered {error.code} {server.said(error.message)}"
        code = error.code
        return NotDelivered(detail, is_final=code in REFUSED, is_certain=code in BUSY)
    if isinstance(error, OSError):
        return NotDelivered(f"the mail server was not reached: {_reason(error)}")
    return _incapable(error)


def _incapable(error: Exception) -> NotDelivered:
    """What a mail server cannot do that the operator has set."""
    lacks = "does not offer STARTTLS, which is set"
    if isinstance(error, SMTPNotSupported):
        lacks = "takes ASCII addresses alone"
    elif "auth" in str(error).lower():
        lacks = "offers no sign-in that is known, and a user is set"
    return NotDelivered(f"the mail server {lacks}", is_certain=True)


def _reason(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "it is not trusted, or does not speak TLS"
        if isinstance(cause, TimeoutError):
            return "it did not answer in time"
        cause = cause.__cause__ or cause.__context__
    return "it cannot be reached, or broke off"
