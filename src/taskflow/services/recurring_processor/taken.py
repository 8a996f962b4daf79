"""Which occurrences of a series have their task already, and the keys of the others. Pure.

A task keeps the key that it was made under when its series is moved to another day or zone. Then it
stands for the occurrence where it is planned, and another one may come under the same day: that has
a key of its own, `2026-03-02/2`. In the mode `completion`, where what comes a second time has a key
of its own already, a task stands for the occurrence of its key.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Final

from taskflow.services.recurring_processor.model import Instance, Series
from taskflow.services.recurring_processor.moments import instant_in
from taskflow.services.recurring_processor.progress import follows_calendar, planned_at
from taskflow.tasks.recurrence import Occurrence, occurrence_key

# So many tasks may have been made for one day, and all but one of them moved away from it.
MOST_OF_KEY: Final = 9


def keys_of(date: str) -> list[str]:
    """The keys that the task of an occurrence may have."""
    return [date, *(f"{date}/{number}" for number in range(2, MOST_OF_KEY + 1))]


def holders(
    series: Series, found: Sequence[Occurrence], standing: Iterable[Instance]
) -> dict[str, Instance]:
    """The tasks that occurrences of a series have, by the occurrence's key.

    Args:
        series: As it is now.
        found: Some of its occurrences.
        standing: Tasks that were not taken back; those of other series are left out.
    """
    return _holders(series, found, _own(series, standing))


def free(
    series: Series, found: Sequence[Occurrence], standing: Sequence[Instance]
) -> dict[str, Occurrence]:
    """The occurrences that have no task, by their keys; each has a key that no task has."""
    own = _own(series, standing)
    had = _holders(series, found, own)
    names = {one.occurrence_date for one in own}
    return {one.date: _named(one, names) for one in found if one.date not in had}


def _holders(
    series: Series, found: Sequence[Occurrence], own: Sequence[Instance]
) -> dict[str, Instance]:
    by_key = {_key(series, one): one for one in own}
    if not follows_calendar(series):
        return {one.date: by_key[one.date] for one in found if one.date in by_key}
    by_time = {planned_at(series, one): one for one in own if one.planned_date}
    held = {
        one.date: by_time.get(instant_in(series.zone, one.at)) or by_key.get(one.date)
        for one in found
    }
    return {date: one for date, one in held.items() if one is not None}


def _own(series: Series, standing: Iterable[Instance]) -> list[Instance]:
    return [one for one in standing if one.series_id == series.id and not one.is_withdrawn]


def _key(series: Series, instance: Instance) -> str:
    """What an instance stands for: by the calendar, where the series has it planned by now."""
    if not follows_calendar(series) or not instance.planned_date:
        return instance.occurrence_date
    return occurrence_key(planned_at(series, instance), series)


def _named(occurrence: Occurrence, names: set[str]) -> Occurrence:
    if occurrence.date not in names:
        return occurrence
    others = (f"{occurrence.date}/{number}" for number in count(2))
    return occurrence._replace(date=next(key for key in others if key not in names))
