"""Where an open task comes to be due when its series gets a rule that names other days or times.

Who makes "every monday at 9" an "every friday at 5pm" means the task that waits as well: it moves
to the first Friday on or after its day. What a rule leaves open it takes from the task, so a rule
such as every other day moves none; and where somebody has moved a task by hand, there it stays.
"""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from taskflow.db.transaction import Transaction
from taskflow.services.recurring_processor.moments import instant_in
from taskflow.services.recurring_processor.progress import endless, without_additions
from taskflow.tasks import queries
from taskflow.tasks.drafting import drafted_aside
from taskflow.tasks.model import Actor, Fields, due_text
from taskflow.tasks.recurrence import schedule_of, told
from taskflow.tasks.recurrence_rules import parse_rule

# What the series counts by; an instance has none of these for itself.
OF_SERIES: Final = frozenset({"recurrence", "timezone", "all_day", "floating"})


async def landed(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    given: Mapping[str, object],
    now: datetime,
) -> Mapping[str, object]:
    """What is given for a task and what follows it, with the date that its new rule has for it.

    Raises:
        Invalid: a field breaks a rule.
    """
    if given.get("recurrence") is None or "due_date" in given:
        return given
    (before,) = await queries.find_all(transaction, actor.user_id, [task_id])
    fields = await drafted_aside(before, given, now)
    is_in_place = before.planned in (None, before.due)
    # In a thread: to follow a long rule may take a while.
    due = await asyncio.to_thread(landing, fields, now) if is_in_place else None
    if due is None or _rule_of(before) == _rule_of(fields):
        return given
    # As it was understood: a phrase that names its start names the former one.
    recurrence = msgspec.to_builtins(fields.recurrence)
    return {**given, "recurrence": recurrence, "due_date": due_text(due)}


async def moves(
    transaction: Transaction,
    actor: Actor,
    task_id: UUID,
    given: Mapping[str, object],
    now: datetime,
) -> bool:
    """Whether what is given for a task changes when it is due, or what its series counts by.

    Raises:
        Invalid: a field breaks a rule.
    """
    if not given.keys() & {"due_date", *OF_SERIES}:
        return False
    (before,) = await queries.find_all(transaction, actor.user_id, [task_id])
    fields = await drafted_aside(before, given, now)
    return any(getattr(fields, name) != getattr(before, name) for name in ("due", *OF_SERIES))


def landing(fields: Fields, now: datetime) -> datetime | date | None:
    """When a task is due that is not due by its rule; None where it is, or the rule gives nothing.

    That is on its day or after it, and not at an earlier time that is past.
    """
    if fields.due is None or fields.recurrence is None or fields.recurrence.mode != "schedule":
        return None
    schedule = without_additions(endless(schedule_of(fields, fields.due)))
    due = instant_in(schedule.zone, fields.due).replace(microsecond=0)
    first = next(told(schedule), None)
    if first is None or instant_in(schedule.zone, first.at) == due:
        return None
    rule = parse_rule(schedule.recurrence.rule)
    if rule.hours and rule.frequency != "HOURLY":
        schedule = schedule._replace(start=schedule.start.replace(hour=0, minute=0))
    earliest = min(due, now)
    found = (one.at for one in told(schedule) if instant_in(schedule.zone, one.at) >= earliest)
    return next(found, None)


def _rule_of(fields: Fields) -> str | None:
    return fields.recurrence.rule if fields.recurrence else None
