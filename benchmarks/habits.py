"""`python -m benchmarks.habits`: how well habits are found in histories whose habits are known.

It prints the table of docs/guide/habits.md, and how long a large history takes.
"""

from collections import Counter
from datetime import date, datetime, time
from random import Random
from time import process_time
from typing import Final, NamedTuple

from benchmarks.habit_histories import KINDS, NOW, History, Truth, histories
from taskflow.services.recurring_processor.detection.titles import words_of
from taskflow.services.recurring_processor.pattern_detector import THRESHOLD, Habit, detect
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.zones import parse_zone

# The rules' numbers were chosen on the first; what is promised is measured on the second.
TUNING_SEED: Final = 1
TEST_SEED: Final = 20_260_302
EACH: Final = 10
LEVELS: Final = (0.0, 0.2, 0.5, 0.9, 0.99, 0.999)
_ZONE: Final = parse_zone("UTC")


class Score(NamedTuple):
    """How many habits there were, how many were found, and how many were found that are none."""

    true: int
    found: int
    false: int

    @property
    def precision(self) -> float:
        """The share of what was found that is true."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        """The share of what is true that was found."""
        return self.found / self.true if self.true else 1.0


class Measured(NamedTuple):
    """How well habits are found.

    Attributes:
        scores: For each kind of history, each kind of rule, and all.
        calibration: For each least confidence, how many titles had it and how many of them rightly.
    """

    scores: dict[str, Score]
    calibration: dict[float, tuple[int, int]]


def measure(seed: int, each: int = EACH) -> Measured:
    """Look for the habits of many histories."""
    true, found, false = Counter[str](), Counter[str](), Counter[str]()
    verdicts, right = Counter[float](), Counter[float]()
    for history in histories(seed, each):
        truths = {words_of(truth.title): truth for truth in history.truths}
        true.update(name for truth in truths.values() for name in _names(history, truth))
        for habit in detect(history.tasks, NOW, threshold=0):
            truth = truths.get(habit.words)
            is_true = truth is not None and is_right(habit, truth)
            level = max(level for level in LEVELS if habit.confidence >= level)
            verdicts[level] += 1
            right[level] += is_true
            if habit.confidence >= THRESHOLD:
                (found if is_true else false).update(_names(history, truth))
    every = dict.fromkeys((*KINDS, *sorted(set(true) - {*KINDS, "all"}), "all"))
    return Measured(
        {name: Score(true[name], found[name], false[name]) for name in every},
        {level: (verdicts[level], right[level]) for level in LEVELS},
    )


def _names(history: History, truth: Truth | None) -> tuple[str, ...]:
    """What a habit counts for; one that is none belongs to no kind of rule."""
    return (history.kind, *([truth.cadence] if truth else []), "all")


def is_right(habit: Habit, truth: Truth) -> bool:
    """Whether a habit's next days are those of the truth."""
    ours = coming(habit, len(truth.coming))
    return len(ours) == len(truth.coming) and all(
        abs((one - other).days) <= truth.slack
        for one, other in zip(ours, truth.coming, strict=True)
    )


def coming(habit: Habit, limit: int) -> list[date]:
    """The next days of a habit after today."""
    start = datetime.combine(habit.anchor, time())
    schedule = Schedule(habit.recurrence, start, _ZONE, all_day=True)
    found = occurrences(schedule, after=NOW, limit=limit)
    return [one.at.date() if isinstance(one.at, datetime) else one.at for one in found]


def table(measured: Measured) -> str:
    """The scores as a Markdown table."""
    lines = [
        "| histories | habits | found | wrong | precision | recall |",
        "| --- |" + " ---: |" * 5,
    ]
    for name, score in measured.scores.items():
        rates = f"{score.precision:.3f} | {score.recall:.3f}" if score.true else "- | -"
        lines.append(f"| {name} | {score.true} | {score.found} | {score.false} | {rates} |")
    return "\n".join(lines)


def calibration(measured: Measured) -> str:
    """What a confidence was worth, as a Markdown table."""
    lines = ["| confidence from | titles | of them true habits |", "| ---: |" + " ---: |" * 2]
    for level, (titles, right) in measured.calibration.items():
        share = f"{100 * right / titles:.0f} %" if titles else "-"
        lines.append(f"| {level} | {titles} | {share} |")
    return "\n".join(lines)


def seconds_for(tasks: int) -> float:
    """Processor time that it takes to look through so many tasks of one person."""
    every = [task for history in histories(TUNING_SEED, 20) for task in history.tasks]
    some = Random(1).sample(every, tasks)
    begun = process_time()
    detect(some, NOW)
    return process_time() - begun


def main() -> None:
    """Print it all."""
    for name, seed in (("Seed of the tuning", TUNING_SEED), ("Seed of the test", TEST_SEED)):
        measured = measure(seed)
        print(f"{name}, {seed}:\n\n{table(measured)}\n\n{calibration(measured)}\n", flush=True)
    for tasks in (1_000, 5_000, 10_000):
        print(f"{tasks} tasks: {seconds_for(tasks):.2f} s")


if __name__ == "__main__":
    main()
