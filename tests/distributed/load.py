"""People at work through the one origin: several at once, until they are told to stop."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
from tests.distributed.cluster import Cluster
from tests.product import PASSWORD
from tests.proof import Acknowledged

WRITERS = 3
PATIENCE_SECONDS = 90
REST_SECONDS = 0.2
# What is only read, of each of the other services.
READ = ("/recurring/series", "/reminders", "/notifications", "/audit/events")
# Every so many tasks one has a reminder, and one recurs.
REMINDED, RECURRING = 5, 7
REMINDER_SECONDS = 2


class Origin:
    """Clients of a cluster's origin."""

    def __init__(self, cluster: Cluster) -> None:
        self._trust = ssl.create_default_context(cafile=str(cluster.nginx.certificate))
        self._url = f"{cluster.nginx.url}/api/v1"

    def client(self, token: str | None = None) -> httpx.Client:
        """A client whose every request is on a connection of its own, as different people's are."""
        return httpx.Client(
            base_url=self._url,
            verify=self._trust,
            timeout=20,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def token(self) -> str:
        """The token of a fresh account."""
        account = {"email": f"{uuid4()}@example.com", "password": PASSWORD, "name": "Test User"}
        with self.client() as visitor:
            visitor.post("/auth/register", json=account).raise_for_status()
            login = {"email": account["email"], "password": PASSWORD}
            answer = visitor.post("/auth/login", json=login)
            answer.raise_for_status()
            token: str = answer.json()["access_token"]
            return token


class Load:
    """One user's writers, and what they were told.

    Args:
        origin: Where they write.
    """

    def __init__(self, origin: Origin) -> None:
        self.done = Acknowledged()
        self.failures: list[str] = []
        self.token = origin.token()
        self._origin = origin
        self._numbers = count(1)
        self._stopped = threading.Event()
        self._successes = 0

    def goes_on(self, more: int = 30) -> float:
        """Wait until so many changes more have succeeded; returns the seconds to the first."""
        began, before, first = time.monotonic(), self._successes, 0.0
        while self._successes < before + more:
            assert time.monotonic() < began + PATIENCE_SECONDS, self.failures[-3:]
            if not first and self._successes > before:
                first = time.monotonic() - began
            time.sleep(0.01)
        return first

    @contextmanager
    def working(self) -> Iterator[None]:
        """Writers write while the block runs."""
        writers = [threading.Thread(target=self._write, daemon=True) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            yield
        finally:
            self._stopped.set()
            for writer in writers:
                writer.join()

    def _write(self) -> None:
        with self._origin.client(self.token) as client:
            while not self._stopped.is_set():
                try:
                    self._work(client, next(self._numbers))
                except (httpx.HTTPError, httpx.StreamError) as error:
                    self.failures.append(f"{type(error).__name__}: {error}")
                    self._stopped.wait(REST_SECONDS)

    def _work(self, client: httpx.Client, number: int) -> None:
        task: dict[str, Any] = {"title": f"Task {number}"}
        if number % REMINDED == 0:
            at = datetime.now(UTC) + timedelta(seconds=REMINDER_SECONDS)
            task["reminders"] = [{"at": at.isoformat()}]
        elif number % RECURRING == 0:
            task |= {"due_date": "2026-03-02T08:00:00Z", "recurrence": {"rule": "daily"}}
        client.get(READ[number % len(READ)], params={"limit": "1"}).raise_for_status()
        made = self._succeed(client.post("/tasks", json=task))["id"]
        self.done.versions[made] = 1
        if "reminders" in task:
            self.done.reminded.add(made)
            return
        self._succeed(client.post(f"/tasks/{made}/complete"))
        self.done.versions[made] = 2
        if "recurrence" in task:
            self.done.recurred.add(made)

    def _succeed(self, answer: httpx.Response) -> Any:
        answer.raise_for_status()
        self._successes += 1
        return answer.json()
