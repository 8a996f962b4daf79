"""Says a recurrence in an English sentence, true and whole. Pure.

What a phrase can say is said as that phrase: the sentence is understood again, as the same rule.
What only an RRULE can say comes as “only …”, behind a comma.
"""

from datetime import date as Day  # noqa: N812 - as in recurrence
from datetime import datetime
from typing import Final

from taskflow.events.payloads import Recurrence
from taskflow.tasks.phrases.sentence_words import counted, day_text, listed, ordinal, ordinals
from taskflow.tasks.phrases.vocabulary import DAY_NAMES, MONTH_NAMES
from taskflow.tasks.recurrence_dates import parse_date
from taskflow.tasks.recurrence_rules import Rule, parse_rule, parse_until

_UNITS: Final = {
    "YEARLY": "year", "MONTHLY": "month", "WEEKLY": "week", "DAILY": "day", "HOURLY": "hour",
}  # fmt: skip
_WORKDAYS: Final = frozenset(range(5))
_WEEKEND: Final = frozenset((5, 6))
_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEW_DATES: Final = 4
_RANGE: Final = 3


def sentence(recurrence: Recurrence, starting: Day | None = None) -> str:
    """The recurrence as people would say it, and from which day on where that was said."""
    rule = parse_rule(recurrence.rule)
    said = [_days(rule), _clock(rule)]
    if recurrence.mode == "completion":
        said.append("after completion")
    if recurrence.month_end == "skip" and _has_short_months(rule):
        said.append("skipping shorter months")
    if starting:
        said.append(f"starting {day_text(starting)}")
    if recurrence.until:
        said.append(f"until {_end(recurrence.until)}")
    if recurrence.count:
        said.append(f"for {counted(recurrence.count, 'time')}")
    return " ".join(filter(None, said)) + _rest(rule) + _beside(recurrence)


def _days(rule: Rule) -> str:
    place = _place(rule)
    if rule.frequency == "YEARLY":
        return _in_years(rule, place)
    if rule.frequency == "MONTHLY" and place:
        every = _every(rule)
        days = f"every {place} of the month" if rule.interval == 1 else f"{every} on the {place}"
        return days + _check(rule) + _in_months(rule)
    return _by_weekdays(rule) + ("" if _leaves_day_open(rule) else _in_months(rule))


def _in_years(rule: Rule, place: str) -> str:
    """The days of a yearly rule: dates, or places in the year or in its months."""
    every = _every(rule)
    if not place:
        return every
    if not rule.months:
        return f"{every} on the {place} of the year" + _check(rule)
    months = [MONTH_NAMES[month - 1] for month in rule.months]
    are_dates = len(rule.month_days) == 1 and rule.month_days[0] > 0
    if are_dates and len(months) <= _FEW_DATES:
        dates = listed([f"{rule.month_days[0]} {month}" for month in months])
        return f"{every} on {dates}" + _check(rule)
    return f"{every} on the {place} of {listed(months)}" + _check(rule)


def _by_weekdays(rule: Rule) -> str:
    """Every so many units, on their weekdays where the rule names some."""
    days = {day for day, number in rule.days if number == 0}
    if not days or rule.month_days:
        return _every(rule)
    names = "weekday" if days == _WORKDAYS else listed([DAY_NAMES[day] for day in sorted(days)])
    if rule.frequency in ("DAILY", "WEEKLY") and rule.interval == 1:
        return f"every {names}"
    if rule.frequency in ("WEEKLY", "HOURLY"):
        return f"{_every(rule)} on {names if names != 'weekday' else 'weekdays'}"
    return _every(rule)


def _place(rule: Rule) -> str:
    """Which days of the month or year a rule names, by their place in it; empty for none."""
    if rule.positions:
        return _set_place(rule)
    if _has_ordinals(rule):
        return _named_place(rule)
    if rule.week_numbers or (rule.year_days and (rule.month_days or rule.months)):
        return ""
    return _numbered_place(rule)


def _numbered_place(rule: Rule) -> str:
    if rule.month_days and rule.frequency == "YEARLY" and not rule.months:
        return ""
    if rule.month_days:
        return ordinals(rule.month_days) + (" day" if min(rule.month_days) < 0 else "")
    return ordinals(rule.year_days) + " day" if rule.year_days else ""


def _named_place(rule: Rule) -> str:
    is_bare = not (rule.month_days or rule.year_days or rule.week_numbers)
    if not is_bare or any(number == 0 for _, number in rule.days):
        return ""
    if len({day for day, _ in rule.days}) == 1:
        return f"{ordinals([number for _, number in rule.days])} {DAY_NAMES[rule.days[0][0]]}"
    return listed([f"{ordinal(number)} {DAY_NAMES[day]}" for day, number in rule.days])


def _set_place(rule: Rule) -> str:
    """The last workday and its like, where BYSETPOS counts within one month or the whole year."""
    in_year = rule.frequency == "YEARLY" and len(rule.months) <= 1
    counts_once = rule.frequency == "MONTHLY" or in_year
    is_bare = not (rule.month_days or rule.year_days or rule.week_numbers) and len(rule.hours) <= 1
    if _has_ordinals(rule) or not (counts_once and is_bare):
        return ""
    names = {_WORKDAYS: "workday", _WEEKEND: "weekend day"}
    name = names.get(frozenset(day for day, _ in rule.days), "")
    return f"{ordinals(rule.positions)} {name}" if name else ""


