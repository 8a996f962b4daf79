"""Decides what the parts of a phrase mean together, as the parts of an RRULE. Pure.

What does not fit to the rest is refused where it begins: nothing is guessed.
"""

from collections.abc import Sequence
from typing import Final, TypeVar, cast

from taskflow.tasks.phrases import parts as said
from taskflow.tasks.phrases.parts import MONTH_DAYS, Part, misread
from taskflow.tasks.phrases.sentence_words import ordinal
from taskflow.tasks.recurrence_parts import MAX_INTERVAL, WEEKDAYS

Found = TypeVar("Found", bound=Part)
Fields = dict[str, str]
_WHICH: Final[dict[type[Part], str]] = {
    said.Days: "day", said.Places: "day", said.Dates: "day", said.Until: "end", said.Count: "end",
    said.Lasting: "end", said.Times: "time", said.Window: "time",
}  # fmt: skip
_MOST_IN_MONTH: Final = {"": 31, "day": 31, "name": 5, "workday": 23, "weekend": 10}
_MOST_IN_YEAR: Final = {"": 0, "day": 366, "name": 53, "workday": 262, "weekend": 106}


class Parts:
    """The parts of a phrase by what they are.

    Args:
        parts: In their order.
        end: Where the phrase ends.

    Raises:
        Invalid: the same is said twice.
    """

    def __init__(self, parts: Sequence[Part], end: int) -> None:
        self.end = end
        self._parts: dict[type[Part], Part] = {}
        seen: set[object] = set()
        for part in parts:
            kind = _WHICH.get(type(part), type(part))
            if kind in seen and not isinstance(part, said.Repeats):
                raise misread("does not fit to what stands before", part.position)
            seen.add(kind)
            is_kept = isinstance(part, said.Repeats) and not part.from_completion
            if not (is_kept and said.Repeats in self._parts):
                self._parts[type(part)] = part

    def find(self, kind: type[Found]) -> Found | None:
        """The part of this kind."""
        part = self._parts.get(kind)
        return part if isinstance(part, kind) else None

    @property
    def is_from_completion(self) -> bool:
        """Whether it counts from when the last one was done."""
        repeats = self.find(said.Repeats)
        return self.find(said.AfterDone) is not None or bool(repeats and repeats.from_completion)


def rule_of(parts: Parts) -> str:
    """The RRULE of a phrase, but for its end.

    Raises:
        Invalid: the parts do not make one.
    """
    _refuse_missing(parts)
    fields = _days_fields(parts)
    _add_months(fields, parts)
    _add_only_if(fields, parts)
    _add_excluded(fields, parts)
    _add_times(fields, parts)
    _refuse_miscounted(fields, parts)
    if fields.get("INTERVAL") == "1":
        del fields["INTERVAL"]
    return ";".join(f"{name}={value}" for name, value in fields.items())


def _refuse_missing(parts: Parts) -> None:
    bare = parts.find(said.Bare)
    if bare and not parts.is_from_completion:
        raise misread("write “every” before it, or “after completion” behind it", bare.position)
    days = (said.Every, said.Days, said.Places, said.Dates)
    if not any(parts.find(kind) for kind in days):
        months = parts.find(said.Months)
        if months and parts.find(said.Repeats):
            raise said.says_no_day(months)
        raise misread("does not say how often; write for example “every day”", parts.end)


def _days_fields(parts: Parts) -> Fields:
    if days := parts.find(said.Days):
        return _of_weekdays(parts, days)
    if places := parts.find(said.Places):
        return _of_places(parts, places)
    if dates := parts.find(said.Dates):
        return _of_dates(parts, dates)
    return _of_units(parts)


def _of_units(parts: Parts) -> Fields:
    _refuse_scope(parts)
    every, months = cast("said.Every", parts.find(said.Every)), parts.find(said.Months)
    # The day of a year, or of one month, would be today's, which nobody has said.
    is_one = months is not None and len(months.months) == 1
    if months and (every.frequency == "YEARLY" or (every.frequency == "MONTHLY" and is_one)):
        raise said.says_no_day(months)
    return {"FREQ": every.frequency, "INTERVAL": _bounded(every)}


def _refuse_scope(parts: Parts) -> None:
    scope = parts.find(said.Scope)
    if scope:
        raise misread(
            "say which day; write for example “the 1st monday of the month”", scope.position
        )


