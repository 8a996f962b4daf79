"""Histories of people whose habits are known, to measure how well habits are found.

All is drawn from a seed. A history has the tasks of one person up to `NOW`, and the habits that
are truly in it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final, Literal, NamedTuple
from uuid import UUID

from benchmarks.habit_days import CADENCES, NOISES, TODAY
from benchmarks.habit_titles import OTHERS, THINGS, variant
from taskflow.services.recurring_processor.pattern_detector import Basis, PastTask

Kind = Literal["regular", "jittered", "with gaps", "mixed", "pure noise"]
KINDS: Final[tuple[Kind, ...]] = ("regular", "jittered", "with gaps", "mixed", "pure noise")
NOW: Final = datetime.combine(TODAY, time(20), UTC)
_SKIPPED: Final = 0.12
_STRAY: Final = 0.1
_JITTERED: Final = 0.35
_LOOSE: Final = 0.5


class Truth(NamedTuple):
    """A habit that is there.

    Attributes:
        title: One of the ways in which its title is written.
        cadence: The name of its kind of rule.
        coming: The next days on which it is due.
        slack: So many days off is as good as right.
    """

    title: str
    cadence: str
    coming: tuple[date, ...]
    slack: int


class History(NamedTuple):
    """A person's tasks, and the habits among them."""

    kind: Kind
    tasks: list[PastTask]
    truths: list[Truth]


def histories(seed: int, each: int) -> Iterator[History]:
    """For each kind of history and each kind of rule so many."""
    random = Random(seed)
    for kind in KINDS:
        for name in CADENCES:
            for _ in range(each):
                yield _history(random, kind, name)


def _history(random: Random, kind: Kind, name: str) -> History:
    writer = _Writer(random)
    titles = random.sample(THINGS, 12)
    truths: list[Truth] = []
    if kind != "pure noise":
        names = [name, *random.sample(list(CADENCES), 2 if kind == "mixed" else 0)]
        truths = [_habit(writer, kind, one, titles.pop()) for one in names]
    if kind in ("mixed", "pure noise"):
        _distract(writer, titles)
    random.shuffle(writer.tasks)
    return History(kind, writer.tasks, truths)


def _habit(writer: "_Writer", kind: Kind, name: str, title: str) -> Truth:
    """Write down a habit of a kind."""
    random, plan = writer.random, CADENCES[name](writer.random)
    days = plan.past
    is_loose = kind == "jittered" or (kind == "mixed" and random.random() < _LOOSE)
    if kind in ("with gaps", "mixed") and name != "yearly":
        days = _with_gaps(random, days)
    if is_loose:
        days = _jittered(random, days, plan.reach, drifts=name == "every N days")
    if kind == "mixed" and name != "yearly":
        days = [*days, *_strays(random, days)]
    basis: Basis = random.choice(["completed", "created"])
    for day in days:
        if day <= TODAY:
            writer.write(variant(random, title) if kind == "mixed" else title, day, basis)
    slack = plan.slack if is_loose or name == "every N days" else 0
    return Truth(title, name, tuple(plan.coming[:3]), slack)


def _with_gaps(random: Random, days: list[date]) -> list[date]:
    """One time off somewhere, and now and then it was forgotten; the last times are there."""
    off = random.randrange(1, max(len(days) - 6, 2))
    length = max(len(days) // 15, 1)
    return [
        day
        for index, day in enumerate(days)
        if index >= len(days) - 2
        or (not off <= index < off + length and random.random() >= _SKIPPED)
    ]


def _jittered(random: Random, days: list[date], reach: int, *, drifts: bool) -> list[date]:
    """Early or late by a little; where it drifts, each counts from the one before."""
    offsets = [
        random.randint(-reach, reach) if drifts or random.random() < _JITTERED else 0 for _ in days
    ]
    if drifts:
        # The last one stays where it is, as what comes is counted from it.
        total = sum(offsets)
        offsets = [sum(offsets[: index + 1]) - total for index in range(len(days))]
    return [day + timedelta(days=offset) for day, offset in zip(days, offsets, strict=True)]


def _strays(random: Random, days: list[date]) -> list[date]:
    """Some other days on which the same was done."""
    span = (days[-1] - days[0]).days
    count = sum(random.random() < _STRAY for _ in days)
    return [days[0] + timedelta(days=random.randint(0, span)) for _ in range(count)]


def _distract(writer: "_Writer", titles: list[str]) -> None:
    """What is done now and then, in bursts, on workdays alone, once, or was a habit long ago."""
    random = writer.random
    for title in titles[:6]:
        for day in random.choice(NOISES)(random):
            writer.write(variant(random, title), day, random.choice(["completed", "created"]))
    for title in random.sample(OTHERS, random.randint(10, len(OTHERS))):
        writer.write(title, TODAY - timedelta(days=random.randint(0, 400)), "completed")


class _Writer:
    """Writes tasks down."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.tasks: list[PastTask] = []

    def write(self, title: str, day: date, basis: Basis) -> None:
        """A task done, or written down, on a day; of the other there is no telling."""
        random = self.random
        at = datetime.combine(day, time(random.randint(7, 19), random.randrange(60)), UTC)
        away = timedelta(minutes=random.randint(0, 9 * 24 * 60))
        created = at - away if basis == "completed" else at
        completed = at if basis == "completed" else at + away
        self.tasks.append(
            PastTask(
                id=UUID(int=random.getrandbits(128)),
                title=title,
                timezone="UTC",
                created_at=created,
                completed_at=completed if completed <= NOW else None,
            )
        )
