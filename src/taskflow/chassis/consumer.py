"""Takes messages from the bus and gives a service its events, once each.

For every event: decode, open a transaction, mark it as seen, run the handler, commit. What the
handler raises undoes its effect and the mark together. One of the two rims where all is caught.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from taskflow.base import spans
from taskflow.base.clock import Clock
from taskflow.base.errors import TimedOut, Unavailable
from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome, Subscription, Verdict
from taskflow.chassis.handling import Handling
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.reading import name_of, read, speaking_of
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import Envelope, Unreadable
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import ALL_TYPES, TOPIC_OF
from taskflow.inbox import dead_letters, erased
from taskflow.inbox.dedup import mark_seen

log = structlog.get_logger()

BATCH_SIZE: Final = 100
LINGER_SECONDS: Final = 1.0
REPLAY_SECONDS: Final = 5.0
STAGE: Final = "handled"


@dataclass(frozen=True)
class Delivery:
    """An event for a handler; the transaction already holds the mark that it was seen."""

    transaction: Transaction
    event: TaskEvent
    traceparent: str | None


Handler = Callable[[Delivery], Awaitable[None]]
"""Says what an event means; returning commits, raising undoes everything."""
BatchHandler = Callable[[Transaction, Sequence[Envelope]], Awaitable[None]]
"""Takes many events in one transaction; must itself be idempotent by event id."""


Forget = Callable[[Transaction, UUID], Awaitable[None]]
"""Removes all that is kept of a user."""


class Consumer:
    """One service's subscription.

    Args:
        name: The service's name.
        database: Where its effects, its inbox and its dead letters are.
        clock: The time.
        metrics: Counts what came of each event.
    """

    def __init__(self, name: str, database: Database, clock: Clock, metrics: Metrics) -> None:
        self._name = name
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._handling = Handling(name)
        self._forget: Forget | None = None

    def stop(self) -> None:
        """Take leave of what was not done; the process ends."""
        self._handling.stop()

    def subscribe_each(
        self, handlers: Mapping[str, Handler], forget: Forget | None = None
    ) -> Subscription:
        """A subscription that handles every event in a transaction of its own.

        Args:
            handlers: What each event type means here.
            forget: Called when an account is erased; None where nothing is kept of people.
        """
        self._forget = forget

        async def handle(messages: Sequence[Message]) -> list[Outcome]:
            return [await self._handle(handlers, message) for message in messages]

        return self._subscription(handlers, handle)

    def subscribe_batches(self, handler: BatchHandler) -> Subscription:
        """A subscription that handles up to a hundred events, or a second's, in one transaction."""

        async def handle(messages: Sequence[Message]) -> list[Outcome]:
            return await self._handle_batch(handler, messages)

        return self._subscription(ALL_TYPES, handle, batch_size=BATCH_SIZE, linger=LINGER_SECONDS)

    def _subscription(
        self,
        event_types: Mapping[str, Handler] | Sequence[str],
        handle: Callable[[Sequence[Message]], Awaitable[list[Outcome]]],
        batch_size: int = 1,
        linger: float = 0.0,
    ) -> Subscription:
        self._show_dead_letters()
        return Subscription(
            consumer=self._name,
            topics=frozenset(TOPIC_OF[event_type] for event_type in event_types),
            handle=handle,
            set_aside=self.set_aside,
            batch_size=batch_size,
            linger_seconds=linger,
            concurrency=2 if batch_size > 1 else 8,
        )

    def _show_dead_letters(self) -> None:
        waiting = self._metrics.gauge(
            "taskflow_dead_letters_waiting",
            "Events that were set aside and wait for somebody to replay or discard them "
            f"(`taskflow dead-letters list`); {dead_letters.MOST_COUNTED} stands for more, too.",
            ["consumer"],
        )

        async def measure() -> None:
            async with self._database.transaction(read_only=True) as transaction:
                waiting.labels(self._name).set(await dead_letters.waiting(transaction, self._name))

        self._metrics.on_scrape(measure)

    async def replay(self, subscription: Subscription) -> None:
        """Handle dead letters again when somebody asks for it, until cancelled."""
        while True:
            try:
                await self._replay_once(subscription)
            except Unavailable as error:
                log.warning("replay.waiting", consumer=self._name, reason=error.detail)
            await self._database.hints.wait(f"{dead_letters.BELL} {self._name}", REPLAY_SECONDS)

    async def _replay_once(self, subscription: Subscription) -> None:
        async with self._database.transaction() as transaction:
            for letter in await dead_letters.to_replay(transaction, self._name, BATCH_SIZE):
                message = Message(0, letter.topic, letter.key, letter.envelope)
                outcome = (await subscription.handle([message]))[0]
                with speaking_of(read(message)):
                    await self._conclude(transaction, letter.event_id, message, outcome)

    async def _conclude(
        self, transaction: Transaction, event_id: str, message: Message, outcome: Outcome
    ) -> None:
        """Forget a dead letter that was handled, or keep it with what it failed at now."""
        if outcome.verdict is Verdict.DONE:
            await dead_letters.discard(transaction, self._name, event_id)
            log.info("event.replayed", consumer=self._name, event_id=event_id)
        elif outcome.verdict is not Verdict.AWAY:
            failure = dead_letters.Failure(self._name, event_id, outcome.reason, self._clock.now())
            await dead_letters.keep(transaction, failure, message)

    async def set_aside(self, message: Message, reason: str) -> None:
        """Keep a message as a dead letter.

        Raises:
            Unavailable: the database is away.
        """
        with speaking_of(read(message)):
            await self._set_aside(message, name_of(message), reason)

    async def _set_aside(self, message: Message, event_id: str, reason: str) -> None:
        async with self._database.transaction() as transaction:
            if not await self._is_kept(transaction, message):
                return
            failure = dead_letters.Failure(self._name, event_id, reason, self._clock.now())
            await dead_letters.keep(transaction, failure, message)
        self._handling.set_aside(event_id)
        self._metrics.dead_lettered(self._name)
        log.error("event.set_aside", consumer=self._name, event_id=event_id, reason=reason)

    async def _handle(self, handlers: Mapping[str, Handler], message: Message) -> Outcome:
        envelope = read(message)
        if isinstance(envelope, Unreadable):
            return _poison(envelope)
        with speaking_of(envelope):
            effect = partial(self._effect, handlers[envelope.type], envelope)
            with spans.Inside(self._handling.begin([envelope])):
                outcome = await self._attempt(effect, [envelope])
            self._attempted([envelope], outcome)
        return outcome

    async def _effect(self, handler: Handler, envelope: Envelope, transaction: Transaction) -> None:
        event = envelope.data
        if event.owner_erased and self._forget is not None:
            await self._let_go(self._forget, transaction, event)
            return
        known = await erased.take_in(transaction, self._name, event.event_id, event.user_id)
        if not known.is_new:
            self._metrics.duplicate(self._name)
            log.debug("event.seen_before", consumer=self._name)
            spans.present().note("duplicate")
        elif known.owner_stands:
            await handler(Delivery(transaction, event, envelope.traceparent or None))

    async def _let_go(self, forget: Forget, transaction: Transaction, event: TaskEvent) -> None:
        """Forget somebody whose account is erased, and take in nothing of theirs any more."""
        if await mark_seen(transaction, self._name, event.event_id):
            await erased.close(transaction, self._name, event.user_id, self._clock.now())
            await forget(transaction, event.user_id)
            log.info("event.owner_forgotten", consumer=self._name)

    async def _is_kept(self, transaction: Transaction, message: Message) -> bool:
        """Whether a message may be kept; what is of somebody who is gone may not."""
        envelope = read(message)
        if self._forget is None or not isinstance(envelope, Envelope):
            return True
        return await erased.stands(transaction, self._name, envelope.data.user_id)

    async def _handle_batch(
        self, handler: BatchHandler, messages: Sequence[Message]
    ) -> list[Outcome]:
        """All or nothing; where that fails, one by one, so that only what is wrong is set aside."""
        found = [read(message) for message in messages]
        envelopes = [one for one in found if isinstance(one, Envelope)]
        self._handling.begin(envelopes)
        with speaking_of(envelopes[0] if len(envelopes) == 1 else None):
            outcome = await self._attempt(lambda open_: handler(open_, envelopes), envelopes)
        self._attempted(envelopes, outcome)
        if len(messages) > 1 and outcome.verdict is Verdict.RETRY:
            return [(await self._handle_batch(handler, [one]))[0] for one in messages]
        return [outcome if isinstance(one, Envelope) else _poison(one) for one in found]

    async def _attempt(
        self, effect: Callable[[Transaction], Awaitable[None]], envelopes: Sequence[Envelope]
    ) -> Outcome:
        """Run an effect in a transaction; what it raises becomes the outcome."""
        if not envelopes:
            return DONE
        try:
            async with self._database.transaction() as transaction:
                await effect(transaction)
        except Exception as error:  # noqa: BLE001 - the rim: whatever failed is tried again
            return self._verdict(error)
        self._note(envelopes)
        return DONE

    def _note(self, envelopes: Sequence[Envelope]) -> None:
        """Count what was handled, and log each event by itself."""
        now = self._clock.now()
        for envelope in envelopes:
            event = envelope.data
            age = (now - event.timestamp).total_seconds()
            self._metrics.event_age(STAGE, self._name, age)
            log.debug(
                "event.handled",
                consumer=self._name,
                event_type=event.event_type,
                event_id=envelope.id,
                correlation_id=event.correlation_id,
                age_seconds=round(age, 3),
            )

    def _attempted(self, envelopes: Sequence[Envelope], outcome: Outcome) -> None:
        self._handling.conclude(envelopes, outcome.verdict.name.lower(), outcome.kind)

    def _verdict(self, error: Exception) -> Outcome:
        # A statement's timeout may be the event's own doing: tried for ever, it holds up its key.
        if isinstance(error, Unavailable) and not isinstance(error, TimedOut):
            log.warning("event.waiting", consumer=self._name, reason=error.detail)
            return Outcome(Verdict.AWAY, error.detail, type(error).__name__)
        log.warning("event.failed", consumer=self._name, exc_info=error)
        kind = type(error).__name__
        return Outcome(Verdict.RETRY, f"{kind}: {error}", kind)


def _poison(error: Unreadable) -> Outcome:
    return Outcome(Verdict.POISON, f"unreadable: {error}")
