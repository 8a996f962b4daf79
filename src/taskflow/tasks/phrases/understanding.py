"""Understands how a recurrence is said in English: `every last friday at 5pm until march`. Pure.

A phrase is understood whole, with one meaning, or refused at the first character that is not
understood. What is understood is a rule, of which `sentences` tells in words that say the same.
"""

import importlib
import re
from collections.abc import Mapping, Sequence
from datetime import date as Day  # noqa: N812 - as in recurrence
from datetime import datetime, time, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from taskflow.events.payloads import Recurrence
from taskflow.tasks.phrases import parts as said
from taskflow.tasks.phrases.dates import Anchor, day_of, length
from taskflow.tasks.phrases.parts import misread
from taskflow.tasks.phrases.rule import Parts, rule_of
from taskflow.tasks.phrases.words import MAX_PHRASE, Word, words_of
from taskflow.tasks.recurrence import Schedule, occurrences
from taskflow.tasks.recurrence_rules import parse_recurrence, parse_rule
from taskflow.tasks.zones import wall_time

# The parser library is loaded with the first phrase: who says none does without its memory.
_READING: Final = "taskflow.tasks.phrases.reading"
_INTERVAL: Final = re.compile(r";INTERVAL=[0-9]+")


class Origin(Struct, frozen=True):
    """Where a phrase is said from.

    Attributes:
        today: The day it is, in the zone.
        start: The wall time on or after which it occurs.
        zone: Whose wall.
        is_fixed: Whether the series starts there, so that every so many weeks count from this one;
            else they count from the first day that the phrase names.
    """

    today: Day
    start: datetime
    zone: ZoneInfo
    is_fixed: bool = True


class Understood(Struct, frozen=True):
    """What a phrase means.

    Attributes:
        recurrence: The rule, and its end.
        start: The wall time that the series starts at; where the origin is not fixed, that of its
            first occurrence.
        has_time: Whether the phrase says the time of the day.
        time_position: Where it says so.
        is_hourly: Whether it occurs within days, so that it needs a time to start at.
        starting: The first day, where the phrase says one.
        starting_position: Where it says so.
        is_explicit: Whether it says that something recurs, and does not just name a day.
    """

    recurrence: Recurrence
    start: datetime
    has_time: bool = False
    time_position: int = 0
    is_hourly: bool = False
    starting: Day | None = None
    starting_position: int = 0
    is_explicit: bool = False


def understand(text: str, origin: Origin, beside: Mapping[str, object] | None = None) -> Understood:
    """What a phrase means, said from somewhere.

    Args:
        text: The phrase.
        origin: Where it is said from.
        beside: What is given beside the text, by the names of a recurrence's JSON.

    Raises:
        Invalid: it is not understood, or contradicts what stands beside it; of the field `text`,
            with the position of the first character that is not understood.
    """
    if len(text) > MAX_PHRASE:
        raise misread(f"must have at most {MAX_PHRASE} characters", MAX_PHRASE)
    return understand_words(words_of(text), origin, beside)


def understand_words(
    words: Sequence[Word], origin: Origin, beside: Mapping[str, object] | None = None
) -> Understood:
    """The same, of words.

    Raises:
        Invalid: as `understand` does.
    """
    reading: Any = importlib.import_module(_READING)
    parts = Parts(reading.parts_of(words), words[-1].end)
    rule = rule_of(parts)
    return _placed(parts, rule, origin, beside or {})


