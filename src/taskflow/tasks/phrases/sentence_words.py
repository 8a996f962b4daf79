"""The small words of sentences: numbers, lists, days. Pure."""

from collections.abc import Sequence
from datetime import date as Day  # noqa: N812 - as in recurrence
from typing import Final

from taskflow.tasks.phrases.vocabulary import MONTH_NAMES

_TEENS: Final = (11, 12, 13)


def ordinal(number: int) -> str:
    """A place: 2nd, last, 3rd to last."""
    if number == -1:
        return "last"
    if number < 0:
        return f"{ordinal(-number)} to last"
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in _TEENS else endings.get(number % 10, 'th')}"


def ordinals(numbers: Sequence[int]) -> str:
    """Places, in a list."""
    return listed([ordinal(number) for number in numbers])


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words in a list: a, b and c."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def counted(number: int, unit: str) -> str:
    """So many of something: 1 week, 3 weeks."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def day_text(day: Day) -> str:
    """A day in words: 31 March 2027."""
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