def _bounded(every: said.Every) -> str:
    if every.interval > MAX_INTERVAL:
        raise misread(f"a number must be from 1 to {MAX_INTERVAL}", every.position)
    return str(every.interval)


def _of_weekdays(parts: Parts, days: said.Days) -> Fields:
    _refuse_scope(parts)
    fields = {"FREQ": "WEEKLY", "INTERVAL": str(days.interval)}
    every = parts.find(said.Every)
    if every is not None:
        daily = every.frequency == "DAILY" and every.interval == 1
        if every.frequency in ("MONTHLY", "YEARLY") or days.interval > 1:
            raise misread("say which of them; write for example “the 1st monday”", days.position)
        if every.frequency == "DAILY" and not daily:
            raise misread("does not fit to so many days", days.position)
        frequency = "WEEKLY" if daily else every.frequency
        fields = {"FREQ": frequency, "INTERVAL": _bounded(every)}
    return fields | {"BYDAY": _weekdays(days.days)}


def _of_places(parts: Parts, places: said.Places) -> Fields:
    every, scope = parts.find(said.Every), parts.find(said.Scope)
    months = parts.find(said.Months)
    if every and every.frequency not in ("MONTHLY", "YEARLY"):
        raise misread("a day has a place in a month or a year only", places.position)
    if every and every.is_quarter:
        message = "say in which months, or write “every 3 months” for any three"
        raise misread(message, places.position)
    in_year = bool(scope and scope.unit == "year") or bool(every and every.frequency == "YEARLY")
    owned = bool(months and (months.owns or in_year))
    _refuse_far(parts, places, in_year=in_year and not months)
    # BYSETPOS counts within the whole period, so that several months need one each.
    several = owned and months is not None and len(months.months) > 1
    monthly = not (in_year or owned) or (places.kind in ("workday", "weekend") and several)
    if monthly and every and every.frequency == "YEARLY" and every.interval > 1:
        raise misread("name one month", places.position)
    interval = _bounded(every) if every and not (monthly and in_year) else "1"
    fields = {"FREQ": "MONTHLY" if monthly else "YEARLY", "INTERVAL": interval}
    if months and places.kind in ("", "day"):
        _refuse_missing_days(places, months)
    return fields | _place_fields(places, in_year=in_year and not months)


def _refuse_missing_days(places: said.Places, months: said.Months) -> None:
    longest = max(MONTH_DAYS[month - 1] for month in months.months)
    if any(abs(number) > longest for number in places.ordinals):
        raise misread("no month here has such a day", places.position)


def _refuse_far(parts: Parts, places: said.Places, *, in_year: bool) -> None:
    most = (_MOST_IN_YEAR if in_year else _MOST_IN_MONTH)[places.kind]
    numbers = (*places.ordinals, *(number for _, number in places.named))
    if in_year and places.kind == "":
        raise misread("say of which month", places.position)
    if any(abs(number) > most for number in numbers):
        raise misread(f"there are at most {most} of these", places.position)
    is_plain = not (parts.find(said.Scope) or parts.find(said.Months) or parts.find(said.Every))
    counts_any = places.kind == "day" or (places.is_second and parts.find(said.Repeats))
    if counts_any and len(numbers) == 1 and numbers[0] > 0 and is_plain:
        nth = ordinal(numbers[0])
        message = f"may mean “every {numbers[0]} days” or “the {nth} of the month”; write that"
        raise misread(message, places.position)


def _place_fields(places: said.Places, *, in_year: bool) -> Fields:
    numbers = ",".join(map(str, places.ordinals))
    if places.kind == "name":
        ordered = sorted(places.named, key=lambda one: (one[1] < 0, abs(one[1]), one[0]))
        return {"BYDAY": ",".join(f"{number}{WEEKDAYS[day]}" for day, number in ordered)}
    if places.kind in ("", "day"):
        return {"BYYEARDAY" if in_year else "BYMONTHDAY": numbers}
    days = (0, 1, 2, 3, 4) if places.kind == "workday" else (5, 6)
    return {"BYDAY": _weekdays(days), "BYSETPOS": numbers}


def _of_dates(parts: Parts, dates: said.Dates) -> Fields:
    _refuse_scope(parts)
    every = parts.find(said.Every)
    if every and every.frequency != "YEARLY":
        raise misread("a date comes once a year", dates.position)
    months = sorted({month for month, _ in dates.dates})
    days = sorted({day for _, day in dates.dates}, key=lambda day: (day < 0, abs(day)))
    if len(months) * len(days) != len(dates.dates):
        message = "one rule has the same days in all its months; make another task for the others"
        raise misread(message, dates.position)
    return {
        "FREQ": "YEARLY",
        "INTERVAL": _bounded(every) if every else "1",
        "BYMONTH": ",".join(map(str, months)),
        "BYMONTHDAY": ",".join(map(str, days)),
    }


