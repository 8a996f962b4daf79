"""Stands between a relay and its sidecar, hands everything on, and notes what is in flight."""

import asyncio
from dataclasses import dataclass
from math import inf
from typing import Any

import httpx
import msgspec

from taskflow.runner.server import Server, listen, make_server

PATIENCE_SECONDS = 60.0


@dataclass
class Flight:
    """One event of a bulk on its way, from before the sidecar had it until that has answered."""

    key: str
    entry: str
    began: float
    ended: float = inf


class Watch:
    """The door to a sidecar.

    Args:
        port: Where it listens.
        sidecar_port: Where the sidecar does.
    """

    def __init__(self, port: int, sidecar_port: int) -> None:
        self.port = port
        self.flights: list[Flight] = []
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{sidecar_port}", timeout=PATIENCE_SECONDS, trust_env=False
        )
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve."""
        self._server = make_server(self)
        sockets = listen("127.0.0.1", [self.port])
        self._serving = asyncio.get_running_loop().create_task(self._server.serve(sockets))
        await self._server.has_started()

    async def stop(self) -> None:
        """Leave."""
        assert self._server
        assert self._serving
        self._server.should_exit = True
        await self._serving
        await self._client.aclose()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand one request on."""
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        flights = self._take_off(body)
        try:
            status, answer = await self._hand_on(scope, body)
        finally:
            for flight in flights:
                flight.ended = asyncio.get_running_loop().time()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    def _take_off(self, body: bytes) -> list[Flight]:
        now = asyncio.get_running_loop().time()
        entries = msgspec.json.decode(body) if body else []
        flights = [
            Flight(entry["metadata"]["partitionKey"], entry["entryId"], now) for entry in entries
        ]
        self.flights += flights
        return flights

    async def _hand_on(self, scope: Any, body: bytes) -> tuple[int, bytes]:
        dropped = {b"host", b"content-length", b"connection"}
        headers = [(name, value) for name, value in scope["headers"] if name not in dropped]
        try:
            answer = await self._client.request(
                scope["method"], scope["path"], content=body, headers=headers
            )
        except httpx.HTTPError:
            return 502, b"the sidecar is away"
        return answer.status_code, answer.content


def overlapping(flights: list[Flight]) -> list[tuple[Flight, Flight]]:
    """Flights of two events of one key that were in the air together."""
    found: list[tuple[Flight, Flight]] = []
    in_the_air: dict[str, list[Flight]] = {}
    for flight in sorted(flights, key=lambda one: one.began):
        before = [one for one in in_the_air.get(flight.key, ()) if one.ended > flight.began]
        found += [(one, flight) for one in before if one.entry != flight.entry]
        in_the_air[flight.key] = [*before, flight]
    return found