def _check(rule: Rule) -> str:
    """Which weekday a day of the month must be."""
    if not (rule.days and (rule.month_days or rule.year_days)) or _has_ordinals(rule):
        return ""
    return " if that is a " + listed([DAY_NAMES[day] for day, _ in rule.days], "or")


def _in_months(rule: Rule) -> str:
    """The months, as a range where several follow one another, also over the turn of the year."""
    months = sorted(rule.months)
    names = [MONTH_NAMES[month - 1] for month in months]
    if not months:
        return ""
    begin = [month for month in months if (month - 2) % 12 + 1 not in months]
    if len(begin) == 1 and len(months) >= _RANGE:
        last = MONTH_NAMES[(begin[0] + len(months) - 2) % 12]
        return f" from {MONTH_NAMES[begin[0] - 1]} to {last}"
    return f" in {listed(names)}"


def _clock(rule: Rule) -> str:
    if rule.hours and rule.minutes and rule.frequency != "HOURLY":
        return "at " + listed([f"{hour}:{rule.minutes[0]:02}" for hour in sorted(rule.hours)])
    return ""


def _rest(rule: Rule) -> str:
    """What no phrase can say, each behind a comma."""
    return "".join(f", {one}" for one in (*_other_days(rule), *_others(rule)))


def _other_days(rule: Rule) -> list[str]:
    place, found = _place(rule), []
    if _leaves_day_open(rule):
        found.append(f"only{_in_months(rule)}")
    if rule.week_numbers:
        found.append(f"only in the {ordinals(rule.week_numbers)} week of the year")
    if rule.days and not place and _is_unsaid(rule):
        found.append(_named_days(rule))
    if rule.month_days and not (place and rule.frequency in ("MONTHLY", "YEARLY")):
        found.append(f"only on the {ordinals(rule.month_days)} day of the month")
    if rule.year_days and not (place and rule.frequency == "YEARLY"):
        found.append(f"only on the {ordinals(rule.year_days)} day of the year")
    return found


def _named_days(rule: Rule) -> str:
    """The weekdays of a rule: each of a year or month, or those alone on which its days count."""
    names = [f"{ordinal(n)} {DAY_NAMES[day]}" if n else DAY_NAMES[day] for day, n in rule.days]
    is_every = rule.frequency in ("MONTHLY", "YEARLY") and not (
        rule.month_days or rule.year_days or rule.week_numbers or _has_ordinals(rule)
    )
    return f"on every {listed(names)}" if is_every else f"only on {listed(names, 'or')}"


def _others(rule: Rule) -> list[str]:
    found = []
    if not _clock(rule) and rule.hours:
        found.append(f"only in the hours {listed([f'{hour}:00' for hour in rule.hours])}")
    if not _clock(rule) and rule.minutes:
        found.append(f"at minute {rule.minutes[0]}")
    if rule.positions and not _place(rule):
        found.append(
            f"only the {ordinals(rule.positions)} of these in each {_UNITS[rule.frequency]}"
        )
    if rule.week_start and (rule.interval > 1 or rule.week_numbers) and rule.frequency != "DAILY":
        found.append(f"weeks beginning on {DAY_NAMES[rule.week_start]}")
    return found


def _leaves_day_open(rule: Rule) -> bool:
    """Whether it names months, but no day of the year or of the one month: the start has it."""
    is_yearly = rule.frequency == "YEARLY" or (rule.frequency, len(rule.months)) == ("MONTHLY", 1)
    return is_yearly and bool(rule.months) and not _place(rule)


def _is_unsaid(rule: Rule) -> bool:
    """Whether the weekdays of a rule without a place have not been named yet."""
    if rule.frequency in ("WEEKLY", "HOURLY") and not rule.month_days:
        return False
    return rule.frequency != "DAILY" or rule.interval > 1 or bool(rule.month_days)


def _has_ordinals(rule: Rule) -> bool:
    return any(number for _, number in rule.days)


def _has_short_months(rule: Rule) -> bool:
    lengths = [_MONTH_DAYS[month - 1] for month in rule.months] or _MONTH_DAYS
    return any(day > length for day in rule.month_days for length in lengths)


def _every(rule: Rule) -> str:
    unit = _UNITS[rule.frequency]
    return f"every {unit}" if rule.interval == 1 else f"every {counted(rule.interval, unit)}"


def _beside(recurrence: Recurrence) -> str:
    """What is left out and added, each date where they are few."""
    said = ""
    for words, dates in (("but not on", recurrence.exdates), ("and also on", recurrence.rdates)):
        if dates:
            few = len(dates) <= _FEW_DATES
            told = listed([_date(one) for one in dates]) if few else counted(len(dates), "date")
            said += f", {words} {told}"
    return said


def _date(text: str) -> str:
    when = parse_date(text)
    if not isinstance(when, datetime):
        return day_text(when)
    zone = " UTC" if when.tzinfo else ""
    return f"{day_text(when)} at {when.hour}:{when:%M}{zone}"


def _end(until: str) -> str:
    end = parse_until(until)
    if isinstance(end, datetime):
        return f"{day_text(end.date())}, {end:%H:%M} UTC"
    return day_text(end)