def _add_months(fields: Fields, parts: Parts) -> None:
    months = parts.find(said.Months)
    if months is None:
        return
    if "BYMONTH" in fields or "BYYEARDAY" in fields:
        raise misread("does not fit to what stands before", months.position)
    fields["BYMONTH"] = ",".join(map(str, months.months))


def _add_only_if(fields: Fields, parts: Parts) -> None:
    check = parts.find(said.OnlyIf)
    if check is None:
        return
    if "BYDAY" in fields or not fields.keys() & {"BYMONTHDAY", "BYYEARDAY"}:
        raise misread("fits to a day of the month only", check.position)
    fields["BYDAY"] = _weekdays(check.days)


def _add_excluded(fields: Fields, parts: Parts) -> None:
    excluded = parts.find(said.Excluded)
    if excluded is None:
        return
    if excluded.months:
        given = [int(month) for month in fields.get("BYMONTH", "").split(",") if month]
        left = [month for month in given or range(1, 13) if month not in excluded.months]
        fields["BYMONTH"] = ",".join(map(str, left))
    else:
        left = _days_left(fields, excluded)
        fields |= {"BYDAY": _weekdays(left)}
        if fields["FREQ"] == "DAILY":
            fields["FREQ"] = "WEEKLY"
    if not left:
        raise misread("leaves nothing", excluded.position)


def _days_left(fields: Fields, excluded: said.Excluded) -> list[int]:
    is_daily = fields["FREQ"] == "DAILY" and fields["INTERVAL"] == "1"
    if fields["FREQ"] not in ("WEEKLY", "HOURLY") and not is_daily:
        raise misread("weekdays can be left out of every day, week or hour only", excluded.position)
    if fields["FREQ"] == "WEEKLY" and "BYDAY" not in fields:
        raise misread("say on which days", excluded.position)
    given = fields.get("BYDAY", ",".join(WEEKDAYS)).split(",")
    return [WEEKDAYS.index(day) for day in given if WEEKDAYS.index(day) not in excluded.days]


def _add_times(fields: Fields, parts: Parts) -> None:
    times, window = parts.find(said.Times), parts.find(said.Window)
    if window:
        _add_window(fields, window)
    if times is None:
        return
    if fields["FREQ"] == "HOURLY":
        raise misread("does not fit to every hour", times.position)
    if len(times.times) > 1 and ("BYSETPOS" in fields or parts.is_from_completion):
        raise misread("only one time can stand here", times.position)
    fields["BYHOUR"] = ",".join(str(hour) for hour, _ in times.times)
    fields["BYMINUTE"] = str(times.times[0][1])


def _add_window(fields: Fields, window: said.Window) -> None:
    """Hours of each day, beginning with the window's first."""
    (first, minute), (last, last_minute) = window.first, window.last
    step = int(fields.get("INTERVAL", "1"))
    if fields["FREQ"] != "HOURLY":
        raise misread("fits to “every hour” only", window.position)
    if first >= last or (minute > last_minute and first + step > last):
        raise misread("this range goes backwards", window.position)
    hours = [hour for hour in range(first, last + 1, step) if (hour, minute) <= window.last]
    fields |= {"FREQ": "WEEKLY" if "BYDAY" in fields else "DAILY", "INTERVAL": "1"}
    fields |= {"BYHOUR": ",".join(map(str, hours)), "BYMINUTE": str(minute)}


def _refuse_miscounted(fields: Fields, parts: Parts) -> None:
    counted = parts.find(said.Counted)
    if counted is None:
        return
    names = ("BYDAY", "BYMONTHDAY", "BYHOUR") if fields["FREQ"] != "YEARLY" else ("BYMONTHDAY",)
    number = 1
    for name in (*names, "BYMONTH") if fields["FREQ"] == "YEARLY" else names:
        number *= len(fields[name].split(",")) if name in fields else 1
    if number != counted.number:
        raise misread("say on which days, or at which times", counted.position)


def _weekdays(days: Sequence[int]) -> str:
    return ",".join(WEEKDAYS[day] for day in days)
