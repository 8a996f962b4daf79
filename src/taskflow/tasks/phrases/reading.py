"""Reads the structure of a phrase into its parts. Pure.

A part that says what no calendar has (a 32nd, 25:00, every 0 days) is refused here.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

from lark import Token, Tree

from taskflow.tasks.phrases import parts as said
from taskflow.tasks.phrases.parser import tree_of
from taskflow.tasks.phrases.parts import MONTH_DAYS, Part, misread
from taskflow.tasks.phrases.tokens import (
    SPANS,
    amount,
    branches,
    clock_of,
    length_of,
    month_range,
    months_of,
    ordinals_of,
    place,
    tokens,
    when_of,
)
from taskflow.tasks.phrases.words import Word
from taskflow.tasks.recurrence_parts import MAX_COUNT
from taskflow.tasks.recurrence_rules import Frequency

WORKDAYS: Final = (0, 1, 2, 3, 4)
WEEKEND: Final = (5, 6)
UNITS: Final[dict[str, tuple[Frequency, int]]] = {
    "HOUR": ("HOURLY", 1),
    "DAY": ("DAILY", 1),
    "WEEK": ("WEEKLY", 1),
    "FORTNIGHT": ("WEEKLY", 2),
    "MONTHS": ("MONTHLY", 1),
    "QUARTER": ("MONTHLY", 3),
    "YEARS": ("YEARLY", 1),
}
_ADVERBS: Final = {
    "hourly": "HOUR", "daily": "DAY", "weekly": "WEEK", "fortnightly": "FORTNIGHT",
    "monthly": "MONTHS", "quarterly": "QUARTER", "yearly": "YEARS",
}  # fmt: skip


def parts_of(words: Sequence[Word]) -> list[Part]:
    """What each part of a recurrence says, in order.

    Raises:
        Invalid: a word does not fit, or a number lies outside of what it counts.
    """
    tree = tree_of(words, "recurrence")
    return [part for child in branches(tree) for part in _READERS[child.data](child)]


def _interval(tree: Tree[Token]) -> Iterator[Part]:
    words = tokens(tree)
    if "SPAN" in words:
        unit = SPANS[words["SPAN"][-1]]
        if unit == "MINUTE":
            message = "“m” may be minutes or months; nothing recurs more often than hourly"
            raise misread(message, place(tree))
    else:
        unit = next(name for name in words if name in UNITS)
    frequency, factor = UNITS[unit]
    number = 2 if "OTHER" in words else amount(tree)
    yield said.Every(place(tree), number * factor, frequency, unit == "QUARTER")


def _every(tree: Tree[Token]) -> Iterator[Part]:
    word = tokens(tree)["EVERY"]
    yield said.Repeats(cast("int", word.start_pos), word == "!")
    for child in branches(tree):
        yield from _READERS[child.data](child)


def _adverb(tree: Tree[Token]) -> Iterator[Part]:
    unit = _ADVERBS[tokens(tree)["ADVERB"]]
    frequency, factor = UNITS[unit]
    yield said.Repeats(place(tree))
    yield said.Every(place(tree), factor, frequency, unit == "QUARTER")


def _counted(tree: Tree[Token]) -> Iterator[Part]:
    frequency, factor = UNITS[next(name for name in tokens(tree) if name in UNITS)]
    yield said.Repeats(place(tree))
    yield said.Every(place(tree), factor, frequency)
    if "ONCE" not in tokens(tree):
        yield said.Counted(place(tree), amount(tree))


def _wrapped(tree: Tree[Token]) -> Iterator[Part]:
    """What stands behind “on”."""
    for child in branches(tree):
        yield from _READERS[child.data](child)


def _days(tree: Tree[Token]) -> Iterator[Part]:
    if any(tree.scan_values(_is_plural)):
        yield said.Repeats(place(tree))
    yield said.Days(place(tree), _weekdays(tree))


def _is_plural(word: Token | Tree[Token]) -> bool:
    """Whether a word alone says that it recurs: “mondays”, “weekdays”."""
    if not isinstance(word, Token):
        return False
    return word.type == "NAMES" or (word.type in ("WORKDAY", "WEEKEND") and word.endswith("s"))


def _other_days(tree: Tree[Token]) -> Iterator[Part]:
    days = branches(tree)[0]
    if any(item.data == "workdays" for item in branches(days)):
        message = "has more than one reading; write for example “every 2 weeks on weekdays”"
        raise misread(message, place(tree))
    yield said.Days(place(tree), _weekdays(days), 2)


def _weekdays(tree: Tree[Token]) -> tuple[int, ...]:
    found: set[int] = set()
    for item in branches(tree):
        if item.data == "name_range":
            first, last = (_weekday(name) for name in branches(item))
            found.update((first + step) % 7 for step in range((last - first) % 7 + 1))
        else:
            fixed = {"workdays": WORKDAYS, "weekend": WEEKEND}.get(item.data)
            found.update(fixed or (_weekday(item),))
    return tuple(sorted(found))


def _weekday(tree: Tree[Token]) -> int:
    return int(tokens(tree).get("NAME") or tokens(tree)["NAMES"])


def _places(tree: Tree[Token]) -> Iterator[Part]:
    words, children = tokens(tree), branches(tree)
    if children[0].data == "named":
        pairs = [
            (_weekday(child.children[1]), number)  # type: ignore[arg-type]
            for child in children
            for number in ordinals_of(child.children[0])  # type: ignore[arg-type]
        ]
        yield said.Places(place(tree), "name", named=tuple(dict.fromkeys(pairs)))
        return
    ordinals = ordinals_of(children[0])
    unit = next((name for name in words if name in UNITS and name != "DAY"), None)
    if unit and "WEEKEND" not in words:
        if len(ordinals) > 1 or ordinals[0] < 1:
            raise misread("this counts no days; write for example “every 2nd month”", place(tree))
        yield said.Every(place(tree), ordinals[0] * UNITS[unit][1], UNITS[unit][0])
        return
    kind = "workday" if "WORKDAY" in words else "weekend" if "WEEKEND" in words else ""
    kind = kind or ("day" if "DAY" in words else "")
    is_second = ordinals == (2,) and any(map(_is_in_letters, tree.scan_values(_is_word)))
    yield said.Places(
        place(tree), cast("said.PlaceKind", kind), ordinals, is_second=is_second and not kind
    )


def _is_word(word: Token | Tree[Token]) -> bool:
    return isinstance(word, Token)


def _is_in_letters(ordinal: Token) -> bool:
    """Whether an ordinal is longer than in digits: “second”, and not “2nd”."""
    return cast("int", ordinal.end_pos) - cast("int", ordinal.start_pos) == len("second")


def _dates(tree: Tree[Token]) -> Iterator[Part]:
    dates: list[tuple[int, int]] = []
    for item in branches(tree):
        words = tokens(item)
        month = int(words["MONTH"])
        if item.data == "days_of_month":
            days = ordinals_of(branches(item)[0])
        else:
            days = (int(words.get("NUMBER") or words["ORDINAL"]),)
        for day in days:
            if not 1 <= abs(day) <= MONTH_DAYS[month - 1]:
                raise misread("this month has no such day", place(item))
            dates.append((month, day))
    yield said.Dates(place(tree), tuple(dict.fromkeys(dates)))


def _months(tree: Tree[Token]) -> Iterator[Part]:
    yield said.Months(place(tree), months_of(tree))


def _in_months(tree: Tree[Token]) -> Iterator[Part]:
    yield said.Months(place(tree), months_of(branches(tree)[0]), owns="OF" in tokens(tree))


def _at(tree: Tree[Token]) -> Iterator[Part]:
    clocks = branches(tree)
    times = [clock_of(clock) for clock in clocks]
    for clock, time in zip(clocks, times, strict=True):
        if time[1] != times[0][1]:
            message = "one rule has one minute for all its times; make another task for this one"
            raise misread(message, place(clock))
    yield said.Times(place(tree), tuple(sorted(set(times))))


def _hours_between(tree: Tree[Token]) -> Iterator[Part]:
    first, last = (clock_of(child) for child in branches(tree))
    yield said.Window(place(tree), first, last)


def _until(tree: Tree[Token]) -> Iterator[Part]:
    yield said.Until(place(tree), when_of(branches(tree)[0]))


def _starting(tree: Tree[Token]) -> Iterator[Part]:
    yield said.Starting(place(tree), when_of(branches(tree)[0]))


def _between(tree: Tree[Token]) -> Iterator[Part]:
    """From one day to another; two months or two weekdays are those of every year or week."""
    first, last = (when_of(child) for child in branches(tree))
    years = (first.year, last.year)
    if first.kind == last.kind == "whole_month" and years == (None, None):
        yield said.Months(place(tree), tuple(sorted(month_range(first.month, last.month))))
    elif first.kind == last.kind == "weekday" and not (first.following or last.following):
        steps = range((last.number - first.number) % 7 + 1)
        yield said.Days(place(tree), tuple(sorted((first.number + step) % 7 for step in steps)))
    else:
        yield said.Starting(first.position, first)
        yield said.Until(last.position, last)


def _count(tree: Tree[Token]) -> Iterator[Part]:
    number = amount(tree)
    if number > MAX_COUNT:
        raise misread(f"at most {MAX_COUNT} times", place(tree))
    yield said.Count(place(tree), number)


def _lasting(tree: Tree[Token]) -> Iterator[Part]:
    unit, number = length_of(tree)
    if unit == "hour":
        raise misread("say for how many days, weeks, months, years or times", place(tree))
    yield said.Lasting(place(tree), number, unit)


def _excluded(tree: Tree[Token]) -> Iterator[Part]:
    named = branches(tree)[0]
    if named.data == "days":
        yield said.Excluded(place(tree), days=_weekdays(named))
    else:
        yield said.Excluded(place(tree), months=months_of(named))


def _only_if(tree: Tree[Token]) -> Iterator[Part]:
    yield said.OnlyIf(place(tree), _weekdays(tree))


def _of_month(tree: Tree[Token]) -> Iterator[Part]:
    yield said.Scope(place(tree), "month")


def _of_year(tree: Tree[Token]) -> Iterator[Part]:
    yield said.Scope(place(tree), "year")


def _after_done(tree: Tree[Token]) -> Iterator[Part]:
    yield said.AfterDone(place(tree))


def _skipping(tree: Tree[Token]) -> Iterator[Part]:
    yield said.Skipping(place(tree))


def _bare_interval(tree: Tree[Token]) -> Iterator[Part]:
    for part in _interval(tree):
        yield said.Bare(place(tree))
        yield part


_READERS: Final[dict[str, Callable[[Tree[Token]], Iterator[Part]]]] = {
    "every": _every, "adverb": _adverb, "counted": _counted, "bare_interval": _bare_interval,
    "interval": _interval, "on": _wrapped, "days": _days, "other_days": _other_days,
    "places": _places, "dates": _dates, "months": _months, "in_months": _in_months, "at": _at,
    "hours_between": _hours_between, "until": _until, "starting": _starting, "between": _between,
    "count": _count, "lasting": _lasting, "excluded": _excluded, "only_if": _only_if,
    "of_month": _of_month, "of_year": _of_year, "after_done": _after_done, "skipping": _skipping,
}  # fmt: skip
