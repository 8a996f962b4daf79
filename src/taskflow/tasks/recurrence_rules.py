"""Reads a recurrence as people write it into its canonical form (RFC 5545 section 3.3.10). Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final, Literal, cast
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.recurrence_dates import DATE, MOMENT, parse_moment, read_dates
from taskflow.tasks.recurrence_parts import (
    DAY,
    MAX_COUNT,
    ORDER,
    RULE,
    UNITS,
    WEEKDAYS,
    split,
)
from taskflow.tasks.recurrence_text import Pasted, read_text
from taskflow.tasks.zones import instant

Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]
_LONG_DAYS: Final = dict(
    zip(("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"), WEEKDAYS, strict=True)
)
_SHORT: Final = re.compile(
    r"(?:(hourly|daily|weekly|monthly|yearly)(?::(.+))?|custom:(\d{1,5})([hdwmy]))", re.IGNORECASE
)


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
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def parse_recurrence(given: Mapping[str, object]) -> Recurrence:
    """The canonical form of what a person gave.

    Args:
        given: `rule` (an RRULE, a short form, or lines of iCalendar), and beside it `mode`,
            `until`, `count`, `month_end`, `exdates`, `rdates`.

    Raises:
        Invalid: a part is wrong; `position` is the index of the first character not understood.
    """
    text = given.get("rule")
    if not isinstance(text, str):
        raise Invalid.field(RULE, "is required")
    short = _expand_short(text)
    pasted = read_text(short or text)
    parts = _parts(pasted)
    until, count = _end(given, parts)
    exdates, rdates = read_dates(given, pasted.dates)
    month_end = given.get("month_end") or ("clamp" if short else "skip")
    mode = given.get("mode") or "schedule"
    if month_end not in ("clamp", "skip"):
        raise Invalid.field("recurrence.month_end", "is one of clamp, skip")
    if mode not in ("schedule", "completion"):
        raise Invalid.field("recurrence.mode", "is one of schedule, completion")
    if mode == "completion" and (exdates or rdates):
        field = "recurrence.exdates" if exdates else "recurrence.rdates"
        raise Invalid.field(field, "stand beside a schedule, not beside the mode completion")
    rule = ";".join(f"{name}={parts[name]}" for name in ORDER if name in parts)
    policy = _policy(given, mode)
    return Recurrence(
        rule, mode, until, count, month_end, exdates=exdates, rdates=rdates, policy=policy
    )


def _parts(pasted: Pasted) -> dict[str, str]:
    try:
        return split(pasted.rule.text)
    except Invalid as error:
        raise pasted.rule.placed(error) from None


@lru_cache(maxsize=1024)
def parse_rule(rule: str) -> Rule:
    """The parts of a rule.

    Raises:
        Invalid: it is no RRULE that we know.
    """
    parts = split(rule)

    def numbers(name: str) -> tuple[int, ...]:
        return tuple(int(value) for value in parts[name].split(",")) if name in parts else ()

    matches = [DAY.fullmatch(day) for day in parts.get("BYDAY", "").split(",")]
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
        seconds=numbers("BYSECOND"),
        positions=numbers("BYSETPOS"),
        week_start=WEEKDAYS.index(parts.get("WKST", "MO")),
    )


def require_days(recurrence: Recurrence, *, all_day: bool) -> None:
    """Refuse a rule within the day where occurrences are whole days (RFC 5545 section 3.3.10).

    Raises:
        Invalid: it is such a one.
    """
    rule = parse_rule(recurrence.rule)
    if all_day and whole_days(rule) != rule:
        raise Invalid.field(RULE, "says when in the day, which an all-day task has not", 0)


@lru_cache(maxsize=1024)
def whole_days(rule: Rule) -> Rule:
    """A rule without what it says of the time of day, so that it gives each day once."""
    rule = replace(rule, hours=(), minutes=(), seconds=())
    return replace(rule, frequency="DAILY", interval=1) if rule.frequency == "HOURLY" else rule


@lru_cache(maxsize=1024)
def with_defaults(rule: Rule, start: datetime) -> Rule:
    """The parts that the start fills in where the rule leaves them open (RFC 5545 3.3.10)."""
    if rule.frequency == "HOURLY":
        return rule
    filled = replace(
        rule,
        hours=rule.hours or (start.hour,),
        minutes=rule.minutes or (start.minute,),
        seconds=rule.seconds or (start.second,),
    )
    names_day = rule.days or rule.month_days or rule.year_days
    if rule.frequency == "WEEKLY" or rule.week_numbers:
        return filled if names_day else replace(filled, days=((start.weekday(), 0),))
    if rule.frequency == "DAILY" or names_day:
        return filled
    months = rule.months or ((start.month,) if rule.frequency == "YEARLY" else ())
    return replace(filled, months=months, month_days=(start.day,))


def first_time(rule: Rule, start: datetime) -> time:
    """The first time of a day that a rule has; where it names none, the start's."""
    filled = with_defaults(rule, start)
    if not (filled.hours and filled.minutes):
        return start.time()
    return time(min(filled.hours), min(filled.minutes), min(filled.seconds or (0,)))


