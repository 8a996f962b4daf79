"""Reads the smallest structures of a phrase: numbers, lengths of time, times and days. Pure."""

from typing import Final, cast

from lark import Token, Tree

from taskflow.tasks.phrases.parts import Unit, When, misread
from taskflow.tasks.recurrence_parts import MAX_INTERVAL

SPANS: Final = {"h": "HOUR", "d": "DAY", "w": "WEEK", "m": "MINUTE"}
LENGTHS: Final[dict[str, tuple[Unit, int]]] = {
    "MINUTE": ("minute", 1), "HOUR": ("hour", 1), "DAY": ("day", 1), "WEEK": ("week", 1),
    "FORTNIGHT": ("week", 2), "MONTHS": ("month", 1), "QUARTER": ("month", 3), "YEARS": ("year", 1),
}  # fmt: skip

_LAST_ORDINAL: Final = 366


def branches(tree: Tree[Token]) -> list[Tree[Token]]:
    """The children that have a structure of their own."""
    return [child for child in tree.children if isinstance(child, Tree)]


def tokens(tree: Tree[Token]) -> dict[str, Token]:
    """The words that stand right in a tree, by their kind."""
    return {child.type: child for child in tree.children if isinstance(child, Token)}


def place(tree: Tree[Token]) -> int:
    """Where a tree begins in the text."""
    return tree.meta.start_pos


def clock_of(tree: Tree[Token]) -> tuple[int, int]:
    """The hour and minute of a time."""
    words, position = tokens(tree), place(tree)
    if "TIME" not in words:
        number = int(words["NUMBER"])
        if "OCLOCK" in words or not 13 <= number <= 23:  # noqa: PLR2004 - hours of the afternoon
            hint = f"“{number}” may be before noon or after; write {number}am, {number}pm or 17:00"
            raise misread(hint if number < 13 else "there is no such hour", position)  # noqa: PLR2004
        return number, 0
    hour, _, minute = words["TIME"].partition(":")
    if not minute.isdigit() or int(hour) > 23 or int(minute) > 59:  # noqa: PLR2004 - of a clock
        raise misread("there is no such time", position)
    return int(hour), int(minute)


def when_of(tree: Tree[Token]) -> When:
    """The day that a tree names."""
    words, kind, position = tokens(tree), str(tree.data), place(tree)
    if kind == "later":
        unit, number = length_of(tree)
        return When(position, kind, number=number, unit=unit)
    if kind == "exact":
        year, month, day = (int(number) for number in words["DATE"].split("-"))
        return When(position, kind, year, month, day)
    if kind == "end_of":
        unit = next(LENGTHS[name][0] for name in ("WEEK", "MONTHS", "YEARS") if name in words)
        return When(position, kind, unit=unit, following="NEXT" in words)
    return When(
        position,
        kind,
        year=int(words["YEAR"]) if "YEAR" in words else None,
        month=int(words.get("MONTH", "0")),
        day=int(words.get("NUMBER") or words.get("ORDINAL") or "0"),
        number=int(words.get("NAME") or words.get("TODAY") or "0"),
        following="NEXT" in words,
    )


def length_of(tree: Tree[Token]) -> tuple[Unit, int]:
    """A unit, and how many of it: “3 weeks”, “a month”, “90m”."""
    words = tokens(tree)
    if "SPAN" in words:
        number, name = int(words["SPAN"][:-1]), SPANS[words["SPAN"][-1]]
    else:
        number, name = amount(tree), next(name for name in words if name in LENGTHS)
    unit, factor = LENGTHS[name]
    return unit, number * factor


def amount(tree: Tree[Token]) -> int:
    """A number of things, 1 where none is said."""
    words = tokens(tree)
    token = words.get("NUMBER") or words.get("YEAR") or words.get("TWICE") or words.get("SPAN")
    if token is None:
        return 1
    number = int(token.rstrip("hdwm"))
    if not 1 <= number <= MAX_INTERVAL:
        raise misread(f"a number must be from 1 to {MAX_INTERVAL}", cast("int", token.start_pos))
    return number


def ordinals_of(tree: Tree[Token]) -> tuple[int, ...]:
    """The places that ordinals name: rising, those from the end last."""
    found: set[int] = set()
    for item in branches(tree):
        numbers = [_number(word) for word in item.scan_values(_is_ordinal)]
        words = tokens(item)
        if "TO" in words:
            found.update(range(numbers[0], numbers[1] + 1))
            if numbers[0] >= numbers[1]:
                raise misread("this range goes backwards", place(item))
        elif "TOLAST" in words or "LAST" in words:
            found.add(-(numbers[0] if numbers else 1))
        else:
            found.add(numbers[0])
    return tuple(sorted(found, key=lambda number: (number < 0, -number if number < 0 else number)))


def _is_ordinal(word: Token | Tree[Token]) -> bool:
    return isinstance(word, Token) and word.type == "ORDINAL"


def _number(token: Token) -> int:
    if not 1 <= int(token) <= _LAST_ORDINAL:
        raise misread(f"there is no {token} of anything here", cast("int", token.start_pos))
    return int(token)


def months_of(tree: Tree[Token]) -> tuple[int, ...]:
    """The months that are named, rising."""
    found: set[int] = set()
    for item in branches(tree):
        ends = item.children[0], item.children[-1]
        first, last = (int(cast("Token", end)) for end in ends)
        found.update(month_range(first, last))
    return tuple(sorted(found))


def month_range(first: int, last: int) -> set[int]:
    """The months from one to another, over the turn of the year where they must."""
    return {(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)}
