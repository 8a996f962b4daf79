"""Which day a phrase means, counted from today or from where a series starts. Pure.

A date without a year is the next such date on or after the day it counts from; “next friday” is the
first one after it.
"""

from datetime import date as Day  # noqa: N812 - as in recurrence
from typing import Final, NamedTuple

from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from taskflow.tasks.phrases.parts import Unit, When, misread
from taskflow.tasks.zones import YEARS

_WEEKDAYS: Final = (MO, TU, WE, TH, FR, SA, SU)
_LEAP_CYCLE: Final = 9
_MONTHS_OF_A_YEAR: Final = 12


class Anchor(NamedTuple):
    """What a date counts from.

    Attributes:
        today: What “tomorrow” and “in 3 weeks” count from.
        first: On or after which a date without a year lies.
    """

    today: Day
    first: Day


def day_of(when: When, anchor: Anchor, *, is_end: bool = False) -> Day:
    """The day that is meant; with `is_end` a month alone is its last day, else its first.

    Raises:
        Invalid: there is no such day.
    """
    try:
        day = _day(when, anchor, is_end=is_end)
    except (ValueError, OverflowError):
        raise misread("there is no such day", when.position) from None
    if day.year not in YEARS:
        raise misread(f"must lie in the years {YEARS[0]} to {YEARS[-1]}", when.position)
    return day


def length(number: int, unit: Unit) -> relativedelta:
    """So many of a calendar's units."""
    return relativedelta(**{f"{unit}s": number})  # type: ignore[arg-type]


def _day(when: When, anchor: Anchor, *, is_end: bool) -> Day:
    today, first = anchor
    if when.kind == "exact":
        return Day(when.year or 0, when.month, when.day)
    if when.kind in ("today", "later"):
        return today + length(when.number, when.unit)
    if when.kind == "weekday":
        day = first + relativedelta(days=1) if when.following else first
        return day + relativedelta(weekday=_WEEKDAYS[when.number](+1))
    return _in_month(when, first, is_end=is_end)


def _end_of(when: When, first: Day) -> Day:
    if when.following:
        first += length(1, when.unit)
    if when.unit == "week":
        return first + relativedelta(weekday=SU(+1))
    return first + (
        relativedelta(day=31) if when.unit == "month" else relativedelta(month=12, day=31)
    )


def _in_month(when: When, first: Day, *, is_end: bool) -> Day:
    """A day of a month of some year, or of the next month that has it."""
    if when.kind == "end_of":
        return _end_of(when, first)
    if when.kind == "month_day":
        months = [first + relativedelta(day=1, months=ahead) for ahead in range(_MONTHS_OF_A_YEAR)]
    elif when.year is not None:
        return _within(when, Day(when.year, when.month, 1), is_end=is_end)
    else:
        years = range(first.year, first.year + _LEAP_CYCLE)
        months = [Day(year, when.month, 1) for year in years]
    for month in months:
        try:
            day = _within(when, month, is_end=is_end)
        except ValueError:
            continue
        if day >= first:
            return day
    raise ValueError


def _within(when: When, month: Day, *, is_end: bool) -> Day:
    if when.kind == "whole_month":
        return month + relativedelta(day=31) if is_end else month
    return month.replace(day=when.day)
