"""Says a recurrence in plain English: "every 2 weeks on Monday and Friday, 10 times". Pure."""

from calendar import day_name, month_name
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from taskflow.events.payloads import Recurrence
from taskflow.tasks.recurrence_rules import Rule, parse_rule, parse_until

_UNITS: Final = {
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
_ORDINALS: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
_WORKING_DAYS: Final = frozenset(range(5))
_SHORTEST_MONTH: Final = 28


def describe(recurrence: Recurrence) -> str:
    """The sentence of a recurrence, without a capital or a full stop.

    Raises:
        Invalid: its rule is no RRULE that we know.
    """
    rule = parse_rule(recurrence.rule)
    parts = [_pace(rule), _months(rule), _weeks(rule), _days(rule), _times(rule)]
    sentence = " ".join(part for part in parts if part)
    return sentence + "".join(_provisos(recurrence, rule))


def _pace(rule: Rule) -> str:
    if rule.frequency == "WEEKLY" and rule.interval == 1 and _are_working_days(rule):
        return "every weekday"
    unit = _UNITS[rule.frequency]
    return f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"


def _months(rule: Rule) -> str:
    return f"in {_and(month_name[month] for month in rule.months)}" if rule.months else ""


def _weeks(rule: Rule) -> str:
    if not rule.week_numbers:
        return ""
    return f"in the {_and(_ranked(number, 'week') for number in rule.week_numbers)}"


def _days(rule: Rule) -> str:
    """On which days; the BY parts narrow one another, so the later ones are conditions."""
    found = []
    if rule.year_days:
        numbers = _and(_ranked(number, "day") for number in rule.year_days)
        found.append(f"on the {numbers} of the year")
    if rule.month_days:
        numbers = _and(_ranked(number, "day", _nth(number)) for number in rule.month_days)
        found.append(f"when it is the {numbers}" if found else f"on the {numbers}")
    if rule.days and _pace(rule) != "every weekday":
        found.append(_weekdays(rule, is_condition=bool(found)))
    if rule.positions and not _is_picked(rule):
        found.append(f"of these only the {_and(_rank(place) for place in rule.positions)}")
    return ", ".join(found)


def _weekdays(rule: Rule, *, is_condition: bool) -> str:
    names = [_weekday(rule, day, ordinal) for day, ordinal in rule.days]
    if is_condition:
        return f"when it is {_or(_with_article(name) for name in names)}"
    if _is_picked(rule):
        place = _and(_rank(place) for place in rule.positions)
        return f"on the {place} {'weekday' if _are_working_days(rule) else _or(names)}"
    if _are_working_days(rule):
        return "on weekdays"
    return f"on {_and(names)}"


def _weekday(rule: Rule, day: int, ordinal: int) -> str:
    name = day_name[day]
    if ordinal:
        of_year = " of the year" if rule.frequency == "YEARLY" and not rule.months else ""
        return f"the {_rank(ordinal)} {name}{of_year}"
    is_one_of_many = rule.frequency in ("MONTHLY", "YEARLY") and not rule.week_numbers
    return f"every {name}" if is_one_of_many and not rule.positions else name


def _times(rule: Rule) -> str:
    hours = sorted(rule.hours)
    if not rule.minutes:
        noun = "hour" if len(hours) == 1 else "hours"
        return f"in {noun} {_and(str(hour) for hour in hours)}" if hours else ""
    minute = rule.minutes[0]
    if not hours:
        return f"at {minute} minutes past the hour"
    return f"at {_and(f'{hour:02}:{minute:02}' for hour in hours)}"


def _provisos(recurrence: Recurrence, rule: Rule) -> Iterable[str]:
    """What holds beside the rule, each with its comma."""
    if recurrence.month_end == "clamp" and any(day > _SHORTEST_MONTH for day in rule.month_days):
        yield ", or on the last day of a shorter month"
    begins_late = rule.week_start and (rule.week_numbers or rule.interval > 1)
    if begins_late and rule.frequency in ("WEEKLY", "YEARLY"):
        yield f", with weeks that begin on {day_name[rule.week_start]}"
    if recurrence.mode == "completion":
        yield ", counted from when it was last done"
    if recurrence.count is not None:
        yield ", once" if recurrence.count == 1 else f", {recurrence.count} times"
    if recurrence.until is not None:
        yield f", until {_moment(parse_until(recurrence.until))}"


def _are_working_days(rule: Rule) -> bool:
    return {day for day, _ in rule.days} == _WORKING_DAYS and not any(
        ordinal for _, ordinal in rule.days
    )


def _is_picked(rule: Rule) -> bool:
    """Whether BYSETPOS picks among weekdays, which reads as one thing: the last weekday."""
    others = rule.month_days or rule.year_days or any(ordinal for _, ordinal in rule.days)
    return bool(rule.positions and rule.days and not others and rule.frequency == "MONTHLY")


def _rank(number: int) -> str:
    """A place counted from the beginning, or from the end: first, last, second to last."""
    if number == -1:
        return "last"
    rank = _ORDINALS.get(abs(number), _nth(number))
    return rank if number > 0 else f"{rank} to last"


def _ranked(number: int, unit: str, plain: str | None = None) -> str:
    """A place with its unit: 20th day, last day; `plain` is how one from the beginning is said."""
    if number > 0:
        return plain or f"{_nth(number)} {unit}"
    return f"{_rank(number)} {unit}"


def _nth(number: int) -> str:
    number = abs(number)
    is_teen = number % 100 in (11, 12, 13)
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _moment(end: date | datetime) -> str:
    day = f"{end.day} {month_name[end.month]} {end.year}"
    return f"{day} at {end:%H:%M} UTC" if isinstance(end, datetime) else day


def _with_article(name: str) -> str:
    return name if name.startswith("the ") else f"a {name}"


def _and(words: Iterable[str]) -> str:
    return _joined(list(words), "and")


def _or(words: Iterable[str]) -> str:
    return _joined(list(words), "or")


def _joined(words: Sequence[str], last: str) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
