"""The consumers that keep something of people, each under its own role, and all that they keep."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import uuid4

from msgspec import UNSET
from prometheus_client import CollectorRegistry, Counter
from tests.fresh import connected

from taskflow.base.ids import new_id
from taskflow.bus.message import Message
from taskflow.bus.ports import Subscription, Verdict
from taskflow.chassis.consumer import Consumer
from taskflow.chassis.handlers import Batches
from taskflow.chassis.metrics import Metrics
from taskflow.db.engine import Database
from taskflow.events.envelope import decode, encode, wrap
from taskflow.events.payloads import Reminder, TaskEvent
from taskflow.events.topics import REMINDER_TRIGGERED
from taskflow.services.notification import storage as notifications
from taskflow.services.notification.event_consumer import Notifier
from taskflow.services.recurring_processor import main as recurring
from taskflow.services.reminder import storage as reminders
from taskflow.services.reminder.event_consumer import Planner
from taskflow.services.reminder.schedule_memory import MemorySchedule
from taskflow.tasks import commands
from taskflow.tasks.model import Actor, event_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TITLE = "Call Dr. Marlowe"
GIVEN = {
    "title": TITLE,
    "due_date": "2026-03-09T09:00:00Z",
    "reminders": [Reminder(offset="PT1H")],
    "recurrence": {"rule": "FREQ=WEEKLY"},
}
OUTSIDE_THE_TRAIL = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
 WHERE schemaname IN ('recurring', 'reminders', 'notifications', 'delivery')
"""
TOLD = "DELETE FROM delivery.outbox RETURNING id, envelope"
# What is remembered of an account that is gone is that it is gone.
REMEMBERED = "delivery.erased_owners"


class Wall:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


NOTIFYING = Batches(
    handle=Notifier(lambda _user, _note: None, Wall()).tell, forget=notifications.forget_user
)


def somebody() -> Actor:
    user_id = uuid4()
    return Actor(user_id, "user", str(user_id), "Ann", "correlation")


def message_of(event: TaskEvent) -> Message:
    return Message(1, wrap(event).topic, str(event.task_id), encode(wrap(event)))


class Keepers:
    """The consumers that keep something of people, each under its own role."""

    def __init__(self, owner: Database) -> None:
        self.owner = owner
        self.consumers: dict[str, Consumer] = {}
        self.subscriptions: dict[str, Subscription] = {}

    async def open(self, stack: AsyncExitStack, address: str) -> None:
        made = Counter("made", "Made.", registry=CollectorRegistry())
        for name, role, batches in (
            (
                "reminder",
                "reminders",
                Batches(
                    handle=Planner(MemorySchedule(Wall())).follow,
                    forget=reminders.forget_user,
                ),
            ),
            (
                "recurring-processor",
                "recurring",
                recurring.taking(Wall(), made),
            ),
            ("notification", "notifications", NOTIFYING),
        ):
            database = await stack.enter_async_context(connected(address, f"taskflow_{role}"))
            self.consumers[name] = Consumer(name, database, Wall(), Metrics(name))
            self.subscriptions[name] = self.consumers[name].subscribe(batches)

    async def live(self, actor: Actor) -> list[TaskEvent]:
        """What is told of a task that is made and reminded of."""
        async with self.owner.transaction() as transaction:
            task = await commands.create(transaction, actor, GIVEN, NOW)
        fired = event_of(actor, REMINDER_TRIGGERED, task, {}, new_id(NOW))
        return [*await self._told(), fired]

    async def erase(self, actor: Actor) -> list[TaskEvent]:
        """What is told when an account is erased: of its tasks, and at last of itself."""
        async with self.owner.transaction() as transaction:
            await commands.erase_all(transaction, actor, NOW)
        told = await self._told()
        assert [event.owner_erased for event in told] == [UNSET] * (len(told) - 1) + [True]
        return told

    async def _told(self) -> list[TaskEvent]:
        async with self.owner.transaction() as transaction:
            rows = await transaction.rows(TOLD)
        return [decode(row["envelope"]).data for row in sorted(rows, key=lambda row: row["id"])]

    async def take(self, events: Sequence[TaskEvent]) -> None:
        for event in events:
            for subscription in self.subscriptions.values():
                message = message_of(event)
                if message.topic in subscription.topics:
                    outcomes = await subscription.handle([message])
                    assert [one.verdict for one in outcomes] == [Verdict.DONE]

    async def places_of(self, *words: object) -> set[str]:
        """The tables that have one of these words in any row."""
        async with self.owner.transaction(read_only=True) as transaction:
            names = [row["name"] for row in await transaction.rows(OUTSIDE_THE_TRAIL)]
            found = set()
            for name in names:
                rows = await transaction.rows(f"SELECT one::text AS row FROM {name} AS one")  # noqa: S608 - our own tables
                # Bytes are shown as hexadecimal digits.
                forms = [form for word in words for form in (str(word), str(word).encode().hex())]
                if any(form in row["row"] for form in forms for row in rows):
                    found.add(name)
        return found
