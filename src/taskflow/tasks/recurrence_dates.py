"""The dates that a recurrence leaves out and adds: EXDATE and RDATE (RFC 5545 section 3.8.5). Pure.

Each is kept as a wall time (`2026-03-03T09:00:00`), so that it moves with the wall as the rule
does; or as a plain date, which among timed occurrences stands for the whole local day. An instant
(`2026-03-03T08:00:00Z`) becomes a wall time once the zone is known, but not beside an hourly rule,
where a wall time may come twice.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from datetime import date as Day  # noqa: N812 - as in its neighbour
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from taskflow.base.errors import Invalid
from taskflow.events.payloads import Recurrence
from taskflow.tasks.zones import YEARS, instant, wall_time

MAX_DATES: Final = 1_000
_FORM: Final = "must be a date, a local date and time, or an instant such as 2026-03-03T08:00:00Z"
DATE: Final = re.compile(r"\d{8}|\d{4}-\d\d-\d\d", re.ASCII)
MOMENT: Final = re.compile(
    r"(?:\d{8}|\d{4}-\d\d-\d\d)[Tt ](?:\d{6}|\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)"
    r"(?:[Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_LEAP_SECOND: Final = re.compile(r"((?:[T ]\d\d:\d\d:)|(?:[T ]\d{4}))60")
Dates = tuple[str, ...]


class Exceptions(NamedTuple):
    """What a recurrence leaves out, ready to be looked up.

    Attributes:
        days: Local days.
        instants: Moments, in UTC.
    """

    days: frozenset[Day]
    instants: frozenset[datetime]


def read_dates(given: Mapping[str, object], pasted: Mapping[str, Dates]) -> tuple[Dates, Dates]:
    """The canonical `exdates` and `rdates`, of what was given beside the rule and within it.

    Raises:
        Invalid: one is no date, or there are too many.
    """
    exdates = _read("exdates", given.get("exdates"), pasted.get("EXDATE", ()))
    rdates = _read("rdates", given.get("rdates"), pasted.get("RDATE", ()))
    if len(exdates) + len(rdates) > MAX_DATES:
        name = "exdates" if exdates else "rdates"
        raise Invalid.field(f"recurrence.{name}", f"at most {MAX_DATES} dates may stand there")
    return exdates, rdates


def parse_date(text: str) -> Day | datetime:
    """A day, a wall time (without a zone), or an instant in UTC; to the second.

    Raises:
        ValueError: it is none of them, or out of the years that we take.
    """
    if DATE.fullmatch(text):
        found: Day = Day.fromisoformat(text)
    elif MOMENT.fullmatch(text):
        moment = parse_moment(text).replace(microsecond=0)
        found = moment if moment.tzinfo is None else moment.astimezone(UTC)
    else:
        raise ValueError(_FORM)
    if found.year not in YEARS:
        raise ValueError(f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return found


def parse_moment(text: str) -> datetime:
    """A wall time or instant; a leap second is the one before it (RFC 5545 section 3.3.12).

    Raises:
        ValueError: there is no such time.
    """
    return datetime.fromisoformat(_LEAP_SECOND.sub(r"\g<1>59", text.upper()))


def written(when: Day | datetime) -> str:
    """A day, wall time or instant in its canonical form."""
    return when.isoformat().replace("+00:00", "Z")


def settled(
    recurrence: Recurrence, zone: ZoneInfo, *, all_day: bool, floating: bool = False
) -> Recurrence:
    """The recurrence with its dates as befits its occurrences: days, or wall times of the zone.

    Of a floating task the end is a wall time too, and nothing an instant.
    """
    keeps_instants = recurrence.rule.startswith("FREQ=HOURLY") and not floating

    def settle(text: str) -> str:
        when = parse_date(text)
        if isinstance(when, datetime) and when.tzinfo is not None and not keeps_instants:
            when = wall_time(when, zone)
        if all_day and isinstance(when, datetime):
            when = (when if when.tzinfo is None else wall_time(when, zone)).date()
        return written(when)

    return replace(
        recurrence,
        exdates=_ordered(map(settle, recurrence.exdates)),
        rdates=_ordered(map(settle, recurrence.rdates)),
        until=_until_on_wall(recurrence.until, zone) if floating else recurrence.until,
    )


def rezoned(recurrence: Recurrence, before: ZoneInfo, after: ZoneInfo) -> Recurrence:
    """The recurrence with its wall times at the same instants on another zone's wall."""

    def move(text: str) -> str:
        return _moved(text, before, after)

    return replace(
        recurrence,
        exdates=_ordered(map(move, recurrence.exdates)),
        rdates=_ordered(map(move, recurrence.rdates)),
        until=recurrence.until and _moved(recurrence.until, before, after),
    )


@lru_cache(maxsize=256)
def exceptions(exdates: Dates, zone: ZoneInfo) -> Exceptions:
    """What is left out, in a zone."""
    found = [parse_date(text) for text in exdates]
    return Exceptions(
        frozenset(when for when in found if not isinstance(when, datetime)),
        frozenset(_instant(when, zone) for when in found if isinstance(when, datetime)),
    )


@lru_cache(maxsize=256)
def additions(rdates: Dates, zone: ZoneInfo, first: time) -> tuple[tuple[datetime, datetime], ...]:
    """What is added, in a zone: instants, rising, each with its wall time.

    What is added as a day is due at the first time of day that the rule has.
    """
    found = []
    for text in rdates:
        when = parse_date(text)
        local = when if isinstance(when, datetime) else datetime.combine(when, first)
        if local.tzinfo is not None:
            local = wall_time(local, zone)
        found.append((instant(local, zone), local))
    return tuple(sorted(found))


def _read(name: str, given: object, pasted: Dates) -> Dates:
    if given is None:
        return _ordered(pasted)
    if not isinstance(given, list | tuple) or len(given) > MAX_DATES:
        form = f"must be a list of at most {MAX_DATES} dates"
        raise Invalid.field(f"recurrence.{name}", form)
    return _ordered((*pasted, *(_canonical(name, place, one) for place, one in enumerate(given))))


def _canonical(name: str, place: int, given: object) -> str:
    try:
        return written(parse_date(given if isinstance(given, str) else ""))
    except (ValueError, OverflowError) as error:
        known = str(error) if str(error).startswith("must") else _FORM
        raise Invalid.field(f"recurrence.{name}[{place}]", known) from None


def _moved(text: str, before: ZoneInfo, after: ZoneInfo) -> str:
    """What is canonical, a wall time at the same instant on another wall."""
    when = _canonical_date(text)
    if isinstance(when, datetime) and when.tzinfo is None:
        when = wall_time(instant(when, before), after)
    return written(when)


def _until_on_wall(until: str | None, zone: ZoneInfo) -> str | None:
    when = until and _canonical_date(until)
    if isinstance(when, datetime) and when.tzinfo is not None:
        return written(wall_time(when, zone))
    return until


def _canonical_date(text: str) -> Day | datetime:
    return Day.fromisoformat(text) if DATE.fullmatch(text) else datetime.fromisoformat(text)


def _ordered(dates: Iterable[str]) -> Dates:
    return tuple(sorted(set(dates)))


def _instant(when: datetime, zone: ZoneInfo) -> datetime:
    return when if when.tzinfo is not None else instant(when, zone)
