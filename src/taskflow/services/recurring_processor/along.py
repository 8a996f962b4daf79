"""How a rule goes along with a date that somebody gives for all, or for a task and what follows.

Who moves "every monday at 10" to Tuesday at 16:00 for all means the rule as well, as with a rule
that leaves its day and time to the task. That goes for a rule that names the one day of the week,
of the month or of the year, or the one time, that the task is planned at; of several it cannot be
told which one is meant.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor.landing import OF_SERIES
from taskflow.tasks import queries
from taskflow.tasks.drafting import drafted_aside
from taskflow.tasks.model import Actor
from taskflow.tasks.recurrence import schedule_of
from taskflow.tasks.recurrence_parts import WEEKDAYS, split
from taskflow.tasks.recurrence_rules import Rule, parse_rule

DAYS: Final = frozenset(("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYSETPOS"))


async def along(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    given: Mapping[str, object],
    now: datetime,
) -> Mapping[str, object]:
    """What is given for a task and what follows it, with the rule that goes along with its date.

    Raises:
        Invalid: a field breaks a rule.
    """
    if given.get("due_date") is None or given.keys() & OF_SERIES:
        return given
    (before,) = await queries.find_all(transaction, actor.user_id, [task_id])
    fields = await drafted_aside(before, given, now)
    known, was = before.recurrence, before.planned or before.due
    if known is None or known.mode != "schedule" or was is None or fields.due is None:
        return given
    starts = [schedule_of(before, when).start for when in (was, fields.due)]
    rule = moved(known.rule, *starts)
    if rule == known.rule:
        return given
    return {**given, "recurrence": msgspec.to_builtins(known) | {"rule": rule}}


def moved(text: str, was: datetime, at: datetime) -> str:
    """A rule whose one day and one time are those of another date, where they were of this one.

    Args:
        text: An RRULE.
        was: When a task is planned, on the wall.
        at: When it is to be, on the same wall.
    """
    rule, parts = parse_rule(text), split(text)
    if rule.frequency == "HOURLY":
        return text
    if {name: value for name, value in parts.items() if name in DAYS} == _day(rule, was):
        parts |= _day(rule, at)
    if rule.hours in {(), (was.hour,)} and rule.minutes in {(), (was.minute,)}:
        times = {"BYHOUR": str(at.hour), "BYMINUTE": str(at.minute)}
        parts |= {name: value for name, value in times.items() if name in parts}
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _day(rule: Rule, at: datetime) -> dict[str, str]:
    """The parts that name one day for a rule of its frequency."""
    month_day = {"BYMONTHDAY": str(at.day)}
    return {
        "WEEKLY": {"BYDAY": WEEKDAYS[at.weekday()]},
        "MONTHLY": month_day,
        "YEARLY": {"BYMONTH": str(at.month)} | month_day,
    }.get(rule.frequency, {})
