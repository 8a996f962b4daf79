"""Finds what a person does again and again at regular times. Pure: the time is an argument.

How it goes about it:

1. Tasks that say the same (`titles`) are looked at together. Those of a series, and titles near to
   one that recurs, was accepted or was dismissed, are left out.
2. What counts is the days, in each task's own zone: once those on which it was done, and once those
   on which it was written down. Of many, the last 12, 36 and 128 days are looked at by
   themselves, as a habit may have changed.
3. For the days, `cadences` proposes rules. A rule's due days and the days are paired, one to one,
   where they are no further apart than the rule tolerates. From the first pair to the last it is
   counted how often it was due and kept, and how many days belong to no due day.
4. A rule is refused where fewer than 70 % of its due days were kept, or fewer than 75 % of the days
   belong to it, or the last time lies too long ago.
5. For the others `chance` tells how likely it is that days drawn at random do as well. That is
   divided by the rule's share of all that is tried, and so is dearer the more is tried: days, rules
   and tolerances. The least likely by chance wins.
6. Its chance becomes a confidence. What reaches `THRESHOLD` is a habit.

Nothing here depends on the order of the history, on the number of times that a day occurs in it, or
on tasks with other titles.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from math import exp, log
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from taskflow.events.payloads import Priority, Recurrence
from taskflow.services.recurring_processor.detection.cadences import (
    LEAST_KEPT,
    LEAST_PURE,
    Cadence,
    Days,
    cadences,
)
from taskflow.services.recurring_processor.detection.chance import (
    Fit,
    confidence,
    log_chance,
    log_chance_of_all_days,
)
from taskflow.services.recurring_processor.detection.titles import Words, is_near_any, words_of
from taskflow.tasks.zones import parse_zone, wall_time

Basis = Literal["completed", "created"]

THRESHOLD: Final = 0.9
# How far back a history is of use, and how many of its tasks.
LONGEST: Final = timedelta(days=2_000)
MOST_TASKS: Final = 5_000
MOST_HABITS: Final = 20

_LEAST_DAYS: Final = 4
_WINDOWS: Final = (12, 36, 128)
# Who has not done it for so many periods, or for a year and a quarter, has stopped.
_PATIENCE_PERIODS: Final = 2.5
_PATIENCE_DAYS: Final = 7
_LONGEST_PATIENCE: Final = 460


class PastTask(Struct, frozen=True):
    """A task of the past that belongs to no series.

    Attributes:
        timezone: Whose wall clock tells its days.
        due_date: As in the task's JSON.
    """

    id: UUID
    title: str
    timezone: str
    created_at: datetime
    completed_at: datetime | None
    priority: Priority = "medium"
    tags: tuple[str, ...] = ()
    due_date: str | None = None
    all_day: bool = False

    def moment(self, basis: Basis) -> datetime | None:
        """When it was done, or written down."""
        return self.completed_at if basis == "completed" else self.created_at


class Evidence(NamedTuple):
    """A day on which something was done, and the task that tells so."""

    date: date
    task_id: UUID


class Habit(Struct, frozen=True):
    """Something that is done regularly.

    Attributes:
        tasks: All tasks that say it, the earliest first.
        basis: Whether the rule tells when they were done, or when they were written down.
        anchor: The last day on which it was due and kept; the rule counts from there.
        evidence: The days that keep to the rule, rising.
        due: How often it was due, from the first of these days to the last.
        others: How many days between them belong to no due day.
        tolerance: So many days early or late were taken as kept.
        chance: How likely days drawn at random look so regular, all that was tried considered.
        confidence: How sure it is that this is no chance (0 to 1).
        stands_until: After that day without it, it has been given up.
    """

    words: Words
    tasks: tuple[PastTask, ...]
    recurrence: Recurrence
    basis: Basis
    anchor: date
    evidence: tuple[Evidence, ...]
    due: int
    others: int
    tolerance: int
    chance: float
    confidence: float
    stands_until: date


class _Verdict(NamedTuple):
    log_p: float
    cadence: Cadence
    basis: Basis
    fit: Fit
    pairs: tuple[tuple[int, int], ...]

    @property
    def rank(self) -> tuple[float, float, bool, str]:
        """The least is the best; of two that are as good as alike, the one that fits closer."""
        away = sum(abs(slot - day) for slot, day in self.pairs) / len(self.pairs)
        return round(self.log_p, 1), away, self.basis == "created", self.cadence.recurrence.rule


def detect(
    history: Iterable[PastTask],
    now: datetime,
    *,
    known: Collection[Words] = (),
    threshold: float = THRESHOLD,
) -> list[Habit]:
    """The habits in a history, the surest first, at most `MOST_HABITS`.

    Args:
        history: In any order; tasks after `now`, or longer ago than `LONGEST`, do not count.
        now: The present instant.
        known: Words of titles that are not to be found: what recurs already, what was declined.
        threshold: The least confidence.
    """
    titles: defaultdict[str, dict[UUID, PastTask]] = defaultdict(dict)
    for task in history:
        titles[task.title][task.id] = task
    groups: defaultdict[Words, dict[UUID, PastTask]] = defaultdict(dict)
    for title, tasks in titles.items():
        groups[words_of(title)] |= tasks
    habits = [
        habit
        for words, tasks in groups.items()
        if words and len(tasks) >= _LEAST_DAYS and not is_near_any(words, known)
        if (habit := _habit(words, list(tasks.values()), now)) and habit.confidence >= threshold
    ]
    return sorted(habits, key=lambda one: (-one.confidence, one.words))[:MOST_HABITS]


def _habit(words: Words, tasks: list[PastTask], now: datetime) -> Habit | None:
    """The likeliest rule of tasks that say the same, if there is any."""
    tasks.sort(key=lambda task: (task.created_at, task.id))
    verdicts = [one for basis in ("completed", "created") for one in _verdicts(tasks, basis, now)]
    if not verdicts:
        return None
    best = min(verdicts, key=lambda verdict: verdict.rank)
    told = dict(_told(tasks, best.basis, now))
    last_slot, last_day = best.pairs[-1]
    return Habit(
        words=words,
        tasks=tuple(tasks),
        recurrence=best.cadence.recurrence,
        basis=best.basis,
        anchor=date.fromordinal(last_slot),
        evidence=tuple(Evidence(date.fromordinal(day), told[day]) for _, day in best.pairs),
        due=best.fit.slots,
        others=best.fit.days - best.fit.hits,
        tolerance=best.cadence.tolerance,
        chance=min(exp(best.log_p), 1.0),
        confidence=confidence(best.log_p),
        stands_until=date.fromordinal(last_day + _patience(best.cadence)),
    )


def _told(tasks: Iterable[PastTask], basis: Basis, now: datetime) -> Iterator[tuple[int, UUID]]:
    """Each day and a task of it, rising."""
    moments = [
        (_day(task, at), task.id)
        for task in tasks
        if (at := task.moment(basis)) is not None and now - LONGEST <= at <= now
    ]
    for day, found in groupby(sorted(moments), key=lambda one: one[0]):
        yield day, next(found)[1]


def _day(task: PastTask, at: datetime) -> int:
    return wall_time(at, parse_zone(task.timezone)).date().toordinal()


def _verdicts(tasks: Iterable[PastTask], basis: Basis, now: datetime) -> Iterator[_Verdict]:
    """What could be said of the days, and how likely chance would do as well."""
    days = [day for day, _ in _told(tasks, basis, now)][-_WINDOWS[-1] :]
    if len(days) < _LEAST_DAYS:
        return
    sizes = {min(size, len(days)) for size in _WINDOWS}
    for size in sorted(sizes):
        window = days[-size:]
        for cadence in cadences(window):
            verdict = _verdict(window, cadence, basis, 2 * len(sizes))
            if verdict and now.toordinal() <= verdict.pairs[-1][1] + _patience(cadence):
                yield verdict


def _patience(cadence: Cadence) -> int:
    """How many days after the last time it has been given up."""
    periods = int(_PATIENCE_PERIODS * cadence.period) + cadence.tolerance
    return min(max(periods, _PATIENCE_DAYS), _LONGEST_PATIENCE)


def _verdict(days: Days, cadence: Cadence, basis: Basis, trials: int) -> _Verdict | None:
    """How well the days keep to a rule; None where they do not well enough.

    Args:
        days: The days.
        cadence: The rule.
        basis: Which days.
        trials: How many such choices of days are looked at.
    """
    pairs = _pairs(days, cadence.slots, cadence.tolerance)
    if len(pairs) < cadence.fewest or len(pairs) < LEAST_PURE * len(days):
        return None
    fit = _fit(days, cadence, pairs)
    if fit.hits < LEAST_KEPT * fit.slots:
        return None
    chance = log_chance if cadence.period > 1 else log_chance_of_all_days
    # Where not all days keep to it, there was a choice which is the first and which the last.
    choices = (len(days) - fit.hits + 1) ** 2
    log_p = chance(fit) + log(trials) + log(choices) - log(cadence.share)
    return _Verdict(log_p, cadence, basis, fit, tuple(pairs))


def _fit(days: Days, cadence: Cadence, pairs: Sequence[tuple[int, int]]) -> Fit:
    (first_slot, first_day), (last_slot, last_day) = pairs[0], pairs[-1]
    return Fit(
        span=last_day - first_day + 1,
        slots=sum(first_slot <= slot <= last_slot for slot in cadence.slots),
        hits=len(pairs),
        days=sum(first_day <= day <= last_day for day in days),
        width=2 * cadence.tolerance + 1,
    )


def _pairs(days: Days, slots: Days, tolerance: int) -> list[tuple[int, int]]:
    """Due days with the nearest day that keeps to them, rising.

    No day is near to two due days, as those lie further apart than twice the tolerance.
    """
    pairs, index = [], 0
    for slot in slots:
        while index < len(days) and days[index] < slot - tolerance:
            index += 1
        end = index
        while end < len(days) and days[end] <= slot + tolerance:
            end += 1
        if end > index:
            _, nearest = min((abs(day - slot), day) for day in days[index:end])
            pairs.append((slot, nearest))
        index = end
    return pairs
