"""Goal 16, scale out: two replicas of every service on a real Dapr, Kafka, Redis and PostgreSQL.

What docker-compose.yaml starts in containers is started here as processes. Three things are timed:

- latency: from the answer to a change until its frame on the owner's stream, at a gentle pace;
- throughput: a backlog in the outbox, written while the Task API's sidecars were away, from their
  return until the slowest consumer has handled all of it;
- recovery: from `kill -9` of a part, which is started again at once, until a change that was made
  after the kill stands in the list of notifications and in the audit trail.

Memory is the proportional set size (PSS) of every process at the end.
"""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, Final

import httpx
import psutil
from tests.distributed.cluster import Cluster, together
from tests.distributed.load import Origin
from tests.distributed.programs import Program

from benchmarks.figures import Figure, Report, Target, percentile
from benchmarks.options import Options
from benchmarks.processes import MEBIBYTE, Failed
from taskflow.events.topics import CONSUMERS

GOAL: Final = 16
STREAM: Final = "/notifications/stream"
PACE_SECONDS: Final = 0.2
BACKLOG: Final = 3_000
AT_ONCE: Final = 100
PATIENCE_SECONDS: Final = 120.0
STEP_SECONDS: Final = 0.05
RECOVERED_SECONDS: Final = 5.0

_NUMBER: Final = re.compile(r"-\d")

Samples = dict[tuple[str, str, str], list[float]]


async def measure(options: Options, folder: Path) -> Report:
    """Run the benchmark."""
    return await asyncio.to_thread(_measure, options, folder)


def _measure(options: Options, folder: Path) -> Report:
    cluster = Cluster(folder / "cluster")
    samples: Samples = defaultdict(list)
    try:
        cluster.start()
        origin = Origin(cluster)
        for _ in range(options.repetitions):
            _latency(origin, options.seconds, samples)
            _throughput(cluster, origin, samples)
            for part, program in _parts(cluster).items():
                samples[f"recovery, {part} killed", "two replicas", "s"].append(
                    _recovery(cluster, origin, program)
                )
        _memory(cluster, samples)
    finally:
        cluster.stop()
    limits = {
        what: Target("at most", RECOVERED_SECONDS) for what, _, _ in samples if "recovery" in what
    }
    figures = [
        Figure(
            goal=GOAL, what=what, who=who, unit=unit, samples=tuple(all_), target=limits.get(what)
        )
        for (what, who, unit), all_ in samples.items()
    ]
    return Report(
        GOAL, "two replicas of every service", figures, [f"a backlog of {BACKLOG:,} events"]
    )


def _latency(origin: Origin, seconds: float, samples: Samples) -> None:
    token = origin.token()
    answered: dict[str, float] = {}
    with origin.client(token) as client, _following(origin, token) as arrived:
        for number in range(int(seconds / PACE_SECONDS)):
            answer = client.post("/tasks", json={"title": f"Change {number}"})
            answer.raise_for_status()
            answered[answer.json()["id"]] = time.perf_counter()
            time.sleep(PACE_SECONDS)
        _until(lambda: set(answered) <= set(arrived))
    waits = [(arrived[task] - moment) * 1000 for task, moment in answered.items()]
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        samples[f"answer to stream, {name}", "through Kafka", "ms"].append(percentile(waits, share))


@contextmanager
def _following(origin: Origin, token: str) -> Iterator[dict[str, float]]:
    """When a user's stream told of each task first."""
    arrived: dict[str, float] = {}
    with origin.client(token) as client, client.stream("GET", STREAM, timeout=60) as stream:
        lines = stream.iter_lines()
        while "ready" not in next(lines):
            pass
        reader = Thread(target=_read, args=(lines, arrived), daemon=True)
        reader.start()
        yield arrived


def _read(lines: Iterator[str], arrived: dict[str, float]) -> None:
    try:
        for line in lines:
            if line.startswith("data:") and '"task_id":"' in line:
                task = line.partition('"task_id":"')[2][:36]
                arrived.setdefault(task, time.perf_counter())
    except httpx.HTTPError:
        return


def _throughput(cluster: Cluster, origin: Origin, samples: Samples) -> None:
    sidecars = [one.sidecar for one in cluster.replicas["task-api"]]
    together(*(one.kill for one in sidecars))
    before = {name: _handled(cluster, name) for name in CONSUMERS}
    with origin.client(origin.token()) as client:
        for _ in range(BACKLOG // AT_ONCE):
            tasks = [{"title": "Waits"}] * AT_ONCE
            client.post("/tasks/bulk", json={"create": tasks}).raise_for_status()
    together(*(one.start for one in sidecars))
    began = time.perf_counter()
    for name in sorted(CONSUMERS):
        _until(partial(_has_handled, cluster, name, before[name] + BACKLOG))
    rate = BACKLOG / (time.perf_counter() - began)
    samples["events handled by every consumer", "through Kafka", "/s"].append(rate)


def _has_handled(cluster: Cluster, name: str, count: float) -> bool:
    return _handled(cluster, name) >= count


def _handled(cluster: Cluster, name: str) -> float:
    replicas = cluster.replicas[name]
    return sum(one.figure("taskflow_event_age_seconds_count", stage="handled") for one in replicas)


def _parts(cluster: Cluster) -> dict[str, Program]:
    services = {name: replicas[0].service for name, replicas in cluster.replicas.items()}
    sidecars = {
        f"sidecar of {name}": cluster.replicas[name][0].sidecar
        for name in ("task-api", "notification")
    }
    stores: dict[str, Program] = {"Kafka": cluster.kafka, "Redis": cluster.redis}
    return {**services, **sidecars, **stores, "PostgreSQL": cluster.postgres}


def _recovery(cluster: Cluster, origin: Origin, program: Program) -> float:
    with origin.client(origin.token()) as client:
        program.kill()
        began = time.perf_counter()
        program.start()
        task = _until(lambda: _made(client))
        _until(lambda: _has_arrived(client, task))
        seconds = time.perf_counter() - began
    cluster.revive()
    return seconds


def _made(client: httpx.Client) -> Any:
    try:
        return client.post("/tasks", json={"title": "After"}).raise_for_status().json()["id"]
    except httpx.HTTPError:
        return None


def _has_arrived(client: httpx.Client, task: str) -> bool:
    try:
        notes = client.get("/notifications").raise_for_status().json()["items"]
        trail = client.get("/audit/events").raise_for_status().json()["items"]
    except httpx.HTTPError:
        return False
    return all(any(one["task_id"] == task for one in told) for told in (notes, trail))


def _memory(cluster: Cluster, samples: Samples) -> None:
    programs = [cluster.postgres, cluster.kafka, cluster.redis, cluster.nginx]
    pairs = [program for one in cluster.every for program in (one.service, one.sidecar)]
    for program in (*programs, *pairs):
        root = psutil.Process(program.pid)
        family = [root, *root.children(recursive=True)]
        held = sum(one.memory_full_info().pss for one in family) / MEBIBYTE
        samples["memory, PSS", _NUMBER.sub("", program.name), "MiB"].append(held)


def _until(told: Callable[[], Any]) -> Any:
    """Ask until the answer is one; returns it.

    Raises:
        Failed: it never was.
    """
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while not (found := told()):
        if time.perf_counter() > deadline:
            raise Failed("it never arrived")
        time.sleep(STEP_SECONDS)
    return found
