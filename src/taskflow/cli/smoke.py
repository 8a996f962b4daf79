"""`taskflow smoke`: the walk-through of the original design, against a running TaskFlow."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import httpx
import typer

from taskflow.base.clock import monotonic
from taskflow.base.errors import Invalid
from taskflow.cli.command import console

SERVICES: Final = ("task-api", "recurring-processor", "reminder", "notification", "audit-logger")
DEFAULT: Final = "http://127.0.0.1:8000"
PATIENCE_SECONDS: Final = 10.0
TASK: Final = {
    "title": "Test Task",
    "description": "Testing Phase V",
    "priority": "high",
    "due_date": "2026-01-24T10:00:00Z",
}
BaseUrl = Annotated[str, typer.Argument(help="Where the Task API listens.")]
OneOrigin = Annotated[
    bool, typer.Option("--one-origin", help="Only this address is reachable, as behind a proxy.")
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the account that was made.")]


def command(
    base_url: BaseUrl = DEFAULT,
    *,
    one_origin: OneOrigin = False,
    keep: Keep = False,
) -> None:
    """Try everything once: health, register, log in, create a task, its trail, the stream.

    It makes an account with a random address and erases it again, unless --keep is given. Where
    there is no account yet a kept one is the admin; `taskflow user make-admin` makes yours one.

    Examples:
        taskflow smoke

        taskflow smoke https://tasks.example.com --one-origin
    """
    walk = Walk(Places(base_url, one_origin=one_origin))
    walk.run(keep=keep)
    if walk.failures:
        console.print(f"{walk.failures} failed")
        raise typer.Exit(1)
    console.print("all passed")


class Places:
    """Where each service is reachable.

    Args:
        base_url: The Task API's address.
        one_origin: Whether all paths are served there, and nothing else is.

    Raises:
        Invalid: it is no address.
    """

    def __init__(self, base_url: str, *, one_origin: bool) -> None:
        parts = urlsplit(base_url.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid.field("base_url", "must be an address such as http://127.0.0.1:8000")
        self._scheme = parts.scheme
        self._host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self.is_one_origin = one_origin

    def of(self, service: str) -> str:
        """The address of a service."""
        offset = 0 if self.is_one_origin else SERVICES.index(service)
        return f"{self._scheme}://{self._host}:{self._port + offset}"


class Walk:
    """The steps, each told of as it passes or fails."""

    def __init__(self, places: Places) -> None:
        self.failures = 0
        self._task_id: str | None = None
        self._places = places
        self._account = {
            "email": f"smoke-{secrets.token_hex(8)}@example.com",
            "password": secrets.token_urlsafe(18),
            "name": "Test User",
        }

    def run(self, *, keep: bool) -> None:
        """Take all steps; one that others need ends the walk when it fails."""
        with httpx.Client(timeout=PATIENCE_SECONDS) as client:
            self._health(client)
            if not self._log_in(client):
                return
            try:
                self._create(client)
                if self._task_id is not None:
                    self._trail(client, self._task_id)
                self._stream(client)
            finally:
                if not keep:
                    self._erase(client)

    def _health(self, client: httpx.Client) -> None:
        for service in SERVICES[:1] if self._places.is_one_origin else SERVICES:
            with self._step(f"{service} is ready"):
                _expect(client.get(f"{self._places.of(service)}/health/ready"), 200)

    def _log_in(self, client: httpx.Client) -> bool:
        api = f"{self._places.of('task-api')}/api/v1/auth"
        before = self.failures
        with self._step("register"):
            _expect(client.post(f"{api}/register", json=self._account), 201)
        with self._step("login"):
            known = {name: self._account[name] for name in ("email", "password")}
            answer = _expect(client.post(f"{api}/login", json=known), 200)
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self.failures == before

    def _create(self, client: httpx.Client) -> None:
        with self._step("create a task"):
            address = f"{self._places.of('task-api')}/api/v1/tasks"
            self._task_id = _expect(client.post(address, json=TASK), 201).json()["id"]

    def _trail(self, client: httpx.Client, task_id: str) -> None:
        address = f"{self._places.of('audit-logger')}/api/v1/audit/tasks/{task_id}"
        with self._step("the trail asks for a token"):
            _expect(httpx.get(address, timeout=PATIENCE_SECONDS), 401)
        with self._step("the task is in the audit trail"):
            answer = _until_200(lambda: client.get(address))
            kinds = [item["event_type"] for item in answer.json()["items"]]
            if kinds != ["task.created"]:
                raise _Unexpected(f"it shows {kinds}")

    def _stream(self, client: httpx.Client) -> None:
        address = f"{self._places.of('notification')}/api/v1/notifications/stream"
        with self._step("the stream asks for a token"):
            _expect(httpx.get(f"{address}?user_id=1", timeout=PATIENCE_SECONDS), 401)
        with self._step("the stream says that it is ready, and of the task"):
            with client.stream("GET", address, params={"last_event_id": "0"}) as answer:
                kinds = (line for line in answer.iter_lines() if line.startswith("event:"))
                told = [next(kinds, ""), next(kinds, "")]
            if told != ["event: ready", "event: task.created"]:
                raise _Unexpected(f"it says {told}")

    def _erase(self, client: httpx.Client) -> None:
        with self._step("erase the account"):
            _expect(client.delete(f"{self._places.of('task-api')}/api/v1/auth/me"), 204)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, _Unexpected, ValueError, LookupError) as error:
            self.failures += 1
            console.print(f"[red]✗[/red] {name}: ", end="")
            console.print(str(error) or type(error).__name__, markup=False)
        else:
            console.print(f"[green]✓[/green] {name}")


class _Unexpected(Exception):
    """An answer that is not the right one."""


def _expect(answer: httpx.Response, status: int) -> httpx.Response:
    if answer.status_code != status:
        detail: Any = answer.text[:200]
        raise _Unexpected(f"{answer.status_code} instead of {status}: {detail}")
    return answer


def _until_200(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until the answer is there: events travel for a moment."""
    deadline = monotonic() + PATIENCE_SECONDS
    while (answer := ask()).status_code != 200 and monotonic() < deadline:  # noqa: PLR2004 - HTTP's OK
        answer.close()
    return _expect(answer, 200)
