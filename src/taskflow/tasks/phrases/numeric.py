"""Says why a date in numbers is not taken, and how to write it. Pure.

Most have two readings, the day or the month first. One that has a single reading is not taken
either, since its neighbour of another day would have two; but it is told which day it is.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from taskflow.tasks.phrases.vocabulary import MONTH_NAMES

_TWOFOLD: Final = (
    "“{}” has more than one reading; write a date such as 2026-04-03 or 3 April, and a "
    "time such as 17:30"
)
_WRITE: Final = "“{}” is not understood here; write {}"
_LEAP_YEAR: Final = 2_000
_LAST_HOUR: Final = 23


def numeric_hint(text: str) -> str:
    """Why a date in numbers is not taken: “24.12.2026”, “03/04”."""
    numbers = re.findall(r"\d+", text)
    days = sorted(set(_days(numbers)))
    if len(days) > 1 or _may_be_a_time(text, numbers):
        return _TWOFOLD.format(text)
    if not days:
        return f"“{text}” is no date; write one such as 2026-04-03 or 3 April"
    day = days[0]
    if len(numbers) > len(("24", "12")):
        return _WRITE.format(text, day.isoformat())
    return _WRITE.format(text, f"{day.day} {MONTH_NAMES[day.month - 1]}")


def _days(numbers: list[str]) -> Iterator[date]:
    """The days that are meant, whichever stands first; without a year, in a leap year."""
    if len(numbers) == len(("24", "12")):
        orders = [(_LEAP_YEAR, *map(int, order)) for order in (numbers, numbers[::-1])]
    elif len(numbers[0]) == len("2026"):
        orders = [(int(numbers[0]), int(numbers[1]), int(numbers[2]))]
    else:
        year = int(numbers[2]) + (_LEAP_YEAR if len(numbers[2]) <= len("26") else 0)
        orders = [(year, int(one), int(other)) for one, other in (numbers[:2], numbers[1::-1])]
    for year, month, day in orders:
        try:
            yield date(year, month, day)
        except ValueError:
            continue


def _may_be_a_time(text: str, numbers: list[str]) -> bool:
    return "." in text and len(numbers) == len(("9", "30")) and int(numbers[0]) <= _LAST_HOUR
