"""Lets Apprise speak, in a process that can do nothing else. Run with `python -m`.

It reads requests from its standard input, a line each, and answers each by a line. Before the first
it gives up what it needs no more: from then on it connects to permitted addresses alone, checked
where the connection is made, starts no program, writes no file, reads none but Python's own, and
has no more memory than it needs.
No code of a service can undo that. What Apprise logs is thrown away: it may hold secrets.
Told to hurry (SIGUSR1), it waits for no more of an answer whose head is there.
"""

import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import Any, Final

import apprise
import certifi
import msgspec
import requests
import urllib3
from apprise.manager_plugins import NotificationManager

from taskflow.base.clock import monotonic
from taskflow.base.networks import Network, is_permitted, parse_networks
from taskflow.services.reminder.channels.worker_protocol import Reply, Request

# What is left of the machine, beside Python's own files.
READABLE: Final = (os.devnull, "/dev/urandom", "/usr/share/zoneinfo", "/etc/mime.types")
FORBIDDEN: Final = (
    "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "os.kill",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "os.putenv", "os.startfile", "pty.", "shutil.", "ctypes.",
    "socket.bind", "sqlite3.", "webbrowser.", "ftplib.", "smtplib.", "telnetlib.", "imaplib.",
    "poplib.", "nntplib.", "resource.",
)  # fmt: skip
CONNECTING: Final = ("socket.connect", "socket.sendto", "socket.sendmsg")
WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Apprise with all of its services has some 45 MiB.
MOST_MEMORY_BYTES: Final = 300 * 1024 * 1024
MOST_BODY_BYTES: Final = 64 * 1024
BODY_SECONDS: Final = 2.0
MOST_RETRY_AFTER: Final = 100


class _Record:
    """What happened over HTTP, and what was refused, during one request."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.is_refused = False
        self.is_hurried = False
        self.is_reading = False
        self.statuses: list[int] = []
        self.retry_after: str | None = None
        self.failure: str | None = None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read what may be left unread."""
        self.is_reading = True
        try:
            yield
        finally:
            self.is_reading = False

    def hurry(self, *_signal: object) -> None:
        """Read no more, whatever is being waited for."""
        self.is_hurried = True
        if self.is_reading:
            raise InterruptedError


_record: Final = _Record()


def main(allowed: str) -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGUSR1, _record.hurry)
    logging.disable()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process
    sys.dont_write_bytecode = True
    manager: Any = NotificationManager
    manager().load_modules()
    asset = apprise.AppriseAsset(
        app_id="TaskFlow",
        app_desc="TaskFlow",
        async_mode=False,
        secure_logging=True,
        http_redirects=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    _listen_to_http()
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    sys.addaudithook(_sandbox(parse_networks(allowed)))
    _say(answers, Reply(is_understood=True))
    for line in sys.stdin.buffer:
        _record.clear()
        _say(answers, _answer(msgspec.json.decode(line, type=Request), asset))


def _say(answers: RawIOBase, reply: Reply) -> None:
    answers.write(msgspec.json.encode(reply) + b"\n")


def _answer(request: Request, asset: apprise.AppriseAsset) -> Reply:
    """Do what is asked for; whatever a service's code does wrong is a failure of it."""
    try:
        service = apprise.Apprise.instantiate(request.url, asset=asset, suppress_exceptions=True)
        if service is None or not _is_over_http(type(service)):
            return Reply(is_understood=False)
        if (receivers := len(service)) > 1:
            return Reply(is_understood=True, receivers=receivers)
        is_delivered = request.op == "send" and _notify(service, request, asset)
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        _record.failure = type(error).__name__
        is_delivered = False
    return Reply(
        is_understood=True,
        is_delivered=is_delivered,
        is_refused=_record.is_refused,
        statuses=tuple(_record.statuses),
        retry_after=_record.retry_after,
        failure=_record.failure,
    )


def _notify(service: Any, request: Request, asset: apprise.AppriseAsset) -> bool:
    speaker = apprise.Apprise(service, asset=asset)
    kind = apprise.NotifyType.WARNING if request.is_urgent else apprise.NotifyType.INFO
    plain = apprise.NotifyFormat.TEXT
    return bool(speaker.notify(request.body, request.title, kind, body_format=plain))


def _is_over_http(service: type) -> bool:
    """Whether a service is one that calls over HTTP; others have no business here."""
    modules = (sys.modules.get(one.__module__) for one in service.__mro__)
    return any(hasattr(module, "requests") for module in modules)


def _listen_to_http() -> None:
    """Note what is answered; no redirect and nothing of the machine's settings is followed."""
    plain = requests.adapters.HTTPAdapter.send

    def send(adapter: Any, request: Any, **how: Any) -> requests.Response:
        how |= {"proxies": {}, "stream": True}
        request.headers["Accept-Encoding"] = "identity"
        try:
            response = plain(adapter, request, **how)
        except requests.RequestException as error:
            _record.failure = type(error).__name__
            raise
        response.headers.pop("Location", None)
        _record.statuses.append(response.status_code)
        _record.retry_after = response.headers.get("Retry-After", "")[:MOST_RETRY_AFTER] or None
        _keep_some(response)
        return response

    requests.adapters.HTTPAdapter.send = send  # type: ignore[assignment, method-assign]


def _keep_some(response: requests.Response) -> None:
    """Read a body to a bound, as it came: what is compressed may be without an end.

    The answer is known by its status: what is broken or slow after that changes nothing.
    """
    body, until = bytearray(), monotonic() + BODY_SECONDS
    with suppress(urllib3.exceptions.HTTPError, OSError), _record.reading():
        while len(body) < MOST_BODY_BYTES and monotonic() < until and not _record.is_hurried:
            part = response.raw.read1(MOST_BODY_BYTES - len(body), decode_content=False)
            if not part:
                break
            body += part
    response.raw.close()
    kept: Any = response
    kept._content, kept._content_consumed = bytes(body), True  # noqa: SLF001 - no other way


def _sandbox(allowed: Sequence[Network]) -> Callable[[str, tuple[Any, ...]], None]:
    """A hook that sees everything that reaches outside of the interpreter (PEP 578)."""
    own = (sys.prefix, sys.base_prefix, certifi.where(), str(Path(__file__).parents[4]))
    readable = tuple(os.path.realpath(one) for one in (*own, *READABLE))

    def refuse() -> None:
        _record.is_refused = True
        raise PermissionError("not from here")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CONNECTING:
            if not _may_connect(arguments[1], allowed):
                refuse()
        elif event == "open":
            if not _may_open(arguments, readable):
                refuse()
        elif event.startswith(FORBIDDEN):
            refuse()

    return hook


def _may_connect(address: Any, allowed: Sequence[Network]) -> bool:
    """Whether an address is a permitted one: a number, not a name that may mean another."""
    if address is None:
        return True  # Connected already, and checked then.
    return isinstance(address, tuple) and is_permitted(str(address[0]), allowed)


def _may_open(arguments: tuple[Any, ...], readable: tuple[str, ...]) -> bool:
    path, mode, flags = arguments
    if isinstance(path, int):
        return True
    if isinstance(mode, str) and set(mode) & set("wax+"):
        return False
    if isinstance(flags, int) and flags & WRITING:
        return False
    real = os.path.realpath(os.fsdecode(path))
    return any(real == one or real.startswith(one + os.sep) for one in readable)


if __name__ == "__main__":
    main(sys.argv[1])
