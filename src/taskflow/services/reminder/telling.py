"""The events of reminders that fire, each in the trace of what its reminder was planned by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from msgspec import UNSET, Raw

from taskflow.base import spans
from taskflow.base.spans import Attributes, Span
from taskflow.chassis.tracing import CORRELATION, SERVICE
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import Actor, ReminderFacts, TaskEvent, TaskState
from taskflow.events.topics import REMINDER_TRIGGERED
from taskflow.outbox.append import Caused, append_caused
from taskflow.services.reminder.catch_up import Fired

ACTOR: Final = Actor("system", "reminder", "TaskFlow")


async def tell(transaction: Transaction, fired: Sequence[Fired], now: datetime) -> None:
    """Record the events of what fires."""
    firings = [_span(one) for one in fired]
    try:
        causes = [
            span if span.traceparent else one.due.traceparent
            for span, one in zip(firings, fired, strict=True)
        ]
        events = [_event(one, now) for one in fired]
        await append_caused(transaction, [*map(Caused, events, causes)])
    finally:
        for span in firings:
            span.end()


def _span(fired: Fired) -> Span:
    if not spans.is_on():
        return spans.NOTHING
    known: Attributes = {
        CORRELATION: fired.due.correlation_id,
        SERVICE: "reminder",
        "taskflow.late_by_seconds": fired.late_by_seconds,
    }
    return spans.start("fire reminder", parent=fired.due.traceparent, attributes=known)


def _event(fired: Fired, now: datetime) -> TaskEvent:
    """It happens now; when it should have is among its facts. The task is told as it is kept."""
    due = fired.due
    return TaskEvent(
        event_id=fired.event_id,
        event_type=REMINDER_TRIGGERED,
        task_id=due.task_id,
        user_id=due.user_id,
        actor=ACTOR,
        version=due.version,
        timestamp=now,
        correlation_id=due.correlation_id,
        causation_id=due.cause,
        task=cast("TaskState", Raw(due.state)),
        changes={},
        reminder=ReminderFacts(
            due.id,
            due.offset,
            due.due_date,
            due.fire_at,
            fired.late_by_seconds,
            due.standing.nag_done or UNSET,
            fired.digest or UNSET,
        ),
    )
