"""Says a recurrence in an English sentence. Pure."""

from typing import Final

from taskflow.events.payloads import Recurrence
from taskflow.tasks.recurrence_rules import Rule, parse_rule

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_UNITS: Final = {
    "YEARLY": "year", "MONTHLY": "month", "WEEKLY": "week", "DAILY": "day", "HOURLY": "hour",
}  # fmt: skip


def sentence(recurrence: Recurrence) -> str:
    """The recurrence as people would say it."""
    rule = parse_rule(recurrence.rule)
    unit = _UNITS[rule.frequency]
    every = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
    parts = [every, *_limits(rule)]
    if recurrence.mode == "completion":
        parts.append("after completion")
    if recurrence.until:
        parts.append(f"until {recurrence.until}")
    if recurrence.count:
        parts.append(f"{recurrence.count} times")
    return " ".join(parts)


def _limits(rule: Rule) -> list[str]:
    found = []
    if rule.days:
        found.append("on " + _listed([_weekday(*day) for day in rule.days]))
    if rule.month_days:
        found.append("on the " + _listed([_ordinal(day) for day in rule.month_days]))
    if rule.year_days:
        found.append(f"on day {_listed([str(day) for day in rule.year_days])} of the year")
    if rule.week_numbers:
        found.append(f"in week {_listed([str(week) for week in rule.week_numbers])}")
    if rule.months:
        found.append("in " + _listed([_MONTHS[month - 1] for month in rule.months]))
    if rule.hours:
        found.append("at " + _listed([f"{hour}:00" for hour in rule.hours]))
    if rule.positions:
        found.append(f"({_listed([_ordinal(one) for one in rule.positions])} of these)")
    return found


def _weekday(day: int, ordinal: int) -> str:
    return f"the {_ordinal(ordinal)} {_DAYS[day]}" if ordinal else _DAYS[day]


def _ordinal(number: int) -> str:
    if number == -1:
        return "last"
    if number < 0:
        return f"{_ordinal(-number)} to last"
    teens = number % 100 in (11, 12, 13)
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
