"""What a person does to a whole series: edits it, skips, pauses, resumes and stops it.

Each works in the caller's transaction, on the locked series and its tasks as they are: news that is
still on its way is taken in first, and finds itself known when it comes. Doing a thing again
changes nothing, but for a skip that does not name its task.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from taskflow.base.errors import Conflict, Invalid, NotFound
from taskflow.base.ids import new_id
from taskflow.chassis.homes import at_home
from taskflow.db.transaction import Transaction
from taskflow.events.payloads import TaskEvent
from taskflow.services.recurring_processor import history_storage, series
from taskflow.services.recurring_processor.along import along
from taskflow.services.recurring_processor.anchoring import planned
from taskflow.services.recurring_processor.event_consumer import taken_in, with_next, withdrawn
from taskflow.services.recurring_processor.landing import OF_SERIES, landed, moves
from taskflow.services.recurring_processor.model import TEMPLATE, Chain, Instance, Missed, Template
from taskflow.services.recurring_processor.moments import instant_in
from taskflow.services.recurring_processor.patterns import fields_of, on_wall_of, pattern, plan_of
from taskflow.services.recurring_processor.pauses import resumed
from taskflow.services.recurring_processor.progress import (
    MOST_OPEN,
    may_be_remade,
    next_alone,
    overdue,
)
from taskflow.services.recurring_processor.recounting import recounted
from taskflow.services.recurring_processor.refusals import named_below, require_going_on
from taskflow.services.recurring_processor.taken import free
from taskflow.services.recurring_processor.task_door import TaskDoor, news_of, system_actor
from taskflow.tasks import commands, instance_commands
from taskflow.tasks.drafting import drafted_aside
from taskflow.tasks.model import Actor, Task, due_text

LOST: Final = "the series has ended"


class Editing:
    """A person's wishes about one series.

    Args:
        transaction: Where to read and write.
        actor: The person.
        now: When it is wished.
    """

    def __init__(self, transaction: Transaction, actor: Actor, now: datetime) -> None:
        self._transaction = transaction
        self._actor = actor
        self._now = now
        own = system_actor(actor.user_id, actor.correlation_id, None, actor.traceparent)
        self.door = TaskDoor(transaction, own, now)

    async def at_home(self, given: Mapping[str, object]) -> dict[str, object]:
        """What is wished, a floating task's zone being its owner's.

        Raises:
            Invalid: it contradicts itself.
        """
        with named_below("changes"):
            return await at_home(self._transaction, self._actor.user_id, given)

    async def skip(self, chain: Chain, task_id: UUID | None) -> Chain:
        """Put an open task into the trash as skipped; the next one appears.

        Raises:
            NotFound: the series has no such task.
            Conflict: it is not open, or none is.
        """
        instance = self._named(chain, task_id)
        if instance.is_skipped and instance.is_deleted:
            return chain
        if not instance.is_open:
            raise Conflict(f"the task {instance.task_id} is not open")
        chain = await self._discarded(chain, instance, is_skipped=True)
        if not series.has_room(chain):
            return chain
        return await with_next(chain, instance, self._now, self.door, self._now)

    async def pause(self, chain: Chain) -> Chain:
        """Let no next task appear until it is resumed; what is due by now appears first.

        Raises:
            Conflict: the series has ended.
        """
        if chain.series.status == "ended":
            raise Conflict(LOST)
        if chain.series.paused_at is not None:
            return chain
        chain = await self._caught_up(chain)
        return chain.with_series(paused_at=self._now)

    async def resume(self, chain: Chain) -> Chain:
        """Go on with the next occurrence in the future; what lies before never was.

        Raises:
            Conflict: the series was stopped.
        """
        if chain.series.stopped_at is not None:
            raise Conflict(LOST)
        if chain.series.paused_at is None:
            return chain
        after = resumed(chain, self._now)
        chain = await recounted(self._transaction, chain, after, restarts=False)
        if (last := chain.last) is None or not series.has_room(chain):
            return chain
        soon = next(series.candidates(chain, last, self._now, self._now), None)
        if soon and instant_in(chain.series.zone, soon.at) <= self._now:
            last = replace(last, completed_at=None)  # An interval counts from now on.
        return await with_next(chain, last, self._now, self.door, self._now)

    async def stop(self, chain: Chain) -> Chain:
        """End the series for good: its open tasks go to the trash, its history stays."""
        for instance in chain.open:
            chain = await self._discarded(chain, instance, is_skipped=False)
        return chain.with_series(stopped_at=chain.series.stopped_at or self._now, paused_at=None)

    async def edit_one(
        self, chain: Chain, task_id: UUID | None, given: Mapping[str, object]
    ) -> Chain:
        """Change one task only; the series never moves, and the next task has what was before.

        Raises:
            NotFound: the series has no such task, or it is in the trash.
            Conflict: no task is named, and none is open.
            Invalid: a field breaks a rule, or is the series' own.
        """
        instance = self._named(chain, task_id)
        for name in sorted(OF_SERIES & given.keys()):
            raise Invalid.field(
                f"changes.{name}", "belongs to the series: use the scope `future` or `all`"
            )
        with named_below("changes"):
            task = await commands.update(
                self._transaction, self._actor, instance.task_id, given, self._now
            )
        step = series.sighting(chain, self._news(task))
        if step is None:
            return chain
        template: dict[str, Any] = msgspec.to_builtins(chain.series.template)
        kept = {name: template[name] for name in TEMPLATE if name in given}
        return chain.keeping(replace(step, overrides={**kept, **instance.overrides}))

    async def edit_from(
        self, chain: Chain, task_id: UUID | None, given: Mapping[str, object], *, all_open: bool
    ) -> Chain:
        """Change a task and what follows it, or with `all_open` every open task and what follows.

        A date, rule or zone among the changes is what the series counts from, at the named task;
        later open ones that nobody touched are then made anew, but for those from before a pause.

        Raises:
            NotFound: the series has no such task.
            Conflict: the task is not open; or none is, and a date is to be changed.
            Invalid: a field breaks a rule.
        """
        if chain.series.stopped_at is not None:
            raise Conflict(LOST)
        if all_open and task_id is None and not chain.open:
            return await self._edit_plan(chain, given)
        anchor = self._named(chain, task_id)
        if not anchor.is_open:
            raise Conflict(f"the task {anchor.task_id} is not open")
        before, others = chain, [one for one in chain.open if one.task_id != anchor.task_id]
        restarts = not all_open and "recurrence" in given
        with named_below("changes"):
            given = await along(self._transaction, self._actor, anchor.task_id, given, self._now)
        chain = await self._edit_anchor(chain, anchor, given, restarts=restarts)
        has_moved = _place(chain.instances[anchor.task_id]) != _place(anchor)
        for other in others:
            is_later = other.position > anchor.position
            if not chain.instances[other.task_id].is_open or not (all_open or is_later):
                continue
            if has_moved and is_later and may_be_remade(before, other, self._now):
                chain = await withdrawn(chain, other, self.door)
            else:
                chain = await self._edit_other(chain, other, given)
        if not has_moved or (last := chain.last) is None:
            return chain
        chain = chain.with_series(behind=last.position)
        return await recounted(self._transaction, before, chain, restarts=restarts)

    async def _edit_anchor(
        self, chain: Chain, anchor: Instance, given: Mapping[str, object], *, restarts: bool
    ) -> Chain:
        with named_below("changes"):
            given = await landed(self._transaction, self._actor, anchor.task_id, given, self._now)
            command = instance_commands.amend if "due_date" in given else commands.update
            actor = await self._for_all(anchor.task_id, given)
            task = await command(self._transaction, actor, anchor.task_id, given, self._now)
            if (task.state().planned_date, plan_of(task.state())) != _place(anchor):
                require_going_on(task, given, self._now)
        template: dict[str, Any] = msgspec.to_builtins(chain.series.template)
        written: dict[str, Any] = msgspec.to_builtins(task.state())
        template |= {name: written[name] for name in TEMPLATE if name in given}
        chain = await self._absorbed(chain, anchor, task, given, restarts=restarts)
        return chain.with_series(template=msgspec.convert(template, Template))

    async def _edit_other(
        self, chain: Chain, other: Instance, given: Mapping[str, object]
    ) -> Chain:
        """An open task beside the one that is named keeps its date."""
        wanted = {name: value for name, value in given.items() if name != "due_date"}
        with named_below("changes"):
            actor = await self._for_all(other.task_id, wanted)
            task = await commands.update(self._transaction, actor, other.task_id, wanted, self._now)
        step = series.sighting(chain, self._news(task))
        return chain.keeping(_for_all(other, step, given)) if step else chain

    async def _absorbed(
        self,
        chain: Chain,
        anchor: Instance,
        task: Task,
        given: Mapping[str, object],
        *,
        restarts: bool,
    ) -> Chain:
        event = self._news(task)
        step = series.sighting(chain, event)
        if step is None:
            return chain
        return await taken_in(
            chain, _for_all(anchor, step, given), event, self.door, self._now, restarts=restarts
        )

    async def _edit_plan(self, chain: Chain, given: Mapping[str, object]) -> Chain:
        """Change what is to come while no task is open."""
        last, known = chain.last, chain.series
        if last is None or not last.repeats or "due_date" in given:
            raise Conflict("no task of the series is open")
        # Its owner may be elsewhere by now, and it did not go along.
        _, planned_date = on_wall_of(last.plan, last.planned_date, known.timezone)
        planned_date = planned_date or due_text(known.start) or known.start_at
        with named_below("changes"):
            before = fields_of(known, planned_date)
            fields = await drafted_aside(before, given, self._now)
        after = planned(chain, fields, planned_date)
        chain = await recounted(self._transaction, chain, after, restarts=False)
        if not series.has_room(chain):
            return chain
        return await with_next(chain, last, self._now, self.door, self._now)

    async def _caught_up(self, chain: Chain) -> Chain:
        following = next_alone(chain)
        if following is None or following > self._now:
            return chain
        found, missed = overdue(chain, self._now).within(MOST_OPEN - len(chain.open))
        wanted = [(chain.series, one) for one in found]
        known = await history_storage.standing(self._transaction, wanted)
        for occurrence in free(chain.series, found, known).values():
            task = await self.door.make(pattern(chain.series), occurrence)
            if task is not None:
                chain, missed = series.made(chain, occurrence, task, missed), Missed()
        return chain

    async def _discarded(self, chain: Chain, instance: Instance, *, is_skipped: bool) -> Chain:
        await commands.delete(self._transaction, self._actor, instance.task_id, self._now)
        return chain.keeping(instance.discarded(is_skipped=is_skipped))

    def _named(self, chain: Chain, task_id: UUID | None) -> Instance:
        """The task that is named, or else the first open one."""
        if task_id is None:
            if not chain.open:
                raise Conflict("no task of the series is open")
            return chain.open[0]
        instance = chain.instances.get(task_id)
        if instance is None or instance.series_id != chain.series.id:
            raise NotFound(f"the series has no task {task_id}")
        return instance

    async def _for_all(self, task_id: UUID, given: Mapping[str, object]) -> Actor:
        """The person, who touches no task by what leaves it where it is."""
        is_moved = await moves(self._transaction, self._actor, task_id, given, self._now)
        return replace(self._actor, touches=is_moved)

    def _news(self, task: Task) -> TaskEvent:
        return news_of(self._actor, task, new_id(self._now))


def _place(instance: Instance) -> tuple[str | None, str]:
    return instance.planned_date, instance.plan


def _for_all(known: Instance, step: Instance, given: Mapping[str, object]) -> Instance:
    """What is changed for all is no exception any more, and no touch of a task that stays put."""
    kept = {name: value for name, value in step.overrides.items() if name not in given}
    stays = known.is_untouched and _place(step) == _place(known)
    own_version = step.version if stays else step.own_version
    return replace(step, overrides=kept, own_version=own_version)
