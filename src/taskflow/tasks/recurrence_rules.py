"""Reads a recurrence as people write it into its canonical form (RFC 5545 section 3.3.10). Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, Literal, cast

from msgspec import Struct

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence

Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_RULE: Final = 1_000
MAX_COUNT: Final = 10_000
MAX_INTERVAL: Final = 10_000
_RULE: Final = "recurrence.rule"
_LONG_DAYS: Final = dict(
    zip(("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"), WEEKDAYS, strict=True)
)
_UNITS: Final = {"h": "HOURLY", "d": "DAILY", "w": "WEEKLY", "m": "MONTHLY", "y": "YEARLY"}
_SHORT: Final = re.compile(
    r"(?:(hourly|daily|weekly|monthly|yearly)(?::(.+))?|custom:(\d{1,5})([hdwmy]))", re.IGNORECASE
)
_DAY: Final = re.compile(r"([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)")
# The least and greatest number of each part that lists some, and whether it may be negative.
_NUMBERS: Final = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSETPOS": (1, 366, True),
}
_ORDER: Final = (
    "FREQ", "INTERVAL", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYHOUR",
    "BYMINUTE", "BYSETPOS", "WKST",
)  # fmt: skip
_KNOWN: Final = frozenset((*_ORDER, "COUNT", "UNTIL"))
# What is understood, for whoever wrote something else.
FORMS: Final = (
    "write hourly · daily · weekly:MON,WED,FRI · monthly:15 · yearly · custom:3d, "
    "or a rule of RFC 5545 such as FREQ=MONTHLY;BYDAY=-1FR"
)
_ONLY_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY", "HOURLY"),
    "BYMONTHDAY": ("YEARLY", "MONTHLY", "DAILY", "HOURLY"),
}


class Rule(Struct, frozen=True):
    """A rule, part by part; an empty part restricts nothing.

    Attributes:
        days: Weekdays (0 is Monday) with their ordinal in the month or year, 0 for all of them.
        week_start: The weekday that a week begins with.
    """

    frequency: Frequency
    interval: int = 1
    months: tuple[int, ...] = ()
    week_numbers: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def parse_recurrence(given: Mapping[str, object]) -> Recurrence:
    """The canonical form of what a person gave: `rule`, `mode`, `until`, `count`, `month_end`.

    Raises:
        Invalid: a part is wrong; `position` is the index of the first character not understood.
    """
    text = given.get("rule")
    if not isinstance(text, str):
        raise Invalid.field(_RULE, "is required")
    short = _expand_short(text)
    parts = _split(short or text)
    until, count = _end(given, parts)
    month_end = given.get("month_end") or ("clamp" if short else "skip")
    mode = given.get("mode") or "schedule"
    if month_end not in ("clamp", "skip"):
        raise Invalid.field("recurrence.month_end", "is one of clamp, skip")
    if mode not in ("schedule", "completion"):
        raise Invalid.field("recurrence.mode", "is one of schedule, completion")
    rule = ";".join(f"{name}={parts[name]}" for name in _ORDER if name in parts)
    return Recurrence(
        rule,
        mode,
        until,
        count,
        month_end,
    )


@lru_cache(maxsize=1024)
def parse_rule(rule: str) -> Rule:
    """The parts of a rule.

    Raises:
        Invalid: it is no RRULE that we know.
    """
    parts = _split(rule)

    def numbers(name: str) -> tuple[int, ...]:
        return tuple(int(value) for value in parts[name].split(",")) if name in parts else ()

    matches = [_DAY.fullmatch(day) for day in parts.get("BYDAY", "").split(",")]
    days = tuple((WEEKDAYS.index(match[2]), int(match[1] or 0)) for match in matches if match)
    return Rule(
        frequency=cast("Frequency", parts["FREQ"]),
        interval=int(parts.get("INTERVAL", "1")),
        months=numbers("BYMONTH"),
        week_numbers=numbers("BYWEEKNO"),
        year_days=numbers("BYYEARDAY"),
        month_days=numbers("BYMONTHDAY"),
        days=days,
        hours=numbers("BYHOUR"),
        minutes=numbers("BYMINUTE"),
        positions=numbers("BYSETPOS"),
        week_start=WEEKDAYS.index(parts.get("WKST", "MO")),
    )


def parse_until(text: str) -> date | datetime:
    """The end of a recurrence: a day, or an instant in UTC.

    Raises:
        Invalid: it is neither.
    """
    try:
        compact = re.fullmatch(r"(\d{8})(?:T(\d{6})Z)?", text)
        if len(text) == len("2026-01-24") or (compact and not compact[2]):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        form = "must be a date, or an instant such as 2026-12-31T23:00:00Z"
        raise Invalid.field("recurrence.until", form)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid.field("recurrence.until", "lies outside of the years 1 to 9999") from None


def _expand_short(text: str) -> str | None:  # noqa: PLR0911 - a return for each form
    """The RRULE of a short form such as `weekly:MON,WED`; None when it is none."""
    match = _SHORT.fullmatch(text.strip())
    if match is None:
        return None
    word, detail, number, unit = match.groups()
    if number:
        return f"FREQ={_UNITS[unit.lower()]};INTERVAL={int(number)}"
    rule = f"FREQ={word.upper()}"
    if not detail:
        return rule
    start = text.index(":") + 1
    if word.lower() == "weekly":
        days = [_LONG_DAYS.get(day.strip().upper()[:3]) for day in detail.split(",")]
        if None in days:
            raise Invalid.field(_RULE, "name weekdays such as MON,WED,FRI", start)
        return f"{rule};BYDAY={','.join(cast('list[str]', days))}"
    if word.lower() == "monthly" and re.fullmatch(r"-?\d{1,2}(,-?\d{1,2})*", detail):
        return f"{rule};BYMONTHDAY={detail}"
    raise Invalid.field(_RULE, f"{word.lower()} takes nothing like this", start)


def _split(text: str) -> dict[str, str]:
    """The parts of an RRULE by name, checked one by one."""
    if len(text) > MAX_RULE:
        raise Invalid.field(_RULE, f"must have at most {MAX_RULE} characters", MAX_RULE)
    position = len("RRULE:") if text[:6].upper() == "RRULE:" else 0
    parts: dict[str, str] = {}
    for piece in text[position:].split(";"):
        name, _, value = piece.strip().upper().partition("=")
        if name not in _KNOWN:
            raise Invalid.field(_RULE, f"“{piece.strip()}” is not understood; {FORMS}", position)
        if name in parts:
            raise Invalid.field(_RULE, f"{name} stands here twice", position)
        parts[name] = _checked(name, value, position)
        position += len(piece) + 1
    _check_together(parts)
    if parts.get("INTERVAL") == "1":
        del parts["INTERVAL"]
    return parts


def _checked(name: str, value: str, position: int) -> str:  # noqa: PLR0911 - one a kind of part
    """The canonical value of a part."""
    at = position + len(name) + 1
    if name in _NUMBERS:
        return _checked_numbers(name, value, at)
    if name == "FREQ" and value in _UNITS.values():
        return value
    if name == "FREQ" and value in ("MINUTELY", "SECONDLY"):
        raise Invalid.field(_RULE, "nothing may recur more often than hourly", at)
    if name in ("INTERVAL", "COUNT") and re.fullmatch(r"[0-9]{1,6}", value):
        limit = MAX_INTERVAL if name == "INTERVAL" else MAX_COUNT
        if 1 <= int(value) <= limit:
            return str(int(value))
        raise Invalid.field(_RULE, f"{name} must be from 1 to {limit}", at)
    if name == "BYDAY" and all(_DAY.fullmatch(day) for day in value.split(",")):
        return ",".join(dict.fromkeys(day.replace("+", "") for day in value.split(",")))
    if (name == "WKST" and value in WEEKDAYS) or name == "UNTIL":
        return value
    raise Invalid.field(_RULE, f"{name} takes nothing like “{value}”", at)


def _checked_numbers(name: str, value: str, position: int) -> str:
    least, most, may_be_negative = _NUMBERS[name]
    numbers: list[int] = []
    for text in value.split(","):
        is_number = re.fullmatch(r"[+-]?[0-9]{1,3}", text)
        number = int(text) if is_number else most + 1
        if not least <= abs(number) <= most or (number < 0 and not may_be_negative):
            raise Invalid.field(_RULE, f"{name} takes numbers from {least} to {most}", position)
        numbers.append(number)
        position += len(text) + 1
    return ",".join(str(number) for number in dict.fromkeys(numbers))


def _check_together(parts: Mapping[str, str]) -> None:
    """Which parts may stand beside which (RFC 5545 section 3.3.10)."""
    frequency = parts.get("FREQ")
    if frequency is None:
        raise Invalid.field(_RULE, "FREQ is missing", 0)
    for name, allowed in _ONLY_IN.items():
        if name in parts and frequency not in allowed:
            raise Invalid.field(_RULE, f"{name} cannot stand in a {frequency} rule", 0)
    has_ordinals = any(day[:-2] for day in parts.get("BYDAY", "").split(","))
    if has_ordinals and (frequency not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        raise Invalid.field(_RULE, "a weekday has no ordinal in this rule", 0)
    if "BYSETPOS" in parts and not any(
        name.startswith("BY") and name != "BYSETPOS" for name in parts
    ):
        raise Invalid.field(_RULE, "BYSETPOS needs another BY part", 0)
    if "," in parts.get("BYMINUTE", ""):
        raise Invalid.field(_RULE, "nothing may recur more often than hourly", 0)


def _end(given: Mapping[str, object], parts: dict[str, str]) -> tuple[str | None, int | None]:
    """UNTIL and COUNT, from beside the rule or from within it; the two places must agree."""
    until, count = given.get("until"), given.get("count")
    inside_until, inside_count = parts.pop("UNTIL", None), parts.pop("COUNT", None)
    ends = [parse_until(str(text)) for text in (until, inside_until) if text is not None]
    counts = [int(str(number)) for number in (count, inside_count) if number is not None]
    if len(set(ends)) > 1 or len(set(counts)) > 1:
        raise Invalid.field(_RULE, "the end beside the rule is not the one within it", 0)
    if ends and counts:
        raise Invalid.field("recurrence.count", "stands beside an until; only one of them may be")
    if counts and not 1 <= counts[0] <= MAX_COUNT:
        raise Invalid.field("recurrence.count", f"must be from 1 to {MAX_COUNT}")
    end = ends[0].isoformat().replace("+00:00", "Z") if ends else None
    return end, counts[0] if counts else None