def parse_until(text: str) -> date | datetime:
    """The end of a recurrence: a day, an instant in UTC, or a wall time (without a zone).

    Raises:
        Invalid: it is none of them.
    """
    form = "must be a date, a local date and time, or an instant such as 2026-12-31T23:00:00Z"
    try:
        if DATE.fullmatch(text):
            return date.fromisoformat(text)
        if not MOMENT.fullmatch(text):
            raise Invalid.field("recurrence.until", form)
        moment = parse_moment(text)
        return moment if moment.tzinfo is None else moment.astimezone(UTC)
    except ValueError:
        raise Invalid.field("recurrence.until", form) from None
    except OverflowError:
        raise Invalid.field("recurrence.until", "lies outside of the years 1 to 9999") from None


def _expand_short(text: str) -> str | None:  # noqa: PLR0911 - a return for each form
    """The RRULE of a short form such as `weekly:MON,WED`; None when it is none."""
    match = _SHORT.fullmatch(text.strip())
    if match is None:
        return None
    word, detail, number, unit = match.groups()
    if number:
        return f"FREQ={UNITS[unit.lower()]};INTERVAL={int(number)}"
    rule = f"FREQ={word.upper()}"
    if not detail:
        return rule
    start = text.index(":") + 1
    if word.lower() == "weekly":
        days = [_LONG_DAYS.get(day.strip().upper()[:3]) for day in detail.split(",")]
        if None in days:
            raise Invalid.field(RULE, "name weekdays such as MON,WED,FRI", start)
        return f"{rule};BYDAY={','.join(cast('list[str]', days))}"
    if word.lower() == "monthly" and re.fullmatch(r"-?\d{1,2}(,-?\d{1,2})*", detail):
        return f"{rule};BYMONTHDAY={detail}"
    raise Invalid.field(RULE, f"{word.lower()} takes nothing like this", start)


def _policy(given: Mapping[str, object], mode: str) -> Literal["one_open", "pile_up"]:
    """Whether tasks pile up; one that counts from its completion cannot."""
    policy = given.get("policy") or "one_open"
    if policy not in ("one_open", "pile_up"):
        raise Invalid.field("recurrence.policy", "is one of one_open, pile_up")
    if policy == "pile_up" and mode == "completion":
        raise Invalid.field("recurrence.policy", "pile_up needs the mode schedule")
    return policy


def _end(given: Mapping[str, object], parts: dict[str, str]) -> tuple[str | None, int | None]:
    """UNTIL and COUNT, from beside the rule or from within it; the two places must agree."""
    until, count = given.get("until"), given.get("count")
    inside_until, inside_count = parts.pop("UNTIL", None), parts.pop("COUNT", None)
    ends = [parse_until(str(text)) for text in (until, inside_until) if text is not None]
    counts = [int(str(number)) for number in (count, inside_count) if number is not None]
    if len(set(ends)) > 1 or len(set(counts)) > 1:
        raise Invalid.field(RULE, "the end beside the rule is not the one within it", 0)
    if ends and counts:
        raise Invalid.field("recurrence.count", "stands beside an until; only one of them may be")
    if counts and not 1 <= counts[0] <= MAX_COUNT:
        raise Invalid.field("recurrence.count", f"must be from 1 to {MAX_COUNT}")
    end = ends[0].isoformat().replace("+00:00", "Z") if ends else None
    return end, counts[0] if counts else None


def is_within(recurrence: Recurrence, zone: ZoneInfo, local: datetime) -> bool:
    """Whether a wall time is not past the recurrence's end, which belongs to it."""
    if recurrence.until is None:
        return True
    end = parse_until(recurrence.until)
    if not isinstance(end, datetime):
        return local.date() <= end
    if end.tzinfo is None:
        end = instant(end, zone)
    return instant(local, zone) <= end
