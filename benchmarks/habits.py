"""`python -m benchmarks.habits`: how well habits are found in histories whose habits are known.

It prints the table of docs/guide/habits.md, and how long a large history takes.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time
from random import Random
from time import perf_counter
from typing import Final, NamedTuple

from benchmarks.habit_histories import KINDS, NOW, Truth, histories
from taskflow.services.recurring_processor.pattern_detector import Habit, detect
from taskflow.services.recurring_processor.titles import words_of
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.zones import parse_zone

# The rules' numbers were chosen on the first; what is promised is measured on the second.
TUNING_SEED: Final = 1
TEST_SEED: Final = 20_260_302
EACH: Final = 10
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


def scores(seed: int, each: int = EACH) -> dict[str, Score]:
    """For each kind of history and each kind of rule, and for all."""
    true, found, false = Counter[str](), Counter[str](), Counter[str]()
    for history in histories(seed, each):
        habits = {habit.words: habit for habit in detect(history.tasks, NOW)}
        for truth in history.truths:
            names = (history.kind, truth.cadence, "all")
            habit = habits.pop(words_of(truth.title), None)
            true.update(names)
            if habit is not None:
                (found if is_right(habit, truth) else false).update(names)
        for _ in habits:
            false.update((history.kind, "all"))
    every = dict.fromkeys((*KINDS, *sorted(set(true) - {*KINDS, "all"}), "all"))
    return {name: Score(true[name], found[name], false[name]) for name in every}


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


def table(measured: Mapping[str, Score]) -> str:
    """Scores as a Markdown table."""
    lines = [
        "| histories | habits | found | wrong | precision | recall |",
        "| --- |" + " ---: |" * 5,
    ]
    for name, score in measured.items():
        rates = f"{score.precision:.3f} | {score.recall:.3f}" if score.true else "- | -"
        lines.append(f"| {name} | {score.true} | {score.found} | {score.false} | {rates} |")
    return "\n".join(lines)


def seconds_for(tasks: int) -> float:
    """How long it takes to look through so many tasks of one person."""
    every = [task for history in histories(TUNING_SEED, 20) for task in history.tasks]
    some = Random(1).sample(every, tasks)
    begun = perf_counter()
    detect(some, NOW)
    return perf_counter() - begun


def main() -> None:
    """Print it all."""
    for name, seed in (("Seed of the tuning", TUNING_SEED), ("Seed of the test", TEST_SEED)):
        print(f"{name}, {seed}:\n\n{table(scores(seed))}\n", flush=True)
    for tasks in (1_000, 5_000, 10_000):
        print(f"{tasks} tasks: {seconds_for(tasks):.2f} s")


if __name__ == "__main__":
    main()
