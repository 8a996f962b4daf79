"""What the parts of a phrase say, before it is decided what they mean together. Pure.

`position` is where a part begins in the text, for whoever must be told that it does not fit.
"""

from typing import Final, Literal

from msgspec import Struct

from taskflow.base.errors import Invalid
from taskflow.tasks.phrases.vocabulary import MONTH_NAMES
from taskflow.tasks.recurrence_rules import Frequency

# The most days that each month can have.
MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
PlaceKind = Literal["", "day", "name", "workday", "weekend"]
Unit = Literal["minute", "hour", "day", "week", "month", "year"]


def misread(message: str, position: int) -> Invalid:
    """What was not understood, and where."""
    return Invalid.field("text", message, position)


class Part(Struct, frozen=True):
    """Something that a phrase says."""

    position: int


class When(Part, frozen=True):
    """A day, as it was written.

    Attributes:
        kind: How it was written, by its name in the grammar.
        following: Whether the next one is meant: “next friday”, “end of next month”.
        number: How many units from today, or the number of the weekday.
    """

    kind: str
    year: int | None = None
    month: int = 0
    day: int = 0
    number: int = 0
    unit: Unit = "day"
    following: bool = False


class Repeats(Part, frozen=True):
    """That it recurs was said in so many words; with `every!`, counted from completion."""

    from_completion: bool = False


class Bare(Part, frozen=True):
    """That the interval stands without “every”, so that it must count from completion."""


class Every(Part, frozen=True):
    """Every so many units; a quarter is three months, from whichever one on."""

    interval: int
    frequency: Frequency
    is_quarter: bool = False


class Counted(Part, frozen=True):
    """So many times in each unit: when these are, other parts must say."""

    number: int


class Days(Part, frozen=True):
    """Weekdays, 0 is Monday; every so many weeks."""

    days: tuple[int, ...]
    interval: int = 1


class Places(Part, frozen=True):
    """Days by their place in the month or year, negative from its end.

    Attributes:
        kind: What is counted: days, days said to be such, weekdays, workdays, days of weekends.
        ordinals: The places; empty for weekdays.
        named: Weekdays with their place.
        is_second: Whether it is the word “second” alone, which counts anything.
    """

    kind: PlaceKind
    ordinals: tuple[int, ...] = ()
    named: tuple[tuple[int, int], ...] = ()
    is_second: bool = False


class Dates(Part, frozen=True):
    """Days of the year, each a month and a day."""

    dates: tuple[tuple[int, int], ...]


class Months(Part, frozen=True):
    """Months, which the days before belong to (“of”) or in which it recurs (“in”)."""

    months: tuple[int, ...]
    owns: bool = False


class Scope(Part, frozen=True):
    """Whose days are counted."""

    unit: Literal["month", "year"]


class Times(Part, frozen=True):
    """Times of the day, each an hour and a minute."""

    times: tuple[tuple[int, int], ...]


class Window(Part, frozen=True):
    """From which time of the day to which it recurs hourly."""

    first: tuple[int, int]
    last: tuple[int, int]


class Until(Part, frozen=True):
    """The last day."""

    when: When


class Starting(Part, frozen=True):
    """The first day on which it may occur."""

    when: When


class Count(Part, frozen=True):
    """How often in all."""

    number: int


class Lasting(Part, frozen=True):
    """For how long, from the first occurrence on."""

    number: int
    unit: Unit


class Excluded(Part, frozen=True):
    """On which weekdays or in which months not."""

    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()


class AfterDone(Part, frozen=True):
    """The next one counts from when the last was done."""


class Skipping(Part, frozen=True):
    """Shorter months, which lack the day, are left out."""


class OnlyIf(Part, frozen=True):
    """Only where the day is one of these weekdays."""

    days: tuple[int, ...]


def says_no_day(months: Months) -> Invalid:
    """What a phrase is refused with that names months, and no day of them."""
    name = MONTH_NAMES[months.months[0] - 1]
    message = f"say on which day; write “every 1 {name}” or “every day in {name}”"
    return misread(message, months.position)
