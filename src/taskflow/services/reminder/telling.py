"""The events of reminders that fire, each in the trace of what its reminder was planned by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import UNSET, json

from taskflow.base import spans
from taskflow.base.spans import Attributes, Span
from taskflow.chassis.tracing import CORRELATION, SERVICE
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import REMINDER_SOURCE, written
from taskflow.events.form import form
from taskflow.events.payloads import Actor, ReminderFacts
from taskflow.events.topics import REMINDER_TRIGGERED, TOPIC_OF
from taskflow.outbox.append import compose, creation, traceparent_of
from taskflow.services.reminder.catch_up import Fired

ACTOR: Final = Actor("system", "reminder", "TaskFlow")
# Whoever changes a task locks its reminders, which are locked here: it is told as it was read.
TELL = """
SELECT fired.event_id, $5, $6, task.task_id::text,
       convert_to(format(CASE WHEN fired.traceparent IS NULL THEN $7 ELSE $8 END,
         to_json(fired.event_id), to_json(task.task_id), task.task->'user_id',
         to_json(task.event_id), to_json($9::text), task.version, to_json(task.correlation_id),
         task.task, fired.facts, to_json(fired.traceparent)), 'UTF8'), $10::timestamptz
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY
    AS fired (event_id, task_id, facts, traceparent, place)
  JOIN reminders.tasks AS task USING (task_id)
 ORDER BY fired.place
"""
FORMS: Final = (form(ACTOR, is_traced=False), form(ACTOR, is_traced=True))


async def tell(transaction: Transaction, fired: Sequence[Fired], now: datetime) -> None:
    """Record the events of what fires; they happen now."""
    begun: list[Span] = []
    try:
        traceparents = [_traced(one, begun) for one in fired]
        ids = ([one.event_id for one in fired], [one.due.task_id for one in fired])
        facts = [_facts(one) for one in fired]
        known = (REMINDER_SOURCE, TOPIC_OF[REMINDER_TRIGGERED], *FORMS, written(now), now)
        await compose(transaction, TELL, *ids, facts, traceparents, *known)
    finally:
        for span in reversed(begun):
            span.end()


def _traced(fired: Fired, begun: list[Span]) -> str | None:
    """What tells others where an event comes from; begins its spans where that is traced."""
    due = fired.due
    if not spans.is_on():
        return due.traceparent
    known: Attributes = {
        CORRELATION: due.correlation_id,
        SERVICE: "reminder",
        "taskflow.late_by_seconds": fired.late_by_seconds,
    }
    firing = spans.start("fire reminder", parent=due.traceparent, attributes=known)
    cause = firing if firing.traceparent else due.traceparent
    created = creation(REMINDER_TRIGGERED, fired.event_id, due.correlation_id, cause)
    begun += [firing, created]
    return traceparent_of(created, cause)


def _facts(fired: Fired) -> str:
    """Which reminder it was, and when it should have fired."""
    due = fired.due
    facts = ReminderFacts(
        due.id,
        due.offset,
        due.due_date,
        due.fire_at,
        fired.late_by_seconds,
        due.standing.nag_done or UNSET,
        fired.digest or UNSET,
    )
    return json.encode(facts).decode()
