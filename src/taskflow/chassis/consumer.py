"""Takes messages from the bus and gives a service its events, once each.

For what waits at the moment: decode, open a transaction, mark it as seen, run the handler, commit.
What the handler raises undoes its effect and the marks together; where several events shared that
transaction each is then tried by itself, so that what is wrong with one is felt by no other.
One of the two rims where all is caught.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from taskflow.base import spans
from taskflow.base.clock import Clock
from taskflow.base.errors import TimedOut, Unavailable
from taskflow.base.spans import NOTHING
from taskflow.bus.message import Message
from taskflow.bus.ports import DONE, Outcome, Subscription, Verdict
from taskflow.chassis.handlers import Batches, Delivery, Forget
from taskflow.chassis.handling import Handling
from taskflow.chassis.metrics import Metrics
from taskflow.chassis.reading import name_of, read, speaking_of
from taskflow.db.engine import Database
from taskflow.db.transaction import Transaction
from taskflow.events.envelope import Envelope
from taskflow.events.payloads import TaskEvent
from taskflow.events.topics import TOPIC_OF
from taskflow.inbox import dead_letters, erased
from taskflow.inbox.dedup import mark_seen

log = structlog.get_logger()

REPLAYED_AT_ONCE: Final = 100
REPLAY_SECONDS: Final = 5.0
FORGOTTEN_AT_ONCE: Final = 5_000
STAGE: Final = "handled"
HELD: Final = Outcome(Verdict.HELD, "an earlier event of its key has to be tried again first")


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

    def subscribe(self, batches: Batches) -> Subscription:
        """The subscription of a service that takes events so."""
        self._forget = batches.forget

        async def handle(messages: Sequence[Message]) -> list[Outcome]:
            return await self._handle(batches, messages)

        self._show_dead_letters()
        return Subscription(
            consumer=self._name,
            topics=frozenset(TOPIC_OF[event_type] for event_type in batches.event_types),
            handle=handle,
            set_aside=self.set_aside,
            batch_size=batches.size,
            linger_seconds=batches.linger_seconds,
            concurrency=batches.concurrency,
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
            letters = await dead_letters.to_replay(transaction, self._name, REPLAYED_AT_ONCE)
            for letter in letters:
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

    async def _is_kept(self, transaction: Transaction, message: Message) -> bool:
        """Whether a message may be kept; what is of somebody who is gone may not."""
        envelope = read(message)
        if self._forget is None or not isinstance(envelope, Envelope):
            return True
        return bool(await erased.standing(transaction, self._name, [envelope.data.user_id]))

    async def _handle(self, batches: Batches, messages: Sequence[Message]) -> list[Outcome]:
        """All or nothing; where something in it fails or it is too large, one by one."""
        if len(messages) > batches.size:
            return await self._handle_singly(batches, messages)
        found = [read(message) for message in messages]
        envelopes = [one for one in found if isinstance(one, Envelope)]
        if len(envelopes) > 1 and any(batches.is_alone(one.data) for one in envelopes):
            return await self._handle_singly(batches, messages)
        outcome = await self._attempt(batches, envelopes)
        if outcome.verdict is Verdict.RETRY and len(envelopes) > 1:
            return await self._handle_singly(batches, messages)
        self._handling.conclude(envelopes, outcome.verdict.name.lower(), outcome.kind)
        return [
            outcome if isinstance(one, Envelope) else Outcome(Verdict.POISON, f"unreadable: {one}")
            for one in found
        ]

    async def _handle_singly(self, batches: Batches, messages: Sequence[Message]) -> list[Outcome]:
        """Each by itself; what follows a failure of its key is held, and all once we are away."""
        outcomes: list[Outcome] = []
        failed: set[str] = set()
        for message in messages:
            if outcomes and outcomes[-1].verdict is Verdict.AWAY:
                outcome = outcomes[-1]
            elif message.key in failed and not batches.is_idempotent:
                outcome = HELD
            else:
                outcome = (await self._handle(batches, [message]))[0]
            if outcome.verdict is Verdict.RETRY:
                failed.add(message.key)
            outcomes.append(outcome)
        return outcomes

    async def _attempt(self, batches: Batches, envelopes: Sequence[Envelope]) -> Outcome:
        """Handle events together, under the span of each."""
        if not envelopes:
            return DONE
        self._handling.begin(envelopes)
        by_itself = envelopes[0] if len(envelopes) == 1 else None
        span = self._handling.span_of(by_itself.id) if by_itself else NOTHING
        with speaking_of(by_itself), spans.Inside(span):
            return await self._outcome(batches, envelopes)

    async def _outcome(self, batches: Batches, envelopes: Sequence[Envelope]) -> Outcome:
        """Commit the effect of those that concern us; what it raises becomes the outcome."""
        concerning = [
            one for one in envelopes if batches.concerns(one.data) or batches.is_farewell(one.data)
        ]
        try:
            if concerning and concerning[0].data.owner_erased and batches.forget is not None:
                await self._let_go(batches.forget, concerning[0].data)
            elif concerning:
                async with self._database.transaction() as transaction:
                    await self._effect(batches, transaction, concerning)
            self._note(envelopes)
        except Exception as error:  # noqa: BLE001 - the rim: whatever failed is tried again
            return self._verdict(error, len(envelopes))
        return DONE

    async def _effect(
        self, batches: Batches, transaction: Transaction, envelopes: Sequence[Envelope]
    ) -> None:
        new = envelopes
        if not batches.is_idempotent:
            new = await self._unseen(transaction, envelopes)
        if batches.forget is not None and new:
            new = await self._of_who_stands(transaction, new)
        if not new:
            return
        deliveries = [
            Delivery(transaction, one.data, one.traceparent or None, self._handling.span_of(one.id))
            for one in new
        ]
        await batches.handle(transaction, deliveries)

    async def _of_who_stands(
        self, transaction: Transaction, envelopes: Sequence[Envelope]
    ) -> list[Envelope]:
        """Leave out what is of people who are gone."""
        users = {envelope.data.user_id for envelope in envelopes}
        standing = await erased.standing(transaction, self._name, users)
        return [envelope for envelope in envelopes if envelope.data.user_id in standing]

    async def _let_go(self, forget: Forget, event: TaskEvent) -> None:
        """Take in nothing of somebody whose account is erased any more, and forget them.

        The event of it comes alone. However much is kept of them: what a time-out leaves is
        removed at the next attempt.
        """
        async with self._database.transaction() as transaction:
            await erased.close(transaction, self._name, event.user_id, self._clock.now())
        removed = FORGOTTEN_AT_ONCE
        while removed:
            async with self._database.transaction() as transaction:
                removed = await forget(transaction, event.user_id, FORGOTTEN_AT_ONCE)
        log.info("event.owner_forgotten", consumer=self._name)

    async def _unseen(
        self, transaction: Transaction, envelopes: Sequence[Envelope]
    ) -> list[Envelope]:
        """Mark events as seen; those that come a second time are left out."""
        ids = [envelope.data.event_id for envelope in envelopes]
        waiting = await mark_seen(transaction, self._name, ids)
        new = []
        for envelope in envelopes:
            if envelope.data.event_id in waiting:
                waiting.remove(envelope.data.event_id)
                new.append(envelope)
            else:
                self._metrics.duplicate(self._name)
                log.debug("event.seen_before", consumer=self._name, event_id=envelope.id)
                self._handling.span_of(envelope.id).note("duplicate")
        return new

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

    def _verdict(self, error: Exception, events: int) -> Outcome:
        kind = type(error).__name__
        # A statement's timeout may be the event's own doing: tried for ever, it holds up its key.
        if isinstance(error, Unavailable) and not isinstance(error, TimedOut):
            log.warning("event.waiting", consumer=self._name, reason=error.detail)
            return Outcome(Verdict.AWAY, error.detail, kind)
        if events > 1:
            log.info("event.batch_divided", consumer=self._name, events=events, error_type=kind)
        else:
            log.warning("event.failed", consumer=self._name, exc_info=error)
        return Outcome(Verdict.RETRY, f"{kind}: {error}", kind)