def _placed(parts: Parts, rule: str, origin: Origin, beside: Mapping[str, object]) -> Understood:
    given = _given(parts, rule, beside)
    clock = parts.find(said.Times) or parts.find(said.Window)
    starting = parts.find(said.Starting)
    first_day = day_of(starting.when, Anchor(origin.today, origin.today)) if starting else None
    understood = Understood(
        parse_recurrence(given),
        origin.start,
        has_time="BYHOUR" in rule,
        time_position=clock.position if clock else 0,
        is_hourly=rule.startswith("FREQ=HOURLY"),
        starting=first_day,
        starting_position=starting.position if starting else 0,
        is_explicit=parts.find(said.Repeats) is not None or parts.is_from_completion,
    )
    understood = replace(understood, start=_start(understood, origin))
    first = _first(understood, origin, parts.end)
    end, position = _end(parts, Anchor(origin.today, understood.start.date()), first.date())
    if end is not None:
        if end < first.date():
            raise misread("nothing occurs until then", position)
        if given.get("until") not in (None, end.isoformat()):
            raise misread("is another end than the one beside the text", position)
        given["until"] = end.isoformat()
    start = understood.start if origin.is_fixed else first
    return replace(understood, recurrence=parse_recurrence(given), start=start)


def _given(parts: Parts, rule: str, beside: Mapping[str, object]) -> dict[str, object]:
    """The recurrence as a person could have written it with a rule."""
    ours: dict[str, object] = {"rule": rule}
    if parts.is_from_completion:
        ours["mode"] = "completion"
    if parts.find(said.Skipping):
        ours["month_end"] = "skip"
    if count := parts.find(said.Count):
        ours["count"] = count.number
    for name, value in ours.items():
        if beside.get(name) not in (None, value):
            raise misread(f"says another {name} than what is given beside it", 0)
    return {"month_end": "clamp"} | {k: v for k, v in beside.items() if v is not None} | ours


def _start(understood: Understood, origin: Origin) -> datetime:
    """The wall time on or after which the phrase occurs: a minute, or the beginning of a day."""
    start, day = origin.start, understood.starting
    is_timed = understood.has_time or understood.is_hourly
    if not origin.is_fixed and not is_timed:
        start = datetime.combine(start.date(), time())
    if day and day < origin.today and not origin.is_fixed:
        raise misread("has passed already", understood.starting_position)
    if day and day > start.date():
        return datetime.combine(day, time() if is_timed or not origin.is_fixed else start.time())
    if is_timed and (start.second or start.microsecond):
        start = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if understood.is_hourly and not origin.is_fixed:
        start += timedelta(hours=parse_rule(understood.recurrence.rule).interval)
    return start


def _first(understood: Understood, origin: Origin, end: int) -> datetime:
    """The wall time of the first occurrence.

    Raises:
        Invalid: there is none.
    """
    rule, start = understood.recurrence.rule, understood.start
    if origin.is_fixed:
        found = _next(understood, rule, start, origin.zone)
    else:
        each = _INTERVAL.sub("", rule)
        found = _next(understood, each, start, origin.zone)
        if found and each != rule and understood.recurrence.month_end == "clamp":
            whole = _unclamped(understood)
            if not _next(whole, rule, found, origin.zone):
                # Every 4 years from 2027 on would be without a 29 February for ever.
                found = _next(whole, each, start, origin.zone) or found
    if not found:
        raise misread("never occurs", end)
    return found


def _unclamped(understood: Understood) -> Understood:
    """The same, only on days that the months have."""
    return replace(understood, recurrence=replace(understood.recurrence, month_end="skip"))


def _next(understood: Understood, rule: str, start: datetime, zone: ZoneInfo) -> datetime | None:
    """The wall time on or after another one at which it first occurs by a rule."""
    recurrence = replace(understood.recurrence, rule=rule, until=None, count=None)
    found = occurrences(Schedule(recurrence, start, zone, all_day=False))
    if found and understood.has_time:
        return found[0].wall  # It is meant also where the zone leaves it out on the first day.
    return wall_time(cast("datetime", found[0].at), zone) if found else None


def _end(parts: Parts, anchor: Anchor, first: Day) -> tuple[Day | None, int]:
    """The last day on which it may occur, and where the phrase says so."""
    if until := parts.find(said.Until):
        return day_of(until.when, anchor, is_end=True), until.when.position
    lasting = parts.find(said.Lasting)
    if lasting is None:
        return None, 0
    try:
        return first + length(lasting.number, lasting.unit) - timedelta(days=1), lasting.position
    except (ValueError, OverflowError):
        raise misread("lasts too long", lasting.position) from None
